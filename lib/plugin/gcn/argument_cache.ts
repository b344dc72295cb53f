/**
 * A device's kernel-argument blocks, used again from launch to launch. As many blocks exist as launches have been under way at once,
 * whatever the mix of table sizes: a block that is too small is replaced, not kept beside a larger one.
 *
 * @packageDocumentation
 */
import { type BlockMemory, blockBytes, KernelArgumentBlock, tableCapacity } from "./kernel_arguments.js";

/** Free blocks that are kept at most, in bytes: some 60 launches at once. */
const KEPT_BYTES = 16 * 2 ** 20;

export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Blocks in use, and free ones. */
  readonly inUse: number;
  readonly free: number;
  readonly bytes: number;
}

export class ArgumentCache {
  readonly #allocate: (bytes: number) => BlockMemory;
  /** By rising capacity. */
  readonly #free: KernelArgumentBlock[] = [];
  #hits = 0;
  #misses = 0;
  #inUse = 0;
  #bytes = 0;
  #freeBytes = 0;
  #ended = false;

  /** `allocate` throws where there is no memory; it may trim this cache first. */
  constructor(allocate: (bytes: number) => BlockMemory) {
    this.#allocate = allocate;
  }

  get stats(): CacheStats {
    return {
      hits: this.#hits,
      misses: this.#misses,
      inUse: this.#inUse,
      free: this.#free.length,
      bytes: this.#bytes,
    };
  }

  /** A block with room for a table of `count` words: the smallest that is free and fits. */
  take(count: number): KernelArgumentBlock {
    const free = this.#free;
    let at = 0;
    while (at < free.length && (free[at] as KernelArgumentBlock).capacity < count) at++;
    const found = free[at];
    if (found === undefined) {
      const made = this.#make(count);
      this.#misses++;
      this.#inUse++;
      return made;
    }
    for (; at + 1 < free.length; at++) free[at] = free[at + 1] as KernelArgumentBlock;
    free.pop();
    this.#hits++;
    this.#freeBytes -= found.byteLength;
    this.#inUse++;
    return found;
  }

  give(block: KernelArgumentBlock): void {
    this.#inUse--;
    if (this.#ended || this.#freeBytes + block.byteLength > KEPT_BYTES) {
      this.#drop(block);
      return;
    }
    const free = this.#free;
    let at = free.push(block) - 1;
    for (; at > 0 && (free[at - 1] as KernelArgumentBlock).capacity > block.capacity; at--) {
      free[at] = free[at - 1] as KernelArgumentBlock;
    }
    free[at] = block;
    this.#freeBytes += block.byteLength;
  }

  /** Frees what is not in use: when memory is short. Answers how many bytes that were. */
  trim(): number {
    const freed = this.#freeBytes;
    for (const block of this.#free.splice(0)) this.#drop(block);
    this.#freeBytes = 0;
    return freed;
  }

  /** At the device's end: what is in use is freed when it comes back. */
  end(): void {
    this.#ended = true;
    this.trim();
  }

  #make(count: number): KernelArgumentBlock {
    // All that are free are too small: the largest of them goes, and the new one takes its place.
    const small = this.#free.pop();
    if (small !== undefined) {
      this.#freeBytes -= small.byteLength;
      this.#drop(small);
    }
    const capacity = tableCapacity(roomy(count));
    const memory = this.#allocate(blockBytes(capacity));
    this.#bytes += memory.byteLength;
    return new KernelArgumentBlock(memory, capacity);
  }

  #drop(block: KernelArgumentBlock): void {
    this.#bytes -= block.byteLength;
    block.dispose();
  }
}

/** Large tables get an eighth more, so that a size that creeps up does not replace the block at each launch. */
const roomy = (count: number): number => (count <= 512 ? count : Math.ceil(count * 1.125));
