/**
 * A queue of a C plugin's (`struct goacc_asyncqueue`), whose launches and copies its own thread executes. What JavaScript does in its turn
 * never stands in the plugin's queue: that has 64 places, blocks whoever puts something into a full one, and would wait for the thread that
 * is blocked.
 *
 * Source: plugin-gcn.c (queue_push_…, drain_queue) of GCC 12.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import type { AsyncQueue } from "../plugin.js";
import { newestNumber, QueueOrder } from "../queue_order.js";
import type { ForeignLaunches } from "./foreign_launches.js";

/** So many launches, copies and marks go to the plugin at once: each takes up to three places. */
const MOST_AT_ONCE = 16;

export class ForeignQueue implements AsyncQueue {
  /** Nothing more comes into it. */
  closing = false;
  /** Its device has ended. */
  ended = false;
  readonly #launches: ForeignLaunches;
  readonly #order = new QueueOrder();
  /**
   * When those have passed who wait for a mark here: it lies in a place of this queue, which is not to be used again before. And their
   * queues.
   */
  readonly #marks = new Map<Promise<void>, ForeignQueue>();
  #atOnce = 0;

  constructor(
    launches: ForeignLaunches,
    readonly device: number,
    /** The native queue's number. */
    readonly id: number,
  ) {
    this.#launches = launches;
  }

  get empty(): boolean {
    return this.#order.empty;
  }

  /** @param send - puts one thing into the plugin's queue; resolves when that is over. */
  send(send: () => Promise<void>): Promise<void> {
    this.#makeRoom();
    return this.#order.device(async () => {
      this.mustBeThere();
      await send();
    });
  }
  /** Work of the host, in its turn: never before this call has returned. `finish` as in `QueueOrder.host`. */
  host(work: () => void | Promise<void>, finish?: () => boolean): Promise<void> {
    return this.#order.host(work, finish);
  }
  /** @throws OffloadError `ERR_OFFLOAD_DISPOSED`, for what comes to its turn too late. */
  mustBeThere(): void {
    if (!this.ended) return;
    throw new OffloadError(
      "ERR_OFFLOAD_DISPOSED",
      `device ${this.device} has ended before this had its turn in its queue`,
    );
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
      const [before, newest] = [other.#order.over, newestNumber()];
      void this.host(
        () => before,
        () => other.finish(newest),
      );
      return;
    }
    const passed = this.#order.device(async () =>
      this.#launches.calls.call((native) => native.queueSerialize(other.id, this.id)),
    );
    other.#marks.set(passed, this);
    const forget = (): void => {
      other.#marks.delete(passed);
    };
    passed.then(forget, forget);
  }

  /**
   * Blocks until what is in it is over, up to what came with a later number; false: JavaScript's own work comes first.
   * @throws OffloadError `ERR_OFFLOAD_PLUGIN` where the device is lost meanwhile
   */
  finish(last = Number.POSITIVE_INFINITY): boolean {
    for (let turn = this.#order.turn; turn !== null && turn <= last; turn = this.#order.turn) {
      this.#drain();
      if (!this.#order.finishTurn()) return false;
    }
    this.#drain();
    return true;
  }
  #drain(): void {
    this.#launches.settle(this.device, (native, limit) => native.queueWait(this.id, limit));
  }

  /** Holds back what comes until there are places. */
  #makeRoom(): void {
    if (++this.#atOnce <= MOST_AT_ONCE) return;
    this.#atOnce = 1;
    const marks = new Map(this.#marks);
    void this.host(
      () => Promise.allSettled(marks.keys()).then(() => {}),
      () => {
        for (const waiting of new Set(marks.values())) waiting.#drain();
        return true;
      },
    );
  }
}
