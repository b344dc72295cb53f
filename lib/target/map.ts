/**
 * Map clauses as functions: what a construct does with a typed array, a section of one (`subarray`), or a value.
 *
 *     target(fn, [map.to(b), map.from(a), map.firstprivate(n)])
 *
 * The items of a list stand in the order of the function's arguments, as its compiler had them.
 *
 * Source: OpenMP 5.2, 5.8.3 (map), 5.4.4 (firstprivate), 5.4.8 (use_device_ptr).
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import { options as checkedOptions, describe, integer } from "../validate.js";
import { type Box, checkedBox } from "./box.js";
import { addressOf, bytesAt, isEmpty, POINTER_BYTES } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import { kindOf, MAP } from "./map_kind.js";

/** Host memory: a typed array or DataView is a section of its buffer. */
export type Mappable = ArrayBufferView | ArrayBufferLike;

/** A value with a type of C's, as `f32()` and its like make them. */
export interface TypedValue {
  readonly byteLength: number;
  write(view: DataView, offset: number): void;
}

export interface MapOptions {
  /** Copies even where the memory is mapped already. */
  readonly always?: boolean;
  /** An error where it is not mapped already. */
  readonly present?: boolean;
  /** Bytes, a power of two; of what is new on the device. By default 16. */
  readonly align?: number;
  /** A map that the compiler adds by itself: what is mapped may also lie inside of it. */
  readonly implicit?: boolean;
  /** Of `to` and `from` in `target update`: a part of the array that is not contiguous. */
  readonly box?: Box;
}

/** Items, and groups of items that belong together. */
export type MapList = Iterable<MapItem | readonly MapItem[]>;

const OPTIONS = ["always", "present", "align", "implicit", "box"] as const;
const ALIGN = 16;
const ALWAYS = 0x10;
const ALWAYS_PRESENT = 0x94;
const IMPLICIT = 0x60;

interface Extent {
  readonly owner: ArrayBufferLike | null;
  readonly address: number;
  readonly size: number;
}

/** Fields in one order, and not spread from another object: of ten thousand items each would be an object of a class of its own. */
const made = (kind: number, { address, size, owner }: Extent, value: unknown): MapItem => ({
  kind,
  address,
  size,
  owner,
  value,
});

/** What stands in the table itself. */
const inline = (word: number, value: unknown): MapItem =>
  made(MAP.FIRSTPRIVATE_INT, { owner: null, address: word, size: 0 }, value);

/** Of an empty buffer there is no address. */
export function extent(memory: Mappable): Extent & { readonly owner: ArrayBufferLike } {
  if (ArrayBuffer.isView(memory)) {
    const { buffer, byteOffset, byteLength } = memory;
    if (isEmpty(buffer)) return { owner: buffer, address: 0, size: 0 };
    return { owner: buffer, address: addressOf(buffer) + byteOffset, size: byteLength };
  }
  if (memory instanceof ArrayBuffer || memory instanceof SharedArrayBuffer) {
    if (isEmpty(memory)) return { owner: memory, address: 0, size: 0 };
    return { owner: memory, address: addressOf(memory), size: memory.byteLength };
  }
  throw new OffloadError(
    "ERR_OFFLOAD_HOST_MEMORY",
    `a typed array, a DataView or an ArrayBuffer can be mapped, not ${describe(memory)}`,
  );
}

function pointerExtent(pointer: Mappable): Extent {
  const found = extent(pointer);
  if (found.size === POINTER_BYTES) return found;
  throw new OffloadError("ERR_OFFLOAD_ATTACH", `a pointer has ${POINTER_BYTES} bytes, and this memory ${found.size}`);
}

function aligned(kind: number, align = ALIGN): number {
  const log = Math.log2(integer("align", align, 1, 2 ** 20));
  if (!Number.isInteger(log))
    throw new OffloadError("ERR_OFFLOAD_MAP_KIND", `an alignment is a power of two, not ${align}`);
  return kind + log * 256;
}

const clause =
  (base: 0 | 1 | 2 | 3) =>
  (memory: Mappable, options: MapOptions = {}): MapItem => {
    const {
      always = false,
      present = false,
      align,
      implicit = false,
      box,
    } = checkedOptions("map's options", options, OPTIONS);
    if (box !== undefined) return boxItem(base, memory, box, present);
    const kind =
      always && present ? base + ALWAYS_PRESENT : always ? base + ALWAYS : present ? MAP.FORCE_PRESENT : base;
    if (base === 0 && always)
      throw new OffloadError("ERR_OFFLOAD_MAP_KIND", "map(always, alloc) copies nothing: leave one of the two out");
    const item = made(aligned(implicit ? kind | IMPLICIT : kind, align), extent(memory), memory);
    return present && base !== 0 ? { ...item, updateKind: base + ALWAYS_PRESENT } : item;
  };

function boxItem(base: number, memory: Mappable, box: Box, present: boolean): MapItem {
  if (base !== MAP.TO && base !== MAP.FROM) {
    throw new OffloadError("ERR_OFFLOAD_MAP_KIND", "a box is copied by map.to or map.from, in an update");
  }
  const whole = extent(memory);
  const updateKind = present ? base + ALWAYS_PRESENT : base;
  return { ...made(MAP.BOX, whole, memory), updateKind, box: checkedBox(box, whole.size) };
}

const bare =
  (kind: number) =>
  (memory: Mappable): MapItem =>
    made(kind, extent(memory), memory);

