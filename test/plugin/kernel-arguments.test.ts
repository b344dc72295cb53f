/** The kernel-argument block: where C puts its parts, what stays between launches, and what the kernel printed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ArgumentCache } from "../../lib/plugin/gcn/argument_cache.js";
import { drainConsole } from "../../lib/plugin/gcn/console_output.js";
import {
  type BlockMemory,
  blockBytes,
  ENTRY,
  HEADER_BYTES,
  KERNEL_ARGUMENTS,
  KernelArgumentBlock,
  NO_RETURN_VALUE,
  OUTPUT,
  TABLE_OFFSET,
  tableCapacity,
} from "../../lib/plugin/gcn/kernel_arguments.js";

/** Host memory that stands in for the device's, filled with what must not stay. */
class Fake implements BlockMemory {
  static live = 0;
  static next = 0x7f0000000000;
  readonly address: number;
  readonly buffer: ArrayBuffer;
  disposed = false;
  constructor(readonly byteLength: number) {
    this.address = Fake.next;
    Fake.next += Math.ceil(byteLength / 4096) * 4096 + 4096;
    this.buffer = new ArrayBuffer(byteLength);
    new Uint8Array(this.buffer).fill(0xa5);
    Fake.live++;
  }
  view(): ArrayBuffer {
    return this.buffer;
  }
  dispose(): void {
    if (this.disposed) throw new Error("disposed twice");
    this.disposed = true;
    Fake.live--;
  }
}

const block = (capacity = 64): { memory: Fake; block: KernelArgumentBlock } => {
  const memory = new Fake(blockBytes(capacity));
  return { memory, block: new KernelArgumentBlock(memory, capacity) };
};

