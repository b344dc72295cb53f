/** Launches that fail in a queue: what becomes of those behind them, and of queues that wait for theirs. */
import { afterEach, expect, test } from "vitest";
import type { OffloadError } from "../../../lib/errors.js";
import type { AsyncQueue } from "../../../lib/plugin/plugin.js";
import { describeBut, openTested } from "../under-test.js";
import { Bench, codeOf, failureOf, turn } from "./fixture.js";

const plugin = openTested();
const bench = new Bench(plugin);

const made: AsyncQueue[] = [];
const queue = (): AsyncQueue => {
  const one = plugin.asyncConstruct(0);
  made.push(one);
  return one;
};
afterEach(async () => {
  for (const one of made.splice(0)) await plugin.asyncDestruct(one);
  expect(plugin.stats().sessions).toBe(0);
});

/** What came of a launch: "" or its error's code. */
const outcome = (run: Promise<void>): Promise<string> =>
  run.then(
    () => "",
    (error: unknown) => (error as OffloadError).code,
  );

const KERNELS = [
  ["traps", "trap", [1], "ERR_OFFLOAD_EXCEPTION"],
  ["is illegal", "illegal", [1], "ERR_OFFLOAD_ILLEGAL_INSTRUCTION"],
  ["reaches beyond", "write_to", [0x7000_0000_0000, 1], "ERR_OFFLOAD_MEMORY_FAULT"],
] as const;

test("asyncSynchronize tells the first error, once", async () => {
  const one = queue();
  plugin.asyncQueueCallback(one, () => {
    throw new Error("the first");
  });
  plugin.asyncQueueCallback(one, () => {
    throw new Error("the second");
  });
  plugin.asyncHost2dev(one, 4096, new Uint8Array(8));
  expect((await failureOf(() => plugin.asyncSynchronize(one))).message).toBe("the first");
  await plugin.asyncSynchronize(one);
  // What was refused in its turn is told there too: nobody else could hear of it.
  plugin.asyncHost2dev(one, 4096, new Uint8Array(8));
  expect(await codeOf(() => plugin.asyncSynchronize(one))).toBe("ERR_OFFLOAD_ADDRESS");
  plugin.asyncDev2host(one, new Uint8Array(2 ** 20), 4096);
  expect(await codeOf(() => plugin.asyncSynchronize(one))).toBe("ERR_OFFLOAD_ADDRESS");
  expect(plugin.asyncTest(one)).toBe(true);
});

