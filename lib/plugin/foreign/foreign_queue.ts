/**
 * A queue of a C plugin's (`struct goacc_asyncqueue`), whose launches and copies its own thread executes. What JavaScript does in its turn
 * never stands in the plugin's queue: that has 64 places, blocks whoever puts something into a full one, and would wait for the thread that
 * is blocked.
 *
 * Source: plugin-gcn.c (queue_push_…, drain_queue) of GCC 12.
 *
 * @packageDocumentation
 */
import type { AsyncQueue } from "../plugin.js";
import { QueueOrder } from "../queue_order.js";
import type { ForeignCalls } from "./foreign_calls.js";

/** So many launches, copies and marks go to the plugin at once: each takes up to three places. */
const MOST_AT_ONCE = 16;

export class ForeignQueue implements AsyncQueue {
  /** Nothing more comes into it. */
  closing = false;
  readonly #calls: ForeignCalls;
  readonly #order = new QueueOrder();
  /** When those have passed who wait for a mark here: it lies in a place of this queue, which is not to be used again before. */
  readonly #marks = new Set<Promise<void>>();
  #atOnce = 0;

  constructor(
    calls: ForeignCalls,
    readonly device: number,
    /** The native queue's number. */
    readonly id: number,
  ) {
    this.#calls = calls;
  }

  get empty(): boolean {
    return this.#order.empty;
  }

  /** @param send - puts one thing into the plugin's queue; resolves when that is over. */
  send(send: () => Promise<void>): Promise<void> {
    this.#makeRoom();
    return this.#order.device(send);
  }
  /** Work of the host, in its turn: never before this call has returned. */
  host(work: () => void | Promise<void>): Promise<void> {
    return this.#order.host(work);
  }
  synchronize(): Promise<void> {
    return this.#order.synchronize();
  }

  /** What comes into this queue from now on waits for what is in the other now. */
  waitFor(other: ForeignQueue): void {
    if (other === this || other.#order.empty) return;
    this.#makeRoom();
    other.#makeRoom();
    if (this.#order.holds || other.#order.holds) {
      const before = other.#order.over;
      void this.host(() => before);
      return;
    }
    const passed = this.#order.device(async () =>
      this.#calls.call((native) => native.queueSerialize(other.id, this.id)),
    );
    other.#marks.add(passed);
    const forget = (): void => {
      other.#marks.delete(passed);
    };
    passed.then(forget, forget);
  }

  /** Holds back what comes until there are places. */
  #makeRoom(): void {
    if (++this.#atOnce <= MOST_AT_ONCE) return;
    this.#atOnce = 1;
    const passed = [...this.#marks];
    void this.host(() => Promise.allSettled(passed).then(() => {}));
  }
}
