/**
 * Target regions for programs: `offload()` loads a program's GPU code, and what it answers maps, launches and unmaps.
 *
 *     await using omp = await offload("app-openmp");
 *     using data = omp.targetData([map.to(b), map.alloc(a)]);
 *     await omp.target("main._omp_fn.0", [map.from(a), map.to(b), map.firstprivate(n)], { teams: 64, threads: 4 });
 *
 * @packageDocumentation
 */
import { readFile } from "node:fs/promises";
import { OffloadError } from "../errors.js";
import { HsaError } from "../hsa/index.js";
import { readEnvironment } from "../plugin/gcn/environment.js";
import {
  type HostBody,
  HostPlugin,
  type LoadedImage,
  type OffloadPlugin,
  type TargetEntry,
  type TargetFunction,
} from "../plugin/index.js";
import { options as checkedOptions, didYouMean, integer, invalidType, object, string } from "../validate.js";
import { bindVariable } from "./associate.js";
import { type DataRegion, targetData, targetEnterData } from "./data.js";
import { targetExitData } from "./exit_data.js";
import { LaunchPlan } from "./launch_plan.js";
import { flatten, type MapList, type Mappable, snapshot } from "./map.js";
import { OmpMemory } from "./omp_memory.js";
import {
  LAUNCH_OPTIONS,
  launchAttributes,
  OFFLOAD_OPTIONS,
  type OffloadOptions,
  type Program,
  TARGET_OPTIONS,
  type TargetOptions,
} from "./options.js";
import { ProgramPlugin } from "./program_plugin.js";
import { target, targetNowait } from "./target.js";
import { TargetDevice, type TargetDeviceOptions } from "./target_device.js";
import { type Depend, TaskGraph } from "./tasks.js";
import { targetUpdate } from "./update.js";

/** OMP_TARGET_OFFLOAD (OpenMP 5.2, 21.2.9). */
type Policy = "mandatory" | "disabled" | "default";

function policyOf(text: string | undefined): Policy {
  const policy = (text ?? "default").trim().toLowerCase();
  if (policy === "mandatory" || policy === "disabled" || policy === "default") return policy;
  throw new OffloadError(
    "ERR_OFFLOAD_NO_DEVICE",
    `OMP_TARGET_OFFLOAD is "${text}": it may be mandatory, disabled or default`,
  );
}

/**
 * Opens the devices and reads the program. Its code is put on a device when the first region is launched there.
 *
 * @throws HsaError where no runtime can be opened and there is no fallback, or `OMP_TARGET_OFFLOAD` demands a device; OffloadError and
 *   CodeObjectError for a program without code for the device.
 */
export async function offload(program: Program, options: OffloadOptions = {}): Promise<Offload> {
  checkedOptions("offload's options", options, OFFLOAD_OPTIONS);
  const { environment = process.env, fallback = {} } = options;
  object("environment", environment);
  object("fallback", fallback);
  const policy = policyOf(environment.OMP_TARGET_OFFLOAD);
  const mayFallBack = Object.keys(fallback).length > 0 && !readEnvironment(environment).suppressHostFallback;
  const image = typeof program === "string" || program instanceof URL ? await readFile(program) : program;
  const plugin = policy === "disabled" ? null : openPlugin(options, environment, policy, mayFallBack);
  const preferred = Number.parseInt(environment.OMP_DEFAULT_DEVICE ?? "0", 10);
  return new Offload(plugin, image, fallback, policy, options, Number.isInteger(preferred) ? preferred : 0);
}

/** Null: there is none, and everything runs on the host. */
function openPlugin(
  options: OffloadOptions,
  environment: NonNullable<OffloadOptions["environment"]>,
  policy: Policy,
  mayFallBack: boolean,
): ProgramPlugin | null {
  try {
    return ProgramPlugin.open(
      "offload's options",
      options.plugin === undefined ? { ...options, environment } : options,
    );
  } catch (error) {
    if (error instanceof HsaError && mayFallBack && policy === "default") return null;
    throw error;
  }
}

