/**
 * A real libgomp plugin (`libgomp-plugin-gcn.so.1` of GCC 12 to 17) as a plugin of our contract: each call is the C library's own, and
 * runs on the HSA runtime that this process has open, the software GPU's among them.
 *
 * What the C plugin has not is made up for: without sessions a session keeps its table until `run`; without `memset` bytes are copied;
 * `async_run`, which ends in libgomp with a task of libgomp's, is `run` on a thread of its own. What it cannot do is refused:
 * OpenACC (its launches read what libgomp keeps for the thread), limits of time, a second image on a device (upstream's loses the first).
 *
 * **Its fatal errors end the process**: a kernel's memory fault, `abort()` and `exit()` among them, or an address that is not the
 * device's. What it says goes to stderr, what kernels print to stdout, and it reads its variables (`GCN_DEBUG` …) from the process's
 * environment, when its first device is counted.
 *
 * Source: libgomp-plugin.h, target.c, plugin-gcn.c of GCC 12; GCC 13 to 17 by their symbols.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import { addon } from "../../hsa/addon.js";
import { HsaRuntime } from "../../hsa/index.js";
import type { NativeForeignPlugin } from "../../hsa/native.js";
import { checked } from "../../native_errors.js";
import { bytesOf, options as checkedOptions, integer } from "../../validate.js";
import { copyRectangle } from "../gcn/rectangular_copy.js";
import type {
  LaunchAttributes,
  LoadedImage,
  OffloadPlugin,
  PluginStats,
  RectangularCopy,
  TablePlace,
  TargetFunction,
  TargetVarTable,
} from "../plugin.js";
import { CAPABILITY } from "../plugin.js";
import { Session } from "../session.js";
import { SessionedPlugin, tableAddress } from "../sessioned.js";
import { ForeignFunction, ForeignImage } from "./foreign_image.js";
import { type LaunchWords, launchWords } from "./launch_words.js";
import { SessionMemory } from "./session_memory.js";

export interface ForeignPluginOptions {
  /** A path, or a name for the loader; by default `libgomp-plugin-gcn.so.1`. */
  readonly library?: string;
  /** In place of `GCN_OFFLOAD_DEVICE`: the devices beneath, of a plugin that is named gcn. */
  readonly device?: string;
  /** For which GPU an image is chosen, where the plugin is not over HSA. */
  readonly isa?: string;
}

const OPTIONS = ["library", "device", "isa"] as const;
const DEFAULT_LIBRARY = "libgomp-plugin-gcn.so.1";
/** Copied at a time where there is no memset. */
const FILL_BYTES = 2 ** 20;
const WORD = 8;
/**
 * Beyond it the table is set instead: GCC's first sessions allocate their block without it, and only the rest of the block's last page
 * holds a table (270,416 bytes in pages of 4096).
 */
const MOST_ALLOCATED_WORDS = 502;

class ForeignSession extends Session {
  constructor(readonly plugin: ForeignPlugin) {
    super();
  }
  table: number | null = null;
  /** Of a plugin with sessions: the C plugin's own, from start to the end of the run. */
  memory: SessionMemory | null = null;
}

