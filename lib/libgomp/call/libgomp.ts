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
import type { MapList } from "../../target/index.js";
import { options as checkedOptions, describe, integer, invalidType, object, string } from "../../validate.js";
import { Caller, disposedError, INT_MAX } from "./caller.js";
import { DataConstructs } from "./data_constructs.js";
import type { Driver } from "./driver.js";
import { Held } from "./held.js";
import { sectionOf } from "./host_places.js";
import { Launches } from "./launches.js";
import { LibgompMemory } from "./memory.js";
import type { DataOptions, LaunchOptions, LibgompDataRegion, NowaitLaunch, NowaitOptions } from "./options.js";
import { ProgramFunction, RegisteredProgram, type RegisterOptions, unknownFunction } from "./program.js";
import type { Release } from "./release.js";

const REGISTER_OPTIONS = ["functions", "variables", "fallback"] as const;

/** Those that are open: what libgomp may read and write stays, whoever forgets them. */
const open = new Set<Libgomp>();

/** An open libgomp: from `libgomp.open()`. */
export class Libgomp implements AsyncDisposable {
  readonly #caller: Caller;
  readonly #launches: Launches;
  readonly #data: DataConstructs;
  readonly #programs: RegisteredProgram[] = [];
  /** omp_target_alloc and its like. */
  readonly memory: LibgompMemory;

  /** Use `libgomp.open`. */
  constructor(driver: Driver) {
    const held = new Held();
    this.#caller = new Caller(driver);
    this.#launches = new Launches(this.#caller);
    this.#data = new DataConstructs(this.#caller, this.#launches, held);
    this.memory = new LibgompMemory(this.#caller, held);
    open.add(this);
  }
  /** Asks what does not change. */
  async prepare(): Promise<this> {
    this.#caller.devices = await this.numDevices();
    this.#caller.defaultDevice = await this.defaultDevice();
    return this;
  }
  /** What runs where libgomp calls a host function. For `open`. */
  hostCall(launch: number | null): Promise<void> {
    return this.#launches.hostCall(launch);
  }

  /** The library. */
  get file(): string {
    return this.#caller.driver.file;
  }
  /** The release of GCC that its symbols are of; 17: with sessions. */
  get release(): Release {
    return this.#caller.driver.release;
  }
  /** Whether it runs in a process of its own. */
  get isolated(): boolean {
    return this.#caller.driver.isolated;
  }
  get disposed(): boolean {
    return this.#caller.disposed;
  }
  /** Whether libgomp has a function of that name, such as `omp_target_memset`. */
  has(name: string): boolean {
    return this.#caller.driver.has(name);
  }

  /** omp_get_num_devices */
  async numDevices(): Promise<number> {
    return this.#caller.number("omp_get_num_devices");
  }
  /** omp_get_initial_device: the host's number. */
  async initialDevice(): Promise<number> {
    return this.#caller.number("omp_get_initial_device");
  }
  /** omp_get_default_device */
  async defaultDevice(): Promise<number> {
    return this.#caller.number("omp_get_default_device");
  }
  /** omp_set_default_device: for this object's calls. */
  async setDefaultDevice(device: number): Promise<void> {
    const number = integer("device", device, 0, INT_MAX);
    // What is called from now on comes behind it.
    this.#caller.defaultDevice = number;
    await this.#caller.number("omp_set_default_device", number);
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
    mustBeImage(image);
    if (functions !== undefined && !Array.isArray(functions))
      throw invalidType("functions", "an array of names", functions);
    for (const name of functions ?? []) string("a function's name", name);
    object("variables", variables);
    object("fallback", fallback);
    for (const [name, body] of Object.entries(fallback)) {
      if (typeof body !== "function") throw invalidType(`fallback.${name}`, "a function", body);
    }
    this.#caller.mustBeOpen();
    const places = Object.entries(variables).map(([name, memory]) => ({ name, ...sectionOf(memory) }));
    const registration = await this.#caller.driver.register({ image, functions: functions ?? null, variables: places });
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
    if (this.#launches.any(program)) await this.taskwait();
    await this.#caller.driver.unregister(program.registration.id);
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
    const launch = await this.#launches.target(this.#function(fn), maps, options);
    if (launch !== null) return launch;
  }
  /**
   * `taskwait`: when every `nowait` launch that has been made is over.
   *
   * @throws what the host's form of a function has thrown, the first of several.
   */
  taskwait(): Promise<void> {
    return this.#launches.taskwait();
  }

  /** `target data`: regions end in the opposite order. */
  targetData(maps: MapList, options: Pick<DataOptions, "device"> = {}): Promise<LibgompDataRegion> {
    return this.#data.targetData(maps, options);
  }
  /** `target enter data`; the memory stays alive until it is unmapped. */
  enterData(maps: MapList, options: DataOptions = {}): Promise<void> {
    return this.#data.enterData(maps, options);
  }
  /** `target exit data`, with map.from, map.release and map.delete. */
  exitData(maps: MapList, options: DataOptions = {}): Promise<void> {
    return this.#data.exitData(maps, options);
  }
  /** `target update`: map.to copies to the device, map.from back. */
  update(maps: MapList, options: DataOptions = {}): Promise<void> {
    return this.#data.update(maps, options);
  }

  /** Waits for launches, ends data regions, forgets images, and ends libgomp's thread, or its process. Idempotent. */
  async dispose(): Promise<void> {
    if (this.disposed) return;
    const { driver } = this.#caller;
    try {
      // What went wrong on the host each launch has been told.
      await this.taskwait().catch(() => {});
      if (!driver.gone) {
        await this.#data.endAll();
        for (const program of [...this.#programs]) await program.dispose();
      }
    } finally {
      this.#caller.disposed = true;
      this.#launches.abandon(disposedError());
      open.delete(this);
      await driver.close();
    }
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** What it is an image of is looked at where libgomp is. */
function mustBeImage(image: unknown): void {
  const bytes = (image as { readonly codeObject?: unknown } | null | undefined)?.codeObject ?? image;
  if (ArrayBuffer.isView(bytes) || bytes instanceof ArrayBuffer || bytes instanceof SharedArrayBuffer) return;
  throw new OffloadError(
    "ERR_OFFLOAD_IMAGE",
    `a program's bytes, or one of its gccImages, can be registered, not ${describe(image)}`,
  );
}
