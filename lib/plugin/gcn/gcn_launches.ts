/**
 * A device's launches: one at a time that blocks its thread, and those in queues.
 *
 * Source: plugin-gcn.c (run_kernel, maybe_init_omp_async, GOMP_OFFLOAD_openacc_async_construct) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { GcnAsyncQueue } from "./async_queue.js";
import { drainConsole } from "./console_output.js";
import { EphemeralMemory } from "./ephemeral_memory.js";
import type { GcnDevice } from "./gcn_device.js";
import type { GcnFunction } from "./gcn_function.js";
import { GcnLaunch, mustEndNormally, prepareBlock } from "./gcn_launch.js";
import type { KernelArgumentBlock } from "./kernel_arguments.js";
import type { LaunchShape } from "./launch_shape.js";
import { PrintingLaunches } from "./printing_launches.js";
import { SyncQueue } from "./sync_queue.js";

export class GcnLaunches {
  readonly #device: GcnDevice;
  readonly #print: (text: string) => void;
  readonly #sync: SyncQueue;
  readonly #syncEphemeral: EphemeralMemory;
  /** Launches of target tasks; made when the first comes. */
  #tasks: GcnAsyncQueue | null = null;
  readonly #queues = new Set<GcnAsyncQueue>();
  readonly #printing: PrintingLaunches;

  constructor(device: GcnDevice) {
    this.#device = device;
    const { print } = device.context;
    this.#print = print;
    this.#printing = new PrintingLaunches(print);
    this.#sync = new SyncQueue(device, (block) => drainConsole(block, false, print));
    this.#syncEphemeral = this.#ephemeralMemory();
  }

  /** Blocks until the launch is over. `table`: where the kernel's table lies, 0 for none. */
  run(fn: GcnFunction, shape: LaunchShape, block: KernelArgumentBlock, table: number, timeout: number): void {
    this.#trace(fn, shape);
    const needed = shape.arenaBytes + shape.stackBytes;
    const ephemeral = needed === 0 ? null : this.#syncEphemeral.take(needed);
    let value = 0;
    try {
      prepareBlock(block, fn, shape, ephemeral, table);
      this.#sync.run(fn, shape, block, timeout);
      value = block.returnValue;
    } finally {
      if (ephemeral !== null) this.#syncEphemeral.give(ephemeral);
      drainConsole(block, true, this.#print);
    }
    mustEndNormally(fn.name, value);
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
    // Read at the launch's end: its promise may settle when the device, and the block with it, has gone.
    let value = 0;
    const launch = new GcnLaunch(fn, shape, block, timeout, queue, () => {
      this.#printing.delete(launch);
      value = block.returnValue;
      drainConsole(block, true, this.#print);
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
    if (fn.abi !== "plain") this.#printing.add(launch);
    await queue.launch(launch, () => mustEndNormally(fn.name, value));
  }

  /** The queue of target tasks. */
  get tasks(): GcnAsyncQueue {
    this.#tasks ??= this.createQueue();
    return this.#tasks;
  }
  createQueue(): GcnAsyncQueue {
    const queue = new GcnAsyncQueue(this.#device, this.#device.index, this.#ephemeralMemory());
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

  /** Blocks until those that have begun are over. Queues in turn: they may wait for each other. */
  finish(): void {
    let busy = [...this.#queues];
    while (busy.length > 0) {
      busy = busy.filter((queue) => queue.stepSync());
      this.#printing.poll();
    }
  }

  /** Frees the memory that launches have left behind. */
  trim(): void {
    this.#syncEphemeral.trim();
    for (const queue of this.#queues) queue.ephemeral.trim();
  }

  /** What is still in a queue is refused. */
  end(): void {
    for (const queue of this.#queues) queue.dispose();
    this.#queues.clear();
    this.#sync.dispose();
    this.#syncEphemeral.end();
    this.#printing.end();
  }

  #ephemeralMemory(): EphemeralMemory {
    const { debug, memory } = this.#device;
    return new EphemeralMemory((bytes) => {
      debug.line(() => `Creating a new arena & stack space of ${bytes} bytes`);
      return memory.allocate(bytes);
    });
  }

  #trace(fn: GcnFunction, shape: LaunchShape): void {
    const { debug, index } = this.#device;
    if (!debug.enabled) return;
    const { grid, workgroup } = shape.dispatch;
    debug.line(() => `GCN launch actuals: grid:[${grid.join(", ")}], workgroup:[${workgroup.join(", ")}]`);
    debug.line(() => `Going to dispatch kernel ${fn.name} on device ${index}`);
  }
}
