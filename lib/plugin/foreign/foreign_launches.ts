/**
 * Launches by a C plugin. It gives none up: one that does not end in its time goes on by itself, and so does the wait for one that a
 * memory fault has ended. Its device is lost for the rest of the process.
 *
 * @packageDocumentation
 */
import { DeviceError, OffloadError } from "../../errors.js";
import type { HsaRuntime } from "../../hsa/index.js";
import type { ForeignOutcome, NativeForeignPlugin } from "../../hsa/native_foreign.js";
import { memoryFault } from "../../launch/fault.js";
import { milliseconds } from "../../validate.js";
import type { ForeignCalls, Loss } from "./foreign_calls.js";
import type { ForeignFunction } from "./foreign_image.js";

type Native = NativeForeignPlugin;
type LessLast<T extends readonly unknown[], N extends readonly unknown[]> = T extends readonly [...infer Rest, ...N]
  ? Rest
  : never;
/** Of a launch, but for its name and its time. */
export type RunArguments = LessLast<Parameters<Native["run"]>, [string, number]>;
export type OpenaccArguments = LessLast<Parameters<Native["openaccExec"]>, [number, string, number]>;

/** An asynchronous launch. */
interface UnderWay {
  readonly device: number;
  /** When it is to be over, as `performance.now()` tells; Infinity: it may run for ever. */
  readonly end: number;
  /** Gives it up, and with it its device. */
  readonly late: () => void;
}

const HINT = "No C plugin gives a launch up: its device is lost until the process ends";

export class ForeignLaunches {
  readonly #stopListening: () => void;
  readonly #underWay = new Set<UnderWay>();

  constructor(
    readonly calls: ForeignCalls,
    /** Beneath the plugin; null where it is not over HSA. */
    readonly runtime: HsaRuntime | null,
    /** Milliseconds of a launch that does not say its own; 0: for ever. */
    readonly timeout: number,
  ) {
    const agents = calls.agents.map(({ index }) => index);
    if (agents.length > 0) calls.native.watchFaults(agents);
    this.#stopListening =
      runtime?.onFault(({ type, agent, address }) => {
        const device = agents.indexOf(agent);
        if (type === "memory-fault" && device >= 0) this.#fault(device, address);
      }) ?? (() => {});
  }
  dispose(): void {
    this.#stopListening();
  }

  /** That it cannot, for an image that does not have it, is found once. */
  canRun(fn: ForeignFunction): boolean {
    fn.canRun ??= this.calls.call((native) => native.canRun(fn.address));
    return fn.canRun;
  }
  /** What the C plugin would end the process for. */
  mustRun(fn: ForeignFunction): void {
    if (!fn.image.loaded) throw new OffloadError("ERR_OFFLOAD_DISPOSED", `${fn.name}'s image has been unloaded`);
    if (fn.refusal !== null) {
      throw new OffloadError("ERR_OFFLOAD_ARGUMENT_COUNT", `kernel ${fn.name} cannot be offloaded: ${fn.refusal}`);
    }
    if (!this.canRun(fn)) throw new OffloadError("ERR_OFFLOAD_UNKNOWN_KERNEL", `${fn.name} cannot run on its device`);
  }

