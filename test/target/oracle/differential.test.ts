/**
 * lib/target against the real libgomp of GCC 12: random sequences of operations on the same image, on the software GPU. On GCC's plugin both
 * have the same one beneath.
 */
import { afterAll, expect, test } from "vitest";
import { GPU } from "../../plugin/under-test.js";
import { type Comparison, compare } from "./compare.js";
import { describeDifference, describeSummary, differential } from "./differential.js";
import { KNOWN } from "./known.js";
import { Layer } from "./layer.js";
import { operationsOf } from "./operation.js";
import { RealLibgomp } from "./real-libgomp.js";

/** scripts/differential-target executes more. */
const count = Number(process.env.DIFFERENTIAL_COUNT ?? 400);
const seed = Number(process.env.DIFFERENTIAL_SEED ?? 1);
const told = process.env.DIFFERENTIAL_COUNT !== undefined;
/** Milliseconds; most of it for a machine that others use, too. */
const limit = 120_000 + 200 * count;

const ours = new Layer();
afterAll(() => ours[Symbol.dispose]());

test(
  "sequences of mapping operations do the same, here and in libgomp",
  async () => {
    const begun = performance.now();
    if (told) console.log(`seed ${seed}`);
    const summary = await differential({
      real: new RealLibgomp(GPU),
      ours,
      count,
      seed,
      onProgress: ({ sequences, differences }) => {
        if (told) console.log(`${sequences} sequences, ${differences.length} differences`);
      },
    });
    if (told) {
      const seconds = (performance.now() - begun) / 1000;
      console.log(`\n${describeSummary(summary)}\n${Math.round(count / seconds)} sequences a second`);
    }
    expect(summary.differences.join("\n\n")).toBe("");
    expect(summary.sequences).toBe(count);
    // The test would be worth little if all but a few sequences ended early.
    expect(summary.legal).toBeGreaterThan(0.5 * count);
    expect(summary.refused).toBeGreaterThan(0.1 * count);
  },
  limit,
);

/** What both see of a sequence. */
async function observe(text: string): Promise<Comparison> {
  for await (const only of compare(new RealLibgomp(GPU), ours, [{ seed: 1, operations: operationsOf(text) }]))
    return only;
  throw new Error("nothing was executed");
}

const exemplified = KNOWN.flatMap(({ name, example }) => (example === undefined ? [] : [[name, example] as const]));
test.each(exemplified)("a difference that is wanted is there: %s", async (name, example) => {
  const comparison = await observe(example);
  expect(comparison.difference?.known, describeDifference(comparison)).toBe(name);
});

test("both see what a sequence does to the host's memory and to the device's, and in the kernel's table", async () => {
  const text = `
    w 2 32
    e 2 1 0 32 8 0 0 0 0 1 0 8 8 0 0 0 0
    e 1 80 0 8 0 0 0 0 0
    t 4 3 0 32 4 4 0 7 0 13 1 5 0 0 0 0 0 524 0 48 8 8 1 0 0 15 0 64 0 4 0 0 0
    b 2 19 0 128 4 0 0 0 0 14 0 36 0 0 0 0 0
    t 1 17 0 128 4 4 0 3 0
    d
    x 1 81 0 8 0 0 0 0 0
    x 2 2 0 32 8 0 0 0 0 23 0 200 4 0 0 0 0`;
  const { real, ours: mine } = await observe(text);
  const expected = [
    "ok | host 2=(host+32) 3=(high)",
    "ok | device 2 new=(host+32) 3 new=(high) 8 new=a5000108 9 new=a5000109",
    "ok | device 2=(device+32)",
    "ok | device 8=a500010f | words device+32:a5000108 5 private:a500010c,a500010d 0",
    "ok | device 32 new=a5000120 | pointers device+36",
    "ok | device 32=a5000123 | words device+128:a5000120",
    "ok | host 32=a5000123 | device 32 gone",
    "ok | device 2=(host+32)",
    "ok | host 8=a500010f | device 8 gone 9 gone",
    "ok | releases 2:1",
  ];
  expect(real).toEqual(expected);
  expect(mine).toEqual(expected);
});

test("an operation that libgomp ends the process for is refused here, and ends the sequence only", async () => {
  const text = "e 1 1 0 32 8 0 0 0 0\ne 1 1 0 28 8 0 0 0 0";
  const { real, outcomes, refusedAt } = await observe(text);
  expect([real.length, refusedAt]).toEqual([2, 1]);
  expect(outcomes[0]).toMatch(/^fatal libgomp: Trying to map into device \[0x[0-9a-f]+\.\.0x[0-9a-f]+\) object when/);
  expect(outcomes[1]).toMatch(/^fatal ERR_OFFLOAD_OVERLAP: /);
});
