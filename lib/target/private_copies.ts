/**
 * Private copies of a region's `firstprivate` items, behind the words of its table: they are allocated, copied and given back with it.
 *
 * @packageDocumentation
 */
import { alignUp } from "./align.js";
import { bytesAt, mustHold } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import { alignmentOf } from "./map_kind.js";
import { setWord } from "./table_words.js";

/** What is more, or wants more alignment than tables have, gets memory of its own. */
export const MOST_PRIVATE_BYTES = 4096;
export const MOST_PRIVATE_ALIGNMENT = 16;
const WORD = 8;

/** Where copies begin behind a table of so many words, in bytes. */
export const privateBegin = (words: number): number => alignUp(WORD * words, MOST_PRIVATE_ALIGNMENT);

export class PrivateCopies {
  readonly #indexes: number[] = [];
  readonly #offsets: number[] = [];
  #words = 0;
  #begin = 0;
  #end = 0;
  #most = 0;

  /** Of a table of so many words: none so far, and then so many bytes at most. */
  begin(words: number, most = MOST_PRIVATE_BYTES): void {
    this.#most = most;
    this.#indexes.length = 0;
    this.#offsets.length = 0;
    this.#words = words;
    this.#begin = privateBegin(words);
    this.#end = this.#begin;
  }

  /** Whether there is room for a copy of the item. @throws OffloadError `ERR_OFFLOAD_HOST_MEMORY` */
  add(i: number, item: MapItem): boolean {
    const alignment = alignmentOf(item.kind);
    const offset = alignUp(this.#end, alignment);
    if (item.owner === null || alignment > MOST_PRIVATE_ALIGNMENT || offset + item.size - this.#begin > this.#most)
      return false;
    mustHold(item.owner, item.address, item.size);
    this.#indexes.push(i);
    this.#offsets.push(offset);
    this.#end = offset + item.size;
    return true;
  }

  get none(): boolean {
    return this.#indexes.length === 0;
  }
  /** Of the table and the copies. */
  get words(): number {
    return this.none ? this.#words : Math.ceil(this.#end / WORD);
  }

  /** Copies into a table that lies at the device's `address`, and has the copies' addresses now. */
  copy(items: readonly MapItem[], table: Uint32Array, address: number): void {
    for (const [at, i] of this.#indexes.entries()) {
      const { owner, address: from, size } = items[i] as MapItem;
      const offset = this.#offsets[at] as number;
      setWord(table, i, address + offset);
      new Uint8Array(table.buffer, table.byteOffset + offset, size).set(bytesAt(owner as ArrayBufferLike, from, size));
    }
  }
}
