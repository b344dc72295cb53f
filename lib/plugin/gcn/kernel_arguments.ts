/**
 * The kernel-argument block of a GCC kernel: a header of pointers, the output block through which the kernel prints and returns, and
 * behind both the launch's target variable table. What lies where, and the block as memory.
 *
 * Source: libgomp's plugin-gcn.c and config/gcn of GCC 12 to 17 (struct kernargs, struct output); newlib's write for amdgcn.
 *
 * @packageDocumentation
 */

/** GCC 12's header is 40 bytes; since GCC 13 stacks lie in a block of their own and the header has 56. */
export type KernelAbi = "12" | "13";

/** Offsets in the header, in bytes. Pointers have 8 bytes; sizes are i32. */
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

const HEADER_BYTES: Readonly<Record<KernelAbi, number>> = { "12": 40, "13": 56 };

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
const TABLE_ALIGNMENT = 16;

/** Where a block's parts lie, for one ABI. */
export interface BlockLayout {
  readonly abi: KernelAbi;
  readonly output: number;
  readonly table: number;
}

const layout = (abi: KernelAbi): BlockLayout => {
  const output = HEADER_BYTES[abi];
  return { abi, output, table: Math.ceil((output + OUTPUT.bytes) / TABLE_ALIGNMENT) * TABLE_ALIGNMENT };
};
const LAYOUTS: Readonly<Record<KernelAbi, BlockLayout>> = { "12": layout("12"), "13": layout("13") };

export const layoutOf = (abi: KernelAbi): BlockLayout => LAYOUTS[abi];

/** Words that a table of `count` gets: at least one, in steps of 64. */
export const tableCapacity = (count: number): number => Math.max(1, Math.ceil(count / TABLE_STEP)) * TABLE_STEP;

/** Bytes of the whole block: unlike upstream's, the table is part of what is allocated. */
export const blockBytes = (abi: KernelAbi, capacity: number): number => layoutOf(abi).table + 8 * capacity;

/** Memory that host and device see. */
export interface BlockMemory {
  readonly address: number;
  readonly byteLength: number;
  view(): ArrayBuffer;
  dispose(): void;
}

/** One launch's arguments. Fields that stay from launch to launch are written when they change only. */
export class KernelArgumentBlock {
  readonly address: number;
  readonly byteLength: number;
  readonly capacity: number;
  readonly layout: BlockLayout;
  /** The table's words, low and high halves. */
  readonly words: Uint32Array;
  readonly tableAddress: number;
  readonly #memory: BlockMemory;
  readonly #fields: Uint32Array;
  /** The output block as i32, from its beginning. */
  readonly output: Int32Array;
  readonly outputBytes: Uint8Array;
  /** What the header's pointers are now, by offset. */
  readonly #written = new Map<number, number>();

  constructor(memory: BlockMemory, abi: KernelAbi, capacity: number) {
    this.#memory = memory;
    this.address = memory.address;
    this.byteLength = memory.byteLength;
    this.capacity = capacity;
    this.layout = layoutOf(abi);
    const buffer = memory.view();
    new Uint8Array(buffer, 0, this.layout.table).fill(0);
    this.#fields = new Uint32Array(buffer, 0, HEADER_BYTES[abi] / 4);
    this.output = new Int32Array(buffer, this.layout.output, OUTPUT.bytes / 4);
    this.outputBytes = new Uint8Array(buffer, this.layout.output, OUTPUT.bytes);
    this.words = new Uint32Array(buffer, this.layout.table, 2 * capacity);
    this.tableAddress = this.address + this.layout.table;
    this.pointer(KERNEL_ARGUMENTS.output, this.address + this.layout.output);
    this.pointer(KERNEL_ARGUMENTS.targetVarTable, this.tableAddress);
  }

  /** Writes a pointer of the header; 0 is null. */
  pointer(offset: number, address: number): void {
    if (this.#written.get(offset) === address) return;
    this.#written.set(offset, address);
    this.#fields[offset / 4] = address % 2 ** 32;
    this.#fields[offset / 4 + 1] = Math.floor(address / 2 ** 32);
  }

  /** GCC 13's sizes of a team's arena and a thread's stack, in bytes. */
  sizes(arenaBytesPerTeam: number, stackBytesPerThread: number): void {
    this.#fields[KERNEL_ARGUMENTS.arenaBytesPerTeam / 4] = arenaBytesPerTeam;
    this.#fields[KERNEL_ARGUMENTS.stackBytesPerThread / 4] = stackBytesPerThread;
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
