/** First step of mapping: every item is looked up; what is there gets one more reference, and the rest waits for its place. */
import { OffloadError } from "../errors.js";
import { alignUp } from "./align.js";
import { type Construct, cannotBeMapped, endOf, noMemory } from "./construct.js";
import { existing, existingMember, useDevicePointer } from "./existing.js";
import { mustHold, POINTER_BYTES, readPointer } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import { alignmentOf, isPointer, isStruct, kindOf, MAP } from "./map_kind.js";
import type { MappedRange } from "./mapped_range.js";
import { type MappedItem, VALUE } from "./mapping.js";

export function classify(c: Construct): void {
  const { table } = c.device;
  const items = c.items;
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as MapItem;
    const mapped = c.mapping.item(i);
    const kind = kindOf(item.kind);
    if (item.address === 0 || kind === MAP.FIRSTPRIVATE_INT) {
      mapped.reset(VALUE.INLINE);
    } else if (kind <= MAP.TOFROM) {
      // The most of all there are.
      const end = item.address + item.size;
      const range = table.find(item.address, end);
      if (range !== null && !range.isLink) existing(c, i, range, item.address, end, kind, false);
      else notThere(c, i, item, mapped);
    } else if (isStruct(kind)) {
      i = classifyStruct(c, i, item, mapped);
    } else {
      i = classifySpecial(c, i, item, mapped, kind);
    }
  }
}

function notThere(c: Construct, i: number, item: MapItem, mapped: MappedItem): void {
  mapped.reset(VALUE.NULL);
  if (item.owner !== null) mustHold(item.owner, item.address, isPointer(kindOf(item.kind)) ? POINTER_BYTES : item.size);
  c.newItems++;
  c.pending.push(i);
}

/** Answers the last item that has been dealt with. */
function classifyStruct(c: Construct, i: number, item: MapItem, mapped: MappedItem): number {
  const last = i + item.size;
  if (!(last > i && c.items[last] !== undefined)) {
    throw new OffloadError(
      "ERR_OFFLOAD_MAP_KIND",
      `a struct of ${item.size} members has ${c.items.length - i - 1} items behind it`,
    );
  }
  mapped.reset(VALUE.STRUCT);
  const [start, end] = c.extent(i);
  const range = c.device.table.find(start, end);
  if (range !== null) {
    for (let member = i + 1; member <= last; member++) existingMember(c, member, range, i);
    return last;
  }
  c.pending.push(i);
  for (let member = i + 1; member <= last; member++) notThere(c, member, c.item(member), c.mapping.item(member));
  return last;
}

function classifySpecial(c: Construct, i: number, item: MapItem, mapped: MappedItem, kind: number): number {
  const { table } = c.device;
  switch (kind) {
    case MAP.USE_DEVICE_PTR:
    case MAP.USE_DEVICE_PTR_IF_PRESENT:
      mapped.reset(VALUE.INLINE);
      // Where something new is mapped first, it may be just that.
      if (c.newItems > 0) c.pending.push(i);
      else useDevicePointer(c, item, mapped, kind);
      return i;
    case MAP.ALWAYS_POINTER:
    case MAP.ATTACH:
    case MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION:
      mapped.reset(VALUE.NULL);
      c.pending.push(i);
      return i;
    case MAP.FIRSTPRIVATE: {
      mapped.reset(VALUE.NULL);
      if (item.owner === null) throw noMemory(item);
      mustHold(item.owner, item.address, item.size);
      const alignment = alignmentOf(item.kind);
      c.privateAlignment = Math.max(c.privateAlignment, alignment);
      c.privateBytes = alignUp(c.privateBytes, alignment) + item.size;
      c.pending.push(i);
      return i;
    }
    case MAP.ZERO_LEN_ARRAY_SECTION: {
      const range = table.lookupZeroLength(item.address, item.address + item.size);
      if (range === null) mapped.reset(c.device.missingIsNull ? VALUE.NULL : VALUE.INLINE);
      else if (range.isLink) notThere(c, i, item, mapped);
      else existing(c, i, range, item.address, item.address + item.size, kind, false);
      return i;
    }
    default:
      return classifyOther(c, i, item, mapped, kind);
  }
}

function classifyOther(c: Construct, i: number, item: MapItem, mapped: MappedItem, kind: number): number {
  if (kind === MAP.BOX) throw cannotBeMapped(kind);
  const end = endOf(item, kind);
  const range = c.device.table.find(item.address, end);
  if (range !== null && !range.isLink) {
    const pointers = kind === MAP.TO_PSET ? pointersToRenew(c, i, range, end) : 0;
    existing(c, i, range, item.address, end, kind, pointers > 0);
    if (pointers > 0) {
      c.descriptors.set(i, pointers);
      c.pending.push(i);
    }
    return i + pointers;
  }
  if (kind === MAP.IF_PRESENT) {
    mapped.reset(c.device.missingIsNull ? VALUE.NULL : VALUE.INLINE);
    const next = c.items[i + 1];
    if (next === undefined || kindOf(next.kind) !== MAP.POINTER) return i;
    c.mapping.item(i + 1).reset(VALUE.NULL);
    return i + 1;
  }
  notThere(c, i, item, mapped);
  if (kind !== MAP.TO_PSET) return i;
  let last = i;
  for (let j = i + 1; c.isPointerIn(j, item.address, end); j++) {
    c.mapping.item(j).reset(VALUE.NULL);
    last = j;
  }
  return last;
}

/** Pointers behind a descriptor that are said to be always translated, or were null when it was mapped and are no longer. */
function pointersToRenew(c: Construct, i: number, range: MappedRange, end: number): number {
  const { address } = c.item(i);
  const hadNull = range.block === null || range.hasNullPointer;
  let count = 0;
  for (let j = i + 1; j < c.items.length; j++, count++) {
    const item = c.item(j);
    const kind = kindOf(item.kind);
    const renewed = hadNull && isPointer(kind) && item.owner !== null && readPointer(item.owner, item.address) !== 0;
    if (kind !== MAP.ALWAYS_POINTER && !renewed) break;
    if (item.address < address || item.address + POINTER_BYTES > end) break;
  }
  return count;
}
