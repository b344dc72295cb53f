/** How launches are divided: the rules of plugin-gcn.c in GCC 12 to 16, by their tables. */
import { describe, expect, test } from "vitest";
import { readEnvironment } from "../../../lib/plugin/gcn/environment.js";
import {
  constructorShape,
  type KernelNeeds,
  type LaunchShape,
  openaccShape,
  openmpShape,
} from "../../../lib/plugin/gcn/launch_shape.js";
import type { LaunchAttributes, OpenaccDimensions } from "../../../lib/plugin/plugin.js";

const gcc12: KernelNeeds = {
  name: "main._omp_fn.0",
  abi: "gcc-12",
  vgprs: 24,
  dimensions: [0, 0, 0],
  kernelObject: 0x1000,
  groupBytes: 1536,
  privateBytes: 512,
  maxWorkgroup: 1024,
  sharesLds: false,
};
const gcc13: KernelNeeds = { ...gcc12, abi: "gcc-13" };
const gcc14: KernelNeeds = { ...gcc13, sharesLds: true };
const clang: KernelNeeds = { ...gcc12, abi: "plain" };

const agent = (name: string, computeUnits = 60) => ({
  name,
  computeUnits,
  workgroupMaxSize: 1024,
  gridMaxDim: [2 ** 31 - 1, 65_535, 65_535] as [number, number, number],
});
const gfx906 = agent("gfx906");
type Variables = Readonly<Record<string, string>>;

const openmp = (
  kernel: KernelNeeds,
  attributes: LaunchAttributes,
  facts = gfx906,
  env: Variables = {},
): LaunchShape | null => openmpShape(kernel, attributes, facts, readEnvironment(env));
const openacc = (dimensions: OpenaccDimensions, kernel = gcc12, facts = gfx906, env: Variables = {}): LaunchShape =>
  openaccShape(kernel, dimensions, facts, readEnvironment(env));
/** Teams and threads of a launch in waves of 64. */
function division(shape: LaunchShape | null): readonly [number, number] {
  const { dimensions, grid, workgroup } = shape?.dispatch ?? { dimensions: 0, grid: [0, 0, 0], workgroup: [0, 0, 0] };
  expect(dimensions).toBe(3);
  expect([grid[1], ...workgroup]).toEqual([64, 1, 64, grid[2]]);
  return [grid[0], grid[2]];
}

describe("OpenMP", () => {
  test.each([
    // Nothing said: a team for each compute unit, all the threads of a workgroup.
    ["gfx906", {}, {}, [60, 16]],
    ["gfx906", { teams: 1 }, {}, [1, 16]],
    ["gfx906", { teams: 500 }, {}, [500, 16]],
    ["gfx906", { threads: 3 }, {}, [60, 3]],
    ["gfx906", { teams: 7, threads: 2 }, {}, [7, 2]],
    ["gfx906", { threads: 100 }, {}, [60, 16]],
    // Only gfx900, and only where nobody says how many.
    ["gfx900", {}, {}, [60, 4]],
    ["gfx900", { teams: 9 }, {}, [9, 4]],
    ["gfx900", { teams: 9, threads: 16 }, {}, [9, 16]],
    ["gfx900", { threads: 5 }, {}, [60, 5]],
    // Whatever the region turns out to want.
    ["gfx900", { threads: 2 ** 31 - 1 }, {}, [60, 16]],
    ["gfx900", {}, { GCN_NUM_THREADS: "16" }, [60, 16]],
    ["gfx902", {}, {}, [60, 16]],
    // The environment's word is the last.
    ["gfx906", { teams: 7, threads: 2 }, { GCN_NUM_TEAMS: "3" }, [3, 2]],
    ["gfx906", { teams: 7, threads: 2 }, { GCN_NUM_THREADS: "5" }, [7, 5]],
    ["gfx906", { teams: 7 }, { GCN_NUM_TEAMS: "1000", GCN_NUM_THREADS: "40" }, [1000, 16]],
  ] as const)("%s %j %j", (name, attributes, env, expected) => {
    expect(division(openmp(gcc12, attributes, agent(name), env))).toEqual(expected);
  });

  test("an agent that tells of no compute units is taken to have 64", () => {
    expect(division(openmp(gcc12, {}, agent("gfx906", 0)))).toEqual([64, 16]);
  });

  // Since GCC 13 all teams run at once.
  test.each([
    [gcc12, 121, 121],
    [gcc13, 120, 120],
    [gcc13, 121, 120],
    [gcc14, 10_000, 120],
  ])("teams of 60 compute units: %#", (kernel, teams, expected) => {
    expect(division(openmp(kernel, { teams }))[0]).toBe(expected);
  });

  test.each([
    ["gfx906", 24, 16],
    ["gfx906", 64, 16],
    ["gfx906", 65, 12],
    ["gfx906", 84, 12],
    ["gfx906", 85, 8],
    ["gfx906", 128, 8],
    ["gfx906", 129, 4],
    ["gfx906", 256, 4],
    ["gfx908", 256, 4],
    ["gfx90a", 256, 8],
    ["gfx90a", 512, 4],
    ["gfx942", 128, 16],
    ["gfx1030", 256, 8],
    ["gfx1100", 256, 12],
    // Unknown, or more than there are: as far as it goes.
    ["gfx906", 0, 16],
    ["gfx906", -1, 16],
    ["gfx906", 300, 1],
  ])("%s with %i vector registers has %i threads a team", (name, vgprs, threads) => {
    expect(division(openmp({ ...gcc12, vgprs }, {}, agent(name)))[1]).toBe(threads);
    expect(division(openacc([1, 16, 0], { ...gcc12, vgprs }, agent(name)))[1]).toBe(threads);
  });

  test.each([{ teams: 0 }, { grid: [0] }, { grid: [4, 0] }, { grid: [1, 1, 0] }])("%j: nothing runs", (attributes) => {
    expect(openmp(gcc12, attributes)).toBeNull();
  });
});

