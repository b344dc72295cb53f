/** What the compiler has a kernel told besides its table: sizes, its queue, LDS and stacks. Code object v5, from clang. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { HsaRuntime, type Queue } from "../../../lib/hsa/index.js";
import type { GcnFunction } from "../../../lib/plugin/index.js";
import type { LaunchAttributes } from "../../../lib/plugin/plugin.js";
import { Bench, failureOf, kernels, openPlugin } from "./fixture.js";

/** Every HSA queue that there has been. */
const queues: Queue[] = [];
const { createQueue } = HsaRuntime.prototype;
vi.spyOn(HsaRuntime.prototype, "createQueue").mockImplementation(function (this: HsaRuntime, ...args) {
  const made = createQueue.apply(this, args);
  queues.push(made);
  return made;
});
const newest = (): number => queues.at(-1)?.address ?? 0;

const plugin = openPlugin({}, "software:gfx906,gfx803");
const bench = new Bench(plugin);
let out: number;
beforeAll(() => {
  out = plugin.alloc(0, 65536);
});

/** The implicit arguments as a kernel saw them (AMDGPU backend's user guide, code object v5). */
function implicit(): DataView {
  const bytes = new Uint8Array(256);
  plugin.dev2host(0, bytes, out);
  return new DataView(bytes.buffer);
}
const geometry = () => {
  const view = implicit();
  const three = (at: number): number[] => [0, 2, 4].map((i) => view.getUint16(at + i, true));
  return {
    blocks: [0, 4, 8].map((at) => view.getUint32(at, true)),
    sizes: three(12),
    remainders: three(18),
    dimensions: view.getUint16(64, true),
    offsets: [40, 48, 56].map((at) => view.getBigUint64(at, true)),
  };
};
const queueSeen = (): number => Number(implicit().getBigUint64(200, true));

describe.each([
  [{ grid: [64], workgroup: [64] }, [1, 1, 1], [64, 1, 1], [0, 0, 0], 1],
  [{ grid: [1000], workgroup: [256] }, [3, 1, 1], [256, 1, 1], [232, 0, 0], 1],
  [{ grid: [7] }, [1, 1, 1], [7, 1, 1], [0, 0, 0], 1],
  [{ grid: [300] }, [4, 1, 1], [64, 1, 1], [44, 0, 0], 1],
  [{ grid: [20, 30], workgroup: [16, 4] }, [1, 7, 1], [16, 4, 1], [4, 2, 0], 2],
  [{ grid: [20, 30] }, [2, 3, 1], [8, 8, 1], [4, 6, 0], 2],
  [{ grid: [9, 8, 7], workgroup: [2, 8, 4] }, [4, 1, 1], [2, 8, 4], [1, 0, 3], 3],
  // libgomp's division: teams, 64 lanes, threads.
  [{ teams: 3, threads: 5 }, [3, 1, 1], [1, 64, 5], [0, 0, 0], 3],
] as readonly (readonly [LaunchAttributes, number[], number[], number[], number])[])(
  "a kernel launched with %j",
  (attributes, blocks, sizes, remainders, dimensions) => {
    const expected = { blocks, sizes, remainders, dimensions, offsets: [0n, 0n, 0n] };
    test("is told of whole workgroups, their size, and what remains", async () => {
      bench.run("hidden", [out], attributes);
      expect(geometry()).toEqual(expected);
      // Another launch has used the block meanwhile, in another shape.
      bench.run("hidden", [out], { grid: [128], workgroup: [32] });
      bench.run("nothing", [out]);
      await bench.launch("hidden", [out], attributes);
      expect(geometry()).toEqual(expected);
    });
  },
);

