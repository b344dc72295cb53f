/** Tasks and their dependences: regions on two devices in the order that `depend` gives them. */
import { describe, expect, test } from "vitest";
import { map } from "../../../lib/target/index.js";
import { TaskGraph } from "../../../lib/target/tasks.js";
import { useRegions } from "./fixture.js";

const regions = useRegions();

/** In the order of the compiler's table. */
const step = (at: BigInt64Array, factor: number, add: number) => [
  map.firstprivate(add),
  map.firstprivate(factor),
  map.tofrom(at),
];

test("a chain of inout over two devices comes out as if it had run one by one", async () => {
  const at = BigInt64Array.of(1n);
  let expected = 1n;
  const tasks = [];
  for (let i = 0; i < 12; i++) {
    const [factor, add] = [(i % 3) + 1, i];
    expected = expected * BigInt(factor) + BigInt(add);
    tasks.push(
      regions.target("multiply_add", step(at, factor, add), { device: i % 2, depend: { inout: [at] }, teams: 1 }),
    );
  }
  expect(at[0]).toBe(1n);
  await regions.omp.taskwait();
  expect(at[0]).toBe(expected);
  await Promise.all(tasks);
});

test("a private copy has its value from when the task was made", async () => {
  const { omp } = regions;
  const values = Int32Array.of(3);
  const at = BigInt64Array.of(10n);
  let go = (): void => {};
  const gate = omp.task({ out: [at] }, () => new Promise<void>((resolve) => (go = resolve)));
  const done = regions.target("multiply_add", step(at, 2, values[0] as number), {
    depend: { inout: [at] },
    teams: 1,
  });
  values[0] = 1000;
  go();
  await Promise.all([gate, done]);
  expect(at[0]).toBe(23n);
});

test("what a host task writes, the region behind it reads; and the other way", async () => {
  const { omp } = regions;
  const at = BigInt64Array.of(0n);
  const seen: bigint[] = [];
  void omp.task({ out: [at] }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    at[0] = 5n;
  });
  void regions.target("multiply_add", step(at, 10, 1), { depend: { inout: [at] }, teams: 1 });
  void omp.task({ in: [at] }, () => seen.push(at[0] as bigint));
  await omp.taskwait();
  expect(seen).toEqual([51n]);
});

test("a region that cannot be mapped is its own promise's error, and holds nobody back", async () => {
  const at = BigInt64Array.of(1n);
  const bad = regions.target(
    "multiply_add",
    [map.firstprivate(1), map.firstprivate(1), map.to(at, { present: true })],
    {
      depend: { inout: [at] },
    },
  );
  const good = regions.target("multiply_add", step(at, 3, 4), { depend: { inout: [at] }, teams: 1 });
  await expect(bad).rejects.toMatchObject({ code: "ERR_OFFLOAD_NOT_MAPPED" });
  await good;
  expect(at[0]).toBe(7n);
});

test("many regions at once on one device: each has its own table and private copies", async () => {
  const counts = Array.from({ length: 40 }, (_, i) => BigInt64Array.of(BigInt(i)));
  await Promise.all(counts.map((at, i) => regions.target("multiply_add", step(at, i, 2 * i), { teams: 1 })));
  expect(counts.map(([each]) => each)).toEqual(counts.map((_, i) => BigInt(i * i + 2 * i)));
  expect(regions.omp.plugin?.stats().sessions).toBe(0);
});

test("each device has its own table", async () => {
  const { omp } = regions;
  const to = new Int32Array(8);
  const maps = [map.firstprivate(1), map.firstprivate(8), map.from(to)];
  {
    using _ = omp.targetData([map.alloc(to)], 1);
    expect([0, 1].map((device) => omp.memory.isPresent(to, device))).toEqual([false, true]);
    await regions.target("fill", maps, { device: 1 });
    expect([...to]).toEqual(Array(8).fill(0));
    await regions.target("fill", maps, { device: 0 });
    expect([...to]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  }
  expect(omp.memory.isPresent(to, 1)).toBe(false);
});

describe("the order of tasks by the places that they name", () => {
  /** Tasks that end when they are told to; `log` has their beginnings. */
  class Gates {
    readonly graph = new TaskGraph();
    readonly log: string[] = [];
    readonly #gates = new Map<string, (failure?: Error) => void>();
    start(name: string, depend: Parameters<TaskGraph["run"]>[0]): void {
      this.graph
        .run(depend, () => {
          this.log.push(name);
          return new Promise<void>((resolve, reject) => {
            this.#gates.set(name, (failure) => (failure === undefined ? resolve() : reject(failure)));
          });
        })
        .catch(() => {});
    }
    async end(name: string, failure?: Error): Promise<string[]> {
      this.#gates.get(name)?.(failure);
      await new Promise((resolve) => setImmediate(resolve));
      return this.log.splice(0);
    }
  }
  const [a, b] = [new Int32Array(4), new Int32Array(4)];

  test("readers run at once, a writer after them all, readers after the writer", async () => {
    const gates = new Gates();
    gates.start("r1", { in: [a] });
    gates.start("r2", { in: [a] });
    gates.start("w", { out: [a] });
    gates.start("r3", { in: [a] });
    expect(await gates.end("")).toEqual(["r1", "r2"]);
    expect(await gates.end("r2")).toEqual([]);
    expect(await gates.end("r1")).toEqual(["w"]);
    expect(await gates.end("w")).toEqual(["r3"]);
    await gates.end("r3");
    await gates.graph.wait();
  });

  test("places are addresses: other elements of an array are other places", async () => {
    const gates = new Gates();
    gates.start("first", { out: [a.subarray(0, 2)] });
    gates.start("same", { in: [a.subarray(0, 1)] });
    gates.start("other", { inout: [a.subarray(1)] });
    gates.start("both", { in: [b], out: [a.subarray(1), a] });
    expect(await gates.end("")).toEqual(["first", "other"]);
    expect(await gates.end("first")).toEqual(["same"]);
    expect(await gates.end("other")).toEqual([]);
    expect(await gates.end("same")).toEqual(["both"]);
    await gates.end("both");
  });

  test("one that fails, or throws at once, holds nobody back", async () => {
    const gates = new Gates();
    await expect(
      gates.graph.run({ out: [a] }, () => {
        throw new Error("at once");
      }),
    ).rejects.toThrow("at once");
    gates.start("failing", { out: [a] });
    gates.start("next", { inout: [a] });
    expect(await gates.end("failing", new Error("on purpose"))).toEqual(["failing", "next"]);
    await gates.end("next");
    await gates.graph.wait();
  });

  test("waiting takes in what was made while it waited", async () => {
    const graph = new TaskGraph();
    const log: string[] = [];
    void graph.run({ out: [a] }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      void graph.run({ out: [b] }, async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        log.push("inner");
      });
    });
    await graph.wait();
    expect(log).toEqual(["inner"]);
  });
});
