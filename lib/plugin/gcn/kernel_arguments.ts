/**
 * The kernel-argument block: a header of pointers, the output block through which GCC's kernels print and return, and behind both the
 * launch's target variable table. What lies where, and the block as memory.
 *
 * A runtime asks for the table before it names the function, so that one layout serves every kernel: kernels find the output block and
 * the table through pointers, and the header has room for what any of them reads.
 *
 * Source: libgomp's plugin-gcn.c and config/gcn of GCC 12 to 17 (struct kernargs, struct output); newlib's write for amdgcn.
 *
 * @packageDocumentation
 */
import type { TextDecoder } from "node:util";
import { writeUint64 } from "../../hsa/index.js";
import type { TargetVarTable } from "../plugin.js";

/** Offsets in the header of GCC's kernels, in bytes. Pointers have 8 bytes; sizes are i32. */
export const KERNEL_ARGUMENTS = {
  targetVarTable: 0,
  output: 16,
  heap: 24,
  /** The team arenas; 0 for OpenACC and constructors. */
  arena: 32,
  /** From here on GCC 13. */
  stack: 40,
  arenaBytesPerTeam: 48,
  stackBytesPerThread: 52,
} as const;

/** More than GCC's 56 bytes, and than clang's pointer with the arguments that a launcher fills. */
export const HEADER_BYTES = 512;

/** Offsets in the output block. */
export const OUTPUT = {
  returnValue: 0,
  /** Entries that kernels have taken, ever: it grows without wrapping. */
  next: 4,
  entries: 8,
  /** Entries that the host has read, ever. */
  consumed: 8 + 1024 * 264,
  bytes: 270_352,
} as const;

/** An entry of the output block. */
export const ENTRY = {
  written: 0,
  message: 4,
  type: 132,
  value: 136,
  bytes: 264,
  count: 1024,
  textBytes: 128,
} as const;

/** What the return value is before a kernel has written one. */
export const NO_RETURN_VALUE = 0xcafe0000 | 0;

/** Words of the table that are given out together. */
const TABLE_STEP = 64;

/** Where the table begins: on a cache line. */
export const TABLE_OFFSET = Math.ceil((HEADER_BYTES + OUTPUT.bytes) / 64) * 64;

/** Words that a table of `count` gets: at least one, in steps of 64. */
export const tableCapacity = (count: number): number => Math.max(1, Math.ceil(count / TABLE_STEP)) * TABLE_STEP;

/** Bytes of the whole block: unlike upstream's, the table is part of what is allocated. */
export const blockBytes = (capacity: number): number => TABLE_OFFSET + 8 * capacity;

/** Memory that host and device see. */
export interface BlockMemory {
  readonly address: number;
  readonly byteLength: number;
  view(): ArrayBuffer;
  dispose(): void;
}

/** One launch's arguments, and a session's target variable table. */
export class KernelArgumentBlock implements TargetVarTable {
  /** Of the block, as the device sees it. */
  readonly blockAddress: number;
  readonly byteLength: number;
  /** Words of the table. */
  readonly capacity: number;
  /** The table's address. */
  readonly address: number;
  readonly words: Uint32Array;
  readonly header: DataView;
  /** The output block as i32, from its beginning. */
  readonly output: Int32Array;
  readonly outputBytes: Uint8Array;
  /** What the header has been written for: whoever launches next compares, and writes it anew where it is for something else. */
  shape: object | null = null;
  ephemeral: object | null = null;
  /** Of what the kernel has printed so far; null before it prints. */
  decoder: TextDecoder | null = null;
  /** The address of the queue that the header tells of; 0: none. */
  queue = 0;
  readonly #memory: BlockMemory;
  /** What the header's first pointer is now. */
  #table = 0;

  constructor(memory: BlockMemory, capacity: number) {
    this.#memory = memory;
    this.blockAddress = memory.address;
    this.byteLength = memory.byteLength;
    this.capacity = capacity;
    const buffer = memory.view();
    new Uint8Array(buffer, 0, TABLE_OFFSET).fill(0);
    this.header = new DataView(buffer, 0, HEADER_BYTES);
    this.output = new Int32Array(buffer, HEADER_BYTES, OUTPUT.bytes / 4);
    this.outputBytes = new Uint8Array(buffer, HEADER_BYTES, OUTPUT.bytes);
    this.words = new Uint32Array(buffer, TABLE_OFFSET, 2 * capacity);
    this.address = this.blockAddress + TABLE_OFFSET;
  }

  get outputAddress(): number {
    return this.blockAddress + HEADER_BYTES;
  }

  /** Where the kernel finds its table: the block's own, one in device memory, or none (0). */
  pointTo(table: number): void {
    if (this.#table === table) return;
    this.#table = table;
    writeUint64(this.header, KERNEL_ARGUMENTS.targetVarTable, table);
  }

  /** The header's first pointer has been overwritten. */
  forgetTable(): void {
    this.#table = Number.NaN;
  }

  /** Makes the output block as a kernel expects it. Entries that were read are clear already. */
  prepare(): void {
    const { output } = this;
    output[OUTPUT.returnValue / 4] = NO_RETURN_VALUE;
    const taken = output[OUTPUT.next / 4] as number;
    if (taken === 0) return;
    // After an error entries may stand that nobody has read.
    for (let i = output[OUTPUT.consumed / 4] as number; i < taken; i++) {
      output[(OUTPUT.entries + (i % ENTRY.count) * ENTRY.bytes + ENTRY.written) / 4] = 0;
    }
    output[OUTPUT.next / 4] = 0;
    output[OUTPUT.consumed / 4] = 0;
  }

  get returnValue(): number {
    return Atomics.load(this.output, OUTPUT.returnValue / 4);
  }

  dispose(): void {
    this.#memory.dispose();
  }
}