describe("the queue that a kernel is told of", () => {
  test("is the one that it was launched on", async () => {
    bench.run("hidden", [out]);
    const blocking = queueSeen();
    expect(queues.map(({ address }) => address)).toContain(blocking);
    const [one, two] = [plugin.asyncConstruct(0), plugin.asyncConstruct(0)];
    await bench.enqueue(one, "hidden", [out]);
    const first = queueSeen();
    expect(first).toBe(newest());
    await bench.enqueue(two, "hidden", [out]);
    const second = queueSeen();
    expect(second).toBe(newest());
    expect(new Set([blocking, first, second]).size).toBe(3);
    bench.run("hidden", [out]);
    expect(queueSeen()).toBe(blocking);
    await bench.enqueue(one, "hidden", [out]);
    expect(queueSeen()).toBe(first);
    await plugin.asyncDestruct(one);
    await plugin.asyncDestruct(two);
  });

  test("is the new one after a failure, also for a launch that had waited behind a callback", async () => {
    bench.run("hidden", [out]);
    await failureOf(() => bench.run("trap", [1]));
    bench.run("hidden", [out]);
    expect(queues.find(({ disposed, address }) => !disposed && address === queueSeen())).toBeDefined();
    expect(queueSeen()).toBe(newest());

    const one = plugin.asyncConstruct(0);
    await bench.enqueue(one, "hidden", [out]);
    const failing = failureOf(() => bench.enqueue(one, "trap", [1]));
    plugin.asyncQueueCallback(one, () => {});
    const behind = bench.enqueue(one, "hidden", [out]);
    await failing;
    await behind;
    expect(queueSeen()).toBe(newest());
    await failureOf(() => plugin.asyncDestruct(one));
  });
});

test("LDS: each workgroup has its own", async () => {
  const count = 1000;
  const given = Array.from({ length: count }, (_, i) => i * 3);
  const input = bench.words(given);
  const attributes = { grid: [count], workgroup: [256] };
  const expected = given.map((_, i) => {
    const first = Math.floor(i / 256) * 256;
    const size = Math.min(256, count - first);
    return (given[first + size - 1 - (i - first)] as number) ?? 0;
  });
  bench.run("reverse", [out, input], attributes);
  expect(bench.read(out, count)).toEqual(expected);
  plugin.memset(0, out, 0, 8 * count);
  await bench.launch("reverse", [out, input], attributes);
  expect(bench.read(out, count)).toEqual(expected);
  plugin.free(0, input);
});

test("a stack whose depth the compiler cannot tell", async () => {
  // The same function here, in the 64 bits of the kernel's.
  const descend = (depth: number, salt: number): number =>
    salt * depth + (depth & 7) + (depth === 0 ? 0 : descend(depth - 1, salt + 1));
  const expected = Array.from({ length: 128 }, (_, i) => descend(30 + (i & 1), i));
  expect((bench.fn("recurse") as GcnFunction).metadata.usesDynamicStack).toBe(true);
  bench.run("recurse", [out, 30], { grid: [128], workgroup: [64] });
  expect(bench.read(out, 128)).toEqual(expected);
  plugin.memset(0, out, 0, 1024);
  await bench.launch("recurse", [out, 30], { grid: [128], workgroup: [64] });
  expect(bench.read(out, 128)).toEqual(expected);
});

test("a pointer to LDS that a function is given, on a GPU that asks the launcher where LDS lies", async () => {
  const gfx803 = new Bench(plugin, 1, kernels("gfx803"));
  const area = gfx803.zeros(64);
  const expected = Array.from({ length: 64 }, (_, i) => (63 - i) * 10);
  gfx803.run("flat", [area]);
  expect(gfx803.read(area, 64)).toEqual(expected);
  plugin.memset(1, area, 0, 512);
  await failureOf(() => gfx803.run("illegal", [1]));
  await gfx803.launch("flat", [area]);
  expect(gfx803.read(area, 64)).toEqual(expected);
  plugin.memset(1, area, 0, 512);
  gfx803.run("flat", [area]);
  expect(gfx803.read(area, 64)).toEqual(expected);
  plugin.free(1, area);
});
