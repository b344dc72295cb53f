/** A construct's async and wait clauses, and where its copies go by them. */
import type { AsyncQueue } from "../plugin/index.js";
import type { Copier } from "../target/copier.js";
import type { TargetDevice } from "../target/target_device.js";
import { ASYNC, type AsyncQueues, quiet, waitList } from "./async_queues.js";
import { QueueCopier } from "./queue_copier.js";

export interface AsyncOptions {
  /** The queue that does it, in its turn; `ASYNC.NOVAL` for an async clause without a number: `AsyncQueues.defaultAsync`. By default nothing waits: `ASYNC.SYNC`. */
  readonly async?: number;
  /** Queues whose work has to be over first; `ASYNC.NOVAL` for all of them. */
  readonly wait?: number | readonly number[];
}
export const ASYNC_OPTIONS = ["async", "wait"] as const;

/** What fails at once is the promise's, too. */
export function promised(work: () => Promise<void>): Promise<void> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Runs a construct's work when it may: at once, unless it is synchronous and has to wait. `inQueue` answers when it is over.
 *
 * What is refused is told by the promise alone; what fails in a queue may be ignored there, for the queue's next wait tells it.
 */
export function scheduled(
  queues: AsyncQueues,
  { async = ASYNC.SYNC, wait = [] }: AsyncOptions,
  now: () => void,
  inQueue: (queue: AsyncQueue) => Promise<void>,
): Promise<void> {
  return promised(() => {
    const waits = waitList(wait);
    // Before anything is done.
    for (const each of waits) queues.check(each);
    const queue = queues.get(async);
    if (queue === null) {
      if (waits.length > 0) return queues.waitFor(waits).then(now);
      now();
      return Promise.resolve();
    }
    const waiting = waits.length === 0 ? null : quiet(queues.waitFor(waits, async));
    const over = quiet(inQueue(queue));
    // It has been done already, or is refused.
    return waiting === null ? over : quiet(waiting.then(() => over));
  });
}

/** Copies in the queue's turns, or at once where there is none. What is refused is thrown. */
export function copyInQueue(
  device: TargetDevice,
  queue: AsyncQueue | null,
  work: (copier: Copier) => void,
): Promise<void> {
  if (queue === null) {
    work(device);
    return Promise.resolve();
  }
  const copier = new QueueCopier(device, queue);
  try {
    work(copier);
  } catch (error) {
    // Where it was not refused, but failed on the way, the rest is done all the same.
    if (!copier.idle) quiet(copier.finish());
    throw error;
  }
  return quiet(copier.finish());
}

/** A construct whose only asynchronous part is copies. */
export const copying = (
  device: TargetDevice,
  queues: AsyncQueues,
  options: AsyncOptions,
  work: (copier: Copier) => void,
): Promise<void> =>
  scheduled(
    queues,
    options,
    () => work(device),
    (queue) => copyInQueue(device, queue, work),
  );
