/**
 * A device of the GCN plugin (struct agent_info): its memory, images, queues, and what it keeps from launch to launch.
 *
 * Source: plugin-gcn.c (GOMP_OFFLOAD_init_device, get_kernarg_memory_region) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../../errors.js";
import {
  type Agent,
  GLOBAL_FLAG,
  type HsaRuntime,
  Memory,
  type Pool,
  type Region,
  type Signal,
} from "../../hsa/index.js";
import { type Extent, FaultReporter, ownerOf } from "../../launch/fault.js";
import type { QueueOwner } from "../../launch/launch-queue.js";
import { outOfMemory } from "../../launch/out-of-memory.js";
import { SignalPool } from "../../launch/signal-pool.js";
import { ArgumentCache } from "./argument_cache.js";
import { GcnAsyncQueue } from "./async_queue.js";
import { drainConsole } from "./console_output.js";
import type { DebugLog } from "./debug_log.js";
import type { GcnEnvironment } from "./environment.js";
import { EphemeralMemory } from "./ephemeral_memory.js";
import type { GcnFunction } from "./gcn_function.js";
import type { GcnImage } from "./gcn_image.js";
import { GcnLaunch, mustEndNormally, prepareBlock } from "./gcn_launch.js";
import { GcnModule } from "./gcn_module.js";
import type { KernelArgumentBlock } from "./kernel_arguments.js";
import type { LaunchShape } from "./launch_shape.js";
import { SyncQueue } from "./sync_queue.js";

/** What the plugin gives to each of its devices. */
export interface GcnContext {
  readonly runtime: HsaRuntime;
  readonly environment: GcnEnvironment;
  readonly debug: DebugLog;
  /** What kernels print. */
  readonly print: (text: string) => void;
  /** Milliseconds that a launch has where it does not say so itself; 0: all the time there is. */
  readonly timeout: number;
}

/** hsa_memory_allocate does not take 0. */
const LEAST_BYTES = 4;
/** Milliseconds between two looks at what the kernels in flight have printed. */
const POLL_MILLISECONDS = 2;
/** Copies up to this size are over sooner than a wait for them would begin. */
const BLOCKING_COPY = 64 * 1024;

export class GcnDevice implements QueueOwner {
  readonly runtime: HsaRuntime;
  readonly environment: GcnEnvironment;
  readonly debug: DebugLog;
  readonly timeout: number;
  readonly signals: SignalPool;
  readonly faults: FaultReporter;
  readonly blocks: ArgumentCache;
  readonly #print: (text: string) => void;
  readonly #kernargRegion: Region;
  readonly #dataPool: Pool;
  readonly #host: Agent;
  readonly #sync: SyncQueue;
  readonly #syncEphemeral: EphemeralMemory;
  /** Launches of target tasks; made when the first comes. */
  #tasks: GcnAsyncQueue | null = null;
  readonly #queues = new Set<GcnAsyncQueue>();
  readonly #modules = new Set<GcnModule>();
  /** What the runtime above has allocated, by address. */
  readonly #memory = new Map<number, Memory>();
  /** Bytes of everything that is allocated, by address: the plugin's own, too. */
  readonly #sizes = new Map<number, number>();
  /** Launches in flight that may print. */
  readonly #printing = new Set<GcnLaunch>();
  /** Copies under way; `over` gets their signal's value. */
  readonly #transfers = new Set<{ readonly done: Signal; readonly over: (value: number | bigint) => void }>();
  #ticker: NodeJS.Timeout | null = null;
  #allocations = 0;
  #bytes = 0;
  #copies = 0;
  #ended = false;

