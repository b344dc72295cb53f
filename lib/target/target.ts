/**
 * Target regions: the construct's items are mapped, its function is launched with their table, and they are unmapped.
 *
 * Source: target.c (GOMP_target_ext) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { LaunchAttributes, OpenaccDimensions, Session, TargetFunction } from "../plugin/index.js";
import type { Copier } from "./copier.js";
import { TABLE_ALIGNMENT } from "./lay_out.js";
import type { MapItem } from "./map_item.js";
import { mapVars } from "./map_vars.js";
import type { DeviceBlock } from "./mapped_range.js";
import type { Mapping } from "./mapping.js";
import type { PresentTable } from "./present_table.js";
import type { TargetDevice } from "./target_device.js";
import { unmapVars } from "./unmap_vars.js";

/** Bytes of a table's word. */
const WORD = 8;

/** What starts a mapped region's function. */
export type Start<T> = (session: Session) => T;

/** Starts the session and maps the region's items for it. Where that is refused the session has been given back. */
export function mapped(
  device: TargetDevice,
  session: Session,
  items: readonly MapItem[],
  serial: number,
  copier: Copier = device,
): Mapping {
  device.plugin.sessionStart(session, device.number);
  try {
    if (device.sharesMemory) {
      device.plugin.sessionSetTargetVarTable(
        session,
        items.map((item) => item.value ?? item.address),
      );
      return device.takeMapping(0, serial);
    }
    return mapVars(device, items, "target", serial, session, copier);
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
    giveBack(device, session);
    endRefused(device, mapping);
    throw error;
  }
  device.giveSession(session);
  unmapVars(device, mapping);
  return result;
}

async function regionAsync(
  device: TargetDevice,
  session: Session,
  mapping: Mapping,
  start: Start<Promise<void>>,
): Promise<void> {
  device.depart();
  try {
    await start(session);
  } catch (error) {
    giveBack(device, session);
    endRefused(device, mapping);
    throw error;
  } finally {
    device.arrive();
  }
  device.giveSession(session);
  unmapVars(device, mapping);
}

/** A launch that was refused has not used its session up. */
function giveBack(device: TargetDevice, session: Session): void {
  if (session.state !== "idle") device.plugin.sessionAbandon(session);
  device.giveSession(session);
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
  const table = presentTable(device, fn, items);
  if (table !== null) launchPresent(device, fn, table, items, attributes);
  else region(device, items, device.nextSerial(), (session) => device.plugin.run(session, fn, attributes));
}

/** `target nowait`, without dependences: the items are mapped now, and unmapped when the promise resolves. */
export async function targetNowait(
  device: TargetDevice,
  fn: TargetFunction,
  items: readonly MapItem[],
  attributes: LaunchAttributes = {},
): Promise<void> {
  mustRun(device, fn);
  const session = device.takeSession();
  const table = presentTable(device, fn, items);
  const serial = device.nextSerial();
  const mapping = table !== null ? held(device, session, table, items, serial) : mapped(device, session, items, serial);
  await regionAsync(device, session, mapping, () => device.plugin.asyncRun(session, fn, attributes));
}

/** The region's table where everything is present; else null. */
function presentTable(device: TargetDevice, fn: TargetFunction, items: readonly MapItem[]): PresentTable | null {
  if (device.sharesMemory) return null;
  const table = device.presentTable(fn);
  return table.fill(device.table, device.missingIsNull, items) ? table : null;
}

/** Of a region that maps nothing, and so takes no references: nobody else runs until it is over. */
function launchPresent(
  device: TargetDevice,
  fn: TargetFunction,
  table: PresentTable,
  items: readonly MapItem[],
  attributes: LaunchAttributes,
): void {
  const session = device.takeSession();
  let block: DeviceBlock | null = null;
  device.hold();
  try {
    block = startPresent(device, session, table, items);
    device.plugin.run(session, fn, attributes);
  } finally {
    giveBack(device, session);
    if (block !== null) device.releaseBlock(block);
    device.letGo();
  }
}

/** As `mapped`, where all is present. */
function held(
  device: TargetDevice,
  session: Session,
  table: PresentTable,
  items: readonly MapItem[],
  serial: number,
): Mapping {
  const mapping = device.takeMapping(items.length, serial);
  table.hold(items, mapping);
  try {
    mapping.block = startPresent(device, session, table, items);
    return mapping;
  } catch (error) {
    giveBack(device, session);
    endRefused(device, mapping);
    throw error;
  }
}

/** Starts the session and gives it the table; answers the table's block where the session has none of its own. */
function startPresent(
  device: TargetDevice,
  session: Session,
  present: PresentTable,
  items: readonly MapItem[],
): DeviceBlock | null {
  const { plugin } = device;
  plugin.sessionStart(session, device.number);
  if (items.length === 0) {
    plugin.sessionSetTargetVarTable(session, null);
    return null;
  }
  const count = present.words;
  const table = plugin.sessionAllocateTargetVarTable?.(session, count) ?? null;
  if (table !== null) {
    present.write(items, table.words, table.address);
    return null;
  }
  const block = device.allocate(WORD * count, TABLE_ALIGNMENT);
  try {
    const words = new Uint32Array(2 * count);
    present.write(items, words, block.start);
    device.copyTo(block.start, new Uint8Array(words.buffer));
    plugin.sessionSetTargetVarTable(session, block.start);
  } catch (error) {
    device.releaseBlock(block);
    throw error;
  }
  return block;
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

/** @throws OffloadError `ERR_OFFLOAD_UNKNOWN_KERNEL` */
export function mustRun(device: TargetDevice, fn: TargetFunction): void {
  if (device.plugin.canRun(fn)) return;
  throw new OffloadError(
    "ERR_OFFLOAD_UNKNOWN_KERNEL",
    `function ${fn.name} cannot run on device ${device.number} of the ${device.plugin.name} plugin`,
  );
}
