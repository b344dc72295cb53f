/**
 * The table of a region of which everything is on the device already: mapping it would take references, and the end of the region would
 * give them back, and nothing else. What a function's last launch has found is kept; as long as nothing has been unmapped since, an item
 * that is what it was then has the same word.
 *
 * @packageDocumentation
 */
import type { MapItem } from "./map_item.js";
import { kindOf, MAP } from "./map_kind.js";
import type { MemoryTable } from "./memory_table.js";
import { setWord } from "./table_words.js";

/** No item's kind: to be looked up each time. */
const UNKNOWN = -1;

export class PresentTable {
  /** Pairs of 32 bits, low then high; of the last launch, and perhaps more. */
  words = new Uint32Array(0);
  #kinds = new Int32Array(0);
  #addresses = new Float64Array(0);
  #sizes = new Float64Array(0);
  /** Items that are known. */
  #count = 0;
  #removals = -1;

  /** Whether `words` is now the table of these items; else one of them has to be mapped, or copied. */
  fill(table: MemoryTable, missingIsNull: boolean, items: readonly MapItem[]): boolean {
    const count = items.length;
    if (this.#kinds.length < count) this.#grow(count);
    const kinds = this.#kinds;
    const addresses = this.#addresses;
    const sizes = this.#sizes;
    const known = table.removals === this.#removals ? Math.min(this.#count, count) : 0;
    this.#removals = table.removals;
    for (let i = 0; i < count; i++) {
      const item = items[i] as MapItem;
      const { kind, address, size } = item;
      if (i < known && kinds[i] === kind && addresses[i] === address && sizes[i] === size) continue;
      const value = wordOf(table, missingIsNull, item);
      if (value === null) {
        this.#count = i;
        return false;
      }
      // Of a zero-length section what is missing now may be mapped before the next launch.
      kinds[i] = (kind & 0xff) === MAP.ZERO_LEN_ARRAY_SECTION ? UNKNOWN : kind;
      addresses[i] = address;
      sizes[i] = size;
      setWord(this.words, i, value);
    }
    this.#count = count;
    return true;
  }

  #grow(count: number): void {
    const capacity = Math.max(16, 2 ** Math.ceil(Math.log2(count)));
    this.words = new Uint32Array(2 * capacity);
    this.#kinds = new Int32Array(capacity);
    this.#addresses = new Float64Array(capacity);
    this.#sizes = new Float64Array(capacity);
    this.#count = 0;
  }
}

/** What device code finds for an item; null where that takes more than looking it up. */
function wordOf(table: MemoryTable, missingIsNull: boolean, item: MapItem): number | null {
  const kind = kindOf(item.kind);
  const { address } = item;
  if (address === 0 || kind === MAP.FIRSTPRIVATE_INT) return address;
  const end = address + item.size;
  if (kind === MAP.ZERO_LEN_ARRAY_SECTION) {
    const range = table.lookupZeroLength(address, end);
    if (range === null) return missingIsNull ? 0 : address;
    return range.isLink ? null : range.deviceAddress(address);
  }
  if (kind > MAP.TOFROM && kind !== MAP.FORCE_PRESENT) return null;
  const range = table.find(address, end);
  return range === null || range.isLink || !range.holds(address, end) ? null : range.deviceAddress(address);
}
