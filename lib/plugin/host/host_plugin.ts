/**
 * The host-fallback plugin (oacc-host.c): runs JavaScript functions. The host's memory is the device's, so nothing is mapped, and a
 * launch's table is the host's variables themselves.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import { describe, integer } from "../../validate.js";
import type {
  AsyncQueue,
  LaunchAttributes,
  LoadedImage,
  OffloadPlugin,
  OpenaccDimensions,
  PluginStats,
  RectangularCopy,
  TablePlace,
  TargetFunction,
} from "../plugin.js";
import { CAPABILITY, SESSION_VERSION } from "../plugin.js";
import { Session } from "../session.js";
import { SessionedPlugin } from "../sessioned.js";
import { HostQueue } from "./host_queue.js";

/** A fallback: what a launch runs, with its variables in argument order. */
export type HostBody = (variables: readonly unknown[]) => void;

const NOTHING: readonly unknown[] = [];

class HostSession extends Session {
  variables: readonly unknown[] = NOTHING;
}

export class HostFunction implements TargetFunction {
  readonly device = 0;
  constructor(
    readonly name: string,
    readonly body: HostBody,
  ) {}
}

/** A host function's image: the functions by name. */
export type HostImage = Readonly<Record<string, HostBody>>;

/** One device, number 0, which is always there. */
export class HostPlugin extends SessionedPlugin<HostSession, HostFunction> implements OffloadPlugin {
  readonly name = "host";
  readonly version = SESSION_VERSION;
  readonly capabilities =
    CAPABILITY.SHARED_MEM | CAPABILITY.NATIVE_EXEC | CAPABILITY.OPENMP_400 | CAPABILITY.OPENACC_200;
  readonly #queues = new Set<HostQueue>();

  getNumDevices(): number {
    return 1;
  }
  initDevice(device: number): void {
    mustBeHost(device);
  }
  finiDevice(device: number): void {
    mustBeHost(device);
  }

  loadImage(device: number, image: unknown): LoadedImage {
    mustBeHost(device);
    if (typeof image !== "object" || image === null) throw notAnImage(image);
    const functions = Object.entries(image).map(([name, body]) => {
      if (typeof body !== "function") throw notAnImage(body);
      return new HostFunction(name, body as HostBody);
    });
    return { device, functions, variables: [], icvs: null };
  }
  unloadImage(): void {}

  alloc(): never {
    throw sharedMemory("alloc");
  }
  free(): never {
    throw sharedMemory("free");
  }
  host2dev(): never {
    throw sharedMemory("host2dev");
  }
  dev2host(): never {
    throw sharedMemory("dev2host");
  }
  dev2dev(): never {
    throw sharedMemory("dev2dev");
  }
  memset(): never {
    throw sharedMemory("memset");
  }
  memcpyRect(_device: number, _box: RectangularCopy): never {
    throw sharedMemory("memcpy2d");
  }

  newSession(): HostSession {
    return new HostSession();
  }
  canRun(fn: TargetFunction): boolean {
    return this.isFunction(fn);
  }

  protected isSession(value: unknown): value is HostSession {
    return value instanceof HostSession;
  }
  protected isFunction(value: unknown): value is HostFunction {
    return value instanceof HostFunction;
  }
  protected start(session: HostSession): void {
    mustBeHost(session.device);
  }
  /** The variables are the table. */
  protected allocate(): null {
    return null;
  }
  protected set(session: HostSession, table: TablePlace): void {
    if (typeof table === "number") {
      throw new OffloadError(
        "ERR_OFFLOAD_SESSION_TABLE",
        "the host's table is an array of its variables, or null for none: not an address",
      );
    }
    session.variables = table ?? NOTHING;
  }
  protected release(session: HostSession): void {
    session.variables = NOTHING;
  }

  /** Zero teams run nothing. */
  protected launch(session: HostSession, fn: HostFunction, { teams }: LaunchAttributes): void {
    if (teams !== 0) fn.body(session.variables);
  }
  protected launchAsync(session: HostSession, fn: HostFunction, attributes: LaunchAttributes): Promise<void> {
    return new HostQueue().push(() => this.launch(session, fn, attributes));
  }
  protected launchOpenacc(session: HostSession, fn: HostFunction, _dimensions: OpenaccDimensions): void {
    fn.body(session.variables);
  }
  protected launchOpenaccAsync(
    session: HostSession,
    fn: HostFunction,
    dimensions: OpenaccDimensions,
    queue: AsyncQueue,
  ): Promise<void> {
    return this.#own(queue).push(() => this.launchOpenacc(session, fn, dimensions));
  }

  asyncConstruct(device: number): HostQueue {
    mustBeHost(device);
    const queue = new HostQueue();
    this.#queues.add(queue);
    return queue;
  }
  async asyncDestruct(queue: AsyncQueue): Promise<void> {
    const own = this.#own(queue);
    this.#queues.delete(own);
    await own.synchronize();
  }
  asyncTest(queue: AsyncQueue): boolean {
    return this.#own(queue).empty;
  }
  asyncSynchronize(queue: AsyncQueue): Promise<void> {
    return this.#own(queue).synchronize();
  }
  asyncSerialize(earlier: AsyncQueue, later: AsyncQueue): void {
    const before = this.#own(earlier).settled();
    void this.#own(later).push(() => before);
  }
  asyncQueueCallback(queue: AsyncQueue, callback: () => void): void {
    // What it throws is told by asyncSynchronize.
    this.#own(queue)
      .push(callback)
      .catch(() => {});
  }
  asyncHost2dev(): never {
    throw sharedMemory("openacc_async_host2dev");
  }
  asyncDev2host(): never {
    throw sharedMemory("openacc_async_dev2host");
  }

  stats(): PluginStats {
    return {
      sessions: this.liveSessions,
      allocations: 0,
      copies: 0,
      signalsCreated: 0,
      bytes: 0,
      nativeCalls: 0,
      waitNanoseconds: 0,
      cacheHits: 0,
      cacheBytes: 0,
    };
  }

  #own(queue: AsyncQueue): HostQueue {
    if (queue instanceof HostQueue && this.#queues.has(queue)) return queue;
    throw new OffloadError("ERR_OFFLOAD_QUEUE", "the queue is another plugin's, or has been destructed");
  }
}

function mustBeHost(device: number): void {
  if (integer("device", device) !== 0)
    throw new OffloadError("ERR_OFFLOAD_NO_DEVICE", `the host is device 0, not ${device}`);
}

const notAnImage = (value: unknown): OffloadError =>
  new OffloadError("ERR_OFFLOAD_IMAGE", `the host's image is an object of functions by name, not ${describe(value)}`);

const sharedMemory = (call: string): OffloadError =>
  new OffloadError(
    "ERR_OFFLOAD_MEMORY_KIND",
    `${call}: the host's memory is the device's, nothing is mapped or copied (CAPABILITY.SHARED_MEM)`,
  );
