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
import type { OpenaccDimensions, TargetEntry, TargetFunction } from "../plugin/index.js";
import { bindVariable } from "../target/associate.js";
import type { Copier } from "../target/copier.js";
import type { DataRegion } from "../target/data.js";
import { flatten, type MapList, type Mappable, snapshot } from "../target/map.js";
import type { MapItem } from "../target/map_item.js";
import type { TargetDevice } from "../target/target_device.js";
import { options as checkedOptions, didYouMean, integer, invalidType, string } from "../validate.js";
import { AsyncQueues, waitList } from "./async_queues.js";
import { finalized, ifPresent } from "./clauses.js";
import { ASYNC_OPTIONS, type AsyncOptions, copying, promised, scheduled } from "./construct.js";
import { data, hostData, mustNotBlock, QueuedDataRegion } from "./data.js";
import { enterData } from "./enter_data.js";
import { exitData } from "./exit_data.js";
import { type HostBodies, HostFunctions, inTurn } from "./host.js";
import { AccMemory } from "./memory.js";
import { parallel, parallelAsync } from "./parallel.js";
import { update } from "./update.js";

/** Of a compute construct; what is absent, or 0, the image or the plugin decides. */
export interface Dimensions {
  readonly gangs?: number;
  readonly workers?: number;
  readonly vectorLength?: number;
}
export interface Condition {
  /** False: nothing is done on the device. A compute construct is the host's then, as with `self`. */
  readonly if?: boolean;
}
export interface SyncParallelOptions extends Dimensions, Condition {
  /** The host executes the region, by its function among `OpenaccProgram.fallback`. */
  readonly self?: boolean;
}
export interface ParallelOptions extends SyncParallelOptions, AsyncOptions {}
export interface DataOptions extends AsyncOptions, Condition {}
export interface HostDataOptions extends Condition {
  /** What is not there keeps the host's address, in place of an error. */
  readonly ifPresent?: boolean;
}
export interface ExitDataOptions extends DataOptions {
  /** All dynamic references are given back, and pointers detached however often they were attached. */
  readonly finalize?: boolean;
}
export interface UpdateOptions extends DataOptions {
  /** What is not there is passed over, in place of an error. */
  readonly ifPresent?: boolean;
}

/** What there is of a program, to be called by its name. */
export interface OpenaccProgram {
  /** Of the image that is loaded on the device. */
  readonly functions?: readonly TargetFunction[];
  readonly variables?: readonly TargetEntry[];
  /** The host's own form of functions. */
  readonly fallback?: HostBodies;
}

const SYNC_PARALLEL_OPTIONS = ["gangs", "workers", "vectorLength", "if", "self"] as const;
const DATA_OPTIONS = [...ASYNC_OPTIONS, "if"] as const;
const MOST = 2 ** 31 - 1;

function dimensionsOf({ gangs = 0, workers = 0, vectorLength = 0 }: Dimensions): OpenaccDimensions {
  return [
    integer("gangs", gangs, 0, MOST),
    integer("workers", workers, 0, MOST),
    integer("vectorLength", vectorLength, 0, MOST),
  ];
}

function flag(name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value === "boolean") return value;
  throw invalidType(name, "a boolean", value);
}
const isMet = (options: Condition): boolean => flag("if", options.if, true);
const isHosts = (options: SyncParallelOptions): boolean => !isMet(options) || flag("self", options.self, false);

/** With private copies of now: of a region that waits, and of the host's functions, which get the very variables. */
const privately = (items: readonly MapItem[], needed: boolean): readonly MapItem[] =>
  needed ? items.map(snapshot) : items;

/** OpenACC on one device: from `openacc.open()` with a program, or over a `TargetDevice`. */
export class OpenAcc implements AsyncDisposable {
  readonly device: TargetDevice;
  readonly queues: AsyncQueues;
  /** acc_malloc and its like. */
  readonly memory: AccMemory;