  run(fn: ForeignFunction, launch: RunArguments, timeout: number | undefined): void {
    const limit = this.#limit(timeout);
    this.#mustBeOver(
      fn,
      this.calls.call((native) => native.run(...launch, fn.name, limit)),
      limit,
    );
  }
  openacc(fn: ForeignFunction, launch: OpenaccArguments): void {
    const limit = this.timeout;
    this.#mustBeOver(
      fn,
      this.calls.call((native) => native.openaccExec(...launch, fn.device, fn.name, limit)),
      limit,
    );
  }
  runAsync(fn: ForeignFunction, launch: RunArguments, timeout: number | undefined): Promise<void> {
    const limit = this.#limit(timeout);
    const over = this.calls.call((native) => native.runAsync(...launch, fn.name));
    return this.#within(fn, over, limit);
  }
  openaccAsync(fn: ForeignFunction, queue: number, launch: OpenaccArguments): Promise<void> {
    const over = this.calls.call((native) => native.openaccAsyncExec(...launch, queue));
    return this.#within(fn, over, this.timeout);
  }

  #limit(timeout: number | undefined): number {
    return timeout === undefined ? this.timeout : milliseconds("timeout", timeout);
  }
  #mustBeOver(fn: ForeignFunction, outcome: ForeignOutcome, limit: number): void {
    if (outcome === null) return;
    if (outcome === "late") throw this.#late(fn, limit);
    const fault = this.#fault(fn.device, outcome);
    throw fault.error(fn.name) ?? bystander(fn.name, fault);
  }
  /** Rejects also when the device is lost to another launch. */
  #within(fn: ForeignFunction, over: Promise<void>, limit: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        stop();
        this.#underWay.delete(launch);
      };
      const late = (): void => {
        // Its own loss it does not hear of.
        leave();
        reject(this.#late(fn, limit));
      };
      const end = limit === 0 ? Number.POSITIVE_INFINITY : performance.now() + limit;
      const launch: UnderWay = { device: fn.device, end, late };
      const timer = limit === 0 ? undefined : setTimeout(late, limit);
      const stop = this.calls.whenLost(fn.device, (loss) => {
        leave();
        reject(loss.error(fn.name) ?? bystander(fn.name, loss));
      });
      this.#underWay.add(launch);
      over.then(resolve, reject).finally(leave);
    });
  }

  /** Blocks until the device's tasks are over. @throws OffloadError as `settle` */
  finish(device: number): void {
    this.settle(device, (native, limit) => native.waitForRuns(device, limit));
  }
  /**
   * Blocks for some of what runs on a device, as long as its launches may take.
   * @throws OffloadError `ERR_OFFLOAD_PLUGIN` where the device is lost meanwhile
   */
  settle(device: number, wait: (native: Native, limit: number) => ForeignOutcome): void {
    const launches = [...this.#underWay].filter((launch) => launch.device === device);
    const last = launches.reduce<UnderWay | null>((a, b) => (a !== null && a.end > b.end ? a : b), null);
    const left = last === null || last.end === Number.POSITIVE_INFINITY ? 0 : last.end - performance.now();
    const outcome = this.calls.call((native) => wait(native, left === 0 ? 0 : Math.max(1, Math.ceil(left))));
    if (outcome === "late") last?.late();
    else if (outcome !== null) this.#fault(device, outcome);
    this.calls.mustBeReady(device);
  }

  #late(fn: ForeignFunction, limit: number): DeviceError {
    const facts = { kernel: fn.name, hint: HINT };
    const error = new DeviceError("ERR_OFFLOAD_TIMEOUT", `did not end within ${limit} ms`, facts);
    const why = `kernel ${fn.name} did not end within ${limit} ms, and no C plugin gives a launch up`;
    this.calls.lose(fn.device, { why, error: () => null });
    return error;
  }
  #fault(device: number, address: number): Loss {
    const fault = this.runtime?.softwareLastFault() ?? null;
    const culprit = fault?.kind === "memory" && fault.gpu === device ? fault.kernel?.name : null;
    const loss: Loss = {
      why: `${culprit == null ? "a kernel" : `kernel ${culprit}`} has had a memory fault, for which no C plugin ends a launch`,
      error: (kernel) =>
        culprit == null || culprit === kernel
          ? memoryFault(kernel, address, culprit == null ? null : fault, HINT)
          : null,
    };
    this.calls.lose(device, loss);
    return loss;
  }
}

const bystander = (kernel: string, { why }: Loss): DeviceError =>
  new DeviceError("ERR_OFFLOAD_QUEUE_LOST", `its device was lost to another launch: ${why}`, { kernel });
