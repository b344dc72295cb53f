/**
 * OpenACC's compute constructs: items are mapped, the function is launched with their table, and they are unmapped; at once, or in a
 * queue.
 *
 * In a queue, the table of the device's memory changes at the call, as in libgomp: what the construct maps is there for the constructs
 * behind it, and gone for them if nobody else holds it. The copies, the launch, and freeing the memory have their turns; what a launch
 * uses stays allocated until it is over, also where libgomp lets it go.
 *
 * Source: oacc-parallel.c (GOACC_parallel_keyed) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import type { AsyncQueue, OpenaccDimensions, TargetFunction } from "../plugin/index.js";
import type { MapItem } from "../target/map_item.js";
import { mapped, mustRun, openaccRegion } from "../target/target.js";
import type { TargetDevice } from "../target/target_device.js";
import { unmapVars } from "../target/unmap_vars.js";
import { quiet } from "./async_queues.js";
import { mustMap } from "./kinds.js";
import { keepAll, QueueCopier } from "./queue_copier.js";

/** Blocks until the construct is over. @throws OffloadError as `mapVars`, and the launch's own. */
export function parallel(
  device: TargetDevice,
  fn: TargetFunction,
  items: readonly MapItem[],
  dimensions: OpenaccDimensions,
): void {
  mustMap("a compute construct", items);
  openaccRegion(device, fn, items, dimensions);
}

/**
 * Resolves when the construct is over and its results are copied back. Where the launch fails nothing is copied back, and the queue goes
 * on with what comes behind.
 *
 * @throws OffloadError as `mapVars`: nothing has been mapped, and nothing is in the queue.
 */
export function parallelAsync(
  device: TargetDevice,
  fn: TargetFunction,
  items: readonly MapItem[],
  dimensions: OpenaccDimensions,
  queue: AsyncQueue,
): Promise<void> {
  mustRun(device, fn);
  mustMap("a compute construct", items);
  const { plugin } = device;
  const session = device.takeSession();
  const copier = new QueueCopier(device, queue);
  const mapping = mapped(device, session, items, 0, copier);
  copier.send();
  const launch = plugin.openaccAsyncExec(session, fn, dimensions, queue).finally(() => {
    // It was refused before its run.
    if (session.state !== "idle") plugin.sessionAbandon(session);
    device.giveSession(session);
  });
  copier.launched(quiet(launch));
  keepAll(copier, mapping);
  let failure: { readonly error: unknown } | null = null;
  try {
    unmapVars(device, mapping, true, copier);
  } catch (error) {
    failure = { error };
  }
  const over = copier.finish();
  if (failure === null) return over;
  const { error } = failure;
  return over.then(() => {
    throw error;
  });
}