/** A device with the program's code, which is loaded when it is first asked for. */
interface Place {
  readonly device: TargetDevice;
  image: LoadedImage | null;
  /** The image's, by name. */
  readonly functions: Map<string, TargetFunction>;
}

/** A program with its target regions: from `offload()`. Disposal waits for nothing; `await using` waits for tasks. */
export class Offload implements Disposable, AsyncDisposable {
  readonly #plugin: ProgramPlugin | null;
  readonly #program: unknown;
  readonly #fallback: Readonly<Record<string, HostBody>>;
  readonly #policy: Policy;
  readonly #places: readonly Place[];
  readonly #host: Place;
  readonly #tasks = new TaskGraph();
  readonly #default: number;
  #disposed = false;
  /** omp_target_alloc and its like. */
  readonly memory: OmpMemory;

  /** Use `offload()`. */
  constructor(
    plugin: ProgramPlugin | null,
    program: unknown,
    fallback: Readonly<Record<string, HostBody>>,
    policy: Policy,
    options: TargetDeviceOptions,
    preferred: number,
  ) {
    this.#plugin = plugin;
    this.#program = program;
    this.#fallback = fallback;
    this.#policy = policy;
    const place = (owner: OffloadPlugin, number: number): Place => ({
      device: new TargetDevice(owner, number, options.missing === undefined ? {} : { missing: options.missing }),
      image: null,
      functions: new Map(),
    });
    const devices = plugin?.plugin;
    this.#places = devices ? Array.from({ length: devices.getNumDevices() }, (_, i) => place(devices, i)) : [];
    this.#host = place(new HostPlugin(), 0);
    this.#default = preferred;
    this.memory = new OmpMemory(this.#places.map(({ device }) => device));
  }

  /** omp_get_num_devices */
  get numDevices(): number {
    return this.#places.length;
  }
  /** omp_get_default_device */
  get defaultDevice(): number {
    return this.#default;
  }
  /** The plugin of the devices; null where there is none, and everything runs on the host. */
  get plugin(): OffloadPlugin | null {
    return this.#plugin?.plugin ?? null;
  }

  /** @throws OffloadError `ERR_OFFLOAD_NO_DEVICE` */
  device(number: number = this.#default): TargetDevice {
    return this.#place(number).device;
  }

  #place(number: number = this.#default): Place {
    if (this.#disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "target regions were used after their disposal");
    const place = this.#places[integer("the device's number", number)];
    if (place !== undefined) return place;
    // As libgomp: what is no device is the host, unless that is forbidden.
    if (this.#policy === "mandatory" && number !== this.numDevices) {
      throw new OffloadError(
        "ERR_OFFLOAD_NO_DEVICE",
        `there is no device ${number}, and OMP_TARGET_OFFLOAD is mandatory`,
      );
    }
    return this.#host;
  }

  #image(place: Place): LoadedImage {
    if (place.image !== null) return place.image;
    const { plugin, number } = place.device;
    const image = plugin.loadImage(number, place === this.#host ? this.#fallback : this.#program);
    for (const fn of image.functions) if (!place.functions.has(fn.name)) place.functions.set(fn.name, fn);
    place.image = image;
    return image;
  }

  #functions(place: Place): ReadonlyMap<string, TargetFunction> {
    this.#image(place);
    return place.functions;
  }

  /** The names of the offloaded functions. */
  functions(device: number = this.#default): string[] {
    return [...this.#functions(this.#place(device)).keys()];
  }
  /** A `declare target` variable's place on the device. @throws OffloadError `ERR_OFFLOAD_UNKNOWN_VARIABLE` */
  variable(name: string, device: number = this.#default): TargetEntry {
    string("the variable's name", name);
    const { variables } = this.#image(this.#place(device));
    const found = variables.find((variable) => variable.name === name);
    if (found !== undefined) return found;
    const names = variables.map((variable) => variable.name);
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_VARIABLE",
      `there is no variable "${name}"${didYouMean(name, names)}: there is ${names.join(", ") || "none"}`,
    );
  }
  /**
   * Host memory that stands for a `declare target` variable: `update` copies between the two, and regions that map it find it. Of a
   * variable that is linked, the device gets to know of it when it is mapped.
   */
  bindVariable(name: string, memory: Mappable, device: number = this.#default): void {
    bindVariable(this.device(device), this.variable(name, device), memory);
  }

