/**
 * A queue of launches, copies and callbacks that happen in order, with no thread of its own. Launches go to the device as soon as nothing
 * but launches is before them, one behind the other; what the host does waits for its turn, and holds back what comes after it. Two
 * queues wait for each other by a signal, which one's barrier packet completes and the other's waits for.
 *
 * Source: oacc-async.c, and plugin-gcn.c (GOMP_OFFLOAD_openacc_async_…) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { PACKET_TYPE, packetHeader, type Signal, writeBarrier } from "../../hsa/index.js";
import type { Apertures } from "../../launch/hidden-arguments.js";
import type { PreparedLaunch, QueueOwner } from "../../launch/launch.js";
import { LaunchQueue } from "../../launch/launch-queue.js";
import type { AsyncQueue } from "../plugin.js";
import { QueueOrder } from "../queue_order.js";
import type { EphemeralMemory } from "./ephemeral_memory.js";

const BARRIER = packetHeader(PACKET_TYPE.BARRIER_AND, true);

/** A barrier packet: completes its signal when all before it on its queue is over, or waits for one. */
class Barrier implements PreparedLaunch {
  readonly kernel = "(barrier)";
  readonly timeout = 0;

  constructor(
    readonly waitsFor: Signal | null,
    readonly completion: Signal | undefined,
    readonly release: () => void,
  ) {}

  write(packet: DataView): number {
    writeBarrier(packet, this.waitsFor === null ? [] : [this.waitsFor.handle]);
    return BARRIER;
  }
}

export class GcnAsyncQueue implements AsyncQueue, Disposable {
  readonly #owner: QueueOwner;
  readonly #launches: LaunchQueue;
  /** Nothing more comes into it: it is destroyed when it is empty. */
  closing = false;
  readonly #order = new QueueOrder();

  constructor(
    owner: QueueOwner,
    readonly device: number,
    readonly ephemeral: EphemeralMemory,
  ) {
    this.#owner = owner;
    this.#launches = new LaunchQueue(owner, false);
  }

  get empty(): boolean {
    return this.#order.empty;
  }

  /** Where it is on the device, now: it is another after a failure. */
  get address(): number {
    return this.#launches.address;
  }
  get apertures(): Apertures {
    return this.#launches.apertures;
  }

  /** @param mustEndWell - called when it is over: what it throws is the launch's error, and the queue's. */
  launch(launch: PreparedLaunch, mustEndWell: () => void = () => {}): Promise<void> {
    return this.#order.device(() => this.#launches.launch(launch).then(mustEndWell));
  }

  /** Work of the host, in its turn: never before this call has returned. */
  host(work: () => void | Promise<void>): Promise<void> {
    return this.#order.host(work);
  }

  /** What comes into this queue from now on waits for what is in the other now. */
  waitFor(other: GcnAsyncQueue): void {
    if (other === this || other.empty) return;
    if (this.#order.holds || other.#order.holds) {
      const before = other.#order.over;
      void this.host(() => before);
      return;
    }
    const { signals } = this.#owner;
    const reached = signals.take();
    // From now on, and not when the barrier is published only: the other may wait in its ring.
    reached.store(1);
    let users = 2;
    const release = (): void => {
      if (--users === 0) signals.give(reached);
    };
    const passed = new Barrier(null, reached, () => {
      // A queue that was lost does not reach its barriers: who waits for one goes on all the same.
      if (reached.load() !== 0) reached.store(0);
      release();
    });
    const wait = new Barrier(reached, undefined, release);
    void other.launch(passed);
    void this.launch(wait);
  }

  /** When all that is in the queue now is over; rejects once with the first error since the last time. */
  synchronize(): Promise<void> {
    return this.#order.synchronize();
  }

  /** Blocks the thread for a moment, or until the oldest launch is over; whether there are any left. */
  stepSync(): boolean {
    return this.#launches.stepSync();
  }

  /** Ends what is in flight: it rejects with `ERR_OFFLOAD_DISPOSED`. */
  dispose(): void {
    this.#launches.dispose();
    this.ephemeral.end();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
