/**
 * The GCN plugin: libgomp's plugin-gcn.c in TypeScript, over HSA, with sessions. Tables of variables lie in the launch's own
 * kernel-argument block, so that a launch whose variables are mapped allocates nothing and copies nothing.
 *
 * Unlike upstream's, the block is allocated with its table; any number of images is loaded at once; launches of zero work-items give
 * everything back; heaps are freed with their images; what a kernel does wrong, exit() and abort() among it, is an error of its launch.
 *
 * Source: plugin-gcn.c of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import type { Agent, HsaRuntime } from "../../hsa/index.js";
import { bytesOf, options as checkedOptions, integer, invalidType } from "../../validate.js";
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
import { CAPABILITY, SESSION_VERSION } from "../plugin.js";
import { lasting } from "../queue_order.js";
import { SessionedPlugin, tableAddress } from "../sessioned.js";
import type { GcnAsyncQueue } from "./async_queue.js";
import { deviceProperty } from "./device_property.js";
import { type GcnContext, type GcnPluginOptions, openContext } from "./gcn_context.js";
import { GcnDevice } from "./gcn_device.js";
import { GcnFunction } from "./gcn_function.js";
import { readImage } from "./gcn_image.js";
import type { GcnModule } from "./gcn_module.js";
import { GcnSession, noDevice, readyFor, releaseSession, runLater, runNow, targetOf } from "./gcn_session.js";
import { copyRectangle } from "./rectangular_copy.js";

/** HSA_AGENT_FEATURE_KERNEL_DISPATCH */
const KERNEL_DISPATCH = 1;

/** `omp requires` bits that these devices cannot meet (GOMP_REQUIRES_UNIFIED_ADDRESS, _UNIFIED_SHARED_MEMORY, _REVERSE_OFFLOAD). */
const UNMET_REQUIREMENTS = 0x10 | 0x20 | 0x80;

export class GcnPlugin extends SessionedPlugin<GcnSession, GcnFunction> implements OffloadPlugin, Disposable {
  readonly name = "gcn";
  readonly version = SESSION_VERSION;
  readonly capabilities = CAPABILITY.OPENMP_400 | CAPABILITY.OPENACC_200;
  readonly #context: GcnContext;
  readonly #agents: readonly Agent[];
  /** By number; those that have been initialised. */
  readonly #devices: (GcnDevice | undefined)[] = [];
  #disposed = false;

