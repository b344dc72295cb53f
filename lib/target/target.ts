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
import type { TargetDevice } from "./target_device.js";
import { unmapVars } from "./unmap_vars.js";

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
  items: readonly MapItem[],
  serial: number,
  start: Start<Promise<void>>,
): Promise<void> {
  const session = device.takeSession();
  const mapping = mapped(device, session, items, serial);
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
  if (!device.sharesMemory) {
    const table = device.presentTable(fn);
    if (table.fill(device.table, device.missingIsNull, items)) {
      launchPresent(device, fn, table.words, items.length, attributes);
      return;
    }
  }
  region(device, items, device.nextSerial(), (session) => device.plugin.run(session, fn, attributes));
}

/** Of a region that maps nothing, copies nothing, and so takes no references. */
function launchPresent(
  device: TargetDevice,
  fn: TargetFunction,
  words: Uint32Array,
  count: number,
  attributes: LaunchAttributes,
): void {
  const { plugin } = device;
  const session = device.takeSession();
  let block: DeviceBlock | null = null;
  device.hold();
  try {
    plugin.sessionStart(session, device.number);
    const table = count === 0 ? null : (plugin.sessionAllocateTargetVarTable?.(session, count) ?? null);
    if (table !== null) {
      copyWords(table.words, words, 2 * count);
    } else if (count === 0) {
      plugin.sessionSetTargetVarTable(session, null);
    } else {
      block = device.allocate(8 * count, TABLE_ALIGNMENT);
      device.copyTo(block.start, new Uint8Array(words.buffer, 0, 8 * count));
      plugin.sessionSetTargetVarTable(session, block.start);
    }
    plugin.run(session, fn, attributes);
  } finally {
    if (session.state !== "idle") plugin.sessionAbandon(session);
    device.giveSession(session);
    if (block !== null) device.releaseBlock(block);
    device.letGo();
  }
}

/** A view costs more than a few stores. */
const FEW_WORDS = 64;

function copyWords(to: Uint32Array, from: Uint32Array, count: number): void {
  if (count > FEW_WORDS) to.set(from.subarray(0, count));
  else for (let i = 0; i < count; i++) to[i] = from[i] as number;
}

/** `target nowait`, without dependences: the items are mapped now, and unmapped when the promise resolves. */
export async function targetNowait(
  device: TargetDevice,
  fn: TargetFunction,
  items: readonly MapItem[],
  attributes: LaunchAttributes = {},
): Promise<void> {
  mustRun(device, fn);
  await regionAsync(device, items, device.nextSerial(), (session) => device.plugin.asyncRun(session, fn, attributes));
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
