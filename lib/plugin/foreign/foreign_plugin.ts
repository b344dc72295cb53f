/**
 * A real libgomp plugin (`libgomp-plugin-gcn.so.1` of GCC 12 to 17) as a plugin of our contract: each call is the C library's own, and
 * runs on the HSA runtime that this process has open, the software GPU's among them.
 *
 * What the C plugin has not is made up for: without sessions a session keeps its table until `run`; without `memset` bytes are copied;
 * `async_run`, which ends in libgomp with a task of libgomp's, is `run` on a thread of its own. A launch that has not ended in its time is
 * an error, but no C plugin gives it up: the device is lost. A second image on a device is refused: the plugin would lose the first.
 *
 * **Its fatal errors end the process**: a kernel's memory fault, `abort()` and `exit()` among them. What it says goes to stderr, what
 * kernels print to stdout, and it reads its variables (`GCN_DEBUG` …) from the process's environment, when its first device is counted.
 *
 * Source: libgomp-plugin.h, target.c, plugin-gcn.c of GCC 12; GCC 13 to 17 by their symbols.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import { addon } from "../../hsa/addon.js";
import { HsaRuntime } from "../../hsa/index.js";
import type { NativeForeignPlugin } from "../../hsa/native_foreign.js";
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
import { SessionedPlugin } from "../sessioned.js";
import { ForeignCalls, noDevice } from "./foreign_calls.js";
import { ForeignFunction, type ForeignImage } from "./foreign_image.js";
import { ForeignImages } from "./foreign_images.js";
import { ForeignLaunches } from "./foreign_launches.js";
import { ForeignMemory } from "./foreign_memory.js";
import { ForeignOpenacc } from "./foreign_openacc.js";
import type { ForeignQueue } from "./foreign_queue.js";
import { ForeignSession, ForeignSessions } from "./foreign_sessions.js";
import { launchWords } from "./launch_words.js";
import { foreignProperty } from "./property.js";

export interface ForeignPluginOptions {
  /** A path, or a name for the loader; by default `libgomp-plugin-gcn.so.1`. */
  readonly library?: string;
  /** In place of `GCN_OFFLOAD_DEVICE`: the devices beneath, of a plugin that is named gcn. */
  readonly device?: string;
  /** For which GPU an image is chosen, where the plugin is not over HSA. */
  readonly isa?: string;
  /**
   * Milliseconds after which a launch that does not say its own time is given up with `ERR_OFFLOAD_TIMEOUT`. By default they may run for
   * ever, and OpenACC's can be told by this only. The time counts from the sending: launches of a device run side by side.
   */
  readonly timeout?: number;
}

