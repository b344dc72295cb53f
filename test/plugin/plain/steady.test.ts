/** The hot-path rule: what launches cost once they have begun. Every counter is read, and memory is looked at. */
import { beforeAll, describe, expect, test } from "vitest";
import { writeUint64 } from "../../../lib/hsa/index.js";
import type { GcnPlugin } from "../../../lib/plugin/index.js";
import type { AsyncQueue, OffloadPlugin } from "../../../lib/plugin/plugin.js";
import { FOREIGN, openTested, testBut } from "../under-test.js";
import { Bench, ONE, openPlugin, testedKernels } from "./fixture.js";

type Tested = Bench<OffloadPlugin>;
const code = testedKernels();
const merged: Tested = new Bench(openTested(), 0, code);
const PLACES: readonly (readonly [string, Tested])[] = FOREIGN
  ? [["held until the launch", merged]]
  : [
      ["in the kernel-argument block", merged],
      ["in device memory", new Bench(openPlugin({ GCN_INHIBIT_KERNARGS_TVT_MERGE: "1" }), 0, code)],
    ];
/** What a launch costs: a C plugin without sessions has its table copied by a call of its own, but that of a launch into a queue. */
const [CALLS, COPIES] = FOREIGN ? [2, 1] : [1, 0];

/** What may not grow with launches. */
function counters({ plugin }: Tested) {
  const { allocations, copies, signalsCreated, bytes, sessions, cacheBytes } = plugin.stats();
  const steady = { allocations, copies, signalsCreated, bytes, sessions, cacheBytes };
  if (FOREIGN) return steady;
  const { runtime } = plugin as GcnPlugin;
  const { waitNanoseconds: _, nativeCalls: _calls, dispatches: _dispatches, ...native } = runtime.stats();
  return { ...steady, native };
}
/** After so many launches. */
const expected = (before: ReturnType<typeof counters>, launches: number) => ({
  ...before,
  copies: before.copies + launches * COPIES,
});
const calls = (bench: Tested): number => bench.plugin.stats().nativeCalls;

const ROUNDS = FOREIGN ? 5 : 25;
/** The fewest calls for 20 times, of some rounds: where a kernel is kept waiting for a processor, its launch looks for its end again. */
const fewestCalls = (bench: Tested, launch: () => void): number =>
  Math.min(
    ...Array.from({ length: ROUNDS }, () => {
      const before = calls(bench);
      for (let i = 0; i < 20; i++) launch();
      return calls(bench) - before;
    }),
  );

/** Launches as a runtime makes them: a session object that is used again, and a table whose words are stored. */
class Launches {
  readonly #session;
  /** Memory that kernels write to, and a table in device memory that points there, for where there is no other. */
  readonly area: number;
  readonly #table: number;

