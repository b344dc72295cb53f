/**
 * OpenACC on one device: its constructs, its queues and its memory routines.
 *
 *     await using acc = new OpenAcc(device);
 *     acc.enterData([clause.copyin(x)], { async: 1 });
 *     acc.parallel(fn, [clause.present(x), clause.firstprivate(i32(n))], { gangs: 8, async: 1 });
 *     acc.exitData([clause.copyout(x)], { async: 1 });
 *     await acc.wait(1);
 *
 * Constructs are done when they return, but for what their queue does in its turn, and where they have to wait first; their promise tells
 * when it is over, and what was refused. What a queue has failed with need not be awaited there: the next `wait` for the queue tells it.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { OpenaccDimensions, TargetFunction } from "../plugin/index.js";
import type { DataRegion } from "../target/data.js";
import { flatten, type MapList } from "../target/map.js";
import type { TargetDevice } from "../target/target_device.js";
import { options as checkedOptions, didYouMean, integer } from "../validate.js";
import { AsyncQueues } from "./async_queues.js";
import { finalized, ifPresent } from "./clauses.js";
import { ASYNC_OPTIONS, type AsyncOptions, copying, promised, scheduled } from "./construct.js";
import { enterData } from "./enter_data.js";
import { exitData } from "./exit_data.js";
import { AccMemory } from "./memory.js";
import { data, parallel, parallelAsync } from "./parallel.js";
import { update } from "./update.js";

/** Of a compute construct; what is absent, or 0, the image or the plugin decides. */
export interface Dimensions {
  readonly gangs?: number;
  readonly workers?: number;
  readonly vectorLength?: number;
}
export interface ParallelOptions extends Dimensions, AsyncOptions {}
export interface ExitDataOptions extends AsyncOptions {
  /** All dynamic references are given back, and pointers detached however often they were attached. */
  readonly finalize?: boolean;
}
export interface UpdateOptions extends AsyncOptions {
  /** What is not there is passed over, in place of an error. */
  readonly ifPresent?: boolean;
}

const DIMENSIONS = ["gangs", "workers", "vectorLength"] as const;
const MOST = 2 ** 31 - 1;

function dimensionsOf({ gangs = 0, workers = 0, vectorLength = 0 }: Dimensions): OpenaccDimensions {
  return [
    integer("gangs", gangs, 0, MOST),
    integer("workers", workers, 0, MOST),
    integer("vectorLength", vectorLength, 0, MOST),
  ];
}

export class OpenAcc implements AsyncDisposable {
  readonly device: TargetDevice;
  readonly queues: AsyncQueues;
  /** acc_malloc and its like. */
  readonly memory: AccMemory;

  /** Of the program's image, by name. */
  readonly #functions = new Map<string, TargetFunction>();

  /** @param functions - to be named in place of handed over. */
  constructor(device: TargetDevice, functions: readonly TargetFunction[] = []) {
    for (const fn of functions) if (!this.#functions.has(fn.name)) this.#functions.set(fn.name, fn);
    this.device = device;
    this.queues = new AsyncQueues(device);
    this.memory = new AccMemory(device, this.queues);
  }

  /** The names of the image's functions. */
  get functions(): string[] {
    return [...this.#functions.keys()];
  }
  #function(fn: TargetFunction | string): TargetFunction {
    if (typeof fn !== "string") return fn;
    const found = this.#functions.get(fn);
    if (found !== undefined) return found;
    const names = this.functions;
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_KERNEL",
      `there is no function "${fn}"${didYouMean(fn, names)}: there is ${names.join(", ") || "none"}`,
    );
  }

  /**
   * `parallel`, `kernels` and `serial`, as far as they run on the device. Without `async` it blocks the thread, once it has waited.
   *
   * @throws OffloadError as `mapVars`; DeviceError for what the region does wrong.
   */
  parallel(fn: TargetFunction | string, maps: MapList, options: ParallelOptions = {}): Promise<void> {
    return promised(() => {
      const when = checkedOptions("parallel's options", options, [...DIMENSIONS, ...ASYNC_OPTIONS]);
      const dimensions = dimensionsOf(options);
      const [target, items] = [this.#function(fn), flatten(maps)];
      return scheduled(
        this.queues,
        when,
        () => parallel(this.device, target, items, dimensions),
        (queue) => parallelAsync(this.device, target, items, dimensions, queue),
      );
    });
  }
  /** As `parallel`, over when it returns. */
  parallelSync(fn: TargetFunction | string, maps: MapList, options: Dimensions = {}): void {
    const dimensions = dimensionsOf(checkedOptions("parallelSync's options", options, DIMENSIONS));
    parallel(this.device, this.#function(fn), flatten(maps), dimensions);
  }

  /** `data`: until the region's end. @throws OffloadError as `mapVars` */
  data(maps: MapList): DataRegion {
    return data(this.device, flatten(maps));
  }
  /** `host_data`: `addresses` of the region has the device's address of each item. @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED` */
  hostData(maps: MapList, options: { readonly ifPresent?: boolean } = {}): DataRegion {
    const { ifPresent: mayMiss = false } = checkedOptions("hostData's options", options, ["ifPresent"]);
    const items = flatten(maps);
    return data(this.device, mayMiss ? ifPresent(items) : items);
  }

  /** `enter data`. @throws OffloadError as `mapVars` */
  enterData(maps: MapList, options: AsyncOptions = {}): Promise<void> {
    return promised(() => {
      const when = checkedOptions("enterData's options", options, ASYNC_OPTIONS);
      const items = flatten(maps);
      return copying(this.device, this.queues, when, (copier) => enterData(this.device, items, copier));
    });
  }
  /** `exit data` */
  exitData(maps: MapList, options: ExitDataOptions = {}): Promise<void> {
    return promised(() => {
      const { finalize = false, ...when } = checkedOptions("exitData's options", options, [
        ...ASYNC_OPTIONS,
        "finalize",
      ]);
      const items = finalize ? finalized(flatten(maps)) : flatten(maps);
      return copying(this.device, this.queues, when, (copier) => exitData(this.device, items, copier));
    });
  }
  /** `update`, of clause.self and clause.device. */
  update(maps: MapList, options: UpdateOptions = {}): Promise<void> {
    return promised(() => {
      const { ifPresent: mayMiss = false, ...when } = checkedOptions("update's options", options, [
        ...ASYNC_OPTIONS,
        "ifPresent",
      ]);
      const items = mayMiss ? ifPresent(flatten(maps)) : flatten(maps);
      return copying(this.device, this.queues, when, (copier) => update(this.device, items, copier));
    });
  }

  /** `wait`: for these queues, or all; with `async` that queue waits, and not the program. */
  wait(queues?: number | readonly number[], options: { readonly async?: number } = {}): Promise<void> {
    return promised(() => {
      const { async } = checkedOptions("wait's options", options, ["async"]);
      if (queues === undefined) return async === undefined ? this.queues.waitAll() : this.queues.waitAllAsync(async);
      return this.queues.waitFor(typeof queues === "number" ? [queues] : queues, async);
    });
  }

  /** Waits for what is in the queues and gives them back; the device stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.queues[Symbol.asyncDispose]();
  }
}
