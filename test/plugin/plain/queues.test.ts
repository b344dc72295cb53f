/** OpenACC queues: what is put into one happens in its order, and queues wait for each other when told to. */
import { afterEach, describe, expect, test } from "vitest";
import type { AsyncQueue } from "../../../lib/plugin/plugin.js";
import { FOREIGN, openTested } from "../under-test.js";
import { Bench, codeOf, turn } from "./fixture.js";

const plugin = openTested();
const bench = new Bench(plugin);
const second = new Bench(plugin, 1);

const made: AsyncQueue[] = [];
const queue = (device = 0): AsyncQueue => {
  const one = plugin.asyncConstruct(device);
  made.push(one);
  return one;
};
afterEach(async () => {
  for (const one of made.splice(0)) await plugin.asyncDestruct(one);
  expect(plugin.stats().sessions).toBe(0);
});

/** The numbers that kernels appended to a log. */
const logged = (log: number): number[] => {
  const [count = 0] = bench.read(log, 1);
  return bench.read(log, 1 + count).slice(1);
};
/** Sleeps of 64 cycles: long beside the time in which the host submits. */
const LONG = 2000;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test("launches of one queue run one after the other", async () => {
  const [one, log] = [queue(), bench.zeros(101)];
  // The first ones take long, so that later ones would overtake them.
  const runs = upTo(100).map((i) => bench.enqueue(one, "append", [log, i, i < 3 ? LONG : 0]));
  expect(plugin.asyncTest(one)).toBe(false);
  await plugin.asyncSynchronize(one);
  expect(plugin.asyncTest(one)).toBe(true);
  expect(logged(log)).toEqual(upTo(100));
  await Promise.all(runs);
  plugin.free(0, log);
});

test.each([
  ["small", 64],
  // GCC 12's plugin copies a table of OpenACC's word by word.
  ["large", FOREIGN ? 5000 : 200_000],
])("launches, %s copies in both directions and callbacks of one queue keep their order", async (_, words) => {
  const one = queue();
  const [area, log] = [plugin.alloc(0, 8 * (words + 1)), bench.zeros(10)];
  const order: string[] = [];
  const there = new BigUint64Array(words + 1).fill(7n);
  there[0] = BigInt(words);
  const back = new BigUint64Array(words);
  plugin.asyncHost2dev(one, area, there);
  // The table is copied over the area: a copy that came too late would show in it, and one too early in `back`.
  const table = [area, ...upTo(words - 1).map((i) => i + 1000)];
  void bench.enqueue(one, "append", [log, 1, LONG]);
  void bench.enqueue(one, "copy_table", table);
  plugin.asyncQueueCallback(one, () => order.push("copied"));
  plugin.asyncDev2host(one, back, area + 8);
  plugin.asyncQueueCallback(one, () => {
    order.push(back[words - 1] === BigInt(table[words - 1] as number) ? "back" : "too early");
  });
  void bench.enqueue(one, "append", [log, 2, 0]);
  plugin.asyncQueueCallback(one, () => order.push(logged(log).join()));
  expect(order).toEqual([]);
  await plugin.asyncSynchronize(one);
  expect(order).toEqual(["copied", "back", "1,2"]);
  expect(Array.from(back, Number)).toEqual(table);
  plugin.free(0, area);
  plugin.free(0, log);
});

test("a launch is never ahead of one that waits behind a callback, whenever it comes", async () => {
  // Promise continuations between the callback's end and the launch behind it, as many as there can be.
  for (let ticks = 0; ticks < 12; ticks++) {
    const [one, log] = [queue(), bench.zeros(4)];
    const late: Promise<void>[] = [];
    plugin.asyncQueueCallback(one, () => {
      const wait = (left: number): void => {
        if (left > 0) void Promise.resolve().then(() => wait(left - 1));
        else late.push(bench.enqueue(one, "append", [log, 2, 0]));
      };
      wait(ticks);
    });
    const early = bench.enqueue(one, "append", [log, 1, 0]);
    await early;
    await turn();
    await Promise.all(late);
    expect(late).toHaveLength(1);
    expect(logged(log), `after ${ticks} ticks`).toEqual([1, 2]);
    plugin.free(0, log);
  }
});

