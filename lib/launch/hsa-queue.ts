/** The HSA queue under a queue of launches: made when one is needed, and anew when it has been taken away with what ran on it. */
import type { Queue } from "../hsa/index.js";
import { type Apertures, aperturesOf } from "./hidden-arguments.js";
import type { QueueOwner } from "./launch.js";

/** Packets in a ring: launches beyond wait in JavaScript. */
const RING = 4096;

/** What happens on the queue that there is; of one that was taken away nothing is heard any more. */
export interface HsaQueueEvents {
  /** @param times - pairs of start and end, of the oldest launches. */
  onComplete(count: number, times: Float64Array): void;
  onError(status: number): void;
}

export class HsaQueue {
  readonly #owner: QueueOwner;
  readonly #profiling: boolean;
  readonly #events: HsaQueueEvents;
  #queue: Queue | null = null;
  #times = new Float64Array(2);
  #apertures: Apertures | null = null;

  /** @param profiling - whether launches are timed. */
  constructor(owner: QueueOwner, profiling: boolean, events: HsaQueueEvents) {
    this.#owner = owner;
    this.#profiling = profiling;
    this.#events = events;
  }

  /** Null: none is there now. */
  get current(): Queue | null {
    return this.#queue;
  }
  /** Start and end of the last launch that blocked its thread. */
  get times(): Float64Array {
    return this.#times;
  }
  /** Where flat instructions find LDS and scratch: the runtime notes it in the queue. */
  get apertures(): Apertures {
    this.#apertures ??= aperturesOf(this.#owner.runtime, this.open().address);
    return this.#apertures;
  }

  open(): Queue {
    if (this.#queue !== null) return this.#queue;
    const { runtime, agent } = this.#owner;
    const queue: Queue = runtime.createQueue(agent, {
      size: Math.min(RING, agent.facts.queueMaxSize),
      profiling: this.#profiling,
      onComplete: (count, times) => {
        if (this.#queue === queue) this.#events.onComplete(count, times);
      },
      onError: (status) => {
        if (this.#queue === queue) this.#events.onError(status);
      },
    });
    this.#queue = queue;
    this.#times = new Float64Array(queue.native.times);
    return queue;
  }

  /** The queue is the caller's, to dispose of; null where there is none. */
  take(): Queue | null {
    const queue = this.#queue;
    this.#queue = null;
    this.#apertures = null;
    return queue;
  }
}