describeBut("goes on after a fault", "a kernel that fails in a queue", () => {
  test.each(KERNELS)(
    "behind a launch that %s, those that were sent are lost, and later ones run",
    async (_, name, words, code) => {
      const [one, log] = [queue(), bench.zeros(10)];
      const before = outcome(bench.enqueue(one, "append", [log, 1, 100]));
      const failing = outcome(bench.enqueue(one, name, words));
      const behind = outcome(bench.enqueue(one, "append", [log, 2, 0]));
      expect(await Promise.all([before, failing, behind])).toEqual(["", code, "ERR_OFFLOAD_QUEUE_LOST"]);
      expect(await outcome(bench.enqueue(one, "append", [log, 3, 0]))).toBe("");
      expect(bench.read(log, 3)).toEqual([2, 1, 3]);
      expect(await codeOf(() => plugin.asyncSynchronize(one))).toBe(code);
      await plugin.asyncSynchronize(one);
      plugin.free(0, log);
    },
  );

  test("callbacks and copies behind a failed launch take their turn, and launches behind those run", async () => {
    const [one, log] = [queue(), bench.zeros(10)];
    const order: string[] = [];
    const failing = outcome(bench.enqueue(one, "trap", [1]));
    plugin.asyncQueueCallback(one, () => order.push("first"));
    plugin.asyncHost2dev(one, log + 16, BigUint64Array.of(77n));
    const after = outcome(bench.enqueue(one, "append", [log, 5, 0]));
    plugin.asyncQueueCallback(one, () => order.push("second"));
    expect(await failing).toBe("ERR_OFFLOAD_EXCEPTION");
    expect(await after).toBe("");
    expect(await codeOf(() => plugin.asyncSynchronize(one))).toBe("ERR_OFFLOAD_EXCEPTION");
    expect(order).toEqual(["first", "second"]);
    expect(bench.read(log, 3)).toEqual([1, 5, 77]);
    plugin.free(0, log);
  });

  test("destruction tells the first error, and the queue is gone all the same", async () => {
    const one = plugin.asyncConstruct(0);
    const failing = outcome(bench.enqueue(one, "trap", [1]));
    expect(await codeOf(() => plugin.asyncDestruct(one))).toBe("ERR_OFFLOAD_EXCEPTION");
    expect(await failing).toBe("ERR_OFFLOAD_EXCEPTION");
    expect(await codeOf(() => plugin.asyncTest(one))).toBe("ERR_OFFLOAD_QUEUE");
  });

  test.each(KERNELS)("queues that wait for one whose launch %s go on", async (_, name, words, code) => {
    const [failing, behind, third, free] = [queue(), queue(), queue(), queue()];
    const log = bench.zeros(10);
    const failed = outcome(bench.enqueue(failing, name, words));
    plugin.asyncSerialize(failing, behind);
    const waited = outcome(bench.enqueue(behind, "append", [log, 1, 0]));
    // And behind that one; by way of a callback, too.
    plugin.asyncSerialize(behind, third);
    plugin.asyncQueueCallback(third, () => {});
    plugin.asyncSerialize(failing, third);
    const further = outcome(bench.enqueue(third, "append", [log, 2, 0]));
    const apart = outcome(bench.enqueue(free, "append", [bench.zeros(3), 3, 0]));
    expect(await failed).toBe(code);
    // A memory fault stops what runs on the device's other queues; nothing may hang, and nobody is told a wrong reason.
    const others = await Promise.all([waited, further, apart]);
    for (const each of others) expect(["", "ERR_OFFLOAD_QUEUE_LOST"]).toContain(each);
    if (code !== "ERR_OFFLOAD_MEMORY_FAULT") {
      expect(others).toEqual(["", "", ""]);
      expect(bench.read(log, 3)).toEqual([2, 1, 2]);
    }
    for (const one of [failing, behind, third, free]) await outcome(plugin.asyncSynchronize(one));
    expect(await outcome(bench.enqueue(behind, "nothing", [1]))).toBe("");
    plugin.free(0, log);
  });

  test("a failure of the waiting queue leaves the one that it waits for alone", async () => {
    const [first, second] = [queue(), queue()];
    const flag = bench.zeros(2);
    const slow = outcome(bench.enqueue(first, "wait_for_flag", [flag, flag + 8]));
    const failed = outcome(bench.enqueue(second, "trap", [1]));
    plugin.asyncSerialize(first, second);
    const behind = outcome(bench.enqueue(second, "nothing", [1]));
    expect(await failed).toBe("ERR_OFFLOAD_EXCEPTION");
    expect(await behind).toBe("ERR_OFFLOAD_QUEUE_LOST");
    expect(plugin.asyncTest(first)).toBe(false);
    bench.write(flag, 1);
    expect(await slow).toBe("");
    await outcome(plugin.asyncSynchronize(second));
    // The signal between them is used by others now: nobody completes it twice.
    for (let i = 0; i < 20; i++) {
      plugin.asyncSerialize(first, second);
      const [a, b] = [bench.enqueue(first, "nothing", [1]), bench.enqueue(second, "nothing", [1])];
      plugin.asyncSerialize(first, second);
      await Promise.all([a, b]);
    }
    plugin.free(0, flag);
  });

  test("a launch that is given up frees the queues that wait for its own", async () => {
    const log = bench.zeros(3);
    const one = queue();
    const endless = outcome(bench.launch("endless", [1], { grid: [64], workgroup: [64], timeout: 60 }));
    const behind = outcome(bench.launch("append", [log, 1, 0]));
    expect(await endless).toBe("ERR_OFFLOAD_TIMEOUT");
    expect(await behind).toBe("ERR_OFFLOAD_QUEUE_LOST");
    expect(await outcome(bench.enqueue(one, "append", [log, 2, 0]))).toBe("");
    await turn();
    expect(bench.read(log, 2)).toEqual([1, 2]);
    plugin.free(0, log);
  });
});