/** The map clauses: each makes an item of a map list. */
export const map = {
  /** Memory on the device, its content undefined. */
  alloc: clause(0),
  /** Copied to the device when it is mapped there. */
  to: clause(1),
  /** Copied back when it is unmapped. */
  from: clause(2),
  tofrom: clause(3),
  /** Of `exit data`: one reference less. */
  release: bare(MAP.RELEASE),
  /** Of `exit data`: unmapped, however many references there are. */
  delete: bare(MAP.DELETE),
  /** A section of no elements: what is mapped there, or the host's address (`TargetDeviceOptions.missing`). */
  zeroLength: (memory: Mappable): MapItem => made(MAP.ZERO_LEN_ARRAY_SECTION, { ...extent(memory), size: 0 }, memory),
  /** The device's address of what is mapped; the item's own in `DataRegion.addresses`. */
  useDevicePtr: bare(MAP.USE_DEVICE_PTR),
  useDeviceAddr: bare(MAP.USE_DEVICE_PTR_IF_PRESENT),
  /** An address of the device's, handed over as it is (is_device_ptr). */
  isDevicePtr: (address: number): MapItem => inline(integer("address", address), address),
  /**
   * A copy of its own for the launch. An integer or a boolean stands in the table itself, as compiled code passes integers and pointers;
   * other values (`f32(1.5)`), and arrays, are copied, and the table has the copy's address.
   */
  firstprivate(value: number | boolean | TypedValue | Mappable): MapItem {
    if (typeof value === "boolean") return inline(Number(value), value);
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) {
        throw new OffloadError("ERR_OFFLOAD_MAP_KIND", `firstprivate(${value}) is no integer: say f32() or f64()`);
      }
      return inline(value, value);
    }
    if (isTyped(value)) {
      const bytes = new ArrayBuffer(value.byteLength);
      value.write(new DataView(bytes), 0);
      const number = (value as { readonly value?: unknown }).value ?? value;
      return made(aligned(MAP.FIRSTPRIVATE, value.byteLength), extent(bytes), number);
    }
    return made(aligned(MAP.FIRSTPRIVATE), extent(value), value);
  },
  /**
   * A struct whose members are mapped together, and found by each other: its base, and its members by rising addresses, all in one
   * buffer.
   */
  struct(base: Mappable, members: readonly MapItem[]): MapItem[] {
    const { owner, address } = extent(base);
    const list = flatten(members);
    return [made(aligned(MAP.STRUCT), { owner, address, size: list.length }, base), ...list];
  },
  /** The pointer in these 8 bytes points to mapped memory: the device's copy of it gets the device's address. `bias`: bytes. */
  attach: (pointer: Mappable, bias = 0): MapItem =>
    made(MAP.ATTACH, { ...pointerExtent(pointer), size: integer("bias", bias, Number.MIN_SAFE_INTEGER) }, pointer),
  detach: (pointer: Mappable): MapItem => made(MAP.DETACH, pointerExtent(pointer), pointer),
} as const;

const isTyped = (value: TypedValue | Mappable): value is TypedValue =>
  typeof (value as TypedValue | null)?.write === "function" && !ArrayBuffer.isView(value);

/** A map list as one array: the caller's own where it is one already. */
export function flatten(maps: MapList): readonly MapItem[] {
  if (Array.isArray(maps) && areItems(maps)) return maps as readonly MapItem[];
  if (typeof (maps as Partial<MapList> | null | undefined)?.[Symbol.iterator] !== "function") throw notAList(maps);
  const items: MapItem[] = [];
  for (const entry of maps) {
    for (const item of Array.isArray(entry) ? (entry as readonly MapItem[]) : [entry as MapItem]) {
      if (!isItem(item)) throw notAnItem(item);
      items.push(item);
    }
  }
  return items;
}

/** Part of each region, of which some have thousands: a loop, and buffers that are many items' are looked at once. */
function areItems(entries: readonly unknown[]): boolean {
  let buffer: unknown = null;
  for (let i = 0; i < entries.length; i++) {
    const item = entries[i] as MapItem | null | undefined;
    if (typeof item !== "object" || item === null) return false;
    const { kind, address, size, owner } = item;
    if (!Number.isSafeInteger(kind) || !Number.isSafeInteger(address) || !Number.isSafeInteger(size)) return false;
    if (owner === null || owner === buffer) continue;
    if (!isBuffer(owner)) return false;
    buffer = owner;
  }
  return true;
}
const isItem = (entry: unknown): boolean => areItems([entry]);
const isBuffer = (owner: unknown): boolean => owner instanceof ArrayBuffer || owner instanceof SharedArrayBuffer;

const notAList = (value: unknown): OffloadError =>
  new OffloadError(
    "ERR_OFFLOAD_MAP_KIND",
    `a map list is an array of map.to(), map.from() and their like, not ${describe(value)}`,
  );
const notAnItem = (value: unknown): OffloadError =>
  new OffloadError(
    "ERR_OFFLOAD_MAP_KIND",
    `a map list is of map.to(), map.from() and their like, not of ${describe(value)}`,
  );

/** A private copy as it is now, for the device and for the host's functions; other items as they are. */
export function snapshot(item: MapItem): MapItem {
  if (kindOf(item.kind) !== MAP.FIRSTPRIVATE || item.owner === null || item.size === 0) return item;
  const { buffer } = bytesAt(item.owner, item.address, item.size).slice();
  return { ...item, owner: buffer, address: addressOf(buffer), value: viewOf(buffer, item.value) };
}

/** The bytes in the form of what they were copied from; of a value itself that. */
function viewOf(buffer: ArrayBuffer, original: unknown): unknown {
  if (original instanceof ArrayBuffer || original instanceof SharedArrayBuffer) return buffer;
  if (!ArrayBuffer.isView(original)) return original;
  // Among them Node's Buffer, which is not to be constructed.
  if (original instanceof Uint8Array) return new Uint8Array(buffer);
  return new (original.constructor as new (buffer: ArrayBuffer) => ArrayBufferView)(buffer);
}
