/**
 * The table of a region of which everything is on the device already: nothing is mapped for it, and nothing copied but what is private to
 * a launch. What a function's last launch has found is kept; as long as nothing has been unmapped since, an item that is what it was then
 * has the same word.
 *
 * @packageDocumentation
 */
import type { MapItem } from "./map_item.js";
import { copiesFrom, kindOf, MAP } from "./map_kind.js";
import type { MappedRange } from "./mapped_range.js";
import { type Mapping, VALUE } from "./mapping.js";
import type { MemoryTable } from "./memory_table.js";
import { PrivateCopies } from "./private_copies.js";
import { retain } from "./reference.js";
import { setWord } from "./table_words.js";

/** No item's kind: to be looked up each time. */
const UNKNOWN = -1;
/** A view costs more than a few stores. */
const FEW_WORDS = 64;

export class PresentTable {
  /** Pairs of 32 bits, low then high; of the last launch, and perhaps more. */
  #words = new Uint32Array(0);
  #kinds = new Int32Array(0);
  #addresses = new Float64Array(0);
  #sizes = new Float64Array(0);
  /** What each word lies in, where that is mapped. */
  readonly #ranges: (MappedRange | null)[] = [];
  readonly #privates = new PrivateCopies();
  /** Items that are known. */
  #count = 0;
  #removals = -1;

  /** Whether this is now the table of these items; else one of them has to be mapped, or copied. */
  fill(table: MemoryTable, missingIsNull: boolean, items: readonly MapItem[]): boolean {
    const count = items.length;
    if (this.#kinds.length < count) this.#grow(count);
    const kinds = this.#kinds;
    const addresses = this.#addresses;
    const sizes = this.#sizes;
    const known = table.removals === this.#removals ? Math.min(this.#count, count) : 0;
    this.#removals = table.removals;
    this.#privates.begin(count);
    for (let i = 0; i < count; i++) {
      const item = items[i] as MapItem;
      const { kind, address, size } = item;
      if (i < known && kinds[i] === kind && addresses[i] === address && sizes[i] === size) continue;
      if (!this.#lookUp(i, item, table, missingIsNull)) {
        this.#count = i;
        return false;
      }
      addresses[i] = address;
      sizes[i] = size;
    }
    this.#count = count;
    return true;
  }

  #grow(count: number): void {
    const capacity = Math.max(16, 2 ** Math.ceil(Math.log2(count)));
    this.#words = new Uint32Array(2 * capacity);
    this.#kinds = new Int32Array(capacity);
    this.#addresses = new Float64Array(capacity);
    this.#sizes = new Float64Array(capacity);
    this.#count = 0;
  }

  /** What device code finds for an item; false where that takes more than looking it up. */
  #lookUp(i: number, item: MapItem, table: MemoryTable, missingIsNull: boolean): boolean {
    const kind = kindOf(item.kind);
    const { address } = item;
    this.#ranges[i] = null;
    this.#kinds[i] = item.kind;
    if (address === 0 || kind === MAP.FIRSTPRIVATE_INT) {
      setWord(this.#words, i, address);
      return true;
    }
    if (kind === MAP.FIRSTPRIVATE) {
      this.#kinds[i] = UNKNOWN;
      return this.#privates.add(i, item);
    }
    const end = address + item.size;
    let range: MappedRange | null;
    if (kind === MAP.ZERO_LEN_ARRAY_SECTION) {
      // What is missing now may be mapped before the next launch.
      this.#kinds[i] = UNKNOWN;
      range = table.lookupZeroLength(address, end);
      if (range === null) {
        setWord(this.#words, i, missingIsNull ? 0 : address);
        return true;
      }
      if (range.isLink) return false;
    } else {
      if (kind > MAP.TOFROM && kind !== MAP.FORCE_PRESENT) return false;
      range = table.find(address, end);
      if (range === null || range.isLink || !range.holds(address, end)) return false;
    }
    this.#ranges[i] = range;
    setWord(this.#words, i, range.deviceAddress(address));
    return true;
  }

  /** Words of the table, and of the private copies behind it. */
  get words(): number {
    return this.#privates.words;
  }

  /** Writes all of it for a table that lies at the device's `address`. */
  write(items: readonly MapItem[], to: Uint32Array, address: number): void {
    const from = this.#words;
    const count = 2 * items.length;
    if (count > FEW_WORDS) to.set(from.subarray(0, count));
    else for (let i = 0; i < count; i++) to[i] = from[i] as number;
    if (!this.#privates.none) this.#privates.copy(items, to, address);
  }

  /** A reference to each of the ranges, as mapping the items takes them. */
  hold(items: readonly MapItem[], mapping: Mapping): void {
    for (let i = 0; i < items.length; i++) {
      const { kind, address, size } = items[i] as MapItem;
      const mapped = mapping.item(i);
      const range = this.#ranges[i] as MappedRange | null;
      if (range === null) {
        mapped.reset(VALUE.NULL);
        continue;
      }
      mapped.reset(VALUE.INLINE, address - range.start);
      mapped.range = range;
      mapped.length = size;
      mapped.copyFrom = copiesFrom(kindOf(kind));
      mapped.counted = retain(range, mapping.serial);
    }
  }
}
