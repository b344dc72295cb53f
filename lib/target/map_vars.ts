/**
 * Mapping the items of a construct (gomp_map_vars): what is present gets one more reference, the rest is put into one new block on the
 * device, and a target region's items become the words of its table.
 *
 * Three steps: `classify` looks everything up; `layOut` gives each new item its place; `insert` enters it into the memory table and copies.
 * A construct that is refused on the way leaves the memory table as it was.
 *
 * Source: target.c (gomp_map_vars_internal, gomp_map_vars_existing, gomp_map_fields_existing, gomp_map_val) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import type { Session, TargetVarTable } from "../plugin/index.js";
import { aroundAttached, attach, translated, undoAttach, type Write } from "./attach.js";
import { Coalescing } from "./coalescing.js";
import type { Copier } from "./copier.js";
import { bytesAt, mustHold, POINTER_BYTES, pin, pointerBytes, readPointer } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import {
  alignmentOf,
  copiesFrom,
  copiesTo,
  isAlwaysFrom,
  isAlwaysTo,
  isAttach,
  isForce,
  isImplicit,
  isPointer,
  isStruct,
  kindName,
  kindOf,
  MAP,
  mustBePresent,
} from "./map_kind.js";
import { type DeviceBlock, MappedRange, RefCount } from "./mapped_range.js";
import { type MappedItem, type Mapping, VALUE } from "./mapping.js";
import { retain } from "./reference.js";
import { setWord } from "./table_words.js";
import type { TargetDevice } from "./target_device.js";

/** What maps: `enter` leaves no reference of its own to what it allocates. */
export type Purpose = "target" | "data" | "enter";

/** A table of one's own in a block, and private copies that go with the table rather than into memory of the device's own. */
export const TABLE_ALIGNMENT = 32;
const PRIVATE_IN_TABLE = 4096;

/** The end of an item's range. */
const endOf = (item: MapItem, kind: number): number => item.address + (isPointer(kind) ? POINTER_BYTES : item.size);

/**
 * @param serial - the construct's number, from `TargetDevice.nextSerial`; 0 counts every item (OpenACC).
 * @param session - a target region's: it gets its table.
 * @param copier - takes the bytes to the device. The table of the device's memory changes at once in any case.
 * @throws OffloadError `ERR_OFFLOAD_OVERLAP`, `ERR_OFFLOAD_NOT_MAPPED`, `ERR_OFFLOAD_ATTACH`, `ERR_OFFLOAD_MAP_KIND`,
 *   `ERR_OFFLOAD_HOST_MEMORY`, `ERR_OFFLOAD_OUT_OF_MEMORY`. Nothing has been mapped then.
 */
export function mapVars(
  device: TargetDevice,
  items: readonly MapItem[],
  purpose: Purpose,
  serial: number,
  session: Session | null = null,
  copier: Copier = device,
): Mapping {
  const mapping = device.takeMapping(items.length, serial);
  if (items.length === 0) {
    if (session !== null) device.plugin.sessionSetTargetVarTable(session, null);
    return mapping;
  }
  const construct = new Construct(device, items, mapping, session, copier);
  try {
    construct.classify();
    construct.layOut();
    construct.insert();
    construct.fillTable();
  } catch (error) {
    construct.undo();
    throw error;
  }
  if (purpose === "enter" && mapping.block !== null) {
    copier.releaseBlock(mapping.block);
    mapping.block = null;
  }
  return mapping;
}

/** Takes back what `mapVars` did, as far as the memory table goes. */
export function unmapRefused(
  device: TargetDevice,
  items: readonly MapItem[],
  mapping: Mapping,
  copier: Copier = device,
): void {
  new Construct(device, items, mapping, null, copier).undo();
}

class Construct {
  readonly #device: TargetDevice;
  readonly #items: readonly MapItem[];
  readonly #mapping: Mapping;
  readonly #session: Session | null;
  readonly #copier: Copier;
  /** Items that `insert` has to look at, by index. */
  readonly #pending: number[] = [];
  /** Descriptors that are there, and how many pointers behind them are translated anew. */
  readonly #descriptors = new Map<number, number>();
  /** Items that will be new, unless an item before them maps the same. */
  #newItems = 0;
  #privateBytes = 0;
  #privateAlignment = 1;
  #table: TargetVarTable | null = null;
  #coalescing: Coalescing | null = null;

  constructor(
    device: TargetDevice,
    items: readonly MapItem[],
    mapping: Mapping,
    session: Session | null,
    copier: Copier,
  ) {
    this.#device = device;
    this.#items = items;
    this.#mapping = mapping;
    this.#session = session;
    this.#copier = copier;
  }

