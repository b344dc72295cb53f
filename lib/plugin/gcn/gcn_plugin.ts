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
import { type Agent, HsaRuntime } from "../../hsa/index.js";
import { bytesOf, options as checkedOptions, integer, invalidType, milliseconds } from "../../validate.js";
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
import { Session } from "../session.js";
import { SessionedPlugin, tableAddress } from "../sessioned.js";
import type { GcnAsyncQueue } from "./async_queue.js";
import { DebugLog } from "./debug_log.js";
import { deviceProperty } from "./device_property.js";
import { readEnvironment } from "./environment.js";
import { type GcnContext, GcnDevice } from "./gcn_device.js";
import { GcnFunction } from "./gcn_function.js";
import { readImage } from "./gcn_image.js";
import type { GcnModule } from "./gcn_module.js";
import type { KernelArgumentBlock } from "./kernel_arguments.js";
import type { LaunchShape } from "./launch_shape.js";
import { copyRectangle } from "./rectangular_copy.js";

export interface GcnPluginOptions {
  /** In place of `GCN_OFFLOAD_DEVICE`. */
  readonly device?: string;
  /** In place of `HSA_RUNTIME_LIB`. */
  readonly library?: string;
  /** In place of the process's environment: `GCN_DEBUG`, `GCN_NUM_TEAMS` … */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Gets what kernels print, in order. By default `process.stdout`. */
  readonly output?: { write(text: string): unknown };
  /** Gets the lines of `GCN_DEBUG`. By default stderr. */
  readonly log?: { write(text: string): unknown };
  /**
   * Milliseconds without progress after which a launch that does not say its own time is given up with `ERR_OFFLOAD_TIMEOUT`, and so are
   * an image's constructors and destructors. By default they may run for ever.
   */
  readonly timeout?: number;
}

const OPTIONS = ["device", "library", "environment", "output", "log", "timeout"] as const;

/** HSA_AGENT_FEATURE_KERNEL_DISPATCH */
const KERNEL_DISPATCH = 1;

/** `omp requires` bits that these devices cannot meet (GOMP_REQUIRES_UNIFIED_ADDRESS, _UNIFIED_SHARED_MEMORY, _REVERSE_OFFLOAD). */
const UNMET_REQUIREMENTS = 0x10 | 0x20 | 0x80;

class GcnSession extends Session {
  constructor(readonly plugin: GcnPlugin) {
    super();
  }

