/** What must hold of the real libgomp, wherever it runs and whatever plugin it has. Two devices; the host is number 2. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { f32, map } from "../../../lib/index.js";
import type { LibgompOptions, NowaitLaunch } from "../../../lib/libgomp/index.js";
import type { Target } from "../../openmp/toolchain.js";
import { codeOf, Gomp } from "./fixture.js";

const HOST = 2;
const N = 1000;
const x = () => Float32Array.from({ length: N }, (_, i) => i / 2);
const y = () => Float32Array.from({ length: N }, (_, i) => i);
const saxpy = (from: Float32Array, to: Float32Array) => ({
  y: map.tofrom(to),
  x: map.to(from),
  a: map.firstprivate(f32(3)),
  n: map.firstprivate(N),
});
const summed = (times: number) => Float32Array.from({ length: N }, (_, i) => i + times * 3 * (i / 2));
const multiplyAdd = (at: BigInt64Array, factor: number, add: number) => ({
  at: map.tofrom(at),
  factor: map.firstprivate(factor),
  add: map.firstprivate(add),
});
const fill = (to: Int32Array, value: number) => ({
  to: map.from(to),
  n: map.firstprivate(to.length),
  value: map.firstprivate(value),
});

/** What the host's form of fill does: downwards. */
const fillOnHost = (variables: readonly unknown[]): void => {
  const [value, n, to] = variables as [number, number, Int32Array];
  for (let i = 0; i < n; i++) to[i] = value - i;
};

