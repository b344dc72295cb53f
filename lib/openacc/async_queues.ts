/**
 * The numbers of async clauses, and the plugin's queues behind them: a queue is made when its number is first used for work, and waiting
 * for one that has never been used is waiting for nothing.
 *
 * Waiting does not block the thread: it is a promise. What fails in a queue is told by the promise of the construct that failed, and by
 * the next wait for the queue.
 *
 * Source: oacc-async.c of GCC 12 to 17; OpenACC 3.0, 2.16.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { AsyncQueue } from "../plugin/index.js";
import type { TargetDevice } from "../target/target_device.js";
import { describe } from "../validate.js";

/** Arguments of async clauses that are no queue's number (openacc.h). */
export const ASYNC = {
  /** acc_async_sync: in no queue, at once. */
  SYNC: -2,
  /** acc_async_noval, an async clause without an argument: the default queue. In a wait clause: all queues. */
  NOVAL: -1,
} as const;

const DONE = Promise.resolve();

/** A promise whose rejection may be ignored: somebody else tells of it. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** The queues of a wait clause or directive. @throws OffloadError `ERR_OFFLOAD_QUEUE` */
export function waitList(wait: number | readonly number[]): readonly number[] {
  if (typeof wait === "number") return [wait];
  if (Array.isArray(wait)) return wait;
  throw new OffloadError("ERR_OFFLOAD_QUEUE", `queues are waited for by their numbers, not by ${describe(wait)}`);
}

export class AsyncQueues implements AsyncDisposable {
  readonly #device: TargetDevice;
  readonly #queues = new Map<number, AsyncQueue>();
  #default: number = ASYNC.NOVAL;
  #disposal: Promise<void> | null = null;

  constructor(device: TargetDevice) {
    this.#device = device;
  }

  /**
   * acc_get_default_async and acc_set_default_async: the queue of `ASYNC.NOVAL`. At first, and with `ASYNC.NOVAL`, one that no number has;
   * with `ASYNC.SYNC` there is none, and what an async clause without an argument says is done at once.
   *
   * @throws OffloadError `ERR_OFFLOAD_QUEUE` where it is set to what is no number of a queue; `ERR_OFFLOAD_DISPOSED`.
   */
  get defaultAsync(): number {
    return this.#default;
  }
  set defaultAsync(async: number) {
    this.check(async);
    this.#default = async;
  }

  /**
   * The queue for work of this number, made where it is the first; null for `ASYNC.SYNC`.
   *
   * @throws OffloadError `ERR_OFFLOAD_QUEUE` for what is no number of a queue; `ERR_OFFLOAD_DISPOSED`.
   */
  get(async: number): AsyncQueue | null {
    const known = this.#find(async);
    const own = this.#numberOf(async);
    if (known !== null || own === ASYNC.SYNC) return known;
    const { plugin, number } = this.#device;
    const made = plugin.asyncConstruct(number);
    this.#queues.set(own, made);
    return made;
  }
  #find(async: number): AsyncQueue | null {
    if (this.#disposal !== null)
      throw new OffloadError("ERR_OFFLOAD_DISPOSED", "OpenACC's queues were used after their disposal");
    if (!Number.isSafeInteger(async) || async < ASYNC.SYNC) {
      throw new OffloadError(
        "ERR_OFFLOAD_QUEUE",
        `${describe(async)} is no queue: numbers from 0 on are, ASYNC.NOVAL (${ASYNC.NOVAL}), and ASYNC.SYNC (${ASYNC.SYNC}) for none`,
      );
    }
    return this.#queues.get(this.#numberOf(async)) ?? null;
  }
  #numberOf(async: number): number {
    return async === ASYNC.NOVAL ? this.#default : async;
  }

  /** Throws where a number is no queue's, as `get` does; makes none. */
  check(async: number): void {
    this.#find(async);
  }

  /** acc_async_test: whether all that was put into the queue is over. */
  test(async: number): boolean {
    const queue = this.#find(async);
    return queue === null || this.#device.plugin.asyncTest(queue);
  }
  /** acc_async_test_all */
  testAll(): boolean {
    return [...this.#queues.values()].every((queue) => this.#device.plugin.asyncTest(queue));
  }

  /** acc_wait: until what is in the queue now is over. Rejects with the first error in it since the last wait. */
  wait(async: number): Promise<void> {
    return this.#promised(() => {
      const queue = this.#find(async);
      return queue === null ? DONE : this.#device.plugin.asyncSynchronize(queue);
    });
  }
  /** acc_wait_all: for each of the queues, also where one rejects. */
  async waitAll(): Promise<void> {
    const waits = [...this.#queues.values()].map((queue) => this.#device.plugin.asyncSynchronize(queue));
    await Promise.allSettled(waits);
    await Promise.all(waits);
  }
  /** acc_wait_async: what comes into `later` from now on waits for what is in `earlier` now. */
  waitAsync(earlier: number, later: number): Promise<void> {
    return this.#promised(() => {
      const before = this.#find(earlier);
      this.check(later);
      if (before === null) return DONE;
      const queue = this.get(later);
      if (queue === null) return this.wait(earlier);
      if (queue !== before) this.#device.plugin.asyncSerialize(before, queue);
      return DONE;
    });
  }
  /** acc_wait_all_async */
  waitAllAsync(later: number): Promise<void> {
    return this.#promised(() => {
      const queue = this.get(later);
      if (queue === null) return this.waitAll();
      for (const before of this.#queues.values()) {
        if (before !== queue) this.#device.plugin.asyncSerialize(before, queue);
      }
      return DONE;
    });
  }

  /**
   * The wait directive, and wait clauses: for these queues, and `ASYNC.NOVAL` for all. With `async`, that queue waits, and the promise is
   * resolved already.
   */
  async waitFor(waits: readonly number[], async: number = ASYNC.SYNC): Promise<void> {
    for (const each of waits) this.check(each);
    this.check(async);
    if (waits.includes(ASYNC.NOVAL)) await this.waitAllAsync(async);
    else await Promise.all(waits.map((each) => this.waitAsync(each, async)));
  }

  /** Waits for what is in the queues, however it ends, and gives them back. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }
  async #dispose(): Promise<void> {
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    await Promise.allSettled(queues.map((queue) => this.#device.plugin.asyncDestruct(queue)));
  }

  #promised(work: () => Promise<void>): Promise<void> {
    try {
      return work();
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