describe("a grid in work-items", () => {
  test.each([
    [[1000], undefined, 1, [1000, 1, 1], [64, 1, 1]],
    [[30], [0], 1, [30, 1, 1], [30, 1, 1]],
    [[100, 100], [0, 0], 2, [100, 100, 1], [8, 8, 1]],
    [[100, 100, 100], undefined, 3, [100, 100, 100], [4, 4, 4]],
    [[100, 3, 2], [32, 8, 1], 3, [100, 3, 2], [32, 3, 1]],
  ] as const)("%j of %j", (grid, workgroup, dimensions, expectedGrid, expectedGroup) => {
    const shape = openmp(gcc12, { grid, ...(workgroup ? { workgroup } : {}) });
    expect(shape?.dispatch).toMatchObject({ dimensions, grid: expectedGrid, workgroup: expectedGroup });
  });

  test.each([
    [{ grid: [] }, "ERR_OFFLOAD_GRID"],
    [{ grid: [1, 1, 1, 1] }, "ERR_OFFLOAD_GRID"],
    [{ grid: [64, 65_536] }, "ERR_OFFLOAD_GRID"],
    [{ grid: [2048], workgroup: [1025] }, "ERR_OFFLOAD_WORKGROUP"],
    [{ grid: [64, 64, 64], workgroup: [32, 32, 2] }, "ERR_OFFLOAD_WORKGROUP"],
  ])("%j is refused", (attributes, code) => {
    expect(() => openmp(gcc12, attributes)).toThrow(expect.objectContaining({ code }));
  });

  test("a kernel's own limit counts", () => {
    expect(() => openmp({ ...gcc12, maxWorkgroup: 256 }, {})).toThrow(
      expect.objectContaining({ code: "ERR_OFFLOAD_WORKGROUP", message: expect.stringContaining("at most 256") }),
    );
  });
});

describe("OpenACC", () => {
  test.each([
    [
      [0, 0, 0],
      [0, 0, 0],
      [240, 8],
    ],
    [
      [5, 2, 0],
      [0, 0, 0],
      [5, 2],
    ],
    // 32 workers a compute unit where one of the two is open.
    [
      [0, 4, 0],
      [0, 0, 0],
      [480, 4],
    ],
    [
      [0, 16, 0],
      [0, 0, 0],
      [120, 16],
    ],
    [
      [240, 0, 0],
      [0, 0, 0],
      [240, 8],
    ],
    [
      [1, 0, 0],
      [0, 0, 0],
      [1, 16],
    ],
    [
      [5000, 0, 0],
      [0, 0, 0],
      [5000, 1],
    ],
    [
      [5, 40, 0],
      [0, 0, 0],
      [5, 16],
    ],
    // GCC 12 makes no gangs of this.
    [
      [0, 33, 0],
      [0, 0, 0],
      [60, 16],
    ],
    // The kernel's own win.
    [
      [5, 2, 0],
      [7, 3, 1],
      [7, 3],
    ],
    [
      [5, 2, 0],
      [0, 3, 1],
      [5, 3],
    ],
    [
      [0, 0, 0],
      [7, 0, 1],
      [7, 16],
    ],
  ] as const)("dimensions %j of a kernel with %j", (asked, own, expected) => {
    expect(division(openacc(asked, { ...gcc12, dimensions: own }))).toEqual(expected);
  });

  test("the environment's word is the last, and gfx900 has no rule of its own", () => {
    expect(division(openacc([5, 2, 0], gcc12, gfx906, { GCN_NUM_GANGS: "9", GCN_NUM_WORKERS: "4" }))).toEqual([9, 4]);
    expect(division(openacc([0, 0, 0], gcc12, agent("gfx900")))).toEqual([240, 8]);
  });
});

