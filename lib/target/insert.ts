/** Third step of mapping: new ranges are entered into the memory table, and what is to be on the device is copied there. */
import { hex, OffloadError } from "../errors.js";
import { attach, translated } from "./attach.js";
import { type Construct, cannotBeMapped, endOf, noMemory, span } from "./construct.js";
import { existing, existingMember, useDevicePointer } from "./existing.js";
import { bytesAt, POINTER_BYTES, pin, pointerBytes, readPointer } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import {
  copiesFrom,
  copiesTo,
  isAlwaysFrom,
  isAttach,
  isPointer,
  isStruct,
  kindOf,
  MAP,
  mustBePresent,
} from "./map_kind.js";
import { type DeviceBlock, MappedRange, RefCount } from "./mapped_range.js";
import { type MappedItem, VALUE } from "./mapping.js";
import { retain } from "./reference.js";

/** Kinds of which new ranges are made. */
const ENTERS: ReadonlySet<number> = new Set([
  MAP.ALLOC,
  MAP.TO,
  MAP.FROM,
  MAP.TOFROM,
  MAP.FORCE_ALLOC,
  MAP.FORCE_TO,
  MAP.FORCE_FROM,
  MAP.FORCE_TOFROM,
  MAP.ALWAYS_TO,
  MAP.ALWAYS_FROM,
  MAP.ALWAYS_TOFROM,
  MAP.POINTER,
  MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION,
  MAP.TO_PSET,
  MAP.FORCE_DEVICEPTR,
]);

export function insert(c: Construct): void {
  let struct: { readonly end: number; readonly count: RefCount; readonly members: MappedRange[] } | null = null;
  for (let p = 0; p < c.pending.length; p++) {
    const i = c.pending[p] as number;
    const item = c.item(i);
    const mapped = c.mapping.item(i);
    const kind = kindOf(item.kind);
    const pointers = c.descriptors.get(i);
    if (struct !== null && i > struct.end) struct = null;
    if (pointers !== undefined) {
      renewPointers(c, i, pointers);
    } else if (isStruct(kind)) {
      // An item before it may have mapped some of it.
      const found = c.device.table.find(...c.extent(i));
      if (found === null) {
        struct = { end: i + item.size, count: new RefCount(0), members: [] };
      } else {
        for (let member = i + 1; member <= i + item.size; member++) existingMember(c, member, found, i);
        p += item.size;
      }
    } else if (kind === MAP.FIRSTPRIVATE) {
      copyPrivate(c, item, mapped);
    } else if (kind === MAP.USE_DEVICE_PTR || kind === MAP.USE_DEVICE_PTR_IF_PRESENT) {
      useDevicePointer(c, item, mapped, kind);
    } else if (kind === MAP.ALWAYS_POINTER) {
      alwaysPointer(c, i, item);
    } else if (isAttach(kind)) {
      attachItem(c, item, mapped, kind);
    } else {
      enter(c, i, item, mapped, kind, struct);
    }
  }
}

function copyPrivate(c: Construct, item: MapItem, mapped: MappedItem): void {
  const bytes = bytesAt(item.owner as ArrayBufferLike, item.address, item.size);
  const { block } = c.mapping;
  const table = c.table;
  if (c.privateInTable && table !== null) {
    new Uint8Array(table.words.buffer, table.words.byteOffset + mapped.offset, item.size).set(bytes);
    mapped.reset(VALUE.ADDRESS, table.address + mapped.offset);
  } else {
    const address = (block as DeviceBlock).start + mapped.offset;
    // Its value is the one of now, whenever its turn comes.
    c.write(address, bytes.slice());
    mapped.reset(VALUE.ADDRESS, address);
  }
}

/** A pointer in mapped memory gets the device's address of the item before it. */
function alwaysPointer(c: Construct, i: number, item: MapItem): void {
  const { address } = item;
  const range = c.device.table.find(address, address + POINTER_BYTES);
  if (range === null || !range.holds(address, address + POINTER_BYTES)) {
    throw new OffloadError(
      "ERR_OFFLOAD_NOT_MAPPED",
      `the pointer at ${hex(address)} that is always to be translated is not mapped`,
    );
  }
  const before = i > 0 ? c.item(i - 1) : undefined;
  const chained = before !== undefined && kindOf(before.kind) === MAP.ALWAYS_POINTER;
  const to = chained ? c.lastPointer : i > 0 ? c.mapping.value(c.items, i - 1) : 0;
  c.write(range.deviceAddress(address), pointerBytes(to === 0 ? 0 : to - item.size));
  c.lastPointer = range.deviceAddress(address);
}