  #item(i: number): MapItem {
    return this.#items[i] as MapItem;
  }

  // Looking up.

  classify(): void {
    const { table } = this.#device;
    const items = this.#items;
    for (let i = 0; i < items.length; i++) {
      const item = items[i] as MapItem;
      const mapped = this.#mapping.item(i);
      const kind = kindOf(item.kind);
      if (item.address === 0 || kind === MAP.FIRSTPRIVATE_INT) {
        mapped.reset(VALUE.INLINE);
      } else if (kind <= MAP.TOFROM) {
        // The most of all there are.
        const end = item.address + item.size;
        const range = table.find(item.address, end);
        if (range !== null && !range.isLink) this.#existing(i, range, item.address, end, kind, false);
        else this.#new(i, item, mapped);
      } else if (isStruct(kind)) {
        i = this.#classifyStruct(i, item, mapped);
      } else {
        i = this.#classifySpecial(i, item, mapped, kind);
      }
    }
  }

  #new(i: number, item: MapItem, mapped: MappedItem): void {
    mapped.reset(VALUE.NULL);
    if (item.owner !== null)
      mustHold(item.owner, item.address, isPointer(kindOf(item.kind)) ? POINTER_BYTES : item.size);
    this.#newItems++;
    this.#pending.push(i);
  }

  /** Answers the last item that has been dealt with. */
  #classifyStruct(i: number, item: MapItem, mapped: MappedItem): number {
    const last = i + item.size;
    if (!(last > i && this.#items[last] !== undefined)) {
      throw new OffloadError(
        "ERR_OFFLOAD_MAP_KIND",
        `a struct of ${item.size} members has ${this.#items.length - i - 1} items behind it`,
      );
    }
    mapped.reset(VALUE.STRUCT);
    const [start, end] = this.#extent(i);
    const range = this.#device.table.find(start, end);
    if (range !== null) {
      for (let member = i + 1; member <= last; member++) this.#existingMember(member, range, i);
      return last;
    }
    this.#pending.push(i);
    for (let member = i + 1; member <= last; member++)
      this.#new(member, this.#item(member), this.#mapping.item(member));
    return last;
  }

  /** Of a struct: from its own address, or its lowest member, to the end of its last. */
  #extent(i: number): readonly [number, number] {
    const item = this.#item(i);
    if (kindOf(item.kind) === MAP.STRUCT) {
      const last = this.#item(i + item.size);
      return [item.address, last.address + last.size];
    }
    let [start, end] = [item.address, item.address];
    for (let member = i + 1; member <= i + item.size; member++) {
      const { address, size } = this.#item(member);
      start = Math.min(start, address);
      end = Math.max(end, address + size);
    }
    return [start, end];
  }

  #classifySpecial(i: number, item: MapItem, mapped: MappedItem, kind: number): number {
    const { table } = this.#device;
    switch (kind) {
      case MAP.USE_DEVICE_PTR:
      case MAP.USE_DEVICE_PTR_IF_PRESENT:
        mapped.reset(VALUE.INLINE);
        // Where something new is mapped first, it may be just that.
        if (this.#newItems > 0) this.#pending.push(i);
        else this.#useDevicePointer(item, mapped, kind);
        return i;
      case MAP.ALWAYS_POINTER:
      case MAP.ATTACH:
      case MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION:
        mapped.reset(VALUE.NULL);
        this.#pending.push(i);
        return i;
      case MAP.FIRSTPRIVATE: {
        mapped.reset(VALUE.NULL);
        if (item.owner === null) throw noMemory(item);
        mustHold(item.owner, item.address, item.size);
        const alignment = alignmentOf(item.kind);
        this.#privateAlignment = Math.max(this.#privateAlignment, alignment);
        this.#privateBytes = alignUp(this.#privateBytes, alignment) + item.size;
        this.#pending.push(i);
        return i;
      }
      case MAP.ZERO_LEN_ARRAY_SECTION: {
        const range = table.lookupZeroLength(item.address, item.address + item.size);
        if (range === null) mapped.reset(this.#device.missingIsNull ? VALUE.NULL : VALUE.INLINE);
        else if (range.isLink) this.#new(i, item, mapped);
        else this.#existing(i, range, item.address, item.address + item.size, kind, false);
        return i;
      }
      default:
        return this.#classifyOther(i, item, mapped, kind);
    }
  }

  #classifyOther(i: number, item: MapItem, mapped: MappedItem, kind: number): number {
    if (kind === MAP.BOX) throw cannotBeMapped(kind);
    const end = endOf(item, kind);
    const range = this.#device.table.find(item.address, end);
    if (range !== null && !range.isLink) {
      const pointers = kind === MAP.TO_PSET ? this.#pointersToRenew(i, range, end) : 0;
      this.#existing(i, range, item.address, end, kind, pointers > 0);
      if (pointers > 0) {
        this.#descriptors.set(i, pointers);
        this.#pending.push(i);
      }
      return i + pointers;
    }
    if (kind === MAP.IF_PRESENT) {
      mapped.reset(this.#device.missingIsNull ? VALUE.NULL : VALUE.INLINE);
      const next = this.#items[i + 1];
      if (next === undefined || kindOf(next.kind) !== MAP.POINTER) return i;
      this.#mapping.item(i + 1).reset(VALUE.NULL);
      return i + 1;
    }
    this.#new(i, item, mapped);
    if (kind !== MAP.TO_PSET) return i;
    let last = i;
    for (let j = i + 1; this.#isPointerIn(j, item.address, end); j++) {
      this.#mapping.item(j).reset(VALUE.NULL);
      last = j;
    }
    return last;
  }

  /** Whether an item is a pointer inside of a descriptor before it. */
  #isPointerIn(j: number, start: number, end: number): boolean {
    const item = this.#items[j];
    if (item === undefined) return false;
    const kind = kindOf(item.kind);
    if (!isPointer(kind) && kind !== MAP.ALWAYS_POINTER) return false;
    return item.address >= start && item.address + POINTER_BYTES <= end;
  }

  /** Pointers behind a descriptor that are said to be always translated, or were null when it was mapped and are no longer. */
  #pointersToRenew(i: number, range: MappedRange, end: number): number {
    const { address } = this.#item(i);
    const hadNull = range.block === null || range.hasNullPointer;
    let count = 0;
    for (let j = i + 1; j < this.#items.length; j++, count++) {
      const item = this.#item(j);
      const kind = kindOf(item.kind);
      const renewed = hadNull && isPointer(kind) && item.owner !== null && readPointer(item.owner, item.address) !== 0;
      if (kind !== MAP.ALWAYS_POINTER && !renewed) break;
      if (item.address < address || item.address + POINTER_BYTES > end) break;
    }
    return count;
  }

  #useDevicePointer(item: MapItem, mapped: MappedItem, kind: number): void {
    const range = this.#device.table.lookup(item.address, item.address);
    if (range !== null) mapped.reset(VALUE.ADDRESS, range.deviceAddress(item.address));
    else if (kind === MAP.USE_DEVICE_PTR) {
      throw new OffloadError("ERR_OFFLOAD_NOT_MAPPED", `use_device_ptr of ${hex(item.address)}, which is not mapped`);
    }
  }

  /** One more reference to what is there. */
  #existing(i: number, range: MappedRange, start: number, end: number, kind: number, always: boolean): void {
    const item = this.#item(i);
    const mapped = this.#mapping.item(i);
    const subset = isImplicit(item.kind) && start <= range.start && range.end <= end;
    if (isForce(kind) || !(subset || range.holds(start, end))) {
      throw new OffloadError(
        "ERR_OFFLOAD_OVERLAP",
        `${kindName(kind)} of ${span(start, end)} while ${span(range.start, range.end)} is mapped${isForce(kind) ? ", and it must not be" : ", which does not hold it"}`,
      );
    }
    mapped.reset(VALUE.INLINE, start - range.start);
    mapped.range = range;
    mapped.copyFrom = copiesFrom(kind);
    mapped.alwaysCopyFrom = isAlwaysFrom(kind);
    mapped.length = subset ? range.end - range.start : end - start;
    if (always || isAlwaysTo(kind)) {
      const owner = item.owner ?? range.owner;
      if (owner === null) throw noMemory(item);
      aroundAttached(range, start, end, (from, to) => {
        this.#write(range.deviceAddress(from), bytesAt(owner, from, to - from));
      });
    }
    mapped.counted = retain(range, this.#mapping.serial);
  }

  /** A member of a struct of which another part is mapped: it has to have been mapped with it. */
  #existingMember(i: number, struct: MappedRange, first: number): void {
    const item = this.#item(i);
    const { address, size } = item;
    const { table } = this.#device;
    const together = (range: MappedRange | null): range is MappedRange =>
      range !== null && range.block === struct.block && range.start - struct.start === range.address - struct.address;
    let range = table.find(address, address + size);
    if (!together(range) && size === 0) {
      if (address > this.#item(first).address) range = table.find(address - 1, address);
      if (!together(range)) range = table.find(address, address + 1);
    }
    if (!together(range)) {
      throw new OffloadError(
        "ERR_OFFLOAD_OVERLAP",
        `the struct's member ${span(address, address + size)} was not mapped together with its other mapped members`,
      );
    }
    this.#existing(i, range, address, address + size, kindOf(item.kind), false);
  }

  // Places.

  layOut(): void {
    const session = this.#session;
    const { count } = this.#mapping;
    let ownTable = false;
    let privateInTable = false;
    if (session !== null) {
      privateInTable = this.#privateBytes <= PRIVATE_IN_TABLE && this.#privateAlignment <= 64;
      const words =
        privateInTable && this.#privateBytes > 0 ? alignUp(count, 8) + Math.ceil(this.#privateBytes / 8) : count;
      this.#table = this.#device.plugin.sessionAllocateTargetVarTable?.(session, words) ?? null;
      ownTable = this.#table === null;
      if (ownTable) privateInTable = false;
    }
    if (privateInTable) this.#placePrivate(8 * alignUp(count, 8));
    if (this.#newItems === 0 && !ownTable && (privateInTable || this.#privateBytes === 0)) return;
    this.#placeBlock(ownTable, privateInTable);
  }

  /** Private copies behind the words of the session's table, from an offset that is aligned to 64 bytes. */
  #placePrivate(from: number): void {
    let at = from;
    for (const i of this.#pending) {
      const item = this.#item(i);
      if (kindOf(item.kind) !== MAP.FIRSTPRIVATE) continue;
      at = alignUp(at, alignmentOf(item.kind));
      this.#mapping.item(i).offset = at;
      at += item.size;
    }
  }

  #placeBlock(ownTable: boolean, privateInTable: boolean): void {
    const coalescing = new Coalescing();
    let alignment = ownTable ? TABLE_ALIGNMENT : POINTER_BYTES;
    let size = ownTable ? 8 * this.#mapping.count : 0;
    if (ownTable) coalescing.announce(0, size);
    // Members of a struct that is being laid out, up to this index, and the offset that the struct's own address would have.
    let structEnd = -1;
    let structOffset = 0;
    for (const i of this.#pending) {
      if (this.#descriptors.has(i)) continue;
      const item = this.#item(i);
      const mapped = this.#mapping.item(i);
      const kind = kindOf(item.kind);
      if (isStruct(kind)) {
        const [start, end] = this.#extent(i);
        const lowest = this.#lowestMember(i);
        const align = alignmentOf(item.kind);
        alignment = Math.max(alignment, align);
        // Only from the first member on is there memory; the struct's own address is aligned all the same.
        structOffset = alignUp(size - (lowest - start), align) - start;
        size = structOffset + end;
        structEnd = i + item.size;
        continue;
      }
      if (i > structEnd) {
        if (
          isAttach(kind) ||
          kind === MAP.ALWAYS_POINTER ||
          kind === MAP.USE_DEVICE_PTR ||
          kind === MAP.USE_DEVICE_PTR_IF_PRESENT
        ) {
          continue;
        }
        if (kind === MAP.FIRSTPRIVATE && privateInTable) continue;
        const align = alignmentOf(item.kind);
        alignment = Math.max(alignment, align);
        size = alignUp(size, align);
        mapped.offset = size;
        size += endOf(item, kind) - item.address;
      } else {
        mapped.offset = structOffset + item.address;
      }
      if (copiesTo(kind)) coalescing.announce(mapped.offset, endOf(item, kind) - item.address);
    }
    coalescing.seal();
    this.#mapping.block = this.#device.allocate(Math.max(size, 1), alignment);
    if (this.#copier.coalesces) this.#coalescing = coalescing;
  }

  #lowestMember(i: number): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (let member = i + 1; member <= i + this.#item(i).size; member++)
      lowest = Math.min(lowest, this.#item(member).address);
    return lowest;
  }

  /** To the new block by way of what is copied together, and anywhere else at once. */
  readonly #write: Write = (address, bytes) => {
    const { block } = this.#mapping;
    if (block !== null && this.#coalescing?.write(address - block.start, bytes)) return;
    this.#copier.copyTo(address, bytes);
  };

  // Entering.

  insert(): void {
    let struct: { readonly end: number; readonly count: RefCount; readonly members: MappedRange[] } | null = null;
    for (let p = 0; p < this.#pending.length; p++) {
      const i = this.#pending[p] as number;
      const item = this.#item(i);
      const mapped = this.#mapping.item(i);
      const kind = kindOf(item.kind);
      const pointers = this.#descriptors.get(i);
      if (struct !== null && i > struct.end) struct = null;
      if (pointers !== undefined) {
        this.#renewPointers(i, pointers);
      } else if (isStruct(kind)) {
        // An item before it may have mapped some of it.
        const found = this.#device.table.find(...this.#extent(i));
        if (found === null) {
          struct = { end: i + item.size, count: new RefCount(0), members: [] };
        } else {
          for (let member = i + 1; member <= i + item.size; member++) this.#existingMember(member, found, i);
          p += item.size;
        }
      } else if (kind === MAP.FIRSTPRIVATE) {
        this.#private(item, mapped);
      } else if (kind === MAP.USE_DEVICE_PTR || kind === MAP.USE_DEVICE_PTR_IF_PRESENT) {
        this.#useDevicePointer(item, mapped, kind);
      } else if (kind === MAP.ALWAYS_POINTER) {
        this.#alwaysPointer(i, item);
      } else if (isAttach(kind)) {
        this.#attach(item, mapped, kind);
      } else {
        this.#enter(i, item, mapped, kind, struct);
      }
    }
  }

  #private(item: MapItem, mapped: MappedItem): void {
    const bytes = bytesAt(item.owner as ArrayBufferLike, item.address, item.size);
    const { block } = this.#mapping;
    const table = this.#table;
    if (table !== null && this.#privateBytes <= PRIVATE_IN_TABLE && this.#privateAlignment <= 64) {
      new Uint8Array(table.words.buffer, table.words.byteOffset + mapped.offset, item.size).set(bytes);
      mapped.reset(VALUE.ADDRESS, table.address + mapped.offset);
    } else {
      const address = (block as DeviceBlock).start + mapped.offset;
      // Its value is the one of now, whenever its turn comes.
      this.#write(address, bytes.slice());
      mapped.reset(VALUE.ADDRESS, address);
    }
  }

  /** A pointer in mapped memory gets the device's address of the item before it. */
  #alwaysPointer(i: number, item: MapItem): void {
    const { address } = item;
    const range = this.#device.table.find(address, address + POINTER_BYTES);
    if (range === null || !range.holds(address, address + POINTER_BYTES)) {
      throw new OffloadError(
        "ERR_OFFLOAD_NOT_MAPPED",
        `the pointer at ${hex(address)} that is always to be translated is not mapped`,
      );
    }
    const before = i > 0 ? this.#item(i - 1) : undefined;
    const chained = before !== undefined && kindOf(before.kind) === MAP.ALWAYS_POINTER;
    const to = chained ? this.#lastPointer : i > 0 ? this.#mapping.value(this.#items, i - 1) : 0;
    this.#write(range.deviceAddress(address), pointerBytes(to === 0 ? 0 : to - item.size));
    this.#lastPointer = range.deviceAddress(address);
  }
  /** Where the last pointer that was always translated lies on the device: the next one of a chain points there. */
  #lastPointer = 0;

  #attach(item: MapItem, mapped: MappedItem, kind: number): void {
    const range = this.#device.table.find(item.address, item.address + POINTER_BYTES);
    if (range === null) {
      if (this.#mapping.serial !== 0) return;
      throw new OffloadError(
        "ERR_OFFLOAD_NOT_MAPPED",
        `the struct of the pointer at ${hex(item.address)} to be attached is not mapped`,
      );
    }
    attach(this.#device, range, item.address, item.size, kind === MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION, this.#write);
    mapped.reset(VALUE.INLINE, item.address - range.start);
    mapped.range = range;
    mapped.length = range.end - range.start;
    mapped.isAttach = true;
    this.#mapping.attaches = true;
  }

  #enter(
    i: number,
    item: MapItem,
    mapped: MappedItem,
    kind: number,
    struct: { readonly count: RefCount; readonly members: MappedRange[] } | null,
  ): void {
    const { table } = this.#device;
    const block = this.#mapping.block as DeviceBlock;
    const start = item.address;
    const end = endOf(item, kind);
    const found = table.find(start, end);
    if (found !== null && !found.isLink) {
      this.#existing(i, found, start, end, kind, false);
      if (kind === MAP.TO_PSET) this.#pointersOfExisting(i, found, start, end);
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
    const shared = struct !== null && this.#mapping.serial !== 0;
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
    mapped.counted = retain(range, this.#mapping.serial);
    this.#copyNew(i, item, range, kind);
    if (found !== null) this.#copier.copyTo(found.address, pointerBytes(address));
  }

  /** Of a descriptor that was new when it was looked up, and has been mapped by an item before it. */
  #pointersOfExisting(i: number, range: MappedRange, start: number, end: number): void {
    for (let j = i + 1; this.#isPointerIn(j, start, end); j++) {
      const item = this.#item(j);
      const kind = kindOf(item.kind);
      if (kind === MAP.ALWAYS_POINTER) this.#alwaysPointer(j, item);
      else this.#existing(j, range, item.address, item.address + POINTER_BYTES, kind, false);
    }
  }

  #copyNew(i: number, item: MapItem, range: MappedRange, kind: number): void {
    if (!copiesTo(kind)) return;
    if (item.owner === null) throw noMemory(item);
    if (isPointer(kind)) {
      const mayMiss = kind === MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION;
      const value = translated(this.#device, readPointer(item.owner, item.address), item.size, mayMiss);
      this.#write(range.address, pointerBytes(value));
      return;
    }
    this.#write(range.address, bytesAt(item.owner, range.start, range.end - range.start));
    if (kind !== MAP.TO_PSET) return;
    for (let j = i + 1; this.#isPointerIn(j, range.start, range.end); j++)
      this.#pointerOf(j, range, true, this.#mapping.serial === 0);
  }

  /** A descriptor's pointer, translated in the device's copy. */
  #pointerOf(j: number, range: MappedRange, first: boolean, counts: boolean): void {
    const item = this.#item(j);
    const mapped = this.#mapping.item(j);
    const pointer = readPointer(item.owner as ArrayBufferLike, item.address);
    if (pointer === 0 && first) range.hasNullPointer = true;
    mapped.reset(VALUE.INLINE);
    mapped.range = range;
    if (counts) mapped.counted = retain(range, this.#mapping.serial);
    this.#write(range.deviceAddress(item.address), pointerBytes(translated(this.#device, pointer, item.size, false)));
  }

  #renewPointers(at: number, pointers: number): void {
    const range = this.#mapping.item(at).range as MappedRange;
    for (let j = at + 1; j <= at + pointers; j++) this.#pointerOf(j, range, false, true);
  }

  // The table.

  fillTable(): void {
    const session = this.#session;
    const { block, count } = this.#mapping;
    if (session !== null) {
      const words = this.#table?.words ?? new Uint32Array(2 * count);
      for (let i = 0; i < count; i++) {
        setWord(words, i, this.#mapping.value(this.#items, i));
      }
      if (this.#table === null && block !== null) {
        this.#write(block.start, new Uint8Array(words.buffer, 0, 8 * count));
      }
    }
    this.#coalescing?.flush((offset, bytes) => this.#copier.copyTo((block as DeviceBlock).start + offset, bytes));
    if (session !== null && this.#table === null && block !== null) {
      this.#device.plugin.sessionSetTargetVarTable(session, block.start);
    }
  }

  // Taking back.

  undo(): void {
    const device = this.#device;
    const copier = this.#copier;
    const { block, count, items } = this.#mapping;
    copier.refuse();
    for (let i = count - 1; i >= 0; i--) {
      const mapped = items[i] as MappedItem;
      const { range } = mapped;
      if (range === null || !range.alive) continue;
      if (mapped.isAttach) undoAttach(copier, range, range.start + mapped.offset);
      if (!mapped.counted) continue;
      // What nobody else holds has been made here.
      if (--range.count.value === 0) device.removeRange(range, copier);
    }
    if (block !== null) copier.releaseBlock(block);
    this.#mapping.block = null;
    device.giveMapping(this.#mapping);
  }
}

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

const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment;

const span = (start: number, end: number): string => `[${hex(start)}, ${hex(end)})`;

const cannotBeMapped = (kind: number): OffloadError =>
  new OffloadError(
    "ERR_OFFLOAD_MAP_KIND",
    kind === MAP.BOX
      ? "a box can be updated, and not be mapped: map the array, or the rows of it that are to be there"
      : `an item of kind ${kindName(kind)} cannot be mapped by this construct`,
  );

const noMemory = (item: MapItem): OffloadError =>
  new OffloadError(
    "ERR_OFFLOAD_HOST_MEMORY",
    `there is no buffer for the host's memory at ${hex(item.address)}, and it is to be copied`,
  );
