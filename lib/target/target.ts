/**
 * Target regions: the construct's items are mapped, its function is launched with their table, and they are unmapped.
 *
 * Source: target.c (GOMP_target_ext) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { LaunchAttributes, OpenaccDimensions, Session, TargetFunction } from "../plugin/index.js";
import type { MapItem } from "./map_item.js";
import { mapVars } from "./map_vars.js";
import type { Mapping } from "./mapping.js";
import type { TargetDevice } from "./target_device.js";
import { unmapVars } from "./unmap_vars.js";

/** What starts a mapped region's function. */
export type Start<T> = (session: Session) => T;

function mapped(device: TargetDevice, session: Session, items: readonly MapItem[], serial: number): Mapping {
  device.plugin.sessionStart(session, device.number);
  try {
    if (device.sharesMemory) {
      device.plugin.sessionSetTargetVarTable(
        session,
        items.map((item) => item.value ?? item.address),
      );
      return device.takeMapping(0, serial);
    }
    return mapVars(device, items, "target", serial, session);
  } catch (error) {
    device.plugin.sessionAbandon(session);
    device.giveSession(session);
    throw error;
  }
}

/** Where a region fails, nothing is copied back: its memory is nobody's result. */
function region<T>(device: TargetDevice, items: readonly MapItem[], serial: number, start: Start<T>): T {
  const session = device.takeSession();
  const mapping = mapped(device, session, items, serial);
  let result: T;
  try {
    result = start(session);
  } catch (error) {
    device.giveSession(session);
    endRefused(device, mapping);
    throw error;
  }
  device.giveSession(session);
  unmapVars(device, mapping);
  return result;
}

async function regionAsync(
  device: TargetDevice,
  items: readonly MapItem[],
  serial: number,
  start: Start<Promise<void>>,
): Promise<void> {
  const session = device.takeSession();
  const mapping = mapped(device, session, items, serial);
  try {
    await start(session);
  } catch (error) {
    device.giveSession(session);
    endRefused(device, mapping);
    throw error;
  }
  device.giveSession(session);
  unmapVars(device, mapping);
}

/** The region's own error is the one to tell. */
function endRefused(device: TargetDevice, mapping: Mapping): void {
  try {
    unmapVars(device, mapping, false);
  } catch {}
}

/** `target`: blocks until the region is over. @throws OffloadError as `mapVars`, and the launch's own. */
export function target(
  device: TargetDevice,
  fn: TargetFunction,
  items: readonly MapItem[],
  attributes: LaunchAttributes = {},
): void {
  mustRun(device, fn);
  region(device, items, device.nextSerial(), (session) => device.plugin.run(session, fn, attributes));
}

/** `target nowait`, without dependences: the items are mapped now, and unmapped when the promise resolves. */
export function targetNowait(
  device: TargetDevice,
  fn: TargetFunction,
  items: readonly MapItem[],
  attributes: LaunchAttributes = {},
): Promise<void> {
  mustRun(device, fn);
  return regionAsync(device, items, device.nextSerial(), (session) => device.plugin.asyncRun(session, fn, attributes));
}

/** OpenACC's compute constructs: every item counts. */
export function openaccRegion(
  device: TargetDevice,
  fn: TargetFunction,
  items: readonly MapItem[],
  dimensions: OpenaccDimensions,
): void {
  mustRun(device, fn);
  region(device, items, 0, (session) => device.plugin.openaccExec(session, fn, dimensions));
}

function mustRun(device: TargetDevice, fn: TargetFunction): void {
  if (device.plugin.canRun(fn)) return;
  throw new OffloadError(
    "ERR_OFFLOAD_UNKNOWN_KERNEL",
    `function ${fn.name} cannot run on device ${device.number} of the ${device.plugin.name} plugin`,
  );
}