describe.each([
  ["launches only", false],
  ["a callback in the earlier queue", "earlier"],
  ["a callback in the later queue", "later"],
] as const)("serialized queues with %s", (_, callback) => {
  test.each([
    ["of one device", 0],
    ["of two devices", 1],
  ])("%s: what comes later waits for what came before", async (_where, device) => {
    const [earlier, later] = [queue(), queue(device)];
    const log = bench.zeros(10);
    const mirror = second.zeros(10);
    const order: number[] = [];
    for (const i of upTo(3)) void bench.enqueue(earlier, "append", [log, i, LONG]);
    if (callback === "earlier") plugin.asyncQueueCallback(earlier, () => order.push(1));
    if (callback === "later") plugin.asyncQueueCallback(later, () => order.push(2));
    plugin.asyncSerialize(earlier, later);
    // The log is the first device's: the second one's launches tell by a callback behind them.
    if (device === 0) void bench.enqueue(later, "append", [log, 10, 0]);
    else void second.enqueue(later, "append", [mirror, 10, 0]);
    let seen: number[] = [];
    plugin.asyncQueueCallback(later, () => {
      seen = logged(log);
    });
    // Of those that come into the earlier queue from now on nothing is said.
    void bench.enqueue(earlier, "append", [log, 3, 0]);
    await plugin.asyncSynchronize(later);
    expect(seen.filter((i) => i < 3)).toEqual([0, 1, 2]);
    if (device === 0) expect(seen.indexOf(10)).toBeGreaterThan(seen.indexOf(2));
    else expect(second.read(mirror, 2)).toEqual([1, 10]);
    await plugin.asyncSynchronize(earlier);
    expect(order).toEqual(callback === false ? [] : callback === "earlier" ? [1] : [2]);
    plugin.free(0, log);
    plugin.free(1, mirror);
  });
});

test("64 launches over 8 queues, serialized and with callbacks in between, keep their order", async () => {
  for (let round = 0; round < (FOREIGN ? 1 : 5); round++) {
    const queues = upTo(8).map(() => queue());
    const log = bench.zeros(100);
    const called: number[] = [];
    const runs: Promise<void>[] = [];
    for (const i of upTo(64)) {
      const [from, to] = [queues[(i * 3) % 8] as AsyncQueue, queues[((i + 1) * 3) % 8] as AsyncQueue];
      runs.push(bench.enqueue(from, "append", [log, i, i % 5 === 0 ? 300 : 0]));
      if ((i + round) % 7 === 0) plugin.asyncQueueCallback(from, () => called.push(i));
      plugin.asyncSerialize(from, to);
    }
    expect(plugin.stats().sessions).toBe(64);
    await Promise.all(runs);
    expect(logged(log)).toEqual(upTo(64));
    expect(called).toEqual(upTo(64).filter((i) => (i + round) % 7 === 0));
    plugin.free(0, log);
  }
});

test("a queue waits for itself and for an empty one without waiting for ever", async () => {
  const [one, empty, log] = [queue(), queue(), bench.zeros(4)];
  void bench.enqueue(one, "append", [log, 1, 100]);
  plugin.asyncSerialize(one, one);
  plugin.asyncSerialize(empty, one);
  await bench.enqueue(one, "append", [log, 2, 0]);
  expect(logged(log)).toEqual([1, 2]);
  plugin.free(0, log);
});

test("destruction waits for what is in the queue, and the queue is nobody's afterwards", async () => {
  const [one, log] = [plugin.asyncConstruct(0), bench.zeros(4)];
  void bench.enqueue(one, "append", [log, 1, LONG]);
  let called = false;
  plugin.asyncQueueCallback(one, () => {
    called = true;
  });
  await plugin.asyncDestruct(one);
  expect(called).toBe(true);
  expect(logged(log)).toEqual([1]);
  for (const call of [
    () => plugin.asyncTest(one),
    () => plugin.asyncSynchronize(one),
    () => plugin.asyncDestruct(one),
    () => plugin.asyncQueueCallback(one, () => {}),
    () => plugin.asyncSerialize(one, queue()),
    () => plugin.asyncSerialize(queue(), one),
    () => plugin.asyncHost2dev(one, log, new Uint8Array(8)),
    () => plugin.asyncDev2host(one, new Uint8Array(8), log),
    () => bench.enqueue(one, "nothing", [1]),
  ]) {
    expect(await codeOf(call)).toBe("ERR_OFFLOAD_QUEUE");
  }
  plugin.free(0, log);
});

test("a queue of another device is refused, and the session ends", async () => {
  const elsewhere = queue(1);
  expect(await codeOf(() => bench.enqueue(elsewhere, "nothing", [1]))).toBe("ERR_OFFLOAD_QUEUE");
  expect(plugin.stats().sessions).toBe(0);
});
