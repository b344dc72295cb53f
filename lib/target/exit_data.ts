/**
 * `target exit data`: pointers are detached, references given back, and what nobody holds any more is copied back where it was to be, and
 * goes.
 *
 * Source: target.c (gomp_exit_data) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import { aroundAttached, detach, mustBeAttached } from "./attach.js";
import { bytesAt, POINTER_BYTES } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import { kindName, kindOf, MAP } from "./map_kind.js";
import type { MappedRange, RefCount } from "./mapped_range.js";
import type { MemoryTable } from "./memory_table.js";
import { RELEASED, release } from "./reference.js";
import type { TargetDevice } from "./target_device.js";

const EXITS: ReadonlySet<number> = new Set([
  MAP.FROM,
  MAP.ALWAYS_FROM,
  MAP.DELETE,
  MAP.RELEASE,
  MAP.ZERO_LEN_ARRAY_SECTION,
  MAP.DELETE_ZERO_LEN_ARRAY_SECTION,
  MAP.DETACH,
  MAP.FORCE_DETACH,
]);

/** Kinds that `exit data` takes; other ones libgomp ends the process for. */
export const isExitKind = (kind: number): boolean => EXITS.has(kind);

const isDetach = (kind: number): boolean => kind === MAP.DETACH || kind === MAP.FORCE_DETACH;
const releasesAll = (kind: number): boolean => kind === MAP.DELETE || kind === MAP.DELETE_ZERO_LEN_ARRAY_SECTION;

/**
 * What is not mapped is passed over.
 *
 * @throws OffloadError `ERR_OFFLOAD_MAP_KIND`, `ERR_OFFLOAD_ATTACH`, `ERR_OFFLOAD_OVERLAP`: nothing has been done then. What copying back
 *   failed with, the first of several: everything has been unmapped all the same.
 */
export function targetExitData(device: TargetDevice, items: readonly MapItem[]): void {
  if (device.sharesMemory) return;
  const { table } = device;
  const wrong = items.find(({ kind }) => !isExitKind(kindOf(kind)));
  if (wrong !== undefined) {
    throw new OffloadError(
      "ERR_OFFLOAD_MAP_KIND",
      `target exit data does not take items of kind ${kindName(kindOf(wrong.kind))}`,
    );
  }
  mustHoldCopies(table, items);
  detachAll(device, items);
  const serial = device.nextSerial();
  const leaving: MappedRange[] = [];
  let failure: { readonly error: unknown } | null = null;
  for (const item of items) {
    const range = rangeOf(table, item);
    if (range === null || range.isLink) continue;
    const kind = kindOf(item.kind);
    const then = release(range, serial, releasesAll(kind));
    if (then === RELEASED.REMOVE) {
      range.deleted = releasesAll(kind);
      leaving.push(range);
    }
    if ((kind !== MAP.FROM || then === RELEASED.KEPT) && kind !== MAP.ALWAYS_FROM) continue;
    try {
      copyBack(device, range, item.address, item.address + item.size);
    } catch (error) {
      failure ??= { error };
    }
  }
  for (const range of leaving) device.removeRange(range);
  if (failure !== null) throw failure.error;
}

/** What an item is about; null where nothing is mapped, and for pointers to be detached. */
function rangeOf(table: MemoryTable, { kind: raw, address, size }: MapItem): MappedRange | null {
  const kind = kindOf(raw);
  if (isDetach(kind)) return null;
  const zeroLength = kind === MAP.ZERO_LEN_ARRAY_SECTION || kind === MAP.DELETE_ZERO_LEN_ARRAY_SECTION;
  return zeroLength ? table.lookupZeroLength(address, address + size) : table.find(address, address + size);
}

/** What is copied back must be mapped altogether: libgomp reads beyond the device's copy otherwise. */
function mustHoldCopies(table: MemoryTable, items: readonly MapItem[]): void {
  const remaining = new Map<RefCount, number>();
  for (const item of items) {
    const range = rangeOf(table, item);
    if (range === null) continue;
    const kind = kindOf(item.kind);
    const { count } = range;
    const left = remaining.get(count) ?? (releasesAll(kind) ? 0 : Math.max(0, count.value - 1));
    remaining.set(count, left);
    const end = item.address + item.size;
    if (!(kind === MAP.ALWAYS_FROM || (kind === MAP.FROM && left === 0)) || range.holds(item.address, end)) continue;
    throw new OffloadError(
      "ERR_OFFLOAD_OVERLAP",
      `[${hex(item.address)}, ${hex(end)}) is to be copied back while only [${hex(range.start)}, ${hex(range.end)}) is mapped`,
    );
  }
}

/** All of them, or none. */
function detachAll(device: TargetDevice, items: readonly MapItem[]): void {
  const pointers = [];
  for (const { kind: raw, address } of items) {
    const kind = kindOf(raw);
    const range = isDetach(kind) ? device.table.find(address, address + POINTER_BYTES) : null;
    if (range !== null) pointers.push({ range, slot: address, all: kind === MAP.FORCE_DETACH });
  }
  mustBeAttached(pointers);
  for (const { range, slot, all } of pointers) detach(device, range, slot, all);
}

function copyBack(device: TargetDevice, range: MappedRange, start: number, end: number): void {
  const { owner } = range;
  if (owner === null) return;
  aroundAttached(range, start, end, (from, to) => {
    device.copyFrom(bytesAt(owner, from, to - from), range.deviceAddress(from));
  });
}
