/** Where regions run: OMP_TARGET_OFFLOAD, OMP_DEFAULT_DEVICE, and the host's own functions in the devices' place. */
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { f64 } from "../../../lib/index.js";
import { map, offload } from "../../../lib/target/index.js";
import { program } from "../../plugin/gcn/programs.js";
import { describeBut, GPU, testBut } from "../../plugin/under-test.js";
import { DEVICE, useRegions } from "./fixture.js";

const regions = useRegions();
const FILL = "fill._omp_fn.0";

/** The host's form of `fill`: what it gets are the items' own values, in the order of the table. */
const fallback = {
  [FILL]: (variables: readonly unknown[]) => {
    const [value, n, to] = variables as [number, number, Int32Array];
    for (let i = 0; i < n; i++) to[i] = -(value + i);
  },
};
const fill = (to: Int32Array) => [map.firstprivate(5), map.firstprivate(to.length), map.from(to)];
const onDevice = [5, 6, 7, 8];
const onHost = [-5, -6, -7, -8];

/** Where `fill` ran. */
async function run(
  options: Parameters<typeof regions.open>[0],
  device?: number,
): Promise<{ readonly result: number[]; readonly devices: number }> {
  await using omp = await regions.open(options);
  const to = new Int32Array(4);
  await omp.target(FILL, fill(to), { teams: 1, ...(device === undefined ? {} : { device }) });
  const blocking = new Int32Array(4);
  omp.targetSync(FILL, fill(blocking), { teams: 1, ...(device === undefined ? {} : { device }) });
  expect(blocking).toEqual(to);
  return { result: [...to], devices: omp.numDevices };
}

describe("OMP_TARGET_OFFLOAD", () => {
  test.each([undefined, "default", "DEFAULT", "mandatory", " Mandatory "])("%s: on the device", async (policy) => {
    const environment = { OMP_TARGET_OFFLOAD: policy };
    expect(await run({ environment, fallback })).toEqual({ result: onDevice, devices: 2 });
  });

  test("disabled: there is no device, and the host's function runs with the host's variables", async () => {
    const environment = { OMP_TARGET_OFFLOAD: "disabled" };
    expect(await run({ environment, fallback })).toEqual({ result: onHost, devices: 0 });
  });

  test("disabled, with data constructs: they map nothing", async () => {
    await using omp = await regions.open({ environment: { OMP_TARGET_OFFLOAD: "disabled" }, fallback });
    const to = new Int32Array(4);
    using _ = omp.targetData([map.to(to)]);
    omp.enterData([map.to(to)]);
    await omp.target(FILL, fill(to));
    expect([...to]).toEqual(onHost);
    omp.update([map.from(to)]);
    omp.exitData([map.delete(to)]);
    expect([...to]).toEqual(onHost);
    expect([omp.plugin, omp.memory.isPresent(to, 0)]).toEqual([null, true]);
  });

  test("disabled, and no function of the host's: an error that names it", async () => {
    await using omp = await regions.open({ environment: { OMP_TARGET_OFFLOAD: "disabled" } });
    await expect(omp.target(FILL, [])).rejects.toMatchObject({ code: "ERR_OFFLOAD_UNKNOWN_KERNEL" });
  });

  test("another word is refused", async () => {
    await expect(regions.open({ environment: { OMP_TARGET_OFFLOAD: "mandatry" } })).rejects.toThrow(
      /mandatory, disabled or default/,
    );
  });
});

describe("a device that there is not", () => {
  test("is the host, by default", async () => {
    for (const device of [2, 7]) expect((await run({ fallback }, device)).result).toEqual(onHost);
  });
  test("is refused where a device is mandatory, but for the host's own number", async () => {
    const environment = { OMP_TARGET_OFFLOAD: "mandatory" };
    await expect(run({ environment, fallback }, 7)).rejects.toMatchObject({ code: "ERR_OFFLOAD_NO_DEVICE" });
    expect((await run({ environment, fallback }, 2)).result).toEqual(onHost);
  });
  test.each([-1, 1.5])("%d is no number of a device", async (device) => {
    await expect(run({ fallback }, device)).rejects.toMatchObject({ code: "ERR_OUT_OF_RANGE" });
  });
});

