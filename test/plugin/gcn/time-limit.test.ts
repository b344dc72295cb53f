/** The plugin's own time limit: for launches that do not say theirs, and for what runs when an image comes and goes. */
import { afterAll, expect, test } from "vitest";
import { GcnPlugin } from "../../../lib/plugin/index.js";
import { compile } from "../../codeobject/toolchain.js";
import { failureOf } from "../../device/fixture.js";

const plugin = GcnPlugin.open({ device: "software:gfx906", environment: {}, timeout: 100 });
plugin.initDevice(0);
afterAll(() => plugin.dispose());

/** A code object by GCC's conventions, whose constructors, destructors or function never end. */
const object = (endless: string): Uint8Array =>
  compile(
    `
    #define kernel __attribute__((amdgpu_kernel, visibility("protected"))) void
    __attribute__((visibility("protected"))) int __gomp_device_num;
    kernel _init_array(void* table) { ${endless === "_init_array" ? "for (;;) __builtin_amdgcn_s_sleep(1);" : ""} }
    kernel _fini_array(void* table) { ${endless === "_fini_array" ? "for (;;) __builtin_amdgcn_s_sleep(1);" : ""} }
    kernel work(void* table) { ${endless === "work" ? "for (;;) __builtin_amdgcn_s_sleep(1);" : ""} }
    `,
    { cpu: "gfx906", version: 4 },
  );

test("constructors that never end: the image is not loaded", async () => {
  const { bytes } = plugin.stats();
  expect(await failureOf(() => plugin.loadImage(0, object("_init_array")))).toMatchObject({
    code: "ERR_OFFLOAD_TIMEOUT",
    kernel: "_init_array",
  });
  // But for the arguments' block, which stays for the next launch.
  expect(plugin.stats().bytes - bytes).toBeLessThanOrEqual(plugin.stats().cacheBytes);
});

test("destructors that never end: the image goes all the same", async () => {
  const before = plugin.stats().bytes;
  const module = plugin.loadImage(0, object("_fini_array"));
  expect(await failureOf(() => plugin.unloadImage(module))).toMatchObject({
    code: "ERR_OFFLOAD_TIMEOUT",
    kernel: "_fini_array",
  });
  expect(plugin.stats().bytes - before).toBeLessThanOrEqual(plugin.stats().cacheBytes);
  expect(await failureOf(() => plugin.unloadImage(module))).toMatchObject({ code: "ERR_OFFLOAD_IMAGE" });
});

test("a launch without a limit of its own has the plugin's; one of its own counts instead", async () => {
  const module = plugin.loadImage(0, object("work"));
  const [work] = module.functions;
  for (const [own, least] of [
    [undefined, 100],
    [250, 250],
  ] as const) {
    const session = plugin.newSession();
    plugin.sessionStart(session, 0);
    plugin.sessionSetTargetVarTable(session, null);
    const begun = performance.now();
    const failure = await failureOf(() =>
      plugin.run(session, work as NonNullable<typeof work>, {
        teams: 1,
        threads: 1,
        ...(own === undefined ? {} : { timeout: own }),
      }),
    );
    expect(failure).toMatchObject({ code: "ERR_OFFLOAD_TIMEOUT" });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(least);
  }
  plugin.unloadImage(module);
});