  private constructor(context: GcnContext) {
    super();
    this.#context = context;
    this.#agents = context.runtime.agents.filter(
      ({ isGpu, facts }) => isGpu && (facts.features & KERNEL_DISPATCH) !== 0 && facts.queueType === "multi",
    );
    context.debug.line(() => "HSA run-time initialized for GCN");
    context.debug.line(() => `There are ${this.#agents.length} GCN GPU devices.`);
  }

  /**
   * Opens the HSA runtime. Disposal ends every device and closes it.
   *
   * @throws HsaError as `open` does.
   */
  static open(options: GcnPluginOptions = {}): GcnPlugin {
    return new GcnPlugin(openContext(options));
  }

  /** The HSA runtime beneath. */
  get runtime(): HsaRuntime {
    return this.#context.runtime;
  }

  getNumDevices(requires = 0): number {
    this.#mustLive();
    return (integer("requires", requires) & UNMET_REQUIREMENTS) !== 0 ? 0 : this.#agents.length;
  }
  /** The agent of a device, initialised or not. */
  agent(device: number): Agent {
    this.#mustLive();
    const agent = this.#agents[integer("device", device)];
    if (agent === undefined) throw noDevice(device, `there are ${this.#agents.length}`);
    return agent;
  }
  initDevice(device: number): void {
    const agent = this.agent(device);
    this.#devices[device] ??= new GcnDevice(this.#context, agent, device);
  }
  finiDevice(device: number): void {
    this.agent(device);
    const ended = this.#devices[device];
    this.#devices[device] = undefined;
    ended?.end();
  }

  /**
   * @param image - the bytes of a code object, of a clang offload bundle, or of a program with GCC's images in it; one of `gccImages()`;
   *   or a `GcnImageSource`, where the object does not tell everything by itself.
   */
  loadImage(device: number, image: unknown): GcnModule {
    const target = this.#device(device);
    return target.load(readImage(image, target.agent.facts.isas[0] ?? ""));
  }
  unloadImage(image: LoadedImage): void {
    const target = this.#device(image.device);
    if (!target.owns(image)) {
      throw new OffloadError("ERR_OFFLOAD_IMAGE", `the image is not loaded on ${target.label}, or has been unloaded`);
    }
    target.unload(image);
  }

  alloc(device: number, bytes: number): number {
    return this.#device(device).memory.alloc(integer("bytes", bytes));
  }
  free(device: number, address: number): void {
    this.#device(device).memory.free(integer("address", address));
  }
  host2dev(device: number, destination: number, source: ArrayBufferView): void {
    this.#device(device).memory.write(integer("destination", destination), bytesOf("source", source));
  }
  dev2host(device: number, destination: ArrayBufferView, source: number): void {
    this.#device(device).memory.read(bytesOf("destination", destination), integer("source", source));
  }
  dev2dev(device: number, destination: number, source: number, bytes: number): void {
    this.#device(device).memory.copy(
      integer("destination", destination),
      integer("source", source),
      integer("bytes", bytes),
    );
  }
  memset(device: number, address: number, value: number, bytes: number): void {
    this.#device(device).memory.fill(
      integer("address", address),
      integer("value", value, 0, 255),
      integer("bytes", bytes),
    );
  }
  memcpyRect(device: number, box: RectangularCopy): void {
    copyRectangle(this.#device(device).memory, checkedOptions("the box", box, ["size", "destination", "source"]));
  }

  newSession(): GcnSession {
    return new GcnSession(this);
  }
  canRun(fn: TargetFunction): boolean {
    return this.isFunction(fn) && fn.problem === null;
  }

  protected isSession(value: unknown): value is GcnSession {
    return value instanceof GcnSession && value.owner === this;
  }
  protected isFunction(value: unknown): value is GcnFunction {
    return value instanceof GcnFunction && value.module.context === this.#context;
  }
  protected start(session: GcnSession): void {
    session.target = this.#device(session.device);
  }
  protected allocate(session: GcnSession, count: number): TargetVarTable | null {
    const { environment } = this.#context;
    if (environment.inhibitTableMerge) return null;
    session.block = targetOf(session).blocks.take(count);
    return session.block;
  }
  protected set(session: GcnSession, table: TablePlace): void {
    session.table = tableAddress(table) ?? 0;
  }
  protected release(session: GcnSession): void {
    releaseSession(session);
  }

  protected launch(session: GcnSession, fn: GcnFunction, attributes: LaunchAttributes): void {
    const target = readyFor(session, fn);
    const shape = fn.openmp(attributes, target.agent.facts, target.environment);
    if (shape !== null) runNow(session, target, fn, shape, attributes.timeout);
  }
  protected async launchAsync(session: GcnSession, fn: GcnFunction, attributes: LaunchAttributes): Promise<void> {
    const target = readyFor(session, fn);
    const shape = fn.openmp(attributes, target.agent.facts, target.environment);
    if (shape !== null) await runLater(session, target, target.launches.tasks, fn, shape, attributes.timeout);
  }
  protected launchOpenacc(session: GcnSession, fn: GcnFunction, dimensions: OpenaccDimensions): void {
    const target = readyFor(session, fn);
    runNow(session, target, fn, fn.openacc(dimensions, target.agent.facts, target.environment), undefined);
  }
  protected async launchOpenaccAsync(
    session: GcnSession,
    fn: GcnFunction,
    dimensions: OpenaccDimensions,
    queue: AsyncQueue,
  ): Promise<void> {
    const target = readyFor(session, fn);
    const shape = fn.openacc(dimensions, target.agent.facts, target.environment);
    const [own] = this.#queue(queue);
    if (own.device !== target.index) {
      throw new OffloadError(
        "ERR_OFFLOAD_QUEUE",
        `the queue is device ${own.device}'s, and the session ${target.label}'s`,
      );
    }
    await runLater(session, target, own, fn, shape, undefined);
  }

  asyncConstruct(device: number): GcnAsyncQueue {
    return this.#device(device).launches.createQueue();
  }
  async asyncDestruct(queue: AsyncQueue): Promise<void> {
    const [own, target] = this.#queue(queue);
    await target.launches.destroyQueue(own);
  }
  asyncTest(queue: AsyncQueue): boolean {
    return this.#queue(queue)[0].empty;
  }
  async asyncSynchronize(queue: AsyncQueue): Promise<void> {
    await this.#queue(queue)[0].synchronize();
  }
  asyncSerialize(earlier: AsyncQueue, later: AsyncQueue): void {
    this.#queue(later)[0].waitFor(this.#queue(earlier)[0]);
  }
  asyncQueueCallback(queue: AsyncQueue, callback: () => void): void {
    if (typeof callback !== "function") throw invalidType("callback", "a function", callback);
    void this.#queue(queue)[0].host(callback);
  }
  asyncHost2dev(queue: AsyncQueue, destination: number, source: ArrayBufferView): Promise<void> {
    const [own, target] = this.#queue(queue);
    const bytes = lasting(bytesOf("source", source));
    integer("destination", destination);
    return own.host(() => target.transfers.transfer("to", destination, bytes()));
  }
  asyncDev2host(queue: AsyncQueue, destination: ArrayBufferView, source: number, after?: Promise<void>): Promise<void> {
    const [own, target] = this.#queue(queue);
    const bytes = lasting(bytesOf("destination", destination));
    integer("source", source);
    const copy = () => target.transfers.transfer("from", source, bytes());
    return own.host(after === undefined ? copy : () => after.then(copy, () => {}));
  }

  getProperty(device: number, property: DeviceProperty): number | string | null {
    return deviceProperty(this.agent(device), this.runtime, property);
  }
  openaccDimensions(fn: TargetFunction, dimensions: OpenaccDimensions): OpenaccDimensions {
    const target = this.#device(fn.device);
    if (!this.isFunction(fn)) return dimensions;
    const [gangs, vector, workers] = fn.openacc(dimensions, target.agent.facts, target.environment).dispatch.grid;
    return [gangs, workers, vector];
  }

  stats(): PluginStats {
    this.#mustLive();
    let [allocations, copies, signalsCreated, bytes, cacheHits, cacheBytes] = [0, 0, 0, 0, 0, 0];
    for (const device of this.#devices) {
      if (device === undefined) continue;
      const memory = device.memory.stats;
      const blocks = device.blocks.stats;
      allocations += memory.allocations;
      copies += memory.copies;
      bytes += memory.bytes;
      signalsCreated += device.signals.stats.created;
      cacheHits += blocks.hits;
      cacheBytes += blocks.bytes;
    }
    const { nativeCalls, waitNanoseconds } = this.runtime.stats();
    return {
      sessions: this.liveSessions,
      allocations,
      copies,
      signalsCreated,
      bytes,
      nativeCalls,
      waitNanoseconds,
      cacheHits,
      cacheBytes,
    };
  }

  /** Whether `stats().waitNanoseconds` counts: reading the clock is no small part of a short launch. */
  measureWaits(enabled: boolean): void {
    this.runtime.native.measureWaits(enabled);
  }

  dispose(): void {
    if (this.#disposed) return;
    for (const device of this.#devices) device?.end();
    this.#devices.length = 0;
    this.#disposed = true;
    this.runtime.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  #mustLive(): void {
    if (this.#disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the GCN plugin was used after its disposal");
  }
  #device(device: number): GcnDevice {
    const found = this.#devices[device];
    if (found !== undefined) return found;
    this.agent(device);
    throw noDevice(device, "it has not been initialised: initDevice comes first");
  }

  #queue(queue: AsyncQueue): readonly [GcnAsyncQueue, GcnDevice] {
    for (const device of this.#devices) {
      if (device?.launches.ownsQueue(queue)) return [queue, device];
    }
    throw new OffloadError("ERR_OFFLOAD_QUEUE", "the queue is another plugin's, or has been destructed");
  }
}
