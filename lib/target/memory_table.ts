/**
 * The device memory table (mem_map): disjoint ranges of host memory by address. Ranges lie in chunks of bounded size, so that finding one
 * takes two binary searches, and adding one moves a chunk's worth of entries at most. Constructs that name many ranges mostly go through
 * them by their addresses: the one behind the last that was found is looked at first.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { MappedRange } from "./mapped_range.js";

const MOST = 256;

export class MemoryTable {
  /** By rising address; none is empty. */
  readonly #chunks: MappedRange[][] = [];
  #size = 0;
  /** Ranges that have been taken out, ever: a plan that was made since the last one still holds. */
  #removals = 0;
  /** Where the last one was found. Something else may lie there now: it is looked at like any other. */
  #lastChunk: readonly MappedRange[] | null = null;
  #lastPlace = 0;

  get size(): number {
    return this.#size;
  }
  get removals(): number {
    return this.#removals;
  }

  /**
   * A range that overlaps [start, end): of several the first. An empty range overlaps what has it inside, beyond its first byte, as a
   * splay tree's comparison has it.
   */
  find(start: number, end: number): MappedRange | null {
    const next = this.#lastChunk?.[this.#lastPlace + 1];
    if (next !== undefined && start < end && next.start <= start && start < next.end) {
      this.#lastPlace++;
      return next;
    }
    const chunks = this.#chunks;
    // The first chunk whose last range ends beyond the start.
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = chunks[middle] as MappedRange[];
      if ((chunk[chunk.length - 1] as MappedRange).end <= start) low = middle + 1;
      else high = middle;
    }
    const chunk = chunks[low];
    if (chunk === undefined) return null;
    const place = firstBeyond(chunk, start);
    const candidate = chunk[place];
    if (candidate === undefined || candidate.start >= end) return null;
    this.#lastChunk = chunk;
    this.#lastPlace = place;
    return candidate;
  }

  /** gomp_map_lookup: for an empty range, what begins there, else what ends there or has it inside. */
  lookup(start: number, end: number): MappedRange | null {
    if (start !== end) return this.find(start, end);
    return this.find(start, end + 1) ?? this.find(start - 1, end);
  }
  /** gomp_map_0len_lookup: for an empty range, what has its first byte. */
  lookupZeroLength(start: number, end: number): MappedRange | null {
    return this.find(start, start === end ? end + 1 : end);
  }

  /** A range of at least one byte, that overlaps no other. */
  add(range: MappedRange): void {
    const { start } = range;
    const chunks = this.#chunks;
    const at = Math.max(0, this.#chunkAt(start));
    const chunk = chunks[at];
    this.#size++;
    range.alive = true;
    if (chunk === undefined) {
      chunks.push([range]);
      return;
    }
    const place = firstBeyond(chunk, start);
    chunk.splice(place, 0, range);
    if (chunk.length > MOST) chunks.splice(at + 1, 0, chunk.splice(MOST >>> 1));
  }

  remove(range: MappedRange): void {
    const at = this.#chunkAt(range.start);
    const chunk = this.#chunks[at];
    const place = chunk?.indexOf(range) ?? -1;
    if (chunk === undefined || place < 0) {
      throw new OffloadError("ERR_OFFLOAD_NOT_MAPPED", "a range was taken out of the device memory table twice");
    }
    chunk.splice(place, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#size--;
    this.#removals++;
    range.alive = false;
  }

  /** The chunk that an address falls into: the last that begins at it or before; -1 before all. */
  #chunkAt(start: number): number {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const [first] = chunks[middle] as MappedRange[];
      if ((first as MappedRange).start <= start) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  *[Symbol.iterator](): Iterator<MappedRange> {
    for (const chunk of this.#chunks) yield* chunk;
  }
}

/** The index of the first range that ends beyond an address. */
function firstBeyond(chunk: readonly MappedRange[], start: number): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle] as MappedRange).end <= start) low = middle + 1;
    else high = middle;
  }
  return low;
}