  constructor(
    readonly context: GcnContext,
    readonly agent: Agent,
    readonly index: number,
  ) {
    const { runtime, environment, debug, print, timeout } = context;
    this.runtime = runtime;
    this.environment = environment;
    this.debug = debug;
    this.#print = print;
    this.timeout = timeout;
    this.#host = need(
      runtime.agents.find(({ facts }) => facts.deviceType === "cpu"),
      "a host agent",
    );
    this.#kernargRegion = need(
      placeOf(agent.regions, GLOBAL_FLAG.KERNARG) ?? placeOf(this.#host.regions, GLOBAL_FLAG.KERNARG),
      "a region for kernel arguments",
    );
    // Not a region, as libgomp has it: ROCr lists the own memory of its first GPU only among the regions.
    this.#dataPool = need(placeOf(agent.pools, GLOBAL_FLAG.COARSE_GRAINED), "a pool for data");
    this.signals = new SignalPool(runtime);
    this.faults = new FaultReporter(runtime, agent, (address) => this.#ownerOf(address));
    this.blocks = new ArgumentCache((bytes) => this.#from(this.#kernargRegion, bytes, "kernel-argument"));
    this.#sync = new SyncQueue(this, (block) => this.#drain(block, false));
    this.#syncEphemeral = this.#ephemeralMemory();
  }

  get label(): string {
    return `device ${this.index} (${this.agent.facts.name}${this.agent.software ? ", software" : ""})`;
  }
  get ended(): boolean {
    return this.#ended;
  }
  get stats(): { readonly allocations: number; readonly bytes: number; readonly copies: number } {
    return { allocations: this.#allocations, bytes: this.#bytes, copies: this.#copies };
  }

  // Images.

  load(image: GcnImage): GcnModule {
    this.debug.line(() => `Encountered ${image.kernels.length} kernels in an image`);
    const module = new GcnModule(this, image);
    this.#modules.add(module);
    return module;
  }
  owns(module: unknown): module is GcnModule {
    return module instanceof GcnModule && this.#modules.has(module);
  }
  /** Waits for the module's launches that have reached the device; those behind a callback free it when they are over. */
  unload(module: GcnModule): void {
    if (module.uses > 0) this.#finish();
    module.dispose();
    if (module.failure !== undefined) throw module.failure.error;
  }
  forget(module: GcnModule): void {
    this.#modules.delete(module);
  }
  /** Of constructors or destructors: `_init_array` and `_fini_array` run alone, without a table. */
  runConstructors(fn: GcnFunction): void {
    const block = this.blocks.take(0);
    try {
      this.run(fn, fn.constructors(this.agent.facts, this.environment), block, 0, this.timeout);
    } finally {
      this.blocks.give(block);
    }
  }

  // Memory.

  /** Device memory of the plugin's own. @throws OffloadError `ERR_OFFLOAD_OUT_OF_MEMORY` */
  allocate(bytes: number): Memory {
    return this.#from(this.#dataPool, bytes, "device");
  }
  /** Device memory of the runtime above; answers its address. */
  alloc(bytes: number): number {
    this.debug.line(() => `Allocating ${bytes} bytes on device ${this.index}`);
    const memory = this.allocate(Math.max(bytes, LEAST_BYTES));
    this.#memory.set(memory.address, memory);
    return memory.address;
  }
  free(address: number): void {
    this.debug.line(() => `Freeing memory on device ${this.index}`);
    const memory = this.#memory.get(address);
    if (memory === undefined) {
      throw new OffloadError(
        "ERR_OFFLOAD_ADDRESS",
        `${hex(address)} has not been allocated on ${this.label}, or has been freed`,
      );
    }
    this.#memory.delete(address);
    memory.dispose();
  }

  /** Into an image's own memory, and out of it: at addresses that the image itself has told. */
  initialize(destination: number, source: ArrayBufferView): void {
    this.#copies++;
    this.runtime.copySync(destination, source, source.byteLength);
  }
  fetch(destination: ArrayBufferView, source: number): void {
    this.#copies++;
    this.runtime.copySync(destination, source, destination.byteLength);
  }

  write(destination: number, source: ArrayBufferView): void {
    this.debug.line(() => `Copying ${source.byteLength} bytes from host to device ${this.index} (${hex(destination)})`);
    if (source.byteLength === 0) return;
    this.mustHold(destination, source.byteLength);
    this.#copies++;
    this.runtime.copySync(destination, source, source.byteLength);
  }
  read(destination: ArrayBufferView, source: number): void {
    this.debug.line(() => `Copying ${destination.byteLength} bytes from device ${this.index} (${hex(source)}) to host`);
    if (destination.byteLength === 0) return;
    this.mustHold(source, destination.byteLength);
    this.#copies++;
    this.runtime.copySync(destination, source, destination.byteLength);
  }
  copy(destination: number, source: number, bytes: number): void {
    this.debug.line(
      () =>
        `Copying ${bytes} bytes from device ${this.index} (${hex(source)}) to device ${this.index} (${hex(destination)})`,
    );
    if (bytes === 0) return;
    this.mustHold(destination, bytes);
    this.mustHold(source, bytes);
    this.#copies++;
    this.runtime.copySync(destination, source, bytes);
  }
  fill(address: number, value: number, bytes: number): void {
    if (bytes === 0) return;
    this.mustHold(address, bytes);
    // hsa_amd_memory_fill writes whole words of 32 bits.
    const head = Math.min((4 - (address % 4)) % 4, bytes);
    const words = Math.floor((bytes - head) / 4);
    const tail = bytes - head - 4 * words;
    if (head > 0) this.runtime.copySync(address, new Uint8Array(head).fill(value), head);
    if (words > 0) this.runtime.fillSync(address + head, (value * 0x01010101) >>> 0, words);
    if (tail > 0) this.runtime.copySync(address + head + 4 * words, new Uint8Array(tail).fill(value), tail);
  }

  /** A copy that does not block the thread, where that pays. Exactly one side is host memory, which stays as it is until the end. */
  async transfer(direction: "to" | "from", address: number, host: ArrayBufferView): Promise<void> {
    const bytes = host.byteLength;
    if (bytes <= BLOCKING_COPY) {
      if (direction === "to") this.write(address, host);
      else this.read(host, address);
      return;
    }
    this.mustHold(address, bytes);
    this.#copies++;
    const locked = this.runtime.lock(host, [this.agent]);
    const done = this.signals.take();
    let over = false;
    try {
      done.store(1);
      const device = { address, agent: this.agent };
      const memory = { address: locked.address, agent: this.#host };
      if (direction === "to") this.runtime.copy(device, memory, bytes, done);
      else this.runtime.copy(memory, device, bytes, done);
      const left = await this.#endOf(done);
      over = true;
      if (typeof left === "bigint" || left < 0) {
        throw new OffloadError(
          "ERR_OFFLOAD_DEVICE",
          `the copy of ${bytes} bytes at ${hex(address)} failed on ${this.label}`,
        );
      }
    } finally {
      if (over) this.signals.give(done);
      else done.dispose();
      locked.dispose();
    }
  }

  /** A transfer's, which the event loop sees, or the device's end. */
  #endOf(done: Signal): Promise<number | bigint> {
    return new Promise((resolve) => {
      const over = (value: number | bigint): void => {
        this.#transfers.delete(transfer);
        resolve(value);
      };
      const transfer = { done, over };
      this.#transfers.add(transfer);
      void done.wait("lt", 1).then(over);
    });
  }

  // Launches.

  /** Blocks until the launch is over. `table`: where the kernel's table lies, 0 for none. */
  run(fn: GcnFunction, shape: LaunchShape, block: KernelArgumentBlock, table: number, timeout: number): void {
    this.#trace(fn, shape);
    const needed = shape.arenaBytes + shape.stackBytes;
    const ephemeral = needed === 0 ? null : this.#syncEphemeral.take(needed);
    try {
      prepareBlock(block, fn, shape, ephemeral, table);
      this.#sync.run(fn, shape, block, timeout);
    } finally {
      if (ephemeral !== null) this.#syncEphemeral.give(ephemeral);
      this.#drain(block, true);
    }
    mustEndNormally(fn.name, block.returnValue);
  }

  /** Resolves when the launch is over; in the queue's order. */
  async launch(
    queue: GcnAsyncQueue,
    fn: GcnFunction,
    shape: LaunchShape,
    block: KernelArgumentBlock,
    table: number,
    timeout: number,
  ): Promise<void> {
    this.#trace(fn, shape);
    const needed = shape.arenaBytes + shape.stackBytes;
    const ephemeral = needed === 0 ? null : queue.ephemeral.take(needed);
    const launch = new GcnLaunch(fn, shape, block, timeout, queue, () => {
      this.#printing.delete(launch);
      this.#drain(block, true);
      if (ephemeral !== null) queue.ephemeral.give(ephemeral);
      fn.module.release();
    });
    fn.module.retain();
    try {
      prepareBlock(block, fn, shape, ephemeral, table);
    } catch (error) {
      launch.release();
      throw error;
    }
    if (fn.abi !== "plain") this.#watch(launch);
    await queue.launch(launch, () => mustEndNormally(fn.name, block.returnValue));
  }

  /** The queue of target tasks. */
  get tasks(): GcnAsyncQueue {
    this.#tasks ??= this.createQueue();
    return this.#tasks;
  }
  createQueue(): GcnAsyncQueue {
    const queue = new GcnAsyncQueue(this, this.index, this.#ephemeralMemory());
    this.#queues.add(queue);
    return queue;
  }
  ownsQueue(queue: unknown): queue is GcnAsyncQueue {
    return queue instanceof GcnAsyncQueue && this.#queues.has(queue) && !queue.closing;
  }
  async destroyQueue(queue: GcnAsyncQueue): Promise<void> {
    queue.closing = true;
    try {
      await queue.synchronize();
    } finally {
      this.#queues.delete(queue);
      queue.dispose();
    }
  }

  /** Waits for what runs, unloads every image, frees everything. What is still behind a callback then is refused. */
  end(): void {
    if (this.#ended) return;
    this.#finish();
    // Before anything else: their destructors run, as GCC's plugin has it.
    for (const module of this.#modules) module.dispose();
    this.#ended = true;
    for (const queue of this.#queues) queue.dispose();
    this.#queues.clear();
    this.#sync.dispose();
    this.#syncEphemeral.end();
    this.blocks.end();
    for (const memory of this.#memory.values()) memory.dispose();
    this.#memory.clear();
    this.signals.dispose();
    this.faults.dispose();
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#ticker = null;
  }

  /** Blocks until the copies and launches that have begun are over. Queues in turn: they may wait for each other. */
  #finish(): void {
    for (const { done, over } of this.#transfers) over(done.waitSync("lt", 1));
    let busy = [...this.#queues];
    while (busy.length > 0) {
      busy = busy.filter((queue) => queue.stepSync());
      this.#poll();
    }
  }

  #from(place: Region | Pool, bytes: number, what: string): Memory {
    let memory: Memory;
    try {
      memory = place.allocate(bytes);
    } catch {
      // What launches have left behind is given up before anybody is told that there is no memory.
      this.#trim();
      try {
        memory = place.allocate(bytes);
      } catch (error) {
        throw outOfMemory(error, bytes, `${this.label}'s ${what} memory`, place.info.allocMaxSize);
      }
    }
    this.#allocations++;
    this.#bytes += bytes;
    const { address } = memory;
    this.#sizes.set(address, bytes);
    return new CountedMemory(memory, () => {
      this.#sizes.delete(address);
      this.#bytes -= bytes;
    });
  }

  #trim(): void {
    this.blocks.trim();
    this.#syncEphemeral.trim();
    for (const queue of this.#queues) queue.ephemeral.trim();
  }

  #ephemeralMemory(): EphemeralMemory {
    return new EphemeralMemory((bytes) => {
      this.debug.line(() => `Creating a new arena & stack space of ${bytes} bytes`);
      return this.allocate(bytes);
    });
  }

  /**
   * ROCr believes addresses; and what it tells of them are whole pages, and a block of many allocations where one of those has been freed.
   * @throws OffloadError `ERR_OFFLOAD_ADDRESS`
   */
  mustHold(address: number, bytes: number): void {
    const whole = this.#sizes.get(address);
    if (whole !== undefined && bytes <= whole) return;
    const base = whole === undefined ? this.runtime.pointerInfo(address).agentBaseAddress : address;
    const end = base + (this.#sizes.get(base) ?? 0);
    if (address + bytes <= end) return;
    for (const module of this.#modules) if (module.holds(address, bytes)) return;
    const why = address < end ? `is beyond its allocation, which ends at ${hex(end)}` : "is not allocated";
    throw new OffloadError(
      "ERR_OFFLOAD_ADDRESS",
      `a range of ${bytes} bytes at ${hex(address)} ${why} on ${this.label}`,
    );
  }

  #drain(block: KernelArgumentBlock, final: boolean): void {
    drainConsole(block, final, this.#print);
  }
  #watch(launch: GcnLaunch): void {
    this.#printing.add(launch);
    // Of no account for the process's life: the launch itself keeps it going.
    this.#ticker ??= setInterval(() => this.#poll(), POLL_MILLISECONDS).unref();
  }
  #poll(): void {
    for (const { block } of this.#printing) this.#drain(block, false);
    if (this.#printing.size > 0 || this.#ticker === null) return;
    clearInterval(this.#ticker);
    this.#ticker = null;
  }

  #trace(fn: GcnFunction, shape: LaunchShape): void {
    if (!this.debug.enabled) return;
    const { grid, workgroup } = shape.dispatch;
    this.debug.line(() => `GCN launch actuals: grid:[${grid.join(", ")}], workgroup:[${workgroup.join(", ")}]`);
    this.debug.line(() => `Going to dispatch kernel ${fn.name} on device ${this.index}`);
  }

  #ownerOf(address: number): string | null {
    for (const module of this.#modules) {
      const found = module.describe(address);
      if (found !== null) return found;
    }
    const extents: Extent[] = [...this.#memory.values()].map((memory) => ({
      label: `the allocation of ${memory.byteLength} bytes at ${hex(memory.address)}`,
      address: memory.address,
      byteLength: memory.byteLength,
    }));
    return ownerOf(address, extents, []);
  }
}

/** Memory whose end is counted. */
class CountedMemory extends Memory {
  readonly #onDispose: () => void;

  constructor(memory: Memory, onDispose: () => void) {
    super(memory.native);
    this.#onDispose = onDispose;
  }
  override dispose(): void {
    if (this.disposed) return;
    super.dispose();
    this.#onDispose();
  }
}

const placeOf = <T extends Region | Pool>(places: readonly T[], flag: number): T | undefined =>
  places.find(({ info }) => info.segment === "global" && info.allocAllowed && (info.flags & flag) !== 0);

function need<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new OffloadError("ERR_OFFLOAD_NO_DEVICE", `the runtime shows no ${what}`);
  return found;
}
