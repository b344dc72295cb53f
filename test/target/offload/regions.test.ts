/** Target regions of real programs through the face: what they compute, from the same formula in JavaScript. */
import { describe, expect, test, vi } from "vitest";
import { f32 } from "../../../lib/device/arguments.js";
import { ForeignPlugin, GcnPlugin } from "../../../lib/plugin/index.js";
import { addressOf, map } from "../../../lib/target/index.js";
import { FOREIGN, testBut } from "../../plugin/under-test.js";
import { useRegions } from "./fixture.js";

const regions = useRegions();
const n = 1000;
const x = Float32Array.from({ length: n }, (_, i) => i / 4 - 30);

test("saxpy: sections to the device and back, a float and an integer of the region's own", async () => {
  const y = Float32Array.from({ length: n }, (_, i) => i);
  const expected = y.map((value, i) => value + 2.5 * (x[i] as number));
  await regions.target("saxpy", [map.tofrom(y), map.to(x), map.firstprivate(f32(2.5)), map.firstprivate(n)], {
    teams: 4,
  });
  expect(y).toEqual(expected);
});

test("the same blocking the thread", () => {
  const y = new Float32Array(n);
  const maps = [map.tofrom(y), map.to(x), map.firstprivate(f32(2)), map.firstprivate(n)];
  regions.omp.targetSync(regions.name("saxpy", maps), maps, { teams: 2, threads: 4 });
  expect(y).toEqual(x.map((value) => 2 * value));
});

test("a reduction into a mapped variable", async () => {
  const values = Int32Array.from({ length: n }, (_, i) => (i * 7919) % 1013);
  const sum = BigInt64Array.of(0n);
  await regions.target("sum_squares", [map.to(values), map.tofrom(sum), map.firstprivate(n)]);
  expect(sum[0]).toBe(values.reduce((total, value) => total + BigInt(value) * BigInt(value), 0n));
});

describe("a struct with a pointer: attached on the device, the host's own again afterwards", () => {
  const data = x.slice();
  const struct = new BigInt64Array([BigInt(n), BigInt(addressOf(data.buffer))]);
  const [length, pointer] = [struct.subarray(0, 1), struct.subarray(1)];
  const by = map.firstprivate(f32(3));

  test.each([
    ["scale_vector", [by, map.to(struct), map.tofrom(data), map.attach(pointer)]],
    [
      "scale_members",
      [by, map.struct(struct, [map.to(length), map.to(pointer)]), map.tofrom(data), map.attach(pointer)],
    ],
  ])("%s", async (fn, maps) => {
    data.set(x);
    const before = struct.slice();
    await regions.target(fn, maps, { teams: 1 });
    expect(data).toEqual(x.map((value) => 3 * value));
    expect(struct).toEqual(before);
  });
});

describe("a pointer that the region does not map", () => {
  const look = async (omp: typeof regions.omp, section: Int32Array): Promise<number> => {
    const [address, value] = [new BigInt64Array(1), new Int32Array(1)];
    const maps = [map.zeroLength(section), map.from(value), map.from(address)];
    await omp.target(regions.name("look", maps), maps);
    return Number(address[0]);
  };

  test("points to what is mapped", async () => {
    const data = Int32Array.from({ length: 16 }, (_, i) => i * i);
    using region = regions.omp.targetData([map.to(data)]);
    expect(await look(regions.omp, data.subarray(5))).toBe((region.addresses[0] as number) + 20);
    const value = new Int32Array(1);
    await regions.target("look_into", [map.zeroLength(data.subarray(5)), map.from(value)]);
    expect(value[0]).toBe(25);
  });

  test("is the host's where nothing is, or null as before GCC 14", async () => {
    const data = new Int32Array(16);
    expect(await look(regions.omp, data)).toBe(addressOf(data.buffer));
    await using older = await regions.open({ missing: "null" });
    expect(await look(older, data)).toBe(0);
  });
});