test("a task of the host's has its private copies from the time it was made, and numbers as numbers", async () => {
  const seen: unknown[] = [];
  const copies = {
    [FILL]: ([number, array]: readonly unknown[]) => {
      seen.push(number, ...(array as Float64Array));
      (array as Float64Array).fill(0);
    },
  };
  await using omp = await regions.open({ environment: { OMP_TARGET_OFFLOAD: "disabled" }, fallback: copies });
  const [array, place] = [Float64Array.of(1, 2), new Uint8Array(1)];
  void omp.task({ out: [place] }, () => new Promise((resolve) => setImmediate(resolve)));
  const task = omp.target(FILL, [map.firstprivate(f64(0.5)), map.firstprivate(array)], { depend: { in: [place] } });
  array.fill(9);
  await task;
  expect([seen, [...array]]).toEqual([
    [0.5, 1, 2],
    [9, 9],
  ]);
});

describeBut("own plugin", "where no runtime can be opened", () => {
  const device = "software:gfx000";
  test("the host's functions run, by default", async () => {
    expect(await run({ device, fallback })).toEqual({ result: onHost, devices: 0 });
  });
  test("a device that is mandatory, or no function of the host's, makes it an error", async () => {
    await expect(run({ device, fallback, environment: { OMP_TARGET_OFFLOAD: "mandatory" } })).rejects.toThrow(/gfx000/);
    await expect(run({ device })).rejects.toThrow(/gfx000/);
  });
});

describe("OMP_DEFAULT_DEVICE", () => {
  test.each([
    ["0", 0],
    ["1", 1],
    [undefined, 0],
  ])("%s: regions and data go there", async (text, number) => {
    await using omp = await regions.open({ environment: { OMP_DEFAULT_DEVICE: text } });
    expect(omp.defaultDevice).toBe(number);
    const to = new Int32Array(4);
    using _ = omp.targetData([map.alloc(to)]);
    expect([0, 1].map((device) => omp.memory.isPresent(to, device))).toEqual([number === 0, number === 1]);
    await omp.target(FILL, fill(to));
    // Present there, so that nothing comes back by itself.
    expect([...to]).toEqual([0, 0, 0, 0]);
    omp.update([map.from(to)]);
    expect([...to]).toEqual(onDevice);
  });

  test("a number beyond the last is the host", async () => {
    expect((await run({ environment: { OMP_DEFAULT_DEVICE: "9" }, fallback })).result).toEqual(onHost);
  });
});

test("a disposed program is refused", async () => {
  const omp = await regions.open({ device: DEVICE });
  omp.dispose();
  omp.dispose();
  await expect(omp.target(FILL, [])).rejects.toMatchObject({ code: "ERR_OFFLOAD_DISPOSED" });
  for (const work of [() => omp.targetData([]), () => omp.enterData([]), () => omp.update([]), () => omp.functions()]) {
    expect(work).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_DISPOSED" }));
  }
});

test("options that there are not", async () => {
  await expect(regions.open({ fallbacks: {} } as object)).rejects.toThrow(/did you mean "fallback"/);
});

testBut("own plugin", "a region in flight when its program is disposed says so", async () => {
  const omp = await regions.open();
  const running = omp.target(FILL, fill(new Int32Array(4)));
  omp.dispose();
  await expect(running).rejects.toMatchObject({ code: "ERR_OFFLOAD_DISPOSED" });
});

testBut("own plugin", "what a kernel prints may be what ends its program", async () => {
  const { path } = await program("print.c", GPU, [], fileURLToPath(new URL("../../openmp/programs", import.meta.url)));
  const uncaught = vi.fn();
  process.on("uncaughtException", uncaught);
  try {
    // While the kernel runs, or at its end: some of each.
    for (const start of Array.from({ length: 16 }, (_, i) => (["target", "targetSync"] as const)[i % 2] ?? "target")) {
      const texts: string[] = [];
      const output = {
        write(text: string) {
          texts.push(text);
          omp.dispose();
        },
      };
      const omp = await offload(path, { device: DEVICE, environment: {}, output });
      const region = (async () => omp[start]("main._omp_fn.0", [map.from(new Int32Array(1))]))();
      const [end] = await Promise.allSettled([region]);
      if (end?.status === "rejected") expect(end.reason).toMatchObject({ code: "ERR_OFFLOAD_DISPOSED" });
      expect(texts[0]).toMatch(/^integers -5/);
      await expect(omp.target("main._omp_fn.0", [])).rejects.toMatchObject({ code: "ERR_OFFLOAD_DISPOSED" });
    }
    expect(uncaught).not.toHaveBeenCalled();
  } finally {
    process.off("uncaughtException", uncaught);
  }
});
