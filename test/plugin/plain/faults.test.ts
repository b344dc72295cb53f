/** Kernels that go wrong: an error of their launch each, with the kernel's name, and everything else goes on. */
import { afterEach, expect, test } from "vitest";
import { DeviceError } from "../../../lib/errors.js";
import type { LaunchAttributes } from "../../../lib/plugin/plugin.js";
import { describeBut, openTested, testBut } from "../under-test.js";
import { Bench, failureOf, ONE } from "./fixture.js";

const plugin = openTested();
const bench = new Bench(plugin);
const other = new Bench(plugin, 1);

/** An address that no device has. */
const NOWHERE = 0x7000_0000_0000;
const TIMEOUT: LaunchAttributes = { ...ONE, timeout: 80 };

/** Both ways of launching on both devices give right results. */
async function allGoesOn(): Promise<void> {
  for (const each of [bench, other]) {
    for (const asynchronous of [false, true]) {
      const out = each.words([3, 0, 0, 0]);
      if (asynchronous) await each.launch("copy_table", [out, 5, 6]);
      else each.run("copy_table", [out, 5, 6]);
      expect(each.read(out, 4)).toEqual([3, out, 5, 6]);
      plugin.free(each.device, out);
    }
  }
}
afterEach(async () => {
  expect(plugin.stats().sessions).toBe(0);
  await allGoesOn();
  const { bytes, cacheBytes } = plugin.stats();
  expect(bytes).toBe(cacheBytes);
});

const FAULTS: readonly (readonly [string, string, readonly number[], LaunchAttributes, string])[] = [
  ["writes to memory that is none", "write_to", [NOWHERE, 1], ONE, "ERR_OFFLOAD_MEMORY_FAULT"],
  ["writes through a null pointer", "write_to", [0, 1], ONE, "ERR_OFFLOAD_MEMORY_FAULT"],
  ["reads from memory that is none", "read_from", [NOWHERE, 0], ONE, "ERR_OFFLOAD_MEMORY_FAULT"],
  ["executes what is no instruction", "illegal", [1], ONE, "ERR_OFFLOAD_ILLEGAL_INSTRUCTION"],
  ["traps", "trap", [1], ONE, "ERR_OFFLOAD_EXCEPTION"],
  ["runs for ever", "endless", [1], TIMEOUT, "ERR_OFFLOAD_TIMEOUT"],
];

for (const [what, name, words, attributes, code] of FAULTS) {
  describeBut("goes on after a fault", `a kernel that ${what}`, () => {
    const expected = { code, kernel: name };

    test("fails its blocking launch", async () => {
      const error = await failureOf(() => bench.run(name, words, attributes));
      expect(error).toBeInstanceOf(DeviceError);
      expect(error).toMatchObject(expected);
      expect(error.message).toContain(`kernel ${name}:`);
    });

    test("fails its awaited launch, and those before it are over", async () => {
      const log = bench.zeros(4);
      const before = bench.launch("append", [log, 1, 100]);
      const error = await failureOf(() => bench.launch(name, words, attributes));
      expect(error).toMatchObject(expected);
      await before;
      expect(bench.read(log, 2)).toEqual([1, 1]);
      plugin.free(0, log);
    });

    test("is told of by the launch itself, time and again", async () => {
      for (let i = 0; i < 3; i++) {
        expect(await failureOf(() => bench.run(name, words, attributes))).toMatchObject(expected);
        expect(await failureOf(() => bench.launch(name, words, attributes))).toMatchObject(expected);
      }
    });

    test("fails no launch of the other device", async () => {
      const flag = other.zeros(2);
      const waiting = other.launch("wait_for_flag", [flag, flag + 8]);
      expect(await failureOf(() => bench.launch(name, words, attributes))).toMatchObject(expected);
      expect(await failureOf(() => bench.run(name, words, attributes))).toMatchObject(expected);
      other.write(flag, 7);
      await waiting;
      expect(other.read(flag, 2)).toEqual([7, 7]);
      plugin.free(1, flag);
    });

    test("while it fails in the one queue, blocking launches do not fail for it", async () => {
      const failing = bench.launch(name, words, attributes).then(
        () => null,
        (error: unknown) => error,
      );
      const log = bench.zeros(20);
      for (let i = 0; i < 10; i++) bench.run("append", [log, i, 50]);
      expect(await failing).toMatchObject(expected);
      for (let i = 10; i < 15; i++) bench.run("append", [log, i, 0]);
      expect(bench.read(log, 16)).toEqual([15, ...Array.from({ length: 15 }, (_each, i) => i)]);
      plugin.free(0, log);
    });
  });
}

testBut("goes on after a fault", "a memory fault names the address, and what lies nearest to it", async () => {
  const area = plugin.alloc(0, 4096);
  const error = await failureOf(() => bench.run("write_to", [area + 2 ** 23, 1]));
  expect(error).toMatchObject({ code: "ERR_OFFLOAD_MEMORY_FAULT", address: area + 2 ** 23 });
  plugin.free(0, area);
  expect((await failureOf(() => bench.run("write_to", [8, 1]))).message).toContain("a null pointer");
});

test("a kernel that ends in time is not given up", async () => {
  const log = bench.zeros(3);
  bench.run("append", [log, 1, 10], { ...ONE, timeout: 20_000 });
  await bench.launch("append", [log, 2, 10], { ...ONE, timeout: 20_000 });
  expect(bench.read(log, 3)).toEqual([2, 1, 2]);
  plugin.free(0, log);
});

testBut("in order", "a time limit is of one launch, not of those that wait before it", async () => {
  const log = bench.zeros(30);
  const limited = { ...ONE, timeout: 400 };
  const runs = Array.from({ length: 20 }, (_, i) => bench.launch("append", [log, i, 400], limited));
  await Promise.all(runs);
  expect(bench.read(log, 1)).toEqual([20]);
  plugin.free(0, log);
});
