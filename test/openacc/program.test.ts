/** A program's regions by their names. */
import { expect, test } from "vitest";
import { i32, openacc } from "../../lib/index.js";
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