  /** Of the program's image, by name. */
  readonly #functions = new Map<string, TargetFunction>();
  readonly #variables: readonly TargetEntry[];
  readonly #host: HostFunctions | null;

  /** @param program - its functions and variables, to be named in place of handed over. */
  constructor(device: TargetDevice, program: OpenaccProgram = {}) {
    const { functions = [], variables = [], fallback } = program;
    for (const fn of functions) if (!this.#functions.has(fn.name)) this.#functions.set(fn.name, fn);
    this.#variables = variables;
    this.#host = fallback === undefined ? null : new HostFunctions(fallback);
    this.device = device;
    this.queues = new AsyncQueues(device);
    this.memory = new AccMemory(device, this.queues);
  }

  /** The names of the image's functions. */
  get functions(): string[] {
    return [...this.#functions.keys()];
  }
  /** The device's function, or the host's where that is to run; and where that is. */
  #function(fn: TargetFunction | string, isHosts: boolean): readonly [TargetDevice, TargetFunction] {
    if (typeof fn !== "string" && typeof fn?.name !== "string") {
      throw invalidType("the function", "a name, or a function of the program's image", fn);
    }
    const name = typeof fn === "string" ? fn : fn.name;
    if (!isHosts || this.device.sharesMemory) {
      const own = typeof fn === "string" ? this.#functions.get(fn) : fn;
      if (own !== undefined && this.device.plugin.canRun(own)) return [this.device, own];
    }
    const host = this.#host?.find(name);
    if (this.#host !== null && host !== undefined) return [this.#host.device, host];
    const names = isHosts ? (this.#host?.names ?? []) : this.functions;
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_KERNEL",
      names.includes(name)
        ? `function ${name} cannot run on device ${this.device.number} of the ${this.device.plugin.name} plugin`
        : `there is no function "${name}"${isHosts ? " of the host's" : ""}${didYouMean(name, names)}: there is ${names.join(", ") || "none"}`,
    );
  }

  /** A `declare` variable's place on the device. @throws OffloadError `ERR_OFFLOAD_UNKNOWN_VARIABLE` */
  variable(name: string): TargetEntry {
    string("the variable's name", name);
    const found = this.#variables.find((variable) => variable.name === name);
    if (found !== undefined) return found;
    const names = this.#variables.map((variable) => variable.name);
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_VARIABLE",
      `there is no variable "${name}"${didYouMean(name, names)}: there is ${names.join(", ") || "none"}`,
    );
  }
  /**
   * Host memory that stands for a `declare` variable: `update` copies between the two, and constructs find it present. A variable of
   * `declare link` is mapped by constructs as other memory is, and the device gets to know where. On the host it is the variable.
   *
   * @throws OffloadError `ERR_OFFLOAD_UNKNOWN_VARIABLE`; `ERR_OFFLOAD_ADDRESS` where the sizes differ; `ERR_OFFLOAD_OVERLAP`.
   */
  bindVariable(name: string, memory: Mappable): void {
    if (!this.device.sharesMemory) bindVariable(this.device, this.variable(name), memory);
  }

  /**
   * `parallel`, `kernels` and `serial`, as far as they run on the device. Without `async` it blocks the thread, once it has waited.
   *
   * @throws OffloadError as `mapVars`; DeviceError for what the region does wrong.
   */
  parallel(fn: TargetFunction | string, maps: MapList, options: ParallelOptions = {}): Promise<void> {
    return promised(() => {
      const when = checkedOptions("parallel's options", options, [...SYNC_PARALLEL_OPTIONS, ...ASYNC_OPTIONS]);
      const dimensions = dimensionsOf(options);
      const [where, target] = this.#function(fn, isHosts(options));
      const items = privately(flatten(maps), where.sharesMemory || when.wait !== undefined);
      return scheduled(
        this.queues,
        when,
        () => parallel(where, target, items, dimensions),
        (queue) =>
          where === this.device
            ? parallelAsync(where, target, items, dimensions, queue)
            : inTurn(this.device, queue, () => parallel(where, target, items, dimensions)),
      );
    });
  }
  /** As `parallel`, over when it returns. */
  parallelSync(fn: TargetFunction | string, maps: MapList, options: SyncParallelOptions = {}): void {
    const dimensions = dimensionsOf(checkedOptions("parallelSync's options", options, SYNC_PARALLEL_OPTIONS));
    const [where, target] = this.#function(fn, isHosts(options));
    parallel(where, target, privately(flatten(maps), where.sharesMemory), dimensions);
  }

  /**
   * `data`: until the region's end. With `async` the queue copies, in the turns of the region's beginning and end, and `wait` are queues
   * that it waits for first.
   *
   * @throws OffloadError as `mapVars`
   */
  data(maps: MapList, options?: Condition): DataRegion;
  data(maps: MapList, options: DataOptions & { readonly async: number }): QueuedDataRegion;
  data(maps: MapList, options: DataOptions = {}): DataRegion | QueuedDataRegion {
    const { async, wait } = checkedOptions("data's options", options, DATA_OPTIONS);
    const items = flatten(maps);
    if (async === undefined) {
      if (wait === undefined) return data(this.device, items, isMet(options));
      throw mustNotBlock();
    }
    return new QueuedDataRegion(this.device, this.queues, items, { async, wait: wait ?? [], maps: isMet(options) });
  }
  /** `host_data`: `addresses` of the region has the device's address of each item. @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED` */
  hostData(maps: MapList, options: HostDataOptions = {}): DataRegion {
    const { ifPresent: mayMiss } = checkedOptions("hostData's options", options, ["if", "ifPresent"]);
    return hostData(
      this.device,
      flag("ifPresent", mayMiss, false) ? ifPresent(flatten(maps)) : flatten(maps),
      isMet(options),
    );
  }

  /** `enter data`. @throws OffloadError as `mapVars` */
  enterData(maps: MapList, options: DataOptions = {}): Promise<void> {
    return promised(() => {
      checkedOptions("enterData's options", options, DATA_OPTIONS);
      return this.#copying(options, maps, (items, copier) => enterData(this.device, items, copier));
    });
  }
  /** `exit data` */
  exitData(maps: MapList, options: ExitDataOptions = {}): Promise<void> {
    return promised(() => {
      const { finalize } = checkedOptions("exitData's options", options, [...DATA_OPTIONS, "finalize"]);
      const all = flag("finalize", finalize, false);
      return this.#copying(options, maps, (items, copier) =>
        exitData(this.device, all ? finalized(items) : items, copier),
      );
    });
  }
  /** `update`, of clause.self and clause.device. */
  update(maps: MapList, options: UpdateOptions = {}): Promise<void> {
    return promised(() => {
      const { ifPresent: mayMiss } = checkedOptions("update's options", options, [...DATA_OPTIONS, "ifPresent"]);
      const passedOver = flag("ifPresent", mayMiss, false);
      return this.#copying(options, maps, (items, copier) =>
        update(this.device, passedOver ? ifPresent(items) : items, copier),
      );
    });
  }
  #copying(
    options: DataOptions,
    maps: MapList,
    work: (items: readonly MapItem[], copier: Copier) => void,
  ): Promise<void> {
    const items = flatten(maps);
    if (!isMet(options)) return Promise.resolve();
    return copying(this.device, this.queues, options, (copier) => work(items, copier));
  }

  /** `wait`: for these queues, or all; with `async` that queue waits, and not the program. */
  wait(queues?: number | readonly number[], options: Condition & { readonly async?: number } = {}): Promise<void> {
    return promised(() => {
      const { async } = checkedOptions("wait's options", options, ["async", "if"]);
      if (!isMet(options)) return Promise.resolve();
      if (queues === undefined) return async === undefined ? this.queues.waitAll() : this.queues.waitAllAsync(async);
      return this.queues.waitFor(waitList(queues), async);
    });
  }

  /** Waits for what is in the queues and gives them back; the device stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.queues[Symbol.asyncDispose]();
  }
}
