/** Target regions of GCC 12's images through the plugin, with their results. */
import { beforeAll, describe, expect, test } from "vitest";
import type { GcnModule, OffloadPlugin } from "../../../lib/plugin/index.js";
import { testBut } from "../under-test.js";
import { type Image, openTestedLab, targets } from "./fixture.js";

const lab = openTestedLab();

describe.each(targets)("%s", (target) => {
  let image: Image<OffloadPlugin>;
  beforeAll(async () => {
    image = await lab.load("regions.c", target);
  });

  testBut("image facts", "GCC 12 is recognised by its own comment", () => {
    const { image: facts } = image.module as GcnModule;
    expect(facts.abi).toEqual({
      abi: "gcc-12",
      evidence: `compiled by GCC ${image.program.image.compiler}`,
    });
  });

  test("an image is its device's", () => {
    expect(image.module.device).toBe(targets.indexOf(target));
  });

  const n = 3000;
  const values = Int32Array.from({ length: n }, (_, i) => (i * 7919) % 1013);

  test.each([undefined, 1, 3])("a sum over teams (%s)", async (teams) => {
    const attributes = teams === undefined ? {} : { teams, threads: 2 };
    const sums = [new BigInt64Array(1), new BigInt64Array(1)];
    image.run("sum_over_teams", { values, sum: sums[0] as BigInt64Array, n }, attributes);
    await image.runAsync("sum_over_teams", { values, sum: sums[1] as BigInt64Array, n }, attributes);
    const sum = BigInt(values.reduce((a, b) => a + b, 0));
    expect(sums.map(([each]) => each)).toEqual([sum, sum]);
  });

  test("the largest over teams", () => {
    const doubles = Float64Array.from(values, (value) => value / 4);
    const largest = Float64Array.of(-1);
    image.run("largest_of_teams", { values: doubles, largest, n }, { teams: 5 });
    expect(largest[0]).toBe(Math.max(...doubles));
  });

  test("a firstprivate double lies behind an address, an integer in the table's word", () => {
    const x = Float32Array.from({ length: n }, (_, i) => i - 100);
    const y = new Float32Array(n);
    image.run("scale", { y, x, a: Float64Array.of(0.5), n }, { teams: 4 });
    expect(y).toEqual(Float32Array.from(x, (each) => 0.5 * each + 1));
  });

  test.each([
    [{ teams: 3, threads: 2 }, 3, 2],
    [{ teams: 7, threads: 1 }, 7, 1],
    [{ teams: 2, threads: 16 }, 2, 16],
    [{ teams: 2 }, 2, target === "gfx900" ? 4 : 16],
  ])("%j: teams and threads as the region sees them", (attributes, teams, threads) => {
    const seen = new Int32Array(10);
    image.run("who", { seen, most: 10 }, attributes);
    expect([...seen]).toEqual(Array.from(seen, (_, i) => (i < teams ? teams * 1000 + threads : 0)));
  });

  test("malloc in every thread", () => {
    const sums = new BigInt64Array(500);
    image.run("allocate", { sums, n: sums.length }, { teams: 4 });
    expect([...sums]).toEqual(Array.from(sums, (_, i) => BigInt((i * (i + 1)) / 2)));
  });

  test("the heap has 100 MiB, and malloc beyond them answers null", () => {
    const found = new BigInt64Array(1);
    image.run("allocate_once", { found, bytes: 90 * 2 ** 20 });
    expect(found[0]).toBe(1n);
    image.run("allocate_once", { found, bytes: 101 * 2 ** 20 });
    expect(found[0]).toBe(0n);
  });
});
