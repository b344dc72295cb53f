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
import { DataRegion } from "../target/data.js";
import type { MapItem } from "../target/map_item.js";
import { mapVars } from "../target/map_vars.js";
import { mapped, mustRun } from "../target/target.js";
import type { TargetDevice } from "../target/target_device.js";
import { unmapVars } from "../target/unmap_vars.js";
import { quiet } from "./async_queues.js";
import { QueueCopier } from "./queue_copier.js";

export { openaccRegion as parallel } from "../target/target.js";

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
  for (let i = 0; i < mapping.count; i++) {
    const { range } = mapping.item(i);
    if (range !== null) copier.keep(range);
  }
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

/**
 * `data`, and `host_data`, whose items are of kinds USE_DEVICE_PTR: until the region's end. Its items count each for itself.
 *
 * @throws OffloadError as `mapVars`
 */
export function data(device: TargetDevice, items: readonly MapItem[]): DataRegion {
  const mapping = mapVars(device, device.sharesMemory ? [] : items, "data", 0);
  const addresses = items.map((item, i) => (device.sharesMemory ? item.address : mapping.value(items, i)));
  return new DataRegion(device, mapping, addresses);
}