export function callSuite(gpu: Target, options: () => LibgompOptions): void {
  let gomp: Gomp;
  const counter = new Int32Array(1);
  const weights = new Float64Array(4);
  const linked = Int32Array.from({ length: 16 }, (_, i) => 100 + i);
  const failure = new Error("the host's own");
  const hostCalls: unknown[][] = [];

  beforeAll(async () => {
    gomp = await Gomp.open(gpu, options(), {
      variables: { counter, weights, linked },
      fallback: {
        "fill._omp_fn.0": fillOnHost,
        "private_copy._omp_fn.0": ([sum, p]) => {
          (sum as Int32Array)[0] = (p as Int32Array).reduce((a, b) => a + b);
          (p as Int32Array).fill(0);
        },
        "multiply_add._omp_fn.0": async (variables) => {
          const [add, factor, at] = variables as [number, number, BigInt64Array];
          await new Promise((resolve) => setTimeout(resolve, 20));
          hostCalls.push([add, factor]);
          at[0] = (at[0] ?? 0n) * BigInt(factor) + BigInt(add);
        },
        "store._omp_fn.0": () => {
          throw failure;
        },
      },
    });
  }, 120_000);
  afterAll(() => gomp?.libgomp.dispose());

  describe("what it says of itself", () => {
    test("its release, its devices, and the default one", async () => {
      const { libgomp } = gomp;
      expect(libgomp.release).toBe(12);
      expect(libgomp.file).toMatch(/libgomp\.so/);
      expect([await libgomp.numDevices(), await libgomp.initialDevice()]).toEqual([2, HOST]);
      expect(await libgomp.defaultDevice()).toBe(0);
      await libgomp.setDefaultDevice(1);
      expect(await libgomp.defaultDevice()).toBe(1);
      const seen = new Int32Array(1);
      await gomp.target("which_device", { seen: map.from(seen) });
      expect(seen[0]).toBe(1);
      await libgomp.setDefaultDevice(0);
    });
  });

  describe("target", () => {
    test("maps, computes and copies back, and the event loop turns meanwhile", async () => {
      const [from, to] = [x(), y()];
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      await gomp.target("saxpy", saxpy(from, to), { teams: 4, threads: 4 });
      clearInterval(timer);
      expect(to).toEqual(summed(1));
      expect(from).toEqual(x());
      expect(turns).toBeGreaterThan(0);
    });
    test("calls that are not waited for are made in order, each on what those before have left", async () => {
      const at = BigInt64Array.of(1n);
      await Promise.all([2, 3, 4, 5].map((add) => gomp.target("multiply_add", multiplyAdd(at, 3, add))));
      expect(at[0]).toBe((((1n * 3n + 2n) * 3n + 3n) * 3n + 4n) * 3n + 5n);
    });
    test("a reduction over the teams", async () => {
      const values = Int32Array.from({ length: 500 }, (_, i) => i - 100);
      const sum = BigInt64Array.of(7n);
      const maps = { values: map.to(values), sum: map.tofrom(sum), n: map.firstprivate(500) };
      await gomp.target("sum_squares", maps, { teams: "auto" });
      expect(sum[0]).toBe(7n + values.reduce((a, value) => a + BigInt(value) ** 2n, 0n));
    });
    test.each([
      [{ teams: 3, threads: 2 }, 3, 2],
      [{ teams: 1, threads: 4 }, 1, 4],
    ] as const)("teams and threads as they are asked for: %j", async (attributes, teams, threads) => {
      const seen = new Int32Array(4);
      await gomp.target("who", { seen: map.from(seen), most: map.firstprivate(4) }, attributes);
      expect([...seen.subarray(0, teams)]).toEqual(new Array(teams).fill(teams * 1000 + threads));
    });
    test("a private copy is of the time of the call", async () => {
      const p = Int32Array.of(1, 2, 3, 4);
      const sum = new Int32Array(1);
      const over = gomp.target("private_copy", { p: map.firstprivate(p), sum: map.from(sum) });
      p.fill(1000);
      await over;
      expect([sum[0], ...p]).toEqual([19, 1000, 1000, 1000, 1000]);
    });
    test("on either device, at what is mapped there", async () => {
      const to = new Int32Array(8);
      for (const device of [0, 1]) {
        const seen = new Int32Array(1);
        await gomp.target("which_device", { seen: map.from(seen) }, { device });
        expect(seen[0]).toBe(device);
        await gomp.target("fill", fill(to, 10 * device), { device });
        expect([...to]).toEqual(Array.from({ length: 8 }, (_, i) => 10 * device + i));
      }
    });
  });

  describe("nowait", () => {
    test("a chain of dependences runs in its order", async () => {
      const at = BigInt64Array.of(1n);
      let expected = 1n;
      for (let add = 0; add < 6; add++) {
        await gomp.nowait("multiply_add", multiplyAdd(at, 3, add), { depend: { inout: [at] } });
        expected = expected * 3n + BigInt(add);
      }
      await gomp.libgomp.taskwait();
      expect(at[0]).toBe(expected);
    });
    test("readers come between writers, on both devices", async () => {
      const [a, b, c, from] = [BigInt64Array.of(2n), BigInt64Array.of(0n), BigInt64Array.of(0n), BigInt64Array.of(40n)];
      const slow = (at: BigInt64Array, source: BigInt64Array) => ({
        at: map.tofrom(at),
        from: map.to(source),
        rounds: map.firstprivate(2000),
      });
      await gomp.nowait("slow_add", slow(a, from), { depend: { out: [a] } });
      await gomp.nowait("slow_add", slow(b, a), { depend: { in: [a], out: [b] }, device: 1 });
      await gomp.nowait("slow_add", slow(c, a), { depend: { in: [a], out: [c] } });
      await gomp.nowait("multiply_add", multiplyAdd(a, 100, 1), { depend: { inout: [a] }, device: 1 });
      await gomp.libgomp.taskwait();
      expect([a[0], b[0], c[0]]).toEqual([4201n, 42n, 42n]);
    });
    test("a launch is over when somebody has waited for it: for this one, or for all", async () => {
      const values = [new Int32Array(4), new Int32Array(4), new Int32Array(4)];
      const over: number[] = [];
      const launches: NowaitLaunch[] = [];
      for (const [i, to] of values.entries()) {
        launches.push(await gomp.nowait("fill", fill(to, 10 * i)));
        void launches[i]?.over.then(() => over.push(i));
      }
      expect(over).toEqual([]);
      await launches[1]?.wait();
      expect(over).toEqual([1]);
      expect([...(values[1] as Int32Array)]).toEqual([10, 11, 12, 13]);
      await gomp.libgomp.taskwait();
      expect(over.sort()).toEqual([0, 1, 2]);
      expect(values.map(([first]) => first)).toEqual([0, 10, 20]);
      await launches[0]?.wait();
    });
    test("a launch that is waited for waits for what it depends on", async () => {
      const [at, from] = [BigInt64Array.of(1n), BigInt64Array.of(1n)];
      const slow = { at: map.tofrom(at), from: map.to(from), rounds: map.firstprivate(2000) };
      await gomp.nowait("slow_add", slow, { depend: { out: [at] } });
      await gomp.target("multiply_add", multiplyAdd(at, 10, 3), { depend: { inout: [at] } });
      expect(at[0]).toBe(23n);
      await gomp.libgomp.taskwait();
    });
    test("a private copy is of the time of the call, though the launch waits", async () => {
      const [at, from] = [BigInt64Array.of(1n), BigInt64Array.of(1n)];
      const p = Int32Array.of(1, 2, 3, 4);
      const sum = new Int32Array(1);
      const slow = { at: map.tofrom(at), from: map.to(from), rounds: map.firstprivate(2000) };
      await gomp.nowait("slow_add", slow, { depend: { out: [at] } });
      await gomp.nowait("private_copy", { p: map.firstprivate(p), sum: map.from(sum) }, { depend: { in: [at] } });
      p.fill(0);
      await gomp.libgomp.taskwait();
      expect(sum[0]).toBe(19);
    });
    test("taskwait with nothing to wait for", () => gomp.libgomp.taskwait());
  });

  describe("data", () => {
    test("stays on the device until it is updated, or its region ends", async () => {
      const [from, to] = [x(), y()];
      {
        await using data = await gomp.libgomp.targetData([map.to(from), map.tofrom(to)]);
        await gomp.target("saxpy", saxpy(from, to));
        expect(to).toEqual(y());
        await gomp.libgomp.update([map.from(to)]);
        expect(to).toEqual(summed(1));
        to.fill(0);
        from.fill(0);
        await gomp.libgomp.update([map.to(to)]);
        await gomp.target("saxpy", saxpy(from, to));
        expect(data.ended).toBe(false);
      }
      expect(to).toEqual(Float32Array.from({ length: N }, (_, i) => 3 * (i / 2)));
      expect(await gomp.libgomp.memory.isPresent(to, 0)).toBe(false);
    });
    test("regions lie in each other, and end the other way round", async () => {
      const { libgomp } = gomp;
      const [a, b] = [new Int32Array(4), new Int32Array(4)];
      const outer = await libgomp.targetData([map.from(a)]);
      const inner = await libgomp.targetData([map.from(b)], { device: 1 });
      await gomp.target("fill", fill(a, 1));
      await gomp.target("fill", fill(b, 2), { device: 1 });
      expect(await codeOf(outer.end())).toBe("ERR_OFFLOAD_REGION_ORDER");
      expect([a[0], b[0]]).toEqual([0, 0]);
      await inner.end();
      expect([a[0], b[0]]).toEqual([0, 2]);
      expect(await codeOf(inner.end())).toBe("ERR_OFFLOAD_DISPOSED");
      await outer.end();
      expect([a[0], b[0]]).toEqual([1, 2]);
      expect([outer.ended, inner.ended]).toEqual([true, true]);
    });
    test("a region's device pointers are what libgomp has mapped", async () => {
      const { libgomp } = gomp;
      const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
      await libgomp.enterData([map.to(bytes)]);
      await using region = await libgomp.targetData([map.useDevicePtr(bytes.subarray(8))]);
      const [address = 0] = region.addresses;
      const back = new Uint8Array(16);
      await libgomp.memory.memcpy({ at: back, device: HOST }, { at: address, device: 0 }, 16);
      expect(back).toEqual(bytes.subarray(8, 24));
      await libgomp.exitData([map.delete(bytes)]);
    });
    test("enter and exit data count, and delete does not", async () => {
      const { libgomp } = gomp;
      const to = new Int32Array(4);
      const present = async () => [await libgomp.memory.isPresent(to, 0), await libgomp.memory.isPresent(to, 1)];
      await libgomp.enterData([map.alloc(to)]);
      await libgomp.enterData([map.to(to)]);
      expect(await present()).toEqual([true, false]);
      await gomp.target("fill", fill(to, 5));
      expect(to[0]).toBe(0);
      await libgomp.exitData([map.from(to)]);
      expect([to[0], await present()]).toEqual([0, [true, false]]);
      await libgomp.exitData([map.from(to)]);
      expect([[...to], await present()]).toEqual([
        [5, 6, 7, 8],
        [false, false],
      ]);
      await libgomp.enterData([map.to(to)], { device: 1 });
      await libgomp.enterData([map.to(to)], { device: 1 });
      expect(await present()).toEqual([false, true]);
      await libgomp.exitData([map.delete(to)], { device: 1 });
      expect(await present()).toEqual([false, false]);
    });
    test("an update waits for the launches that it depends on", async () => {
      const [at, from] = [BigInt64Array.of(5n), BigInt64Array.of(6n)];
      await gomp.libgomp.enterData([map.to(at)]);
      const slow = { at: map.tofrom(at), from: map.to(from), rounds: map.firstprivate(2000) };
      await gomp.nowait("slow_add", slow, { depend: { inout: [at] } });
      await gomp.libgomp.update([map.from(at)], { depend: { in: [at] } });
      expect(at[0]).toBe(11n);
      await gomp.libgomp.taskwait();
      await gomp.libgomp.exitData([map.release(at)]);
    });
    test("declare target variables are the device's own, and the host's memory stands for them", async () => {
      const { libgomp } = gomp;
      const seen = new Float64Array(3);
      await libgomp.update([map.from(counter), map.from(weights)]);
      expect([counter[0], ...weights]).toEqual([5, 0.5, 1, 1.5, 2]);
      const use = () => ({ seen: map.from(seen), step: map.firstprivate(10), linked: map.tofrom(linked) });
      await gomp.target("use_variables", use());
      expect([...seen]).toEqual([15, 2, 103]);
      expect([linked[3], linked[4]]).toEqual([4711, 104]);
      counter[0] = 1;
      weights[3] = 8;
      linked[3] = 7;
      await libgomp.update([map.to(counter), map.to(weights)]);
      await gomp.target("use_variables", use());
      expect([...seen]).toEqual([11, 8, 7]);
      await libgomp.update([map.from(weights)]);
      expect(weights[0]).toBe(-11);
      // The other device has its own.
      await libgomp.update([map.from(counter)], { device: 1 });
      expect(counter[0]).toBe(5);
    });
  });

  describe("on the host", () => {
    test.each([HOST, 99])("device %i: the fallback gets the region's own memory", async (device) => {
      const to = new Int32Array(3);
      await gomp.target("fill", fill(to, 5), { device });
      expect([...to]).toEqual([5, 4, 3]);
    });
    test("its private copies are its own", async () => {
      const p = Int32Array.of(1, 2, 3, 4);
      const sum = new Int32Array(1);
      await gomp.target("private_copy", { p: map.firstprivate(p), sum: map.from(sum) }, { device: HOST });
      expect([sum[0], ...p]).toEqual([10, 1, 2, 3, 4]);
    });
    test("without a body the launch rejects, and says which function", async () => {
      const seen = new Int32Array(1);
      const launch = gomp.target("which_device", { seen: map.from(seen) }, { device: HOST });
      await expect(launch).rejects.toThrow(/which_device\._omp_fn\.0 on the host, and there is no fallback/);
      expect(await codeOf(launch)).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
    });
    test("what a body throws is the launch's error, and libgomp goes on", async () => {
      await expect(gomp.target("store", { where: map.firstprivate(0) }, { device: HOST })).rejects.toBe(failure);
      const launch = await gomp.nowait("store", { where: map.firstprivate(0) }, { device: HOST });
      await expect(gomp.libgomp.taskwait()).rejects.toBe(failure);
      await expect(launch.over).rejects.toBe(failure);
    });
    test("launches that wait run in the order of their dependences, here and on a device", async () => {
      const at = BigInt64Array.of(1n);
      hostCalls.length = 0;
      const chain = [
        [2, 1, HOST],
        [3, 2, 0],
        [2, 1, HOST],
        [5, 4, HOST],
      ] as const;
      let expected = 1n;
      for (const [factor, add, device] of chain) {
        await gomp.nowait("multiply_add", multiplyAdd(at, factor, add), { device, depend: { inout: [at] } });
        expected = expected * BigInt(factor) + BigInt(add);
      }
      await gomp.libgomp.taskwait();
      expect(at[0]).toBe(expected);
      expect(hostCalls).toEqual([
        [1, 2],
        [1, 2],
        [4, 5],
      ]);
    });
    test("data constructs for the host map nothing", async () => {
      const to = new Int32Array(3);
      await using _ = await gomp.libgomp.targetData([map.to(to)], { device: HOST });
      await gomp.libgomp.enterData([map.to(to)], { device: HOST });
      await gomp.libgomp.update([map.from(to)], { device: HOST });
      expect(await gomp.libgomp.memory.isPresent(to, 0)).toBe(false);
    });
  });
}
