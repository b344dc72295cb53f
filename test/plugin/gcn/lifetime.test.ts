/** Images come and go: what they leave behind, and what becomes of launches that are under way. */
import { expect, test } from "vitest";
import { testBut } from "../under-test.js";
import { openTestedLab, targets } from "./fixture.js";

/** Small heaps: most of the time of loading an image goes into a large one. */
const lab = openTestedLab({ GCN_HEAP_SIZE: `${4 * 2 ** 20}` });
const numbers = (from: number): Int32Array => Int32Array.from({ length: 100 }, (_, i) => from + i);

const MANY_LOADS = 120_000;

testBut(
  "nothing left behind",
  "an image that is loaded and unloaded 1,000 times leaves nothing behind",
  async () => {
    const cycle = async (i: number): Promise<void> => {
      const image = await lab.load("small.c", "gfx906");
      if (i % 10 === 0) {
        const to = new Int32Array(100);
        image.run("fill", { to, n: to.length, value: i });
        expect(to).toEqual(numbers(i));
      }
      image.unload();
    };
    /** Without the heap of JavaScript, which has a size of its own accord. */
    const resident = (): number => process.memoryUsage().rss - process.memoryUsage().heapTotal;
    /** Of some cycles: the machine takes pages back now and then, and gives them again. */
    const sampled = async (count: number): Promise<number[]> => {
      const samples: number[] = [];
      for (let i = 0; i < count; i++) {
        await cycle(i);
        if (i % 10 === 9) samples.push(resident());
      }
      return samples;
    };
    await sampled(100);
    const before = Math.max(...(await sampled(100)));
    const { bytes, sessions, signalsCreated } = lab.plugin.stats();
    await sampled(700);
    const after = Math.min(...(await sampled(100)));
    expect(lab.plugin.stats()).toMatchObject({ bytes, sessions, signalsCreated });
    // 8 KiB a load: an image that stays has 20 KiB at the least, beside its heap.
    expect(after - before).toBeLessThan(800 * 8 * 1024);
  },
  MANY_LOADS,
);

test.each(targets)("%s: unloading waits for launches in flight, which end with the right result", async (target) => {
  const before = lab.plugin.stats().bytes;
  const image = await lab.load("regions.c", target);
  const [n, rounds] = [100, 100_000];
  const { plugin, device } = image;
  const places = Array.from({ length: 5 }, () => plugin.alloc(device, 4 * n));
  const over: number[] = [];
  const runs = places.map((to, i) => image.runAsync("slow_copy", { to, n, rounds }).then(() => over.push(i)));
  image.unload();
  // All of them are over on the device, and of none has anybody been told yet.
  expect(over).toEqual([]);
  for (const place of places) {
    const to = new Int32Array(n);
    plugin.dev2host(device, to, place);
    expect(to).toEqual(numbers(0));
    plugin.free(device, place);
  }
  await Promise.all(runs);
  expect(over).toEqual([0, 1, 2, 3, 4]);
  expect(() => image.run("slow_copy", { to: new Int32Array(n), n, rounds })).toThrow(
    expect.objectContaining({ code: "ERR_OFFLOAD_DISPOSED" }),
  );
  plugin.finiDevice(device);
  plugin.initDevice(device);
  expect(plugin.stats().bytes).toBeLessThanOrEqual(before);
});
