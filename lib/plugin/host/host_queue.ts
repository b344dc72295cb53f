/**
 * A queue of host work: what is put into one runs in order, each in a turn of its own of the event loop, so that a launch into a queue
 * never runs before the call that put it there has returned.
 *
 * @packageDocumentation
 */
import type { AsyncQueue } from "../plugin.js";
import { QueueOrder } from "../queue_order.js";

export class HostQueue implements AsyncQueue {
  readonly device = 0;
  readonly #order = new QueueOrder();

  get empty(): boolean {
    return this.#order.empty;
  }

  /** Resolves when the work is done; rejects with what it throws. What comes after it runs in either case. */
  push(work: () => void | Promise<void>): Promise<void> {
    return this.#order.host(() => nextTurn().then(work));
  }

  /** When all that is in the queue now is over; rejects once with the first error since the last time. */
  synchronize(): Promise<void> {
    return this.#order.synchronize();
  }

  /** When all that is in the queue now is over, whatever came of it. */
  settled(): Promise<void> {
    return this.#order.over;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
