/** A program's regions by their names. */
import { describe, expect, test } from "vitest";
import { i32, openacc } from "../../lib/index.js";
import type { OpenaccOptions, ParallelOptions } from "../../lib/openacc/index.js";
import { refused } from "./fixture.js";
import { regions } from "./images.js";

const { ASYNC, clause, open } = openacc;
const environment = {};
const device = "software:gfx906*2";

test("a program is opened, its regions run by name, at once and in a queue, and it is closed", async () => {
  const { path } = await regions();
  const value = Int32Array.of(2);
  const items = () => [clause.firstprivate(i32(3)), clause.copy(value)];
  {
    await using acc = await open(path, { device, environment });
    expect(acc.functions).toContain("step._omp_fn.0");
    acc.parallelSync("step._omp_fn.0", items());
    expect(value[0]).toBe(7);
    void acc.parallel("step._omp_fn.0", items(), { async: ASYNC.NOVAL });
    await acc.wait(ASYNC.NOVAL);
    expect(value[0]).toBe(22);
    const misspelled = acc.parallel("step._omp_fn.1", items());
    await expect(misspelled).rejects.toThrow(/there is no function "step\._omp_fn\.1".*step\._omp_fn\.0/);
    void acc.parallel("step._omp_fn.0", items(), { async: 1 });
  }
  // Its end waits for the queues.
  expect(value[0]).toBe(67);
}, 120_000);

test("the device is the one that ACC_DEVICE_NUM says, or the options", async () => {
  const { image } = await regions();
  for (const options of [{ environment: { ACC_DEVICE_NUM: "1" } }, { environment, number: 1 }]) {
    await using acc = await open(image, { device, ...options });
    expect(acc.device.number).toBe(1);
  }
  for (const ACC_DEVICE_NUM of ["2", "-1", "one", ""]) {
    expect(await refused(() => open(image, { device, environment: { ACC_DEVICE_NUM } }))).toBe("ERR_OFFLOAD_NO_DEVICE");
  }
  expect(await refused(() => open(new Uint8Array(8), { device, environment }))).not.toBe("not refused");
  // What was refused has closed the runtime: there is no other one open.
  await using acc = await open(image, { device, environment });
  expect(acc.device.number).toBe(0);
}, 120_000);

describe("with a fallback", () => {
  let onHost = 0;
  const fallback = {
    "step._omp_fn.0": ([factor, value]: readonly unknown[]) => {
      onHost++;
      const values = value as Int32Array;
      values[0] = (values[0] as number) * (factor as number) + 1;
    },
  };
  /** The same program, wherever it runs; answers how many of its two regions the host has executed. */
  async function run(options: OpenaccOptions): Promise<number> {
    const { path } = await regions();
    onHost = 0;
    const value = Int32Array.of(2);
    await using acc = await open(path, { fallback, ...options });
    const items = () => [clause.firstprivate(i32(3)), clause.present(value)];
    {
      using _ = acc.data([clause.copy(value)]);
      void acc.parallel("step._omp_fn.0", items(), { async: 1 });
      await acc.wait(1);
      acc.parallelSync("step._omp_fn.0", items());
    }
    expect(value[0]).toBe(22);
    return onHost;
  }

  test("the device is taken where there is one", async () => {
    for (const ACC_DEVICE_TYPE of [undefined, "", "radeon", "RADEON"]) {
      expect(await run({ device, environment: { ACC_DEVICE_TYPE } })).toBe(0);
    }
  }, 120_000);

  test("the host, where ACC_DEVICE_TYPE says so, or there is no device", async () => {
    for (const ACC_DEVICE_TYPE of ["host", "Host"]) {
      expect(await run({ device, environment: { ACC_DEVICE_TYPE } })).toBe(2);
    }
    expect(await run({ device: "software:gfx000", environment })).toBe(2);
  }, 120_000);

  test("no host in the device's place where that is forbidden, or nothing is said of it", async () => {
    const none = "software:gfx000";
    await expect(run({ device: none, environment: { ACC_DEVICE_TYPE: "radeon" } })).rejects.toThrow(/gfx000/);
    await expect(run({ device: none, environment: { GCN_SUPPRESS_HOST_FALLBACK: "1" } })).rejects.toThrow(/gfx000/);
    const { path } = await regions();
    await expect(open(path, { device: none, environment })).rejects.toThrow(/gfx000/);
    for (const ACC_DEVICE_TYPE of ["nvidia", "not_host", "none"]) {
      const opening = run({ device, environment: { ACC_DEVICE_TYPE } });
      await expect(opening).rejects.toMatchObject({ code: "ERR_OFFLOAD_NO_DEVICE" });
    }
    // Without a function there is nothing to run on the host.
    await using acc = await open(path, { device, environment: { ACC_DEVICE_TYPE: "host" } });
    expect(await refused(() => acc.parallel("step._omp_fn.0", []))).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
    acc.bindVariable("whatever", new Int32Array(1));
    expect([acc.functions, acc.device.sharesMemory]).toEqual([[], true]);
  }, 120_000);

  test("a region is the host's where a construct says so, on a device", async () => {
    const { path } = await regions();
    await using acc = await open(path, { device, environment, fallback });
    const value = Int32Array.of(2);
    const step = (options: ParallelOptions) =>
      acc.parallel("step._omp_fn.0", [clause.firstprivate(i32(3)), clause.copy(value)], options);
    onHost = 0;
    for (const when of [{}, { if: false }, { self: true }, { if: true }]) void step({ ...when, async: 1 });
    await acc.wait(1);
    // 2, 7, 22, 67, 202: each has seen what the one before it has left.
    expect([value[0], onHost]).toEqual([202, 2]);
    await step({ if: false });
    expect([value[0], onHost]).toEqual([607, 3]);
  }, 120_000);
});