function attachItem(c: Construct, item: MapItem, mapped: MappedItem, kind: number): void {
  const range = c.device.table.find(item.address, item.address + POINTER_BYTES);
  if (range === null) {
    if (c.mapping.serial !== 0) return;
    throw new OffloadError(
      "ERR_OFFLOAD_NOT_MAPPED",
      `the struct of the pointer at ${hex(item.address)} to be attached is not mapped`,
    );
  }
  attach(c.device, range, item.address, item.size, kind === MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION, c.write);
  mapped.reset(VALUE.INLINE, item.address - range.start);
  mapped.range = range;
  mapped.length = range.end - range.start;
  mapped.isAttach = true;
  c.mapping.attaches = true;
}

function enter(
  c: Construct,
  i: number,
  item: MapItem,
  mapped: MappedItem,
  kind: number,
  struct: { readonly count: RefCount; readonly members: MappedRange[] } | null,
): void {
  const { table } = c.device;
  const block = c.mapping.block as DeviceBlock;
  const start = item.address;
  const end = endOf(item, kind);
  const found = table.find(start, end);
  if (found !== null && !found.isLink) {
    existing(c, i, found, start, end, kind, false);
    if (kind === MAP.TO_PSET) pointersOfExisting(c, i, found, start, end);
    return;
  }
  if (mustBePresent(kind)) {
    throw new OffloadError("ERR_OFFLOAD_NOT_MAPPED", `${span(start, end)} must be present, and is not`);
  }
  if (!ENTERS.has(kind)) throw cannotBeMapped(kind);
  const address = block.start + mapped.offset;
  if (start === end) {
    // Nothing to find again.
    mapped.reset(VALUE.ADDRESS, address);
    return;
  }
  if (item.owner !== null) pin(item.owner);
  const shared = struct !== null && c.mapping.serial !== 0;
  const range = new MappedRange(start, end, item.owner, { block, address }, shared ? struct.count : 0);
  if (shared) {
    struct.members.push(range);
    range.siblings = struct.members;
  }
  if (found !== null) {
    table.remove(found);
    range.replaces = found;
  }
  table.add(range);
  block.uses++;
  mapped.reset(VALUE.INLINE);
  mapped.range = range;
  mapped.length = end - start;
  mapped.copyFrom = copiesFrom(kind);
  mapped.alwaysCopyFrom = isAlwaysFrom(kind);
  mapped.counted = retain(range, c.mapping.serial);
  copyNew(c, i, item, range, kind);
  if (found !== null) c.copier.copyTo(found.address, pointerBytes(address));
}

/** Of a descriptor that was new when it was looked up, and has been mapped by an item before it. */
function pointersOfExisting(c: Construct, i: number, range: MappedRange, start: number, end: number): void {
  for (let j = i + 1; c.isPointerIn(j, start, end); j++) {
    const item = c.item(j);
    const kind = kindOf(item.kind);
    if (kind === MAP.ALWAYS_POINTER) alwaysPointer(c, j, item);
    else existing(c, j, range, item.address, item.address + POINTER_BYTES, kind, false);
  }
}

function copyNew(c: Construct, i: number, item: MapItem, range: MappedRange, kind: number): void {
  if (!copiesTo(kind)) return;
  if (item.owner === null) throw noMemory(item);
  if (isPointer(kind)) {
    const mayMiss = kind === MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION;
    const value = translated(c.device, readPointer(item.owner, item.address), item.size, mayMiss);
    c.write(range.address, pointerBytes(value));
    return;
  }
  c.write(range.address, bytesAt(item.owner, range.start, range.end - range.start));
  if (kind !== MAP.TO_PSET) return;
  for (let j = i + 1; c.isPointerIn(j, range.start, range.end); j++)
    pointerOf(c, j, range, true, c.mapping.serial === 0);
}

/** A descriptor's pointer, translated in the device's copy. */
function pointerOf(c: Construct, j: number, range: MappedRange, first: boolean, counts: boolean): void {
  const item = c.item(j);
  const mapped = c.mapping.item(j);
  const pointer = readPointer(item.owner as ArrayBufferLike, item.address);
  if (pointer === 0 && first) range.hasNullPointer = true;
  mapped.reset(VALUE.INLINE);
  mapped.range = range;
  if (counts) mapped.counted = retain(range, c.mapping.serial);
  c.write(range.deviceAddress(item.address), pointerBytes(translated(c.device, pointer, item.size, false)));
}

function renewPointers(c: Construct, at: number, pointers: number): void {
  const range = c.mapping.item(at).range as MappedRange;
  for (let j = at + 1; j <= at + pointers; j++) pointerOf(c, j, range, false, true);
}