export class ForeignPlugin
  extends SessionedPlugin<ForeignSession, ForeignFunction>
  implements OffloadPlugin, Disposable
{
  readonly name: string;
  readonly version: number;
  readonly capabilities: number;
  /** The release of GCC whose functions the library has; 17: with sessions. */
  readonly family: number;
  readonly #native: NativeForeignPlugin;
  readonly #runtime: HsaRuntime | null;
  readonly #isas: readonly string[];
  readonly #initialised = new Set<number>();
  readonly #images = new Map<number, ForeignImage>();
  readonly #allocations = new Map<number, { readonly device: number; readonly bytes: number }>();
  /** Tables that the C plugin has allocated for sessions that did not run: it takes none back, so others run with them. */
  readonly #spare: SessionMemory[] = [];
  #counts = { allocations: 0, copies: 0, nativeCalls: 0, bytes: 0 };
  #disposed = false;

  private constructor(native: NativeForeignPlugin, runtime: HsaRuntime | null, isa: string) {
    super();
    this.#native = native;
    this.#runtime = runtime;
    this.name = native.name;
    this.version = native.version;
    this.capabilities = native.capabilities & ~CAPABILITY.OPENACC_200;
    this.family = native.family;
    const gpus = runtime?.agents.filter(({ isGpu }) => isGpu) ?? [];
    this.#isas = runtime === null ? [isa] : gpus.map(({ facts }) => facts.isas[0] ?? "");
  }

  /**
   * @throws OffloadError `ERR_OFFLOAD_PLUGIN` for a library that cannot be opened, or lacks a function, which is named; HsaError as `open`.
   */
  static open(options: ForeignPluginOptions = {}): ForeignPlugin {
    const {
      library = DEFAULT_LIBRARY,
      device,
      isa = "amdgcn-amd-amdhsa--gfx906",
    } = checkedOptions("ForeignPlugin.open's options", options, OPTIONS);
    const native = checked(() => addon().openForeignPlugin(library));
    // The plugin opens HSA by its soname: what is open already it gets, whatever lies beneath.
    const runtime = native.name === "gcn" ? HsaRuntime.open(device === undefined ? {} : { device }) : null;
    return new ForeignPlugin(native, runtime, isa);
  }

  getNumDevices(requires = 0): number {
    return this.#call((native) => native.getNumDevices(integer("requires", requires)));
  }
  initDevice(device: number): void {
    const count = this.getNumDevices();
    if (integer("device", device) >= count) throw noDevice(device, `there are ${count}`);
    if (this.#initialised.has(device)) return;
    this.#call((native) => native.initDevice(device));
    this.#initialised.add(device);
  }
  /** What is allocated there stays the caller's to free before. */
  finiDevice(device: number): void {
    if (!this.#initialised.delete(integer("device", device))) return;
    const image = this.#images.get(device);
    if (image !== undefined) image.loaded = false;
    this.#images.delete(device);
    this.#call((native) => native.finiDevice(device));
  }

  /** @param image - as `GcnPlugin.loadImage` takes it, compiled by the GCC that the plugin is of. */
  loadImage(device: number, image: unknown): ForeignImage {
    this.#mustBeReady(device);
    if (this.#images.has(device)) {
      throw new OffloadError(
        "ERR_OFFLOAD_IMAGE",
        `device ${device} has an image: a C plugin has one, and loses it to another. Unload it first`,
      );
    }
    const isa = this.#isas[device] ?? this.#isas[0] ?? "";
    const loaded = this.#call((native) => new ForeignImage(native, device, image, isa));
    this.#images.set(device, loaded);
    return loaded;
  }
  unloadImage(image: LoadedImage): void {
    if (!(image instanceof ForeignImage) || this.#images.get(image.device) !== image) {
      throw new OffloadError("ERR_OFFLOAD_IMAGE", "the image is not loaded here, or has been unloaded");
    }
    this.#images.delete(image.device);
    image.loaded = false;
    this.#call((native) => native.unloadImage(image.device, image.id));
  }

  alloc(device: number, bytes: number): number {
    this.#mustBeReady(device);
    const size = integer("bytes", bytes);
    // Nothing is something to free, too.
    const address = this.#call((native) => native.alloc(device, Math.max(size, 1)));
    if (address === 0) {
      throw new OffloadError("ERR_OFFLOAD_OUT_OF_MEMORY", `device ${device} has no ${size} bytes left`);
    }
    this.#allocations.set(address, { device, bytes: size });
    this.#counts.allocations++;
    this.#counts.bytes += size;
    return address;
  }
  free(device: number, address: number): void {
    const found = this.#allocations.get(address);
    if (found?.device !== device) {
      throw new OffloadError("ERR_OFFLOAD_ADDRESS", `device ${device} has no allocation at ${address}`);
    }
    this.#allocations.delete(address);
    this.#counts.bytes -= found.bytes;
    this.#call((native) => native.free(device, address));
  }
  host2dev(device: number, destination: number, source: ArrayBufferView): void {
    const bytes = bytesOf("source", source);
    this.#copy(device, bytes.length, (native) => native.host2dev(device, destination, bytes));
  }
  dev2host(device: number, destination: ArrayBufferView, source: number): void {
    const bytes = bytesOf("destination", destination);
    this.#copy(device, bytes.length, (native) => native.dev2host(device, bytes, source));
  }
  dev2dev(device: number, destination: number, source: number, bytes: number): void {
    this.#copy(device, integer("bytes", bytes), (native) => native.dev2dev(device, destination, source, bytes));
  }
  memset(device: number, address: number, value: number, bytes: number): void {
    integer("value", value, 0, 255);
    integer("bytes", bytes);
    if (this.#native.hasMemset) {
      this.#copy(device, bytes, (native) => native.memset(device, address, value, bytes));
      return;
    }
    const block = new Uint8Array(Math.min(bytes, FILL_BYTES)).fill(value);
    for (let at = 0; at < bytes; at += FILL_BYTES) {
      this.host2dev(device, address + at, block.subarray(0, Math.min(FILL_BYTES, bytes - at)));
    }
  }
  memcpyRect(device: number, box: RectangularCopy): void {
    this.#mustBeReady(device);
    copyRectangle(
      {
        // The C plugin does not know its ranges.
        mustHold: () => {},
        copy: (destination, source, bytes) => this.dev2dev(device, destination, source, bytes),
        write: (destination, source) => this.host2dev(device, destination, source),
        read: (destination, source) => this.dev2host(device, destination, source),
      },
      box,
    );
  }

  newSession(): ForeignSession {
    return new ForeignSession(this);
  }
  canRun(fn: TargetFunction): boolean {
    return this.isFunction(fn) && fn.image.loaded && this.#call((native) => native.canRun(fn.address));
  }

  protected isSession(value: unknown): value is ForeignSession {
    return value instanceof ForeignSession && value.plugin === this;
  }
  protected isFunction(value: unknown): value is ForeignFunction {
    return value instanceof ForeignFunction && value.image.native === this.#native;
  }
  protected start(session: ForeignSession): void {
    this.#mustBeReady(session.device);
    const size = this.#native.sessionSize;
    if (size === null) return;
    const memory = new SessionMemory(size, session.device);
    this.#call((native) => native.sessionStart(memory.address, session.device));
    session.memory = memory;
  }
  protected allocate(session: ForeignSession, count: number): TargetVarTable | null {
    if (session.memory === null || !this.#native.allocatesTables) return null;
    if (count > MOST_ALLOCATED_WORDS) return null;
    const words = Math.max(count, 1);
    const i = this.#spare.findIndex(({ device, count: has }) => device === session.device && has >= words);
    const [spare] = i < 0 ? [] : this.#spare.splice(i, 1);
    if (spare !== undefined) {
      session.memory = spare;
      return spare.table;
    }
    const { memory } = session;
    const address = this.#call((native) => native.sessionAllocate(memory.address, words * WORD));
    if (address === 0) return null;
    return memory.hold(address, words);
  }
  protected set(session: ForeignSession, table: TablePlace): void {
    const address = tableAddress(table);
    session.table = address;
    const { memory } = session;
    if (memory !== null) this.#call((native) => native.sessionSet(memory.address, address));
  }
  protected release(session: ForeignSession): void {
    const { memory } = session;
    if (memory?.table && !memory.used && this.#initialised.has(memory.device)) this.#spare.push(memory);
    session.memory = null;
    session.table = null;
  }

  protected launch(session: ForeignSession, fn: ForeignFunction, attributes: LaunchAttributes): void {
    const words = wordsOf(attributes);
    if (words === null) return;
    const launch = this.#launch(session, fn, words);
    this.#call((native) => native.run(...launch));
  }
  protected async launchAsync(
    session: ForeignSession,
    fn: ForeignFunction,
    attributes: LaunchAttributes,
  ): Promise<void> {
    const words = wordsOf(attributes);
    if (words === null) return;
    const launch = this.#launch(session, fn, words);
    await this.#call((native) => native.runAsync(...launch));
  }
  #launch(session: ForeignSession, fn: ForeignFunction, words: LaunchWords): Parameters<NativeForeignPlugin["run"]> {
    this.#mustRun(fn);
    const address = session.memory?.use() ?? null;
    return [session.device, fn.address, session.table, words.words, words.attributes, address];
  }

  protected launchOpenacc(): never {
    throw noOpenacc();
  }
  protected launchOpenaccAsync(): Promise<void> {
    return Promise.reject(noOpenacc());
  }

  asyncConstruct(): never {
    throw noOpenacc();
  }
  asyncDestruct(): Promise<void> {
    return Promise.reject(noOpenacc());
  }
  asyncTest(): never {
    throw noOpenacc();
  }
  asyncSynchronize(): Promise<void> {
    return Promise.reject(noOpenacc());
  }
  asyncSerialize(): never {
    throw noOpenacc();
  }
  asyncQueueCallback(): never {
    throw noOpenacc();
  }
  asyncHost2dev(): never {
    throw noOpenacc();
  }
  asyncDev2host(): never {
    throw noOpenacc();
  }

  /** Counts what goes through this object: the C plugin tells nothing of its own. */
  stats(): PluginStats {
    return {
      ...this.#counts,
      sessions: this.liveSessions,
      signalsCreated: 0,
      waitNanoseconds: 0,
      cacheHits: 0,
      cacheBytes: 0,
    };
  }

  /** Ends its devices. The library stays loaded, as libgomp has it. */
  dispose(): void {
    if (this.#disposed) return;
    for (const device of [...this.#initialised]) this.finiDevice(device);
    this.#disposed = true;
    this.#native.dispose();
    this.#runtime?.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  #call<T>(work: (native: NativeForeignPlugin) => T): T {
    if (this.#disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the plugin was used after its disposal");
    this.#counts.nativeCalls++;
    return checked(() => work(this.#native));
  }
  #copy(device: number, bytes: number, work: (native: NativeForeignPlugin) => void): void {
    this.#mustBeReady(device);
    if (bytes === 0) return;
    this.#counts.copies++;
    this.#call(work);
  }
  #mustBeReady(device: number): void {
    if (!this.#initialised.has(integer("device", device))) {
      throw noDevice(device, "it has not been initialised: initDevice comes first");
    }
  }
  /** What the C plugin would end the process for. */
  #mustRun(fn: ForeignFunction): void {
    if (!fn.image.loaded) throw new OffloadError("ERR_OFFLOAD_DISPOSED", `${fn.name}'s image has been unloaded`);
    if (!this.canRun(fn)) throw new OffloadError("ERR_OFFLOAD_UNKNOWN_KERNEL", `${fn.name} cannot run on its device`);
  }
}

function wordsOf(attributes: LaunchAttributes): LaunchWords | null {
  if (attributes.timeout !== undefined) throw cannot("no C plugin gives up a launch: timeout cannot be asked of it");
  return launchWords(attributes);
}

const cannot = (why: string): OffloadError => new OffloadError("ERR_OFFLOAD_PLUGIN", why);

const noOpenacc = (): OffloadError =>
  cannot("OpenACC is not driven in a C plugin, which reads what libgomp keeps for its threads: use GcnPlugin");

const noDevice = (device: number, why: string): OffloadError =>
  new OffloadError("ERR_OFFLOAD_NO_DEVICE", `device ${device}: ${why}`);
