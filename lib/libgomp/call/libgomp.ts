/**
 * The real libgomp, as compiled programs call it: images registered, target regions launched, data mapped, by its own functions.
 *
 *     await using gomp = await libgomp.open();
 *     await using program = await gomp.register(await readFile("app-openmp"));
 *     await gomp.target("saxpy._omp_fn.0", [map.tofrom(y), map.to(x), map.firstprivate(f32(2)), map.firstprivate(n)], { teams: 64 });
 *
 * **Its fatal errors end the process**, with status 1 and a line on stderr: a section of which a part is mapped, an image for another GPU, a
 * kernel's memory fault, no device where `OMP_TARGET_OFFLOAD` demands one. `isolate: true` has it in a process of its own, where that is an
 * error of the call.
 *
 * Source: target.c, task.c, libgomp.map of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import { launchWords } from "../../plugin/foreign/launch_words.js";
import { type Depend, flatten, type MapList } from "../../target/index.js";
import type { MapItem } from "../../target/map_item.js";
import { kindOf, MAP } from "../../target/map_kind.js";
import { options as checkedOptions, integer } from "../../validate.js";
import type { CallRequest, CallResult, Driver } from "./driver.js";
import { Held } from "./held.js";
import { dependList, sectionOf } from "./host_places.js";
import { Launch } from "./launch.js";
import { type Construct, type MapArrays, mapArrays, usesHostPointers } from "./map_arrays.js";
import { LibgompMemory } from "./memory.js";
import { ProgramFunction, RegisteredProgram, type RegisterOptions, unknownFunction } from "./program.js";
import type { Release } from "./release.js";

/** GOMP_DEVICE_ICV: the default device. */
const DEFAULT_DEVICE = -1;
const NOWAIT = 1;
const EXIT_DATA = 2;
const INT_MAX = 2 ** 31 - 1;

export interface DataOptions {
  /** By default the default device; a number that is no device's is the host. */
  readonly device?: number;
  /** Waits for the launches before that are about these places. */
  readonly depend?: Depend;
}

export interface LaunchOptions extends DataOptions {
  /** `num_teams`, by default 1; `auto` leaves it to the plugin. */
  readonly teams?: number | "auto";
  /** `thread_limit` */
  readonly threads?: number;
}

export interface NowaitOptions extends LaunchOptions {
  /** Resolves when the launch has been made; it goes on by itself, once what it depends on is over. */
  readonly nowait: true;
}

/** A launch that nobody has waited for. Its host memory is read and written until it is over. */
export interface NowaitLaunch {
  /**
   * Settles when the launch is known to be over, which somebody has to ask for: `wait`, `taskwait`, or a launch that depends on it.
   */
  readonly over: Promise<void>;
  /** Waits for this launch, and for those that it depends on. @throws what the host's form of its function has thrown. */
  wait(): Promise<void>;
}

/** What a data region has mapped, until its end. */
export interface LibgompDataRegion extends AsyncDisposable {
  /** Of `map.useDevicePtr` and `map.useDeviceAddr` the pointer to use; of other items what was handed over. In their order. */
  readonly addresses: readonly number[];
  readonly ended: boolean;
  /**
   * Copies back and unmaps.
   *
   * @throws OffloadError `ERR_OFFLOAD_REGION_ORDER` where another region has begun since and is still there: libgomp ends the last;
   * `ERR_OFFLOAD_DISPOSED` the second time.
   */
  end(): Promise<void>;
}

interface OpenRegion {
  readonly arrays: MapArrays;
}

const LAUNCH_OPTIONS = ["teams", "threads", "device", "depend", "nowait"] as const;
const DATA_OPTIONS = ["device", "depend"] as const;
const REGISTER_OPTIONS = ["functions", "variables", "fallback"] as const;

/** Those that are open: what libgomp may read and write stays, whoever forgets them. */
const open = new Set<Libgomp>();

export class Libgomp implements AsyncDisposable {
  readonly #driver: Driver;
  readonly #programs: RegisteredProgram[] = [];
  /** The innermost last. */
  readonly #regions: OpenRegion[] = [];
  /** By number, in the order in which they were made. */
  readonly #launches = new Map<number, Launch>();
  readonly #held = new Held();
  #next = 0;
  #devices = 0;
  #disposed = false;
  /** omp_target_alloc and its like. */
  readonly memory: LibgompMemory;