describe("memory of a launch", () => {
  const KIB = 1024;
  const constructors = (kernel: KernelNeeds, env: Variables = {}): LaunchShape =>
    constructorShape(kernel, gfx906, readEnvironment(env));
  const sizes = (shape: LaunchShape | null): readonly number[] => [
    shape?.arenaBytes ?? -1,
    shape?.stackBytes ?? -1,
    shape?.arenaBytesPerTeam ?? -1,
    shape?.stackBytesPerThread ?? -1,
  ];
  const custom = { GCN_TEAM_ARENA_SIZE: "1000", GCN_STACK_SIZE: "2000" };

  test.each([
    ["GCC 12: arenas, of the size that it has compiled in", gcc12, {}, [3 * 64 * KIB, 0, 64 * KIB, 0]],
    ["GCC 12, whatever the environment says", gcc12, custom, [3 * 64 * KIB, 0, 64 * KIB, 0]],
    ["GCC 13: stacks too", gcc13, {}, [3 * 64 * KIB, 3 * 2 * 32 * KIB, 64 * KIB, 32 * KIB]],
    ["GCC 13 of other sizes", gcc13, custom, [3000, 12_000, 1000, 2000]],
    ["clang: none", clang, custom, [0, 0, 0, 0]],
  ])("%s", (_, kernel, env, expected) => {
    expect(sizes(openmp(kernel, { teams: 3, threads: 2 }, gfx906, env))).toEqual(expected);
  });

  test("OpenACC and constructors have no arenas, and since GCC 13 stacks", () => {
    expect(sizes(openacc([3, 2, 0]))).toEqual([0, 0, 0, 0]);
    expect(sizes(openacc([3, 2, 0], gcc13))).toEqual([0, 6 * 32 * KIB, 0, 32 * KIB]);
    expect(sizes(constructors(gcc12))).toEqual([0, 0, 0, 0]);
    expect(sizes(constructors(gcc13, custom))).toEqual([0, 2000, 0, 2000]);
  });

  test("what the environment makes of teams and threads counts for their memory", () => {
    const env = { GCN_NUM_TEAMS: "10", GCN_NUM_THREADS: "4" };
    expect(sizes(openmp(gcc13, { teams: 3 }, gfx906, env)).slice(0, 2)).toEqual([10 * 64 * KIB, 40 * 32 * KIB]);
  });

  test("constructors run on one wave, whatever the environment says", () => {
    const shape = constructors(gcc13, { GCN_NUM_TEAMS: "9", GCN_NUM_THREADS: "9" });
    expect(shape.dispatch).toMatchObject({ dimensions: 3, grid: [1, 64, 1], workgroup: [1, 64, 1] });
    expect(sizes(shape).slice(0, 2)).toEqual([0, 32 * KIB]);
  });
});

describe("LDS", () => {
  const lds = (kernel: KernelNeeds, teams: number, env: Variables = {}): number | undefined =>
    openmp(kernel, { teams }, gfx906, env)?.dispatch.groupBytes;

  test("up to GCC 13 what the kernel says", () => {
    expect(lds(gcc12, 1)).toBe(1536);
    expect(lds(gcc13, 120, { GOMP_GCN_LOWLAT_POOL: "4096" })).toBe(1536);
  });

  // 60 compute units; 120 teams are the most.
  test.each([
    [1, 1536, {}, 65_536],
    [60, 1536, {}, 65_536],
    [119, 1536, {}, 65_536],
    [120, 1536, {}, 32_768],
    [120, 40_000, {}, 40_000],
    [1, 1536, { GOMP_GCN_LOWLAT_POOL: "4096" }, 4096],
    [120, 1536, { GOMP_GCN_LOWLAT_POOL: "100000" }, 65_536],
    // libgomp's own 48 bytes, and room for a word.
    [1, 0, { GOMP_GCN_LOWLAT_POOL: "0" }, 56],
    [1, 0, { GOMP_GCN_LOWLAT_POOL: "55" }, 56],
    [1, 0, { GOMP_GCN_LOWLAT_POOL: "57" }, 57],
    // Not less than the kernel has variables in it: upstream would let them lie outside.
    [1, 1536, { GOMP_GCN_LOWLAT_POOL: "1000" }, 1536],
  ])("since GCC 14, %i teams of a kernel with %i bytes, %j: %i", (teams, groupBytes, env, expected) => {
    expect(lds({ ...gcc14, groupBytes }, teams, env)).toBe(expected);
  });
  test("teams of the environment share too", () => {
    expect(lds({ ...gcc14 }, 1, { GCN_NUM_TEAMS: "480" })).toBe(8192);
  });
});

test("the dispatch packet has the kernel's object and scratch", () => {
  expect(openmp(gcc12, { teams: 2 })?.dispatch).toMatchObject({ kernelObject: 0x1000, privateBytes: 512 });
});