/** The same structures declared in C, from the reference's description. */
test("the layout is what a C compiler makes of the structures", () => {
  const source = `
    #include <stddef.h>
    #include <stdint.h>
    #include <stdio.h>
    struct entry { int written; char msg[128]; int type; union { int64_t i; double d; char text[128]; } value; };
    struct output { int return_value; unsigned next; struct entry queue[1024]; unsigned consumed; };
    struct args12 { void *tvt, *spare, *output, *heap, *arena; struct output data; };
    struct args13 { void *tvt, *spare, *output, *heap, *arena, *stack; int arena_size, stack_size; struct output data; };
    #define P(x) printf("%zu ", (size_t)(x))
    int main(void) {
      P(offsetof(struct args12, tvt)); P(offsetof(struct args12, output)); P(offsetof(struct args12, heap)); P(offsetof(struct args12, arena));
      P(offsetof(struct args13, tvt)); P(offsetof(struct args13, output)); P(offsetof(struct args13, heap)); P(offsetof(struct args13, arena));
      P(offsetof(struct args13, stack)); P(offsetof(struct args13, arena_size)); P(offsetof(struct args13, stack_size));
      P(offsetof(struct output, queue)); P(sizeof(struct entry)); P(offsetof(struct output, consumed)); P(sizeof(struct output));
      P(offsetof(struct entry, msg)); P(offsetof(struct entry, type)); P(offsetof(struct entry, value));
    }`;
  const folder = mkdtempSync(join(tmpdir(), "gcn-offload-layout-"));
  try {
    writeFileSync(join(folder, "layout.c"), source);
    execFileSync("cc", [join(folder, "layout.c"), "-o", join(folder, "layout")]);
    const told = execFileSync(join(folder, "layout"), { encoding: "utf8" }).trim().split(" ").map(Number);
    const args = KERNEL_ARGUMENTS;
    expect(told).toEqual([
      ...[args.targetVarTable, args.output, args.heap, args.arena, args.targetVarTable],
      ...[args.output, args.heap, args.arena, args.stack, args.arenaBytesPerTeam, args.stackBytesPerThread],
      ...[OUTPUT.entries, ENTRY.bytes, OUTPUT.consumed, OUTPUT.bytes, ENTRY.message, ENTRY.type, ENTRY.value],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [0, 64],
  [1, 64],
  [63, 64],
  [64, 64],
  [65, 128],
  [502, 512],
  [503, 512],
  [504, 512],
  [5000, 5056],
  [100_000, 100_032],
])("a table of %i words gets %i, all of them inside of what is allocated", (count, capacity) => {
  expect(tableCapacity(count)).toBe(capacity);
  const { memory, block: made } = block(capacity);
  expect(made.address % 16).toBe(0);
  expect(made.words.length).toBe(2 * capacity);
  expect(made.address + 8 * capacity).toBe(memory.address + memory.byteLength);
  expect(made.words.byteOffset).toBe(TABLE_OFFSET);
  // Writing all of it leaves the output block alone.
  made.prepare();
  made.words.fill(0xffffffff);
  expect(made.returnValue).toBe(NO_RETURN_VALUE);
  expect(new Uint32Array(memory.buffer, HEADER_BYTES + OUTPUT.consumed, 1)[0]).toBe(0);
});

test("the header's first pointer is the table that was last pointed to", () => {
  const { memory, block: made } = block();
  const words = new BigUint64Array(memory.buffer, 0, 7);
  made.pointTo(made.address);
  expect(words[0]).toBe(BigInt(made.address));
  made.pointTo(0x123456789ab0);
  expect(words[0]).toBe(0x123456789ab0n);
  made.pointTo(0);
  expect(words[0]).toBe(0n);
  // Hidden arguments of a kernel without any of its own lie there too.
  words[0] = 7n;
  made.forgetTable();
  made.pointTo(0);
  expect(words[0]).toBe(0n);
  expect(made.outputAddress).toBe(memory.address + HEADER_BYTES);
});

/** A kernel's side of the output block. */
function write(made: KernelArgumentBlock, type: number, message: string, value: string | number | bigint): void {
  const { output, outputBytes } = made;
  const i = Atomics.add(output, OUTPUT.next / 4, 1);
  const at = OUTPUT.entries + (i % ENTRY.count) * ENTRY.bytes;
  outputBytes.fill(0, at + ENTRY.message, at + ENTRY.message + 128);
  outputBytes.set(new TextEncoder().encode(message).subarray(0, 128), at + ENTRY.message);
  output[(at + ENTRY.type) / 4] = type;
  const view = new DataView(outputBytes.buffer, outputBytes.byteOffset + at + ENTRY.value, 128);
  outputBytes.fill(0, at + ENTRY.value, at + ENTRY.value + 128);
  if (typeof value === "bigint") view.setBigInt64(0, value, true);
  else if (typeof value === "number") view.setFloat64(0, value, true);
  else outputBytes.set(new TextEncoder().encode(value).subarray(0, 128), at + ENTRY.value);
  Atomics.store(output, (at + ENTRY.written) / 4, 1);
}

test("each kind of entry as its text, in order", () => {
  const { block: made } = block();
  made.prepare();
  const printed: string[] = [];
  write(made, 0, "count ", -(2n ** 62n));
  write(made, 1, "pi ", 3.25);
  write(made, 2, "who ", "me");
  write(made, 3, "", "no newline");
  write(made, 3, "x".repeat(128), "y".repeat(128));
  drainConsole(made, false, (text) => printed.push(text));
  expect(printed).toEqual([
    "count -4611686018427387904\n",
    "pi 3.250000\n",
    "who me\n",
    "no newline",
    "x".repeat(128) + "y".repeat(128),
  ]);
});

test("an entry that is taken but not written holds back what comes after it, until the end", () => {
  const { block: made } = block();
  made.prepare();
  const printed: string[] = [];
  const print = (text: string): unknown => printed.push(text);
  write(made, 3, "", "a");
  Atomics.add(made.output, OUTPUT.next / 4, 1);
  write(made, 3, "", "c");
  drainConsole(made, false, print);
  expect(printed).toEqual(["a"]);
  drainConsole(made, false, print);
  expect(printed).toEqual(["a"]);
  drainConsole(made, true, print);
  expect(printed).toEqual(["a", "c"]);
  // The next launch finds an empty block.
  made.prepare();
  drainConsole(made, true, print);
  expect(printed).toEqual(["a", "c"]);
});

test("more lines than entries go through, when they are read in between", () => {
  const { block: made } = block();
  made.prepare();
  const printed: string[] = [];
  for (let i = 0; i < 5000; i++) {
    write(made, 3, "", `${i}`);
    if (i % 1000 === 999) drainConsole(made, false, (text) => printed.push(text));
  }
  expect(printed).toEqual(Array.from({ length: 5000 }, (_, i) => `${i}`));
});

test("what a failed launch left unread is not the next one's", () => {
  const { block: made } = block();
  made.prepare();
  write(made, 3, "", "stale");
  made.prepare();
  Atomics.add(made.output, OUTPUT.next / 4, 1);
  const printed: string[] = [];
  drainConsole(made, false, (text) => printed.push(text));
  expect(printed).toEqual([]);
});

test("blocks are as many as launches at once, whatever the mix of sizes", () => {
  const cache = new ArgumentCache((bytes) => new Fake(bytes));
  const before = Fake.live;
  const sizes = [0, 1, 63, 64, 65, 502, 503, 504, 5000, 100_000];
  for (let round = 0; round < 200; round++) {
    const size = sizes[(round * 7) % sizes.length] as number;
    const taken = [cache.take(size), cache.take(sizes[(round * 3) % sizes.length] as number)];
    for (const made of taken) cache.give(made);
  }
  expect(cache.stats.free).toBe(2);
  expect(Fake.live - before).toBe(2);
  const { misses } = cache.stats;
  for (let round = 0; round < 200; round++) cache.give(cache.take(sizes[round % sizes.length] as number));
  // Steady: nothing more is allocated.
  expect(cache.stats.misses).toBe(misses);
  cache.end();
  expect(Fake.live).toBe(before);
  expect(cache.stats).toMatchObject({ bytes: 0, free: 0, inUse: 0 });
});

test("the smallest block that fits is taken", () => {
  const cache = new ArgumentCache((bytes) => new Fake(bytes));
  const all = [64, 512, 128].map((count) => cache.take(count));
  for (const made of all) cache.give(made);
  expect(cache.take(65).capacity).toBe(128);
  expect(cache.take(0).capacity).toBe(64);
  expect(cache.take(1).capacity).toBe(512);
});

test("free blocks are bounded, go when memory is short, and come back after the end", () => {
  const before = Fake.live;
  let room = Number.POSITIVE_INFINITY;
  const cache: ArgumentCache = new ArgumentCache((bytes) => {
    if (room-- > 0) return new Fake(bytes);
    // As the device does: what is free is given up first.
    cache.trim();
    throw new Error("out of memory");
  });
  const many = Array.from({ length: 200 }, () => cache.take(1));
  for (const made of many) cache.give(made);
  expect(cache.stats.free).toBeLessThan(80);
  expect(cache.stats.bytes).toBeLessThanOrEqual(16 * 2 ** 20);
  room = 0;
  expect(() => cache.take(1_000_000)).toThrow("out of memory");
  expect(cache.stats).toMatchObject({ free: 0, inUse: 0, bytes: 0 });
  room = 1;
  const last = cache.take(10);
  cache.end();
  expect(Fake.live).toBe(before + 1);
  cache.give(last);
  expect(Fake.live).toBe(before);
});
