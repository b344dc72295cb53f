/**
 * A real libgomp plugin (`libgomp-plugin-gcn.so.1` of GCC 12 to 17) as a plugin of our contract: each call is the C library's own, and
 * runs on the HSA runtime that this process has open, the software GPU's among them.
 *
 * What the C plugin has not is made up for: without sessions a session keeps its table until `run`; without `memset` bytes are copied;
 * `async_run`, which ends in libgomp with a task of libgomp's, is `run` on a thread of its own. A launch that has not ended in its time is
 * an error, but no C plugin gives it up: the device is lost. A second image on a device is refused: the plugin would lose the first.
 *
 * **Its fatal errors end the process**: a kernel's memory fault, `abort()` and `exit()` among them. What it says goes to stderr, what kernels print to stdout, and it reads its variables (`GCN_DEBUG` …) from the process's
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
import { options as checkedOptions, integer, milliseconds } from "../../validate.js";
import type {
  AsyncQueue,
  DeviceProperty,
  LaunchAttributes,
  LoadedImage,
  OffloadPlugin,
  OpenaccDimensions,
  PluginStats,
  RectangularCopy,
  TablePlace,
  TargetFunction,
  TargetVarTable,
} from "../plugin.js";
import { Session } from "../session.js";
import { SessionedPlugin, tableAddress } from "../sessioned.js";
import { ForeignCalls, noDevice } from "./foreign_calls.js";
import { ForeignFunction, ForeignImage } from "./foreign_image.js";
import { ForeignLaunches, type OpenaccArguments, type RunArguments } from "./foreign_launches.js";
import { ForeignMemory } from "./foreign_memory.js";
import { ForeignOpenacc } from "./foreign_openacc.js";
import type { ForeignQueue } from "./foreign_queue.js";
import { type HeldTable, HeldTables } from "./held_tables.js";
import { type LaunchWords, launchWords } from "./launch_words.js";
import { foreignProperty } from "./property.js";
import { SessionMemory } from "./session_memory.js";

export interface ForeignPluginOptions {
  /** A path, or a name for the loader; by default `libgomp-plugin-gcn.so.1`. */
  readonly library?: string;
  /** In place of `GCN_OFFLOAD_DEVICE`: the devices beneath, of a plugin that is named gcn. */
  readonly device?: string;
  /** For which GPU an image is chosen, where the plugin is not over HSA. */
  readonly isa?: string;
  /**
   * Milliseconds after which a launch that does not say its own time is given up with `ERR_OFFLOAD_TIMEOUT`. By default they may run for
   * ever, and OpenACC's can be told by this only.
   */
  readonly timeout?: number;
}

const OPTIONS = ["library", "device", "isa", "timeout"] as const;
const DEFAULT_LIBRARY = "libgomp-plugin-gcn.so.1";
const WORD = 8;
/** Beyond it sessions' pages end: GCC's first ones allocate their block without the table (270,416 bytes in pages of 4096). */
const MOST_ALLOCATED_WORDS = 502;

class ForeignSession extends Session {
  constructor(readonly plugin: ForeignPlugin) {
    super();
  }
  /** One that was set. */
  table: number | null = null;
  /** One that was allocated, of a plugin without sessions. */
  held: HeldTable | null = null;
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
  readonly #calls: ForeignCalls;
  readonly #memory: ForeignMemory;
  readonly #tables: HeldTables;
  readonly #openacc: ForeignOpenacc;
  readonly #launches: ForeignLaunches;
  readonly #runtime: HsaRuntime | null;
  readonly #isas: readonly string[];
  readonly #images = new Map<number, ForeignImage>();
  /** Tables that the C plugin has allocated for sessions that did not run: it takes none back, so others run with them. */
  readonly #spare: SessionMemory[] = [];