  constructor(readonly bench: Tested) {
    this.#session = bench.plugin.newSession();
    this.area = bench.zeros(128);
    this.#table = bench.words([this.area, 3, 0, 0]);
  }
  #begin(count: number): void {
    const { plugin } = this.bench;
    plugin.sessionStart(this.#session, 0);
    const table = plugin.sessionAllocateTargetVarTable?.(this.#session, count);
    if (!table) {
      plugin.sessionSetTargetVarTable(this.#session, this.#table);
      return;
    }
    const words = new DataView(table.words.buffer, table.words.byteOffset);
    writeUint64(words, 0, this.area);
    table.words[2] = 3;
    table.words[3] = 0;
  }
  now(name = "nothing", count = 4): void {
    this.#begin(count);
    this.bench.plugin.run(this.#session, this.bench.fn(name), ONE);
  }
  async later(count = 4): Promise<void> {
    this.#begin(count);
    await this.bench.plugin.asyncRun(this.#session, this.bench.fn("nothing"), ONE);
  }
}

describe.each(PLACES)("blocking launches with a table %s", (_, bench) => {
  let launches: Launches;
  beforeAll(() => {
    launches = new Launches(bench);
  });

  test.each([1, 4, 32, 500])(
    `of %i words cost ${CALLS} native calls and ${COPIES} copies each, and no allocation or signal`,
    (count) => {
      for (let i = 0; i < 5; i++) launches.now("nothing", count);
      const before = counters(bench);
      expect(fewestCalls(bench, () => launches.now("nothing", count))).toBe(20 * CALLS);
      expect(counters(bench)).toEqual(expected(before, ROUNDS * 20));
    },
  );

  testBut(
    "hidden arguments",
    "cost no more where kernels take turns, and ask for hidden arguments and their queue",
    () => {
      const round = (): void => {
        for (const name of ["nothing", "hidden", "count_run", "recurse"]) launches.now(name);
      };
      round();
      const before = counters(bench);
      expect(fewestCalls(bench, round)).toBe(4 * 20);
      expect(counters(bench)).toEqual(before);
    },
  );
});

describe.each([
  ["as a task", false],
  ["into a queue", true],
])("launches that are awaited, %s,", (_, queued) => {
  let queue: AsyncQueue | null = null;
  const { plugin } = merged;
  const batch = async (count: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: count }, () =>
        queue ? merged.enqueue(queue, "nothing", [1, 2, 3]) : merged.launch("nothing", [1, 2, 3]),
      ),
    );
  };
  beforeAll(async () => {
    if (queued) queue = plugin.asyncConstruct(0);
    await batch(20);
  });

  test("make no allocation or signal", async () => {
    const [before, called] = [counters(merged), calls(merged)];
    for (let round = 0; round < 20; round++) await batch(20);
    // What looks for their ends is some more.
    expect(calls(merged) - called).toBeLessThanOrEqual((1 + CALLS) * 400);
    expect(counters(merged)).toEqual(expected(before, queued ? 0 : 400));
  });

  test("one at a time cost no more", async () => {
    const launches = new Launches(merged);
    const [before, called] = [counters(merged), calls(merged)];
    for (let i = 0; i < 200; i++) await (queue ? merged.enqueue(queue, "nothing", [1]) : launches.later());
    expect(calls(merged) - called).toBeLessThanOrEqual((1 + CALLS) * 200);
    expect(counters(merged)).toEqual(expected(before, queued ? 0 : 200));
  });
});

test("serialized queues and callbacks in between make no signal at each turn", async () => {
  const { plugin } = merged;
  const [one, two] = [plugin.asyncConstruct(0), plugin.asyncConstruct(0)];
  const round = async (): Promise<void> => {
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      void merged.enqueue(from, "nothing", [1]);
      plugin.asyncSerialize(from, to);
      void merged.enqueue(to, "nothing", [1]);
      plugin.asyncQueueCallback(to, () => {});
      plugin.asyncSerialize(to, from);
    }
    await plugin.asyncSynchronize(one);
    await plugin.asyncSynchronize(two);
  };
  for (let i = 0; i < 5; i++) await round();
  const before = counters(merged);
  for (let i = 0; i < 50; i++) await round();
  expect(counters(merged)).toEqual(before);
});

/** A C plugin takes its time. */
const PER_ROUND = FOREIGN ? 8 : 200;
test(`${100 * PER_ROUND} launches leave memory as it is`, { timeout: 60_000 }, async () => {
  const launches = new Launches(merged);
  const round = async (): Promise<void> => {
    for (let i = 0; i < 0.75 * PER_ROUND; i++) launches.now("nothing", 1 + (i & 63));
    await Promise.all(Array.from({ length: 0.25 * PER_ROUND }, () => merged.launch("nothing", [1, 2, 3])));
  };
  const resident = (): number => process.memoryUsage().rss;
  for (let i = 0; i < 20; i++) await round();
  const [before, start] = [counters(merged), resident()];
  let most = start;
  for (let i = 0; i < 80; i++) {
    await round();
    most = Math.max(most, resident());
  }
  expect(counters(merged)).toEqual(expected(before, 80 * PER_ROUND));
  // What a heap that is collected now and then may differ by; a leak of a block a round would be more.
  expect(most - start).toBeLessThan(16 * 2 ** 20);
});
