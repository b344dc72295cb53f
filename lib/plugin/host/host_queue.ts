/**
 * A queue of host work: what is put into one runs in order, each in a turn of its own of the event loop, so that a launch into a queue
 * never runs before the call that put it there has returned.
 *
 * @packageDocumentation
 */
import type { AsyncQueue } from "../plugin.js";

export class HostQueue implements AsyncQueue {
  readonly device = 0;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #failure: { readonly error: unknown } | undefined;

  get empty(): boolean {
    return this.#waiting === 0;
  }

  /** Resolves when the work is done; rejects with what it throws. What comes after it runs in either case. */
  push(work: () => void | Promise<void>): Promise<void> {
    this.#waiting++;
    const done = this.#tail.then(nextTurn).then(work);
    this.#tail = done.then(
      () => {
        this.#waiting--;
      },
      (error: unknown) => {
        this.#waiting--;
        this.#failure ??= { error };
      },
    );
    return done;
  }

  /** When all that is in the queue now is over; rejects once with the first error since the last time. */
  async synchronize(): Promise<void> {
    await this.#tail;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** When all that is in the queue now is over, whatever came of it. */
  settled(): Promise<void> {
    return this.#tail;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