  target: GcnDevice | null = null;
  /** The launch's arguments: from the table's allocation on, or from the launch. */
  block: KernelArgumentBlock | null = null;
  /** The address of a table that was set; 0: none. */
  table = 0;
}

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
    const {
      output = process.stdout,
      log,
      environment: env = process.env,
      device,
      library,
      timeout,
    } = checkedOptions("GcnPlugin.open's options", options, OPTIONS);
    const environment = readEnvironment(env);
    const where = { ...(device === undefined ? {} : { device }), ...(library === undefined ? {} : { library }) };
    const limit = timeout === undefined ? 0 : milliseconds("timeout", timeout);
    return new GcnPlugin({
      runtime: HsaRuntime.open(where),
      timeout: limit,
      environment,
      debug: new DebugLog(environment.debug, log && ((text) => log.write(text))),
      print: (text) => {
        try {
          output.write(text);
        } catch (error) {
          // Of a stream that fails the launch whose text it is knows nothing.
          process.emitWarning(error instanceof Error ? error : String(error));
        }
      },
    });
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
    return this.#device(device).alloc(integer("bytes", bytes));
  }
  free(device: number, address: number): void {
    this.#device(device).free(integer("address", address));
  }
  host2dev(device: number, destination: number, source: ArrayBufferView): void {
    this.#device(device).write(integer("destination", destination), bytesOf("source", source));
  }
  dev2host(device: number, destination: ArrayBufferView, source: number): void {
    this.#device(device).read(bytesOf("destination", destination), integer("source", source));
  }
  dev2dev(device: number, destination: number, source: number, bytes: number): void {
    this.#device(device).copy(integer("destination", destination), integer("source", source), integer("bytes", bytes));
  }
  memset(device: number, address: number, value: number, bytes: number): void {
    this.#device(device).fill(integer("address", address), integer("value", value, 0, 255), integer("bytes", bytes));
  }
  memcpyRect(device: number, box: RectangularCopy): void {
    copyRectangle(this.#device(device), box);
  }

  newSession(): GcnSession {
    return new GcnSession(this);
  }
  canRun(fn: TargetFunction): boolean {
    return this.isFunction(fn) && fn.problem === null;
  }

  protected isSession(value: unknown): value is GcnSession {
    return value instanceof GcnSession && value.plugin === this;
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
    if (session.block !== null) session.target?.blocks.give(session.block);
    session.block = null;
    session.target = null;
    session.table = 0;
  }

  protected launch(session: GcnSession, fn: GcnFunction, attributes: LaunchAttributes): void {
    const target = this.#ready(session, fn);
    const shape = fn.openmp(attributes, target.agent.facts, target.environment);
    if (shape !== null) runNow(session, target, fn, shape, attributes.timeout);
  }
  protected async launchAsync(session: GcnSession, fn: GcnFunction, attributes: LaunchAttributes): Promise<void> {
    const target = this.#ready(session, fn);
    const shape = fn.openmp(attributes, target.agent.facts, target.environment);
    if (shape !== null) await runLater(session, target, target.tasks, fn, shape, attributes.timeout);
  }
  protected launchOpenacc(session: GcnSession, fn: GcnFunction, dimensions: OpenaccDimensions): void {
    const target = this.#ready(session, fn);
    runNow(session, target, fn, fn.openacc(dimensions, target.agent.facts, target.environment), undefined);
  }
  protected async launchOpenaccAsync(
    session: GcnSession,
    fn: GcnFunction,
    dimensions: OpenaccDimensions,
    queue: AsyncQueue,
  ): Promise<void> {
    const target = this.#ready(session, fn);
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
    return this.#device(device).createQueue();
  }
  async asyncDestruct(queue: AsyncQueue): Promise<void> {
    const [own, target] = this.#queue(queue);
    await target.destroyQueue(own);
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
    return own.host(() => target.transfer("to", destination, bytes()));
  }
  asyncDev2host(queue: AsyncQueue, destination: ArrayBufferView, source: number, after?: Promise<void>): Promise<void> {
    const [own, target] = this.#queue(queue);
    const bytes = lasting(bytesOf("destination", destination));
    integer("source", source);
    const copy = () => target.transfer("from", source, bytes());
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
      const blocks = device.blocks.stats;
      allocations += device.stats.allocations;
      copies += device.stats.copies;
      bytes += device.stats.bytes;
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

  /** The session's device, where the function can be launched there. */
  #ready(session: GcnSession, fn: GcnFunction): GcnDevice {
    const target = targetOf(session);
    if (fn.problem !== null) {
      throw new OffloadError("ERR_OFFLOAD_ARGUMENT_COUNT", `kernel ${fn.name} cannot be offloaded: ${fn.problem}`);
    }
    fn.module.mustLive();
    return target;
  }

  #queue(queue: AsyncQueue): readonly [GcnAsyncQueue, GcnDevice] {
    for (const device of this.#devices) {
      if (device?.ownsQueue(queue)) return [queue, device];
    }
    throw new OffloadError("ERR_OFFLOAD_QUEUE", "the queue is another plugin's, or has been destructed");
  }
}

function targetOf(session: GcnSession): GcnDevice {
  if (session.target === null || session.target.ended)
    throw noDevice(session.device, "it has been finished while the session was under way");
  return session.target;
}

/** The launch's arguments, which are the session's from now on. */
function argumentsOf(session: GcnSession, target: GcnDevice): KernelArgumentBlock {
  const { block } = session;
  if (block !== null) {
    session.table = block.address;
    return block;
  }
  session.block = target.blocks.take(0);
  return session.block;
}

function runNow(
  session: GcnSession,
  target: GcnDevice,
  fn: GcnFunction,
  shape: LaunchShape,
  timeout: number | undefined,
): void {
  const block = argumentsOf(session, target);
  target.run(fn, shape, block, session.table, limitOf(timeout, target));
}

function runLater(
  session: GcnSession,
  target: GcnDevice,
  queue: GcnAsyncQueue,
  fn: GcnFunction,
  shape: LaunchShape,
  timeout: number | undefined,
): Promise<void> {
  const block = argumentsOf(session, target);
  return target.launch(queue, fn, shape, block, session.table, limitOf(timeout, target));
}

/** 0: none. */
const limitOf = (timeout: number | undefined, target: GcnDevice): number =>
  timeout === undefined ? target.timeout : milliseconds("timeout", timeout);

const noDevice = (device: number, why: string): OffloadError =>
  new OffloadError("ERR_OFFLOAD_NO_DEVICE", `device ${device} cannot be used: ${why}`);
