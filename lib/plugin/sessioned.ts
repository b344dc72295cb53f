/**
 * The part of a plugin that is the same for all: sessions go through their states here, and only then reach the plugin's own code. What
 * throws on the way gives the session back.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import { describe, integer } from "../validate.js";
import type {
  AsyncQueue,
  LaunchAttributes,
  OpenaccDimensions,
  TablePlace,
  TargetFunction,
  TargetVarTable,
} from "./plugin.js";
import type { Session, SessionCall } from "./session.js";

/** Alignment of a table in device memory: what libgomp asserts. */
const TABLE_ALIGNMENT = 16;

/** For plugins whose devices have memory of their own. @throws OffloadError `ERR_OFFLOAD_SESSION_TABLE` */
export function tableAddress(table: TablePlace): number | null {
  if (table === null) return null;
  if (typeof table === "number" && Number.isSafeInteger(table) && table > 0 && table % TABLE_ALIGNMENT === 0)
    return table;
  throw new OffloadError(
    "ERR_OFFLOAD_SESSION_TABLE",
    `a target variable table lies at a ${TABLE_ALIGNMENT}-byte aligned address of the device, or is null for no variables: not ${describe(table)}`,
  );
}

export abstract class SessionedPlugin<S extends Session, F extends TargetFunction> {
  #live = 0;

  /** Sessions that are not idle. */
  protected get liveSessions(): number {
    return this.#live;
  }

  abstract newSession(): S;
  /** Whether a value is one of `newSession`'s. */
  protected abstract isSession(value: unknown): value is S;
  protected abstract isFunction(value: unknown): value is F;

  /** The device of a started session is to be used. */
  protected abstract start(session: S): void;
  /** Null: none to be had. */
  protected abstract allocate(session: S, count: number): TargetVarTable | null;
  /** Throws where the plugin's devices cannot use such a place. */
  protected abstract set(session: S, table: TablePlace): void;
  /** Takes back what hangs on the session: after its run, or in place of it. Must not throw. */
  protected abstract release(session: S): void;
  protected abstract launch(session: S, fn: F, attributes: LaunchAttributes): void;
  protected abstract launchAsync(session: S, fn: F, attributes: LaunchAttributes): Promise<void>;
  protected abstract launchOpenacc(session: S, fn: F, dimensions: OpenaccDimensions): void;
  protected abstract launchOpenaccAsync(
    session: S,
    fn: F,
    dimensions: OpenaccDimensions,
    queue: AsyncQueue,
  ): Promise<void>;

  sessionStart(session: Session, device: number): void {
    const own = this.#own(session);
    own.start(integer("device", device));
    this.#live++;
    try {
      this.start(own);
    } catch (error) {
      this.#end(own);
      throw error;
    }
  }

  sessionAllocateTargetVarTable(session: Session, count: number): TargetVarTable | null {
    const own = this.#own(session);
    own.mustTakeTable();
    integer("count", count);
    try {
      const table = this.allocate(own, count);
      if (table !== null) own.allocated();
      return table;
    } catch (error) {
      this.#end(own);
      throw error;
    }
  }

  sessionSetTargetVarTable(session: Session, table: TablePlace): void {
    const own = this.#own(session);
    own.mustTakeAnother();
    this.set(own, table);
    own.set();
  }

  sessionAbandon(session: Session): void {
    const own = this.#own(session);
    if (own.abandon()) this.#end(own);
  }

  run(session: Session, fn: TargetFunction, attributes: LaunchAttributes = {}): void {
    const own = this.#own(session);
    const target = this.#enter("run", own, fn);
    try {
      this.launch(own, target, attributes);
    } finally {
      this.#end(own);
    }
  }

  async asyncRun(session: Session, fn: TargetFunction, attributes: LaunchAttributes = {}): Promise<void> {
    const own = this.#own(session);
    const target = this.#enter("async_run", own, fn);
    try {
      await this.launchAsync(own, target, attributes);
    } finally {
      this.#end(own);
    }
  }

  openaccExec(session: Session, fn: TargetFunction, dimensions: OpenaccDimensions): void {
    const own = this.#own(session);
    const target = this.#enter("openacc_exec", own, fn);
    try {
      this.launchOpenacc(own, target, dimensions);
    } finally {
      this.#end(own);
    }
  }

  async openaccAsyncExec(
    session: Session,
    fn: TargetFunction,
    dimensions: OpenaccDimensions,
    queue: AsyncQueue,
  ): Promise<void> {
    const own = this.#own(session);
    const target = this.#enter("openacc_async_exec", own, fn);
    try {
      await this.launchOpenaccAsync(own, target, dimensions, queue);
    } finally {
      this.#end(own);
    }
  }

  #enter(call: SessionCall, session: S, fn: TargetFunction): F {
    if (!this.isFunction(fn)) {
      throw new OffloadError("ERR_OFFLOAD_UNKNOWN_KERNEL", `${call}: the function is not one of this plugin's images`);
    }
    session.run(call, fn.device);
    return fn;
  }

  #own(session: Session): S {
    if (this.isSession(session)) return session;
    throw new OffloadError(
      "ERR_OFFLOAD_SESSION_STATE",
      "the session is another plugin's: newSession() makes one of this",
    );
  }

  #end(session: S): void {
    this.#live--;
    this.release(session);
    session.end();
  }
}
