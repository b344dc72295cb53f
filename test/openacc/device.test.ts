/** OpenACC's queues on the software GPU, with clang's kernels: what they find in their tables, what fails, what is unmapped under them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { clause, OpenAcc, type ParallelOptions } from "../../lib/openacc/index.js";
import { type MapItem, map, TargetDevice } from "../../lib/target/index.js";
import { Bench, codeOf } from "../plugin/plain/fixture.js";
import { describeBut, openTested } from "../plugin/under-test.js";

const plugin = openTested();
const bench = new Bench(plugin);
/** One workgroup. */
const ONE = { gangs: 1, workers: 1, vectorLength: 1 } as const;
/** Sleeps of 64 cycles: long beside the time in which the host submits. */
const LONG = 2000;

let acc: OpenAcc;
let bytes: number;
beforeEach(() => {
  acc = new OpenAcc(new TargetDevice(plugin, 0));
  bytes = plugin.stats().bytes - plugin.stats().cacheBytes;
});
afterEach(async () => {
  await acc[Symbol.asyncDispose]();
  expect([acc.device.table.size, plugin.stats().sessions]).toEqual([0, 0]);
  // Everything that was allocated for variables has been given back.
  expect(plugin.stats().bytes - plugin.stats().cacheBytes).toBe(bytes);
});

const run = (name: string, items: readonly MapItem[], options: ParallelOptions = { async: 1 }) =>
  acc.parallel(bench.fn(name), items, { ...ONE, ...options });
const word = (value: number): MapItem => map.isDevicePtr(value);
const log = (count: number): BigUint64Array => new BigUint64Array(count);
const numbers = (words: BigUint64Array): number[] => Array.from(words, Number);

test.each([
  ["at once", {}],
  ["in a queue", { async: 1 }],
])("a table has its words in the order of the list, %s", async (_when, options) => {
  const [x, y, copy] = [new Float64Array(8), new Float64Array(8), log(7)];
  copy[0] = 6n;
  const there = acc.memory.copyin(x);
  const optional = new Float64Array(4);
  const items = [
    clause.copy(copy),
    clause.present(x),
    clause.present(x.subarray(2)),
    clause.noCreate(optional),
    word(1234),
    clause.create(y),
  ];
  await run("copy_table", items, options);
  const [, own, ...words] = numbers(copy);
  expect(words.slice(0, 2)).toEqual([there, there + 16]);
  expect(words[3]).toBe(1234);
  expect(own).toBeGreaterThan(0);
  expect(new Set([own, there, words[4]]).size).toBe(3);
  acc.memory.delete(x);
});

