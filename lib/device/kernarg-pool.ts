/**
 * Kernel-argument blocks: carved in power-of-two sizes from few large allocations, and used again. A launch in the steady state
 * allocates nothing.
 *
 * @packageDocumentation
 */

import { bytesText } from "../errors.js";
import type { Memory, Region } from "../hsa/index.js";

/** The smallest block, a cache line: neighbours on the GPU do not share one. */
const LEAST = 64;
/** The first chunk; each later one is as large as all before it together. */
const FIRST_CHUNK = 256 * 1024;

/** A block that one launch uses. */
export interface KernargBlock {
  readonly address: number;
  /** The chunk that the block lies in; write from `offset` on. */
  readonly view: DataView;
  readonly offset: number;
  readonly byteLength: number;
}

export interface KernargStats {
  /** HSA allocations made. */
  readonly chunks: number;
  readonly bytes: number;
  readonly blocksInUse: number;
}

export class KernargPool {
  readonly #region: Region;
  readonly #chunks: Memory[] = [];
  /** Free blocks by the binary logarithm of their size. */
  readonly #free = new Map<number, KernargBlock[]>();
  #view: DataView | undefined;
  #base = 0;
  #used = 0;
  #bytes = 0;
  #inUse = 0;

  constructor(region: Region) {
    this.#region = region;
  }

  get stats(): KernargStats {
    return { chunks: this.#chunks.length, bytes: this.#bytes, blocksInUse: this.#inUse };
  }

  take(bytes: number): KernargBlock {
    const size = bytes <= LEAST ? LEAST : 2 ** (32 - Math.clz32(bytes - 1));
    const block = this.#free.get(size)?.pop() ?? this.#carve(size);
    this.#inUse++;
    return block;
  }

  give(block: KernargBlock): void {
    this.#inUse--;
    const list = this.#free.get(block.byteLength);
    if (list === undefined) this.#free.set(block.byteLength, [block]);
    else list.push(block);
  }

  #carve(size: number): KernargBlock {
    // Sizes are powers of two and chunks begin on a page: a block that starts at a multiple of its size is aligned to it.
    let offset = Math.ceil(this.#used / size) * size;
    if (this.#view === undefined || offset + size > this.#view.byteLength) {
      this.#grow(size);
      offset = 0;
    }
    const view = this.#view as DataView;
    this.#used = offset + size;
    return { address: this.#base + offset, view, offset, byteLength: size };
  }

  #grow(least: number): void {
    const memory = this.#region.allocate(Math.max(FIRST_CHUNK, this.#bytes, least));
    this.#chunks.push(memory);
    this.#view = new DataView(memory.view());
    this.#base = memory.address;
    this.#bytes += memory.byteLength;
    this.#used = 0;
  }

  /** What lies at an address, for the report of a fault. */
  describe(address: number): string | null {
    const chunk = this.#chunks.find(
      (memory) => address >= memory.address && address < memory.address + memory.byteLength,
    );
    return chunk ? `in the kernel-argument memory (${bytesText(chunk.byteLength)})` : null;
  }

  dispose(): void {
    for (const chunk of this.#chunks) chunk.dispose();
    this.#chunks.length = 0;
    this.#free.clear();
    this.#view = undefined;
  }
}
