import { expect, test } from "vitest";
import { type Extent, geometry } from "../../lib/device/geometry.js";

const agent = {
  name: "gfx906",
  workgroupMaxDim: [1024, 1024, 1024],
  workgroupMaxSize: 1024,
  gridMaxDim: [2 ** 31 - 1, 65535, 65535],
  gridMaxSize: 2 ** 32 - 1,
} as const;
const free = { name: "k", maxWorkgroupSize: 1024, requiredWorkgroupSize: null, uniformWorkgroupSize: null };

test("a number is one dimension, and what is not said is 1", () => {
  expect(geometry(1000, 256, free, agent)).toEqual({ dimensions: 1, grid: [1000, 1, 1], workgroup: [256, 1, 1] });
  expect(geometry([8, 8], 4, free, agent)).toEqual({ dimensions: 2, grid: [8, 8, 1], workgroup: [4, 1, 1] });
  expect(geometry([8], [4, 4, 4], free, agent).dimensions).toBe(3);
});

test("a kernel that fixes its workgroup may be launched without one", () => {
  const fixed = { ...free, requiredWorkgroupSize: [16, 4, 1] as const };
  expect(geometry([64, 64], undefined, fixed, agent).workgroup).toEqual([16, 4, 1]);
  expect(() => geometry([64, 64], [4, 16], fixed, agent)).toThrow("compiled for workgroups of 16×4×1, not 4×16×1");
});

const cases: readonly [string, Extent, Extent | undefined, Partial<typeof free>, string, RegExp][] = [
  ["an empty grid", 0, 64, {}, "ERR_OFFLOAD_GRID", /x must be an integer from 1.*not 0: a launch of no work-items/],
  ["an empty second dimension", [4, 0], 4, {}, "ERR_OFFLOAD_GRID", /y must be/],
  ["a negative grid", -1, 64, {}, "ERR_OFFLOAD_GRID", /not -1/],
  ["a fraction", 1.5, 1, {}, "ERR_OFFLOAD_GRID", /not 1.5/],
  ["four dimensions", [1, 1, 1, 1] as never, 1, {}, "ERR_OFFLOAD_GRID", /one to three dimensions, not 4/],
  ["text", "64" as never, 1, {}, "ERR_OFFLOAD_GRID", /not "64"/],
  ["a grid beyond the agent", [1, 65536], 1, {}, "ERR_OFFLOAD_GRID", /65536 work-items; gfx906 takes 65535/],
  ["too many work-items", [2 ** 31 - 1, 4], 1, {}, "ERR_OFFLOAD_GRID", /gfx906 takes 4294967295/],
  ["a workgroup of nothing", 64, 0, {}, "ERR_OFFLOAD_WORKGROUP", /not 0/],
  ["a workgroup beyond the agent", 4096, 1025, {}, "ERR_OFFLOAD_WORKGROUP", /gfx906 takes 1024/],
  [
    "a workgroup with too many work-items",
    4096,
    [64, 32],
    {},
    "ERR_OFFLOAD_WORKGROUP",
    /64×32×1 has 2048 work-items; gfx906 takes at most 1024/,
  ],
  [
    "a workgroup beyond the kernel",
    4096,
    512,
    { maxWorkgroupSize: 256 },
    "ERR_OFFLOAD_WORKGROUP",
    /kernel k takes at most 256/,
  ],
  ["no workgroup where none is fixed", 64, undefined, {}, "ERR_OFFLOAD_WORKGROUP", /say workgroup/],
  [
    "a partial workgroup for a kernel that has none",
    100,
    64,
    { uniformWorkgroupSize: true as never },
    "ERR_OFFLOAD_GRID",
    /round it up to 128/,
  ],
];
test.each(cases)("%s is refused", (_what, grid, workgroup, kernel, code, message) => {
  const body = (): unknown => geometry(grid, workgroup, { ...free, ...kernel }, agent);
  expect(body).toThrow(message);
  expect(body).toThrow(expect.objectContaining({ code }));
});