test("launches of a queue run in its order, and what is copied back waits for them", async () => {
  const words = log(11);
  await acc.enterData([clause.copyin(words)]);
  for (let i = 0; i < 10; i++) void run("append", [clause.present(words), word(i), word(i < 2 ? LONG : 0)]);
  expect(acc.queues.test(1)).toBe(false);
  const seen = acc.memory.updateSelfAsync(words, 1).then(() => numbers(words).slice(1));
  void run("append", [clause.present(words), word(10), word(0)]).catch(() => {});
  expect(numbers(words)[0]).toBe(0);
  expect(await seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await acc.wait(1);
  acc.memory.delete(words);
});

test("what is unmapped under a launch is there until that is over, and what is entered anew is another", async () => {
  const words = log(4);
  await acc.enterData([clause.copyin(words)]);
  void run("append", [clause.present(words), word(7), word(LONG)]);
  const brought = acc.memory.updateSelfAsync(words, 1);
  acc.memory.deleteFinalize(words);
  expect([acc.device.table.size, acc.queues.test(1)]).toEqual([0, false]);
  const fresh = acc.memory.create(words);
  plugin.memset(0, fresh, 0xff, words.byteLength);
  await brought;
  expect(numbers(words).slice(0, 2)).toEqual([1, 7]);
  acc.memory.delete(words);
});

test("a queue waits for another one's launches and copies", async () => {
  const words = log(8);
  await acc.enterData([clause.copyin(words)]);
  for (let i = 0; i < 6; i++) {
    void run("append", [clause.present(words), word(i), word(i % 2 === 0 ? LONG : 0)], {
      async: i % 2,
      wait: (i + 1) % 2,
    });
  }
  await acc.exitData([clause.copyout(words)], { wait: [0, 1] });
  expect(numbers(words).slice(0, 7)).toEqual([6, 0, 1, 2, 3, 4, 5]);
});

describeBut("goes on after a fault", "a launch that fails", () => {
  const bad = (out: BigUint64Array) => run("write_to", [word(0x7000_0000_0000), word(1), clause.copy(out)]);

  test("copies nothing back and is told by its promise and by the queue's wait; the queue goes on", async () => {
    const [out, words] = [log(4).fill(3n), log(4)];
    const [failing, behind] = [bad(out), run("append", [clause.copy(words), word(5), word(0)], { async: 2 })];
    out.fill(4n);
    expect(await codeOf(() => failing)).toBe("ERR_OFFLOAD_MEMORY_FAULT");
    expect(await codeOf(() => acc.wait(1))).toBe("ERR_OFFLOAD_MEMORY_FAULT");
    expect(numbers(out)).toEqual([4, 4, 4, 4]);
    // A fault ends the device's queues: a launch of another one may have been lost with them.
    await behind.catch(() => {});
    await acc.wait().catch(() => {});
    words.fill(0n);
    await run("append", [clause.copy(words), word(6), word(0)]);
    expect(numbers(words)).toEqual([1, 6, 0, 0]);
  });

  test("that nobody awaits is told by the wait alone", async () => {
    void bad(log(4));
    expect(await codeOf(() => acc.wait())).toBe("ERR_OFFLOAD_MEMORY_FAULT");
    await acc.wait();
  });

  test("in no queue", async () => {
    const out = log(4).fill(3n);
    const failing = acc.parallel(bench.fn("write_to"), [word(0x7000_0000_0000), word(1), clause.copy(out)], ONE);
    expect(await codeOf(() => failing)).toBe("ERR_OFFLOAD_MEMORY_FAULT");
    expect(numbers(out)).toEqual([3, 3, 3, 3]);
  });
});

test("a function of another device is refused, and its session is there for the next one", async () => {
  const elsewhere = new Bench(plugin, 1).fn("nothing");
  const x = log(4);
  for (const options of [ONE, { ...ONE, async: 1 }]) {
    expect(await codeOf(() => acc.parallel(elsewhere, [clause.copy(x)], options))).toBe("ERR_OFFLOAD_SESSION_DEVICE");
  }
  await run("nothing", [clause.copy(x)]);
});

test.each([
  ["small", 64],
  ["large", 300_000],
])("%s data goes there, is worked on and comes back, all in one queue", async (_what, count) => {
  const words = log(count);
  void acc.memory.copyinAsync(words, 3);
  words.fill(9n);
  words[0] = 0n;
  void run("append", [clause.present(words), word(42), word(0)], { async: 3 });
  void acc.memory.copyoutAsync(words, 3);
  await acc.wait(3);
  expect(numbers(words.subarray(0, 3))).toEqual([1, 42, 9]);
  expect(words[count - 1]).toBe(9n);
});

test("a WebAssembly memory that grows takes its buffer away: what is to be copied then fails, and nothing is copied elsewhere", async () => {
  const memory = wasmMemory();
  const words = new BigUint64Array(memory.buffer, 64, 4);
  const entered = acc.memory.copyinAsync(words, 1);
  memory.grow(1);
  expect(words.length).toBe(0);
  expect(await codeOf(() => entered)).toBe("ERR_OFFLOAD_HOST_MEMORY");
  expect(await codeOf(() => acc.wait(1))).toBe("ERR_OFFLOAD_HOST_MEMORY");
  const grown = new BigUint64Array(memory.buffer, 64, 4);
  void acc.memory.updateSelfAsync(grown, 1);
  memory.grow(1);
  expect(await codeOf(() => acc.wait(1))).toBe("ERR_OFFLOAD_HOST_MEMORY");
  const now = new BigUint64Array(memory.buffer, 64, 4);
  plugin.memset(0, acc.memory.deviceptr(now) as number, 7, now.byteLength);
  await acc.exitData([clause.copyout(now)]);
  expect(now[0]).toBe(0x0707070707070707n);
});

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
/** Node has it, and its types do not. */
function wasmMemory(): WasmMemory {
  const { WebAssembly } = globalThis as unknown as {
    readonly WebAssembly: { readonly Memory: new (limits: { initial: number; maximum: number }) => WasmMemory };
  };
  return new WebAssembly.Memory({ initial: 1, maximum: 4 });
}
