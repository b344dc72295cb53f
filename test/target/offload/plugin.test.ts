/** Target and OpenACC regions on a plugin that the caller has opened, and goes on using. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openacc } from "../../../lib/index.js";
import { GcnPlugin } from "../../../lib/plugin/index.js";
import { map, offload } from "../../../lib/target/index.js";
import { DEVICE, useRegions } from "./fixture.js";

const regions = useRegions();
const FILL = "fill._omp_fn.0";
let plugin: GcnPlugin;
beforeAll(() => {
  plugin = GcnPlugin.open({ device: DEVICE, environment: {} });
});
afterAll(() => plugin.dispose());

const executables = () => plugin.runtime.stats().executablesLive;

test("programs share it, and leave nothing but what is the caller's", async () => {
  const before = executables();
  const to = [new Int32Array(2), new Int32Array(2)];
  {
    await using omp = await offload(regions.program.path, { plugin });
    expect([omp.plugin, omp.numDevices]).toEqual([plugin, 2]);
    await using other = await offload(regions.program.path, { plugin, environment: { OMP_DEFAULT_DEVICE: "1" } });
    for (const [i, each] of [omp, other].entries()) {
      await each.target(FILL, [map.firstprivate(i), map.firstprivate(2), map.from(to[i] as Int32Array)]);
    }
    await using acc = await openacc.open(regions.program.path, { plugin, number: 1 });
    expect(acc.functions).toContain(FILL);
    expect(executables()).toBeGreaterThan(before);
  }
  expect(to.map((each) => [...each])).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect([executables(), plugin.stats().sessions]).toEqual([before, 0]);
  plugin.free(0, plugin.alloc(0, 8));
});

test("its owner may end it first", async () => {
  const own = GcnPlugin.open({ device: DEVICE, environment: {} });
  const omp = await offload(regions.program.path, { plugin: own });
  const acc = await openacc.open(regions.program.path, { plugin: own });
  expect(omp.functions(0)).toContain(FILL);
  own.dispose();
  await omp[Symbol.asyncDispose]();
  await acc[Symbol.asyncDispose]();
});

test("disabled, it is not used", async () => {
  await using omp = await offload(regions.program.path, { plugin, environment: { OMP_TARGET_OFFLOAD: "disabled" } });
  expect([omp.plugin, omp.numDevices]).toEqual([null, 0]);
});

test.each([
  ["device", { device: DEVICE }, /device cannot stand beside plugin: the plugin was opened with its devices/],
  ["output", { output: process.stdout }, /output cannot stand beside plugin: where kernels print to/],
  ["environment", { environment: { GCN_DEBUG: "1" } }, /environment\.GCN_DEBUG cannot stand beside plugin: .* opened/],
])("beside it, the %s of a plugin to be opened is refused", async (_, options, why) => {
  for (const open of [offload, openacc.open]) {
    const refused = open(regions.program.path, { plugin, ...options });
    await expect(refused).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE", message: expect.stringMatching(why) });
  }
});

test("what is no plugin is refused", async () => {
  const wrong = offload(regions.program.path, { plugin: "gcn" as never });
  await expect(wrong).rejects.toThrow(/plugin must be an OffloadPlugin, not "gcn"/);
});