  /** Use `libgomp.open`. */
  constructor(driver: Driver) {
    this.#driver = driver;
    this.memory = new LibgompMemory({ held: this.#held, call: (request) => this.#call(request) });
    open.add(this);
  }
  /** Asks what does not change. */
  async prepare(): Promise<this> {
    this.#devices = await this.numDevices();
    return this;
  }

  /** The library. */
  get file(): string {
    return this.#driver.file;
  }
  /** The release of GCC that its symbols are of; 17: with sessions. */
  get release(): Release {
    return this.#driver.release;
  }
  /** Whether it runs in a process of its own. */
  get isolated(): boolean {
    return this.#driver.isolated;
  }
  get disposed(): boolean {
    return this.#disposed;
  }
  /** Whether libgomp has a function of that name, such as `omp_target_memset`. */
  has(name: string): boolean {
    return this.#driver.has(name);
  }

  /** omp_get_num_devices */
  async numDevices(): Promise<number> {
    return this.#number("omp_get_num_devices");
  }
  /** omp_get_initial_device: the host's number. */
  async initialDevice(): Promise<number> {
    return this.#number("omp_get_initial_device");
  }
  /** omp_get_default_device */
  async defaultDevice(): Promise<number> {
    return this.#number("omp_get_default_device");
  }
  /** omp_set_default_device: for this object's calls. */
  async setDefaultDevice(device: number): Promise<void> {
    await this.#number("omp_set_default_device", integer("device", device, 0, INT_MAX));
  }
  async #number(name: string, ...words: number[]): Promise<number> {
    return (await this.#call({ name, words })).value;
  }

  /**
   * Registers a program's image (GOMP_offload_register_ver), which devices load when they are first used, or at once.
   *
   * @param image - the bytes of a program that GCC compiled for offloading, one of its `gccImages`, or a code object.
   * @throws OffloadError `ERR_OFFLOAD_IMAGE` for what libgomp would not load, a second image over GCC's own plugin among it;
   * `ERR_OFFLOAD_UNKNOWN_KERNEL`, `ERR_OFFLOAD_UNKNOWN_VARIABLE`, `ERR_OFFLOAD_ADDRESS` for options that are not the image's.
   */
  async register(image: unknown, options: RegisterOptions = {}): Promise<RegisteredProgram> {
    const {
      functions,
      variables = {},
      fallback = {},
    } = checkedOptions("register's options", options, REGISTER_OPTIONS);
    this.#mustBeOpen();
    const places = Object.entries(variables).map(([name, memory]) => ({ name, ...sectionOf(memory) }));
    const registration = await this.#driver.register({ image, functions: functions ?? null, variables: places });
    const program: RegisteredProgram = new RegisteredProgram(registration, fallback, [image, places], () =>
      this.#forget(program),
    );
    this.#programs.push(program);
    const names = program.functions;
    const wrong = Object.keys(fallback).find((name) => !names.includes(name));
    if (wrong !== undefined) {
      await program.dispose();
      throw unknownFunction(wrong, names);
    }
    return program;
  }
  async #forget(program: RegisteredProgram): Promise<void> {
    if ([...this.#launches.values()].some(({ fn }) => fn.program === program)) await this.taskwait();
    await this.#driver.unregister(program.registration.id);
    this.#programs.splice(this.#programs.indexOf(program), 1);
  }

  #function(fn: string | ProgramFunction): ProgramFunction {
    if (fn instanceof ProgramFunction) {
      if (!fn.program.disposed && this.#programs.includes(fn.program)) return fn;
      throw new OffloadError("ERR_OFFLOAD_DISPOSED", `${fn.name} is of a program that is not registered here any more`);
    }
    const there = this.#programs.filter(({ disposed }) => !disposed);
    const found = there.map((program) => program.find(fn)).find((each) => each !== undefined);
    if (found !== undefined) return found;
    throw unknownFunction(
      fn,
      there.flatMap(({ functions }) => functions),
    );
  }

  /**
   * `target` (GOMP_target_ext): maps, launches, and when the region is over unmaps and copies back. The event loop goes on.
   *
   * @param fn - a function of a registered program, or its name.
   * @throws OffloadError `ERR_OFFLOAD_UNKNOWN_KERNEL` also where libgomp ran the region on the host and there is no `fallback` for it;
   * `ERR_OFFLOAD_MAP_KIND`; what a fallback throws.
   */
  target(fn: string | ProgramFunction, maps: MapList, options: NowaitOptions): Promise<NowaitLaunch>;
  target(
    fn: string | ProgramFunction,
    maps: MapList,
    options?: LaunchOptions & { readonly nowait?: false },
  ): Promise<void>;
  async target(
    fn: string | ProgramFunction,
    maps: MapList,
    options: LaunchOptions & { readonly nowait?: boolean } = {},
    // biome-ignore lint/suspicious/noConfusingVoidType: the overloads have a type each
  ): Promise<NowaitLaunch | void> {
    const given = checkedOptions("target's options", options, LAUNCH_OPTIONS);
    const { device = DEFAULT_DEVICE, depend, nowait = false } = given;
    const arrays = this.#arrays(maps, "target");
    const launch = new Launch(this.#next++, this.#function(fn), arrays);
    const request: CallRequest = {
      name: "GOMP_target_ext",
      words: [
        deviceNumber(device),
        launch.fn.address,
        arrays.kinds.length,
        arrays.addresses,
        arrays.sizes,
        arrays.kinds,
        nowait ? NOWAIT : 0,
        dependList(depend, nowait ? [launch.mark] : []),
        launchAttributes(given),
      ],
      reads: arrays.reads,
      // Of a launch that waits for others, what they copy back as well.
      writes: nowait ? [] : [...arrays.writes, ...(depend === undefined ? [] : this.#written())],
      launch: {
        id: launch.id,
        fn: launch.fn.address,
        copied: arrays.items.map(isCopied),
      },
    };
    this.#launches.set(launch.id, launch);
    try {
      await this.#call(request);
    } catch (error) {
      this.#end([launch], { error });
      throw error;
    }
    if (nowait) return { over: launch.over, wait: () => this.#wait(launch) };
    this.#end([launch]);
    await launch.over;
  }
  /** What launches that nobody has waited for may copy back. */
  #written(): MapArrays["writes"] {
    return [...this.#launches.values()].flatMap(({ arrays }) => arrays.writes);
  }
  #end(launches: readonly Launch[], failure?: { readonly error: unknown }): void {
    for (const launch of launches) {
      this.#launches.delete(launch.id);
      this.#driver.launchOver(launch.id);
      launch.end(failure);
    }
  }
  async #wait(launch: Launch): Promise<void> {
    if (!launch.settled) {
      await this.#waitWith([launch], {
        name: "GOMP_taskwait_depend",
        words: [[1, 0, launch.mark]],
        writes: this.#written(),
      });
    }
    await launch.over;
  }

  /**
   * `taskwait`: when every `nowait` launch that has been made is over.
   *
   * @throws what the host's form of a function has thrown, the first of several.
   */
  async taskwait(): Promise<void> {
    const waited = [...this.#launches.values()];
    await this.#waitWith(waited, { name: "GOMP_taskwait", words: [], writes: this.#written() });
    for (const { over } of waited) await over;
  }
  async #waitWith(launches: readonly Launch[], request: CallRequest): Promise<void> {
    try {
      await this.#call(request);
    } catch (error) {
      this.#end(launches, { error });
      throw error;
    }
    this.#end(launches);
  }

  /** `target data`: regions end in the opposite order. */
  async targetData(maps: MapList, options: Pick<DataOptions, "device"> = {}): Promise<LibgompDataRegion> {
    const { device = DEFAULT_DEVICE } = checkedOptions("targetData's options", options, ["device"]);
    const arrays = this.#arrays(maps, "data");
    const region: OpenRegion = { arrays };
    this.#mustBeOpen();
    this.#regions.push(region);
    const { pointers } = await this.#call({
      name: "GOMP_target_data_ext",
      words: [deviceNumber(device), arrays.kinds.length, arrays.addresses, arrays.sizes, arrays.kinds],
      reads: arrays.reads,
      answers: 2,
    });
    let ended = false;
    const end = async (): Promise<void> => {
      if (ended) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the data region has ended already");
      if (this.#disposed || this.#regions.at(-1) !== region) throw this.#wrongEnd(region);
      ended = true;
      await this.#endRegion();
    };
    return {
      addresses: pointers,
      get ended() {
        return ended;
      },
      end,
      [Symbol.asyncDispose]: async () => {
        if (!ended && !this.#disposed) await end();
      },
    };
  }
  #wrongEnd(region: OpenRegion): OffloadError {
    if (this.#disposed) return disposedError();
    const inner = this.#regions.length - 1 - this.#regions.indexOf(region);
    return new OffloadError(
      "ERR_OFFLOAD_REGION_ORDER",
      `${inner} data region${inner === 1 ? " has" : "s have"} begun since, and must end before: libgomp ends the last one`,
    );
  }
  async #endRegion(): Promise<void> {
    const region = this.#regions.pop();
    if (region === undefined) return;
    const { reads, writes } = region.arrays;
    // Items go back together with those of launches in the region that nobody has waited for.
    await this.#call({ name: "GOMP_target_end_data", words: [], reads, writes });
  }

  /** `target enter data`; the memory stays alive until it is unmapped. */
  async enterData(maps: MapList, options: DataOptions = {}): Promise<void> {
    const arrays = this.#arrays(maps, "enter");
    for (const { owner, address } of arrays.reads) this.#held.add(owner, address);
    await this.#data("GOMP_target_enter_exit_data", arrays, 0, options);
  }
  /** `target exit data`, with map.from, map.release and map.delete. */
  async exitData(maps: MapList, options: DataOptions = {}): Promise<void> {
    const arrays = this.#arrays(maps, "exit");
    await this.#data("GOMP_target_enter_exit_data", arrays, EXIT_DATA, options);
    await this.#release(arrays.items, options.device);
  }
  async #release(items: readonly MapItem[], device?: number): Promise<void> {
    for (const { owner, address } of items) {
      if (owner === null || !this.#held.has(owner, address)) continue;
      const where = device ?? (await this.defaultDevice());
      const { value } = await this.#call({
        name: "omp_target_is_present",
        words: [{ owner, address }, where],
      });
      if (value === 0) this.#held.drop(owner, address);
    }
  }
  /** `target update`: map.to copies to the device, map.from back. */
  async update(maps: MapList, options: DataOptions = {}): Promise<void> {
    await this.#data("GOMP_target_update_ext", this.#arrays(maps, "update"), 0, options);
  }
  async #data(name: string, arrays: MapArrays, flags: number, options: DataOptions): Promise<void> {
    const { device = DEFAULT_DEVICE, depend } = checkedOptions("the options", options, DATA_OPTIONS);
    await this.#call({
      name,
      words: [
        deviceNumber(device),
        arrays.kinds.length,
        arrays.addresses,
        arrays.sizes,
        arrays.kinds,
        flags,
        dependList(depend),
      ],
      reads: arrays.reads,
      writes: [...arrays.writes, ...(depend === undefined ? [] : this.#written())],
    });
  }

  #arrays(maps: MapList, construct: Construct): MapArrays {
    const items = flatten(maps);
    if (this.isolated && items.some(usesHostPointers)) {
      throw new OffloadError(
        "ERR_OFFLOAD_MAP_KIND",
        "pointers that lie in host memory lead nowhere in libgomp's own process: open it without isolate",
      );
    }
    return mapArrays(items, construct, this.release);
  }
  #mustBeOpen(): void {
    if (this.#disposed) throw disposedError();
  }
  #call(request: CallRequest): Promise<CallResult> {
    if (this.#disposed) return Promise.reject(disposedError());
    return this.#driver.call(request);
  }

  /** What runs where libgomp calls a host function. For `open`. */
  async hostCall(id: number | null): Promise<void> {
    const launch = id === null ? undefined : this.#launches.get(id);
    await launch?.runOnHost(launch.fn.program.fallback[launch.fn.name], this.#whyOnHost());
  }
  #whyOnHost(): string {
    return this.#devices === 0
      ? "libgomp has found no device: OMP_TARGET_OFFLOAD says disabled, or its plugin libgomp-plugin-gcn.so.1 is missing, Debian's libgomp-plugin-amdgcn1"
      : "the device's number is no device's, or its image cannot run there";
  }

  /** Waits for launches, ends data regions, forgets images, and ends libgomp's thread, or its process. Idempotent. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    try {
      // What went wrong on the host each launch has been told.
      await this.taskwait().catch(() => {});
      if (!this.#driver.gone) {
        while (this.#regions.length > 0) await this.#endRegion();
        for (const program of [...this.#programs]) await program.dispose();
      }
    } finally {
      this.#disposed = true;
      for (const launch of this.#launches.values()) launch.end({ error: disposedError() });
      open.delete(this);
      await this.#driver.close();
    }
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

const disposedError = (): OffloadError =>
  new OffloadError("ERR_OFFLOAD_DISPOSED", "libgomp was used after its disposal");

/** Words up to a null (GOMP_TARGET_ARG_…). */
function launchAttributes({ teams = 1, threads }: LaunchOptions): BigUint64Array {
  const attributes = {
    ...(teams === "auto" ? {} : { teams: integer("teams", teams, 1, INT_MAX) }),
    ...(threads === undefined ? {} : { threads: integer("threads", threads, 1, INT_MAX) }),
  };
  return BigUint64Array.from([...(launchWords(attributes)?.words ?? []), 0], BigInt);
}

const isCopied = ({ kind, size }: MapItem): boolean => kindOf(kind) === MAP.FIRSTPRIVATE && size > 0;

const deviceNumber = (device: number): number =>
  device === DEFAULT_DEVICE ? device : integer("device", device, 0, INT_MAX);
