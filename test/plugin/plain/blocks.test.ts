/** Kernel-argument blocks: given back whatever becomes of the launch, no more of them than launches in flight, and bounded. */
import { beforeAll, describe, expect, test } from "vitest";
import type { PluginStats } from "../../../lib/plugin/plugin.js";
import { openTested, testBut } from "../under-test.js";
import { Bench, codeOf, ONE, openPlugin } from "./fixture.js";

const bench = new Bench(openTested());
const { plugin } = bench;

/** Fixed part and table of a block, at least: libgomp's output block alone has 270,352 bytes. */
const BLOCK = 270_352;
const ALLOWED_FREE = 16 * 2 ** 20;

/** What must be the same before and after. */
const base = ({ sessions, bytes, cacheBytes, allocations, signalsCreated }: PluginStats) => ({
  sessions,
  bytes,
  cacheBytes,
  allocations,
  signalsCreated,
});

beforeAll(async () => {
  bench.run("nothing", [1]);
  await bench.launch("nothing", [1]);
});

describe.each([
  ["zero teams", { teams: 0 }],
  ["zero teams of some threads", { teams: 0, threads: 4 }],
  ["a grid of nothing", { grid: [0] }],
  ["a grid without rows", { grid: [64, 0], workgroup: [64, 1] }],
  ["a grid without planes", { grid: [64, 1, 0] }],
])("%s", (_, attributes) => {
  test("a blocking launch completes, runs nothing, and gives its block back", () => {
    const before = base(plugin.stats());
    for (let i = 0; i < 50; i++) bench.run("trap", [1, 2, 3], attributes);
    expect(base(plugin.stats())).toEqual(before);
  });
  test("a launch without a table completes too", async () => {
    const before = base(plugin.stats());
    bench.run("trap", [], attributes);
    await bench.launch("trap", [], attributes);
    expect(base(plugin.stats())).toEqual(before);
  });
  test("awaited launches complete, and give their blocks back", async () => {
    await Promise.all(Array.from({ length: 50 }, () => bench.launch("trap", [1, 2, 3], attributes)));
    const before = base(plugin.stats());
    await Promise.all(Array.from({ length: 50 }, () => bench.launch("trap", [1, 2, 3], attributes)));
    expect(base(plugin.stats())).toEqual(before);
  });
});

test.each([
  ["more work-items than a workgroup can have", { grid: [2048], workgroup: [2048] }, "ERR_OFFLOAD_WORKGROUP"],
  ["no dimensions", { grid: [] }, "ERR_OFFLOAD_GRID"],
  ["four dimensions", { grid: [1, 1, 1, 1] }, "ERR_OFFLOAD_GRID"],
  ["a negative number of teams", { teams: -1 }, "ERR_OUT_OF_RANGE"],
  ["half a team", { teams: 0.5 }, "ERR_OUT_OF_RANGE"],
  ["a grid beyond 32 bits", { grid: [2 ** 32] }, "ERR_OUT_OF_RANGE"],
  ["a timeout that is none", { ...ONE, timeout: -1 }, "ERR_OUT_OF_RANGE"],
])("a launch of %s is refused and gives its block back", async (_, attributes, code) => {
  const before = base(plugin.stats());
  expect(await codeOf(() => bench.run("nothing", [1], attributes))).toBe(code);
  expect(await codeOf(() => bench.launch("nothing", [1], attributes))).toBe(code);
  expect(base(plugin.stats())).toEqual(before);
});

test("an abandoned session gives its block back, whatever its state", () => {
  const before = base(plugin.stats());
  for (const steps of [0, 1, 2]) {
    const session = plugin.newSession();
    plugin.sessionStart(session, 0);
    if (steps === 1) plugin.sessionAllocateTargetVarTable?.(session, 10);
    if (steps === 2) plugin.sessionSetTargetVarTable(session, null);
    plugin.sessionAbandon(session);
    plugin.sessionAbandon(session);
  }
  expect(base(plugin.stats())).toEqual(before);
});

testBut("own blocks", "awaited launches hold as many blocks as are in flight, and no more", async () => {
  // A plugin of which nothing has been asked yet.
  const fresh = new Bench(openPlugin(), 1);
  const flag = fresh.zeros(2);
  for (const [count, most] of [
    [3, 3],
    [5, 5],
    [1, 5],
    [4, 5],
  ] as const) {
    fresh.write(flag, 0);
    const under = Array.from({ length: count }, () => fresh.launch("wait_for_flag", [flag, flag + 8]));
    const { cacheBytes, sessions } = fresh.plugin.stats();
    fresh.write(flag, 1);
    await Promise.all(under);
    expect(sessions).toBe(count);
    expect(cacheBytes).toBeGreaterThanOrEqual(most * BLOCK);
    expect(cacheBytes).toBeLessThan((most + 1) * BLOCK);
    expect(fresh.plugin.stats().sessions).toBe(0);
  }
});

testBut(
  "own blocks",
  "after a burst with tables of every size the free blocks are bounded, and the next launches find theirs",
  async () => {
    const sizes = [1, 64, 65, 503, 5000, 100_000];
    const burst = (count: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: count }, (_, i) =>
          bench.launch("nothing", new Array<number>(sizes[i % sizes.length] as number).fill(i)),
        ),
      );
    await burst(120);
    const { cacheBytes } = plugin.stats();
    expect(cacheBytes).toBeLessThanOrEqual(ALLOWED_FREE);
    const { cacheHits, allocations } = plugin.stats();
    for (let round = 0; round < 20; round++) for (const size of sizes) bench.run("nothing", new Array(size).fill(0));
    const after = plugin.stats();
    expect(after.cacheHits - cacheHits).toBe(120);
    expect(after.allocations).toBe(allocations);
    expect(after.cacheBytes).toBe(cacheBytes);
  },
);