const OPTIONS = ["library", "device", "isa", "timeout"] as const;
const DEFAULT_LIBRARY = "libgomp-plugin-gcn.so.1";

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
  readonly #sessions: ForeignSessions;
  readonly #openacc: ForeignOpenacc;
  readonly #launches: ForeignLaunches;
  readonly #runtime: HsaRuntime | null;
  readonly #isas: readonly string[];
  readonly #images: ForeignImages;

  private constructor(native: NativeForeignPlugin, runtime: HsaRuntime | null, isa: string, timeout: number) {
    super();
    this.#native = native;
    const gpus = runtime?.agents.filter(({ isGpu }) => isGpu) ?? [];
    this.#calls = new ForeignCalls(native, gpus);
    this.#memory = new ForeignMemory(this.#calls);
    this.#sessions = new ForeignSessions(this.#memory);
    this.#images = new ForeignImages(this.#memory);
    this.#launches = new ForeignLaunches(this.#calls, runtime, timeout);
    this.#openacc = new ForeignOpenacc(this.#memory, this.#launches);
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
    try {
      // The plugin opens HSA by its soname: what is open already it gets, whatever lies beneath.
      const runtime = native.name === "gcn" ? HsaRuntime.open(device === undefined ? {} : { device }) : null;
      return new ForeignPlugin(native, runtime, isa, limit);
    } catch (error) {
      // Nobody else could own the library.
      native.dispose();
      throw error;
    }
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
  /**
   * Waits for what runs there, and frees what is still allocated. What stands in a queue behind JavaScript's own work is refused when its
   * turn comes. A device that was lost, or is lost to a launch that does not end in its time, stays as it is.
   */
  finiDevice(device: number): void {
    this.#calls.mustBeOpen();
    if (!this.#calls.isReady(integer("device", device))) return;
    const there = this.#finish(device);
    this.#openacc.endDevice(device);
    this.#images.endDevice(device, there);
    this.#sessions.forget(device);
    if (!there) {
      this.#calls.end(device);
      return;
    }
    this.#memory.freeAll(device);
    this.#calls.end(device);
    this.#calls.call((native) => native.finiDevice(device));
  }

  /** @param image - as `GcnPlugin.loadImage` takes it, compiled by the GCC that the plugin is of. */
  loadImage(device: number, image: unknown): ForeignImage {
    this.#calls.mustBeReady(device);
    return this.#images.load(device, image, this.#isas[device] ?? this.#isas[0] ?? "");
  }
  /** Waits for what its device has been sent. Launches that stand in a queue behind JavaScript's own work keep it until they are over. */
  unloadImage(image: LoadedImage): void {
    const own = this.#images.mustHave(image);
    own.loaded = false;
    if (this.#finish(own.device)) this.#images.unload(own);
  }
  /** Blocks until what a device has been sent is over; false where it is lost. */
  #finish(device: number): boolean {
    try {
      if (this.#calls.isLost(device)) return false;
      this.#openacc.finish(device);
      this.#launches.finish(device);
      return true;
    } catch (error) {
      if (!this.#calls.isLost(device)) throw error;
      return false;
    }
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
    return new ForeignSession(this.#sessions);
  }
  canRun(fn: TargetFunction): boolean {
    return this.isFunction(fn) && fn.image.loaded && fn.refusal === null && this.#launches.canRun(fn);
  }

  protected isSession(value: unknown): value is ForeignSession {
    return value instanceof ForeignSession && value.owner === this.#sessions;
  }
  protected isFunction(value: unknown): value is ForeignFunction {
    return value instanceof ForeignFunction && value.image.native === this.#native;
  }
  protected start(session: ForeignSession): void {
    this.#sessions.start(session);
  }
  protected allocate(session: ForeignSession, count: number): TargetVarTable | null {
    return this.#sessions.allocate(session, count);
  }
  protected set(session: ForeignSession, table: TablePlace): void {
    this.#sessions.set(session, table);
  }
  protected release(session: ForeignSession): void {
    this.#sessions.release(session);
  }

  protected launch(session: ForeignSession, fn: ForeignFunction, attributes: LaunchAttributes): void {
    this.#sessions.mustLive(session);
    const words = launchWords(attributes, fn, this.#calls.agents[fn.device]?.facts);
    if (words === null) return;
    this.#mustRun(session, fn);
    this.#launches.run(fn, this.#sessions.run(session, fn, words), attributes.timeout);
  }
  protected async launchAsync(
    session: ForeignSession,
    fn: ForeignFunction,
    attributes: LaunchAttributes,
  ): Promise<void> {
    this.#sessions.mustLive(session);
    const words = launchWords(attributes, fn, this.#calls.agents[fn.device]?.facts);
    if (words === null) return;
    this.#mustRun(session, fn);
    await this.#launches.runAsync(fn, this.#sessions.run(session, fn, words), attributes.timeout);
  }

  protected launchOpenacc(session: ForeignSession, fn: ForeignFunction, dimensions: OpenaccDimensions): void {
    this.#openacc.mustBe();
    this.#mustRun(session, fn);
    this.#launches.openacc(fn, this.#sessions.openacc(session, fn, dimensions));
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
    this.#mustRun(session, fn);
    const { image } = fn;
    image.held++;
    const over = own.send(() => {
      image.held--;
      this.#sessions.mustLive(session);
      return this.#launches.openaccAsync(fn, own.id, this.#sessions.openacc(session, fn, dimensions));
    });
    await image.queued(over);
  }
  #mustRun(session: ForeignSession, fn: ForeignFunction): void {
    this.#sessions.mustLive(session);
    this.#calls.mustBeReady(fn.device);
    this.#launches.mustRun(fn);
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
      cacheHits: this.#sessions.tables.hits,
      cacheBytes: this.#sessions.tables.bytes,
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
