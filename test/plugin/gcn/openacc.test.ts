/** OpenACC regions of GCC 12: how they are divided into gangs and workers, as the kernels see it, and in queues. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HsaRuntime } from "../../../lib/hsa/index.js";
import type { OffloadPlugin } from "../../../lib/plugin/plugin.js";
import { failureOf } from "../../device/fixture.js";
import { testBut } from "../under-test.js";
import { type Image, openTestedLab, targets } from "./fixture.js";

const lab = openTestedLab();
// Counts one more user of the runtime that the plugin has open.
const runtime = HsaRuntime.open();
const gpus = runtime.agents.filter(({ isGpu }) => isGpu);
afterAll(() => runtime.dispose());

describe.each(targets)("%s", (target) => {
  let image: Image<OffloadPlugin>;
  let units: number;
  beforeAll(async () => {
    image = await lab.load("gangs.c", target);
    units = gpus[image.device]?.facts.computeUnits ?? 0;
  });

  /** Gangs and workers that took part, and how many of them the kernel was told of. */
  const division = (seen: Int32Array): readonly number[] => {
    const column = (k: number): Set<number> => new Set(seen.filter((_, i) => i % 4 === k));
    const [gangs, workers, allGangs, allWorkers] = [column(0), column(1), column(2), column(3)];
    expect([allGangs.size, allWorkers.size]).toEqual([1, 1]);
    // They are numbered from 0.
    expect([Math.max(...gangs), Math.max(...workers)]).toEqual([gangs.size - 1, workers.size - 1]);
    return [gangs.size, workers.size, ...allGangs, ...allWorkers];
  };
  const n = 4096;
  const own = { n: Int32Array.of(n) };
  type Dimensions = readonly [number, number, number];
  const cases = (): readonly [string, Dimensions, number, number][] => [
    // The image's own dimensions win over the launch's.
    ["static_dimensions", [0, 0, 0], 7, 3],
    ["static_dimensions", [5, 2, 0], 7, 3],
    ["dynamic_dimensions", [5, 2, 0], 5, 2],
    ["dynamic_dimensions", [1, 1, 1], 1, 1],
    // A compute unit has 16 wavefronts of a workgroup at most.
    ["dynamic_dimensions", [2, 40, 0], 2, 16],
    ["open_dimensions", [0, 0, 0], 4 * units, 8],
    // One is left open: 32 workers a compute unit share what is there.
    ["open_dimensions", [0, 4, 0], 8 * units, 4],
    ["open_dimensions", [4 * units, 0, 0], 4 * units, 8],
    ["open_dimensions", [32 * units, 0, 0], 32 * units, 1],
  ];

  test("gangs and workers", async () => {
    const queue = lab.plugin.asyncConstruct(image.device);
    for (const [region, dimensions, gangs, workers] of cases()) {
      const seen = (): Int32Array => new Int32Array(4 * n).fill(-1);
      const [now, later] = [seen(), seen()];
      image.openacc(region, { seen: now, ...own }, dimensions);
      await image.openaccAsync(region, { seen: later, ...own }, dimensions, queue);
      const expected = [gangs, workers, gangs, workers];
      expect([region, dimensions, division(now)]).toEqual([region, dimensions, expected]);
      expect([region, dimensions, division(later)]).toEqual([region, dimensions, expected]);
    }
    await lab.plugin.asyncDestruct(queue);
  });

  test("a reduction over gangs and lanes", () => {
    const x = Float64Array.from({ length: n }, (_, i) => i / 2);
    const y = Float64Array.from({ length: n }, (_, i) => 1 - (i % 3));
    const sum = Float64Array.of(100);
    image.openacc("dot", { x, y, sum, ...own }, [0, 0, 0]);
    // Halves, which doubles add without rounding.
    expect(sum[0]).toBe(x.reduce((total, each, i) => total + each * (y[i] as number), 100));
  });

  test("launches in a queue happen in order", async () => {
    const queue = lab.plugin.asyncConstruct(image.device);
    const { plugin, device } = image;
    const value = plugin.alloc(device, 4);
    plugin.host2dev(device, value, Int32Array.of(0));
    let expected = 0;
    const seen: number[] = [];
    const runs: Promise<void>[] = [];
    const word = new Int32Array(1);
    for (let i = 1; i <= 20; i++) {
      expected = Math.imul(expected, i) + 1;
      runs.push(image.openaccAsync("step", { value, factor: Int32Array.of(i) }, [1, 1, 1], queue));
      if (i !== 10) continue;
      plugin.asyncDev2host(queue, word, value);
      plugin.asyncQueueCallback(queue, () => seen.push(word[0] as number));
    }
    expect(plugin.asyncTest(queue)).toBe(false);
    await plugin.asyncSynchronize(queue);
    expect(plugin.asyncTest(queue)).toBe(true);
    await Promise.all(runs);
    plugin.dev2host(device, word, value);
    // 1·2+1, ·3+1 …: the same on the host, in 32 bits.
    const half = Array.from({ length: 10 }, (_, i) => i + 1).reduce((a, factor) => Math.imul(a, factor) + 1, 0);
    expect([seen, word[0]]).toEqual([[half], expected | 0]);
    await plugin.asyncDestruct(queue);
    plugin.free(device, value);
  });

  testBut("goes on after a fault", "a queue's wait tells, once, of the exit() of a kernel in it", async () => {
    const { plugin, device } = image;
    const queue = plugin.asyncConstruct(device);
    const over = image.openaccAsync("leave", { code: Int32Array.of(3) }, [1, 1, 1], queue);
    const expected = { code: "ERR_OFFLOAD_EXIT", exitCode: 3 };
    const [told, launch] = await Promise.all([failureOf(() => plugin.asyncSynchronize(queue)), failureOf(() => over)]);
    expect(told).toMatchObject(expected);
    expect(launch).toBe(told);
    await plugin.asyncSynchronize(queue);
    await plugin.asyncDestruct(queue);
  });

  testBut(
    "many images",
    "an image that is unloaded while its launch waits behind a callback stays until that is over",
    async () => {
      const { plugin, device } = image;
      const [again, queue] = [await lab.load("gangs.c", target), plugin.asyncConstruct(device)];
      const before = plugin.stats().bytes;
      const turns: string[] = [];
      plugin.asyncQueueCallback(queue, () => turns.push("callback"));
      const value = Int32Array.of(6);
      const over = again.openaccAsync("step", { value, factor: Int32Array.of(7) }, [1, 1, 1], queue);
      again.unload();
      expect(turns).toEqual([]);
      await over;
      expect([turns, value[0]]).toEqual([["callback"], 43]);
      await plugin.asyncDestruct(queue);
      expect(plugin.stats().bytes).toBeLessThan(before);
    },
  );
});