test("enter data, update and exit data around regions: nothing moves that is not told to", async () => {
  const { omp } = regions;
  const y = new Float32Array(n);
  const maps = [map.tofrom(y), map.to(x), map.firstprivate(f32(1)), map.firstprivate(n)];
  omp.enterData([map.to(y), map.to(x)]);
  await regions.target("saxpy", maps);
  await regions.target("saxpy", maps);
  expect(y[3]).toBe(0);
  omp.update([map.from(y.subarray(0, 2))]);
  expect([y[0], y[1], y[2]]).toEqual([2 * (x[0] as number), 2 * (x[1] as number), 0]);
  y.fill(100);
  omp.update([map.to(y.subarray(4, 5))]);
  await regions.target("saxpy", maps);
  omp.exitData([map.from(y), map.release(x)]);
  expect(y).toEqual(x.map((value, i) => (i === 4 ? 100 + value : 3 * value)));
  expect(omp.device().table.size).toBe(0);
});

test("a box of a matrix goes to the device and comes back", async () => {
  const { omp } = regions;
  const [rows, columns] = [20, 50];
  const matrix = Int32Array.from({ length: rows * columns }, () => -1);
  const box = { element: 4, dimensions: [rows, columns], offsets: [3, 10], volume: [4, 7] };
  using _ = omp.targetData([map.to(matrix)]);
  await regions.target("fill", [map.firstprivate(0), map.firstprivate(rows * columns), map.from(matrix)]);
  omp.update([map.from(matrix, { box })]);
  const inBox = (i: number) => i >= 3 * columns && i < 7 * columns && i % columns >= 10 && i % columns < 17;
  expect(matrix).toEqual(Int32Array.from(matrix, (__, i) => (inBox(i) ? i : -1)));
});

test("variables of the program: bound to host memory, updated both ways, and found by regions", async () => {
  const { omp } = regions;
  const counter = new Int32Array(1);
  const weights = new Float64Array(4);
  omp.bindVariable("counter", counter);
  omp.bindVariable("weights", weights);
  omp.update([map.from(counter), map.from(weights)]);
  expect([counter[0], ...weights]).toEqual([5, 0.5, 1, 1.5, 2]);
  counter[0] = 100;
  weights[3] = -7.25;
  omp.update([map.to(counter), map.to(weights.subarray(3))]);
  const seen = new Float64Array(2);
  await regions.target("count_up", [map.from(seen)], { teams: 1 });
  expect([...seen]).toEqual([110, -7.25]);
  omp.update([map.from(counter)]);
  expect(counter[0]).toBe(110);
  expect(() => omp.bindVariable("weight", weights)).toThrow(/no variable "weight".*did you mean "weights"/);
  expect(() => omp.bindVariable("weights", counter)).toThrow(/32 bytes.*4/);
});

test("a region gets one team where nothing is said, and leaves it to the plugin where that is", async () => {
  const launched = vi.spyOn((FOREIGN ? ForeignPlugin : GcnPlugin).prototype, "asyncRun");
  const seen = new Float64Array(2);
  for (const options of [{}, { teams: "auto" }, { teams: 3, threads: 2 }] as const) {
    await regions.target("count_up", [map.from(seen)], options);
  }
  expect(launched.mock.calls.map(([, , attributes]) => attributes)).toEqual([
    { teams: 1 },
    {},
    { teams: 3, threads: 2 },
  ]);
  launched.mockRestore();
});

testBut("goes on after a fault", "a region that faults says so, and leaves nothing behind", async () => {
  const { omp } = regions;
  const size = omp.device().table.size;
  await expect(regions.target("fail", [map.firstprivate(64)])).rejects.toMatchObject({
    code: "ERR_OFFLOAD_MEMORY_FAULT",
  });
  expect([omp.device().table.size, omp.plugin?.stats().sessions]).toEqual([size, 0]);
  const to = new Int32Array(4);
  await regions.target("fill", [map.firstprivate(7), map.firstprivate(4), map.from(to)]);
  expect([...to]).toEqual([7, 8, 9, 10]);
});

test("a function that there is not: the near one is named", async () => {
  await expect(regions.omp.target("saxpi._omp_fn.0", [])).rejects.toThrow(/did you mean "saxpy\._omp_fn\.0"/);
  expect(() => regions.omp.targetSync("saxpy._omp_fn.0", [], { team: 1 } as object)).toThrow(/did you mean "teams"/);
});
