/**
 * Data constructs: enter and exit data, structured data regions.
 *
 * Source: target.c (GOMP_target_enter_exit_data, gomp_exit_data, GOMP_target_data_ext) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import { aroundAttached, detach, mustBeAttached } from "./attach.js";
import { bytesAt, POINTER_BYTES } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import { isAttach, isPointer, isStruct, kindName, kindOf, MAP } from "./map_kind.js";
import { mapVars, unmapRefused } from "./map_vars.js";
import type { MappedRange } from "./mapped_range.js";
import type { Mapping } from "./mapping.js";
import { RELEASED, release } from "./reference.js";
import type { TargetDevice } from "./target_device.js";
import { unmapVars } from "./unmap_vars.js";

/** Items that are mapped together: the others by themselves, so that each can go by itself. */
function groups(items: readonly MapItem[]): MapItem[][] {
  const all: MapItem[][] = [];
  for (let i = 0; i < items.length; ) {
    const { kind: raw, size } = items[i] as MapItem;
    const kind = kindOf(raw);
    let count = 1;
    if (isStruct(kind)) count = size + 1;
    else if (kind === MAP.TO_PSET) while (isPointerItem(items[i + count])) count++;
    else {
      const next = items[i + 1];
      if (next !== undefined && isAttach(kindOf(next.kind))) count = 2;
    }
    all.push(items.slice(i, i + count));
    i += count;
  }
  return all;
}

function isPointerItem(item: MapItem | undefined): boolean {
  if (item === undefined) return false;
  const kind = kindOf(item.kind);
  return isPointer(kind) || kind === MAP.ALWAYS_POINTER;
}

/** `target enter data`. @throws OffloadError as `mapVars`; nothing has been mapped then. */
export function targetEnterData(device: TargetDevice, items: readonly MapItem[]): void {
  if (device.sharesMemory) return;
  const serial = device.nextSerial();
  const done: { readonly group: MapItem[]; readonly mapping: Mapping }[] = [];
  try {
    for (const group of groups(items)) done.push({ group, mapping: mapVars(device, group, "enter", serial) });
  } catch (error) {
    for (const { group, mapping } of done.reverse()) unmapRefused(device, group, mapping);
    throw error;
  }
  for (const { mapping } of done) device.giveMapping(mapping);
}

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

/**
 * `target exit data`: what is not mapped is passed over.
 *
 * @throws OffloadError `ERR_OFFLOAD_MAP_KIND`, `ERR_OFFLOAD_ATTACH`, `ERR_OFFLOAD_OVERLAP`: nothing has been done then. What copying back
 *   failed with, the first of several: everything has been unmapped all the same.
 */
export function targetExitData(device: TargetDevice, items: readonly MapItem[]): void {
  if (device.sharesMemory) return;
  const { table } = device;
  const wrong = items.find(({ kind }) => !EXITS.has(kindOf(kind)));
  if (wrong !== undefined) {
    throw new OffloadError(
      "ERR_OFFLOAD_MAP_KIND",
      `target exit data does not take items of kind ${kindName(kindOf(wrong.kind))}`,
    );
  }
  for (const item of items) mustHoldWhatIsCopied(device, item);
  detachAll(device, items);
  const serial = device.nextSerial();
  const leaving: MappedRange[] = [];
  let failure: { readonly error: unknown } | null = null;
  for (const { kind: raw, address, size } of items) {
    const kind = kindOf(raw);
    if (isDetach(kind)) continue;
    const zeroLength = kind === MAP.ZERO_LEN_ARRAY_SECTION || kind === MAP.DELETE_ZERO_LEN_ARRAY_SECTION;
    const range = zeroLength ? table.lookupZeroLength(address, address + size) : table.find(address, address + size);
    if (range === null || range.isLink) continue;
    const all = kind === MAP.DELETE || kind === MAP.DELETE_ZERO_LEN_ARRAY_SECTION;
    const then = release(range, serial, all);
    if (then === RELEASED.REMOVE) {
      range.deleted = all;
      leaving.push(range);
    }
    if ((kind !== MAP.FROM || then === RELEASED.KEPT) && kind !== MAP.ALWAYS_FROM) continue;
    try {
      copyBack(device, range, address, address + size);
    } catch (error) {
      failure ??= { error };
    }
  }
  for (const range of leaving) device.removeRange(range);
  if (failure !== null) throw failure.error;
}

const isDetach = (kind: number): boolean => kind === MAP.DETACH || kind === MAP.FORCE_DETACH;

/** Memory of which only a part is there is released by the last reference, and not copied. */
function mustHoldWhatIsCopied({ table }: TargetDevice, { kind: raw, address, size }: MapItem): void {
  const kind = kindOf(raw);
  if (kind !== MAP.FROM && kind !== MAP.ALWAYS_FROM) return;
  const range = table.find(address, address + size);
  if (range === null || range.holds(address, address + size)) return;
  if (kind === MAP.FROM && range.count.value !== 1) return;
  throw new OffloadError(
    "ERR_OFFLOAD_OVERLAP",
    `${kindName(kind)} of [${hex(address)}, ${hex(address + size)}) while only [${hex(range.start)}, ${hex(range.end)}) is mapped`,
  );
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

/** A `target data` region: what it maps is there until its end. */
export class DataRegion implements Disposable, AsyncDisposable {
  readonly #device: TargetDevice;
  #mapping: Mapping | null;
  /** What each item is on the device, in their order; of use_device_ptr the pointer to use. */
  readonly addresses: readonly number[];

  constructor(device: TargetDevice, mapping: Mapping | null, addresses: readonly number[]) {
    this.#device = device;
    this.#mapping = mapping;
    this.addresses = addresses;
  }

  get ended(): boolean {
    return this.#mapping === null;
  }

  /** Copies back and unmaps. @throws OffloadError `ERR_OFFLOAD_DISPOSED` the second time. */
  end(): void {
    if (this.#mapping === null) {
      throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the data region has ended already");
    }
    const mapping = this.#mapping;
    this.#mapping = null;
    unmapVars(this.#device, mapping);
  }
  [Symbol.dispose](): void {
    if (this.#mapping !== null) this.end();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }
}

/** `target data`: regions may end in any order. @throws OffloadError as `mapVars` */
export function targetData(device: TargetDevice, items: readonly MapItem[]): DataRegion {
  const mapping = mapVars(device, device.sharesMemory ? [] : items, "data", device.nextSerial());
  const addresses = items.map((item, i) => (device.sharesMemory ? item.address : mapping.value(items, i)));
  return new DataRegion(device, mapping, addresses);
}