  /** The device's function, or the host's where that is what is to run. */
  #function(name: string, number: number | undefined): readonly [TargetDevice, TargetFunction] {
    string("the function's name", name);
    const place = this.#place(number);
    const fn = this.#functions(place).get(name);
    if (fn !== undefined && place.device.plugin.canRun(fn)) return [place.device, fn];
    if (place !== this.#host && this.#policy !== "mandatory") {
      const host = this.#functions(this.#host).get(name);
      if (host !== undefined) return [this.#host.device, host];
    }
    const names = [...this.#functions(place).keys()];
    const where = place === this.#host ? "on the host" : `on device ${place.device.number}`;
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_KERNEL",
      `there is no function "${name}" ${where}${didYouMean(name, names)}: there is ${names.join(", ") || "none"}`,
    );
  }

  /**
   * `target`: maps, launches, and when the region is over unmaps and copies back. Nothing blocks; regions of one device run one after the
   * other.
   *
   * @param maps - the region's items in the order in which its compiler had them, which nothing can check: GCC tells it with
   *   `-fdump-tree-omplower`, in the line `#pragma omp target … [child fn: NAME …]`.
   * @throws OffloadError for what cannot be mapped; DeviceError for what the region does wrong.
   */
  async target(name: string, maps: MapList, options: TargetOptions = {}): Promise<void> {
    const { device, depend } = checkedOptions("target's options", options, TARGET_OPTIONS);
    const [where, fn] = this.#function(name, device);
    // A task that waits has its private copies from the time it was made.
    const items = depend === undefined ? flatten(maps) : flatten(maps).map(snapshot);
    const attributes = launchAttributes(options);
    await this.#tasks.run(depend ?? {}, () => targetNowait(where, fn, items, attributes));
  }
  /** As `target`, blocking the thread, and waiting for no task. */
  targetSync(name: string, maps: MapList, options: Omit<TargetOptions, "depend"> = {}): void {
    const { device } = checkedOptions("targetSync's options", options, LAUNCH_OPTIONS);
    const [where, fn] = this.#function(name, device);
    target(where, fn, flatten(maps), launchAttributes(options));
  }
  /** A region whose items are mapped, ready to be launched many times. @throws OffloadError as `LaunchPlan` */
  prepare(name: string, maps: MapList, options: Omit<TargetOptions, "depend"> = {}): LaunchPlan {
    const { device } = checkedOptions("prepare's options", options, LAUNCH_OPTIONS);
    const [where, fn] = this.#function(name, device);
    return new LaunchPlan(where, fn, flatten(maps), launchAttributes(options));
  }

  /** `target data`: until the region's end. */
  targetData(maps: MapList, device?: number): DataRegion {
    return targetData(this.device(device), flatten(maps));
  }
  /** `target enter data` */
  enterData(maps: MapList, device?: number): void {
    targetEnterData(this.device(device), flatten(maps));
  }
  /** `target exit data`, with map.from, map.release and map.delete. */
  exitData(maps: MapList, device?: number): void {
    targetExitData(this.device(device), flatten(maps));
  }
  /** `target update`: map.to copies to the device, map.from back; ranges, or boxes (`MapOptions.box`). */
  update(maps: MapList, device?: number): void {
    targetUpdate(this.device(device), flatten(maps));
  }

  /** A task of the host's in the order of dependences: around data constructs, or whatever a region waits for. */
  task<T>(depend: Depend, work: () => T | Promise<T>): Promise<T> {
    if (typeof work !== "function") throw invalidType("the task's work", "a function", work);
    return this.#tasks.run(depend, work);
  }
  /** `taskwait` */
  taskwait(): Promise<void> {
    return this.#tasks.wait();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#plugin?.dispose(this.#places.flatMap(({ image }) => image ?? []));
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
  /** Waits for the tasks first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tasks.wait();
    this.dispose();
  }
}