  private constructor(native: NativeForeignPlugin, runtime: HsaRuntime | null, isa: string, timeout: number) {
    super();
    this.#native = native;
    const gpus = runtime?.agents.filter(({ isGpu }) => isGpu) ?? [];
    this.#calls = new ForeignCalls(native, gpus);
    this.#memory = new ForeignMemory(this.#calls);
    this.#tables = new HeldTables(this.#memory);
    this.#openacc = new ForeignOpenacc(this.#memory);
    this.#launches = new ForeignLaunches(this.#calls, runtime, timeout);
    this.#runtime = runtime;
    this.name = native.name;
    this.version = native.version;
    this.capabilities = native.capabilities;
    this.family = native.family;
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
      timeout,
    } = checkedOptions("ForeignPlugin.open's options", options, OPTIONS);
    const limit = timeout === undefined ? 0 : milliseconds("timeout", timeout);
    const native = checked(() => addon().openForeignPlugin(library));
    // The plugin opens HSA by its soname: what is open already it gets, whatever lies beneath.
    const runtime = native.name === "gcn" ? HsaRuntime.open(device === undefined ? {} : { device }) : null;
    return new ForeignPlugin(native, runtime, isa, limit);
  }

  getNumDevices(requires = 0): number {
    return this.#calls.call((native) => native.getNumDevices(integer("requires", requires)));
  }
  initDevice(device: number): void {
    const count = this.getNumDevices();
    if (integer("device", device) >= count) throw noDevice(device, `there are ${count}`);
    if (this.#calls.isReady(device)) return;
    this.#calls.call((native) => native.initDevice(device));
    this.#calls.begin(device);
  }
  /** Waits for what runs there, and frees what is still allocated. A device that was lost stays as it is. */
  finiDevice(device: number): void {
    if (!this.#calls.isReady(integer("device", device))) return;
    this.#openacc.endDevice(device);
    const image = this.#images.get(device);
    if (this.#calls.isLost(device)) {
      if (image !== undefined) image.loaded = false;
      this.#images.delete(device);
      this.#calls.end(device);
      return;
    }
    if (image !== undefined) this.unloadImage(image);
    this.#tables.forget(device);
    this.#memory.freeAll(device);
    this.#calls.end(device);
    this.#calls.call((native) => native.finiDevice(device));
  }

  /** @param image - as `GcnPlugin.loadImage` takes it, compiled by the GCC that the plugin is of. */
  loadImage(device: number, image: unknown): ForeignImage {
    this.#calls.mustBeReady(device);
    if (this.#images.has(device)) {
      throw new OffloadError(
        "ERR_OFFLOAD_IMAGE",
        `device ${device} has an image: a C plugin has one, and loses it to another. Unload it first`,
      );
    }
    const isa = this.#isas[device] ?? this.#isas[0] ?? "";
    const loaded = this.#calls.call((native) => new ForeignImage(native, device, image, isa));
    this.#images.set(device, loaded);
    this.#memory.addVariables(device, loaded.entries);
    return loaded;
  }
  unloadImage(image: LoadedImage): void {
    if (!(image instanceof ForeignImage) || this.#images.get(image.device) !== image) {
      throw new OffloadError("ERR_OFFLOAD_IMAGE", "the image is not loaded here, or has been unloaded");
    }
    this.#calls.mustBeReady(image.device);
    this.#images.delete(image.device);
    this.#memory.removeVariables(image.device, image.entries);
    image.loaded = false;
    this.#calls.call((native) => native.unloadImage(image.device, image.id));
  }

  alloc(device: number, bytes: number): number {
    return this.#memory.alloc(device, bytes);
  }
  free(device: number, address: number): void {
    this.#memory.free(device, address);
  }
  host2dev(device: number, destination: number, source: ArrayBufferView): void {
    this.#memory.host2dev(device, destination, source);
  }
  dev2host(device: number, destination: ArrayBufferView, source: number): void {
    this.#memory.dev2host(device, destination, source);
  }
  dev2dev(device: number, destination: number, source: number, bytes: number): void {
    this.#memory.dev2dev(device, destination, source, bytes);
  }
  memset(device: number, address: number, value: number, bytes: number): void {
    this.#memory.memset(device, address, value, bytes);
  }
  memcpyRect(device: number, box: RectangularCopy): void {
    this.#memory.memcpyRect(device, box);
  }

  newSession(): ForeignSession {
    return new ForeignSession(this);
  }
  canRun(fn: TargetFunction): boolean {
    return this.isFunction(fn) && fn.image.loaded && fn.refusal === null && this.#launches.canRun(fn);
  }

  protected isSession(value: unknown): value is ForeignSession {
    return value instanceof ForeignSession && value.plugin === this;
  }
  protected isFunction(value: unknown): value is ForeignFunction {
    return value instanceof ForeignFunction && value.image.native === this.#native;
  }
  protected start(session: ForeignSession): void {
    this.#calls.mustBeReady(session.device);
    const size = this.#native.sessionSize;
    if (size === null) return;
    const memory = new SessionMemory(size, session.device);
    this.#calls.call((native) => native.sessionStart(memory.address, session.device));
    session.memory = memory;
  }
  protected allocate(session: ForeignSession, count: number): TargetVarTable | null {
    const { memory } = session;
    if (memory === null) {
      session.held = this.#tables.take(session.device, count);
      return session.held;
    }
    if (!this.#native.allocatesTables || count > MOST_ALLOCATED_WORDS) return null;
    const words = Math.max(count, 1);
    const i = this.#spare.findIndex(({ device, count: has }) => device === session.device && has >= words);
    const [spare] = i < 0 ? [] : this.#spare.splice(i, 1);
    if (spare !== undefined) {
      session.memory = spare;
      return spare.table;
    }
    const address = this.#calls.call((native) => native.sessionAllocate(memory.address, words * WORD));
    if (address === 0) return null;
    return memory.hold(address, words);
  }
  protected set(session: ForeignSession, table: TablePlace): void {
    const address = tableAddress(table);
    session.table = address;
    const { memory } = session;
    if (memory !== null) this.#calls.call((native) => native.sessionSet(memory.address, address));
  }
  protected release(session: ForeignSession): void {
    const { memory, held, device } = session;
    if (!this.#calls.isLost(device)) {
      if (memory?.table && !memory.used && this.#calls.isReady(memory.device)) this.#spare.push(memory);
      if (held !== null && this.#calls.isReady(device)) this.#tables.give(held);
    }
    session.memory = null;
    session.held = null;
    session.table = null;
  }

  protected launch(session: ForeignSession, fn: ForeignFunction, attributes: LaunchAttributes): void {
    const words = launchWords(attributes);
    if (words === null) return;
    this.#launches.run(fn, this.#arguments(session, fn, words), attributes.timeout);
  }
  protected async launchAsync(
    session: ForeignSession,
    fn: ForeignFunction,
    attributes: LaunchAttributes,
  ): Promise<void> {
    const words = launchWords(attributes);
    if (words === null) return;
    await this.#launches.runAsync(fn, this.#arguments(session, fn, words), attributes.timeout);
  }
  #arguments(session: ForeignSession, fn: ForeignFunction, { words, attributes }: LaunchWords): RunArguments {
    this.#launches.mustRun(fn);
    const { device, held, memory } = session;
    if (held !== null) this.#tables.send(held);
    return [device, fn.address, held?.address ?? session.table, words, attributes, memory?.use() ?? null];
  }

  protected launchOpenacc(session: ForeignSession, fn: ForeignFunction, dimensions: OpenaccDimensions): void {
    this.#openacc.mustBe();
    this.#launches.openacc(fn, this.#openaccArguments(session, fn, dimensions));
  }
  protected async launchOpenaccAsync(
    session: ForeignSession,
    fn: ForeignFunction,
    dimensions: OpenaccDimensions,
    queue: AsyncQueue,
  ): Promise<void> {
    const own = this.#openacc.queue(queue);
    if (own.device !== fn.device) {
      throw new OffloadError(
        "ERR_OFFLOAD_QUEUE",
        `the queue is of device ${own.device}, and ${fn.name} of ${fn.device}`,
      );
    }
    await own.send(() => this.#launches.openaccAsync(fn, own.id, this.#openaccArguments(session, fn, dimensions)));
  }
  /** GCC 12 takes the table's words from the host, later releases from the device. */
  #openaccArguments(session: ForeignSession, fn: ForeignFunction, dimensions: OpenaccDimensions): OpenaccArguments {
    this.#launches.mustRun(fn);
    const { held, memory, table, device } = session;
    const dims = dimensions.map((size, i) => integer(`dimensions[${i}]`, size, 0, 2 ** 31 - 1));
    if (memory !== null) return [fn.address, dims, null, null, memory.use()];
    if (held !== null && this.family > LAST_HOST_TABLES) this.#tables.send(held);
    const address = held?.address ?? table;
    if (this.family > LAST_HOST_TABLES || address === null) return [fn.address, dims, null, address, null];
    if (held !== null) return [fn.address, dims, new Uint8Array(held.words.buffer, 0, held.count * WORD), null, null];
    // Of a table that was set nothing tells the length: as long as its allocation is.
    const words = new Uint8Array(Math.floor(this.#memory.bytesFrom(device, address) / WORD) * WORD);
    this.#memory.dev2host(device, words, address);
    return [fn.address, dims, words, null, null];
  }

  asyncConstruct(device: number): ForeignQueue {
    return this.#openacc.construct(device);
  }
  async asyncDestruct(queue: AsyncQueue): Promise<void> {
    await this.#openacc.destruct(queue);
  }
  asyncTest(queue: AsyncQueue): boolean {
    return this.#openacc.queue(queue).empty;
  }
  async asyncSynchronize(queue: AsyncQueue): Promise<void> {
    await this.#openacc.queue(queue).synchronize();
  }
  asyncSerialize(earlier: AsyncQueue, later: AsyncQueue): void {
    this.#openacc.queue(later).waitFor(this.#openacc.queue(earlier));
  }
  asyncQueueCallback(queue: AsyncQueue, callback: () => void): void {
    this.#openacc.callback(queue, callback);
  }
  asyncHost2dev(queue: AsyncQueue, destination: number, source: ArrayBufferView): Promise<void> {
    return this.#openacc.host2dev(queue, destination, source);
  }
  asyncDev2host(queue: AsyncQueue, destination: ArrayBufferView, source: number): Promise<void> {
    return this.#openacc.dev2host(queue, destination, source);
  }
  getProperty(device: number, property: DeviceProperty): number | string | null {
    this.#calls.mustBeReady(device);
    return foreignProperty(this.#calls, device, property);
  }

  /** Counts what goes through this object: the C plugin tells nothing of its own. */
  stats(): PluginStats {
    return {
      allocations: this.#memory.allocations,
      copies: this.#memory.copies,
      bytes: this.#memory.bytes,
      nativeCalls: this.#calls.nativeCalls,
      sessions: this.liveSessions,
      signalsCreated: 0,
      waitNanoseconds: 0,
      cacheHits: this.#tables.hits,
      cacheBytes: this.#tables.bytes,
    };
  }

  /** Ends its devices. The library stays loaded, as libgomp has it. */
  dispose(): void {
    if (this.#calls.disposed) return;
    for (const device of this.#calls.ready) this.finiDevice(device);
    this.#launches.dispose();
    this.#calls.disposed = true;
    this.#native.dispose();
    this.#runtime?.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Of GCC. */
const LAST_HOST_TABLES = 12;
