/**
 * The queue of launches that block their thread: one runs at a time, on a signal and a memory for arenas and stacks that stay. In the
 * steady state a launch is one call into native code, and the packet is written but for what changes.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import { guarded } from "../../hsa/errors.js";
import {
  FENCE_SCOPE,
  KERNEL_DISPATCH,
  type NativeLauncher,
  PACKET_TYPE,
  packetHeader,
  type Queue,
  type Signal,
  writeKernelDispatch,
  writeUint64,
} from "../../hsa/index.js";
import { type Apertures, aperturesOf } from "../../launch/hidden-arguments.js";
import type { QueueOwner } from "../../launch/launch.js";
import { timedOut } from "../../launch/time-limits.js";
import type { GcnFunction } from "./gcn_function.js";
import { type QueuePlace, tellQueue } from "./gcn_launch.js";
import type { KernelArgumentBlock } from "./kernel_arguments.js";
import type { LaunchShape } from "./launch_shape.js";

/** 0x1402: one launch at a time needs no barrier. */
const HEADER = packetHeader(PACKET_TYPE.KERNEL_DISPATCH, false, FENCE_SCOPE.SYSTEM, FENCE_SCOPE.SYSTEM);
const RING = 64;
/** How long a wait lasts before what the kernel has printed is read. */
const POLL_NANOSECONDS = 1e6;

export class SyncQueue {
  readonly #owner: QueueOwner;
  readonly #poll: (block: KernelArgumentBlock) => void;
  #queue: Queue | null = null;
  #launcher: NativeLauncher | null = null;
  /** The launcher's. */
  #signals: readonly Signal[] = [];
  #apertures: Apertures | null = null;
  /** Packets that are over. */
  #launched = 0;
  /** What the packet in the making says already. */
  #shape: LaunchShape | null = null;
  #kernargs = 0;

  /** @param poll - called now and then while a kernel runs. */
  constructor(owner: QueueOwner, poll: (block: KernelArgumentBlock) => void) {
    this.#owner = owner;
    this.#poll = poll;
  }

  #open(): Queue {
    if (this.#queue !== null) return this.#queue;
    const { runtime, agent } = this.#owner;
    this.#queue = runtime.createQueue(agent, { size: Math.min(RING, agent.facts.queueMaxSize) });
    this.#shape = null;
    this.#apertures = null;
    this.#launched = 0;
    return this.#queue;
  }

  /**
   * Launches and waits.
   *
   * @param timeout - milliseconds; 0: none.
   * @throws DeviceError. The queue has been replaced then, and nothing runs on it any more.
   */
  run(fn: GcnFunction, shape: LaunchShape, block: KernelArgumentBlock, timeout: number): void {
    try {
      this.#launch(fn, shape, block, timeout);
    } catch (error) {
      if (!this.#hadEnded(error)) throw this.#failed(fn.name, error);
      this.dispose();
      try {
        this.#launch(fn, shape, block, timeout);
      } catch (second) {
        throw this.#failed(fn.name, second);
      }
    }
  }

  #launch(fn: GcnFunction, shape: LaunchShape, block: KernelArgumentBlock, timeout: number): void {
    const queue = this.#open();
    const launcher = this.#launcher ?? this.#makeLauncher(queue);
    if (this.#shape !== shape) {
      writeKernelDispatch(queue.packet, shape.dispatch);
      this.#shape = shape;
      this.#kernargs = 0;
    }
    if (this.#kernargs !== block.blockAddress) {
      writeUint64(queue.packet, KERNEL_DISPATCH.kernarg_address, block.blockAddress);
      this.#kernargs = block.blockAddress;
    }
    if (fn.queueArguments.length > 0) tellQueue(fn, shape, block, this.#place(queue));
    if (!launcher.launch()) this.#wait(launcher, fn.name, block, timeout);
    this.#launched++;
  }

  #place({ address }: Queue): QueuePlace {
    this.#apertures ??= aperturesOf(this.#owner.runtime, address);
    return { address, apertures: this.#apertures };
  }

  /** Whether the queue was at its end before this launch came: ROCr tells all queues of a device of a memory fault on one of them. */
  #hadEnded(error: unknown): boolean {
    const inactive = (error as { code?: unknown }).code === "ERR_HSA_QUEUE_INACTIVE";
    return inactive && this.#queue?.loadWriteIndex("relaxed") === this.#launched;
  }

  #wait(launcher: NativeLauncher, kernel: string, block: KernelArgumentBlock, timeout: number): void {
    const deadline = timeout > 0 ? performance.now() + timeout : Number.POSITIVE_INFINITY;
    do {
      this.#poll(block);
      // Whoever got what the kernel has printed may have ended the device.
      if (this.#launcher !== launcher) {
        throw new OffloadError("ERR_OFFLOAD_DISPOSED", `kernel ${kernel} was in flight when its device was disposed`);
      }
      if (performance.now() >= deadline) {
        throw timedOut({ kernel, timeout });
      }
    } while (!launcher.wait());
  }

  #makeLauncher(queue: Queue): NativeLauncher {
    const { signals } = this.#owner;
    const [first, second] = [signals.take(), signals.take()];
    this.#signals = [first, second];
    this.#launcher = guarded(() => queue.native.launcher(HEADER, first.native, second.native, POLL_NANOSECONDS));
    return this.#launcher;
  }

  /** Ends the queue and what may still run on it; answers what the caller gets to see. */
  #failed(kernel: string, error: unknown): unknown {
    const failure = this.#owner.faults.explained(kernel, this.#queue, error);
    this.dispose();
    return failure;
  }

  /** The signals, whose packet may still run, are not used again; their queue goes first. */
  dispose(): void {
    this.#queue?.dispose();
    this.#queue = null;
    for (const signal of this.#signals) signal.dispose();
    this.#signals = [];
    this.#launcher = null;
  }
}
