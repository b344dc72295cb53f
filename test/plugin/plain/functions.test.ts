/** Which kernels and images the plugin takes, and what it says of the others. */
import { expect, test } from "vitest";
import { compile } from "../../codeobject/toolchain.js";
import { FOREIGN, GPU, openTested } from "../under-test.js";
import { Bench, codeOf, failureOf, kernels } from "./fixture.js";

const plugin = openTested();
const bench = new Bench(plugin);

test.each([
  ["two_arguments", 2],
  ["a_number", 1],
])("kernel %s is none that a runtime can launch, and says so", async (name, count) => {
  const fn = bench.fn(name);
  expect(plugin.canRun(fn)).toBe(false);
  for (const call of [() => bench.run(name, [1]), () => bench.launch(name, [1]), () => bench.run(name)]) {
    const error = await failureOf(call);
    expect(error.code).toBe("ERR_OFFLOAD_ARGUMENT_COUNT");
    expect(error.message).toContain(`kernel ${name}`);
    expect(error.message).toContain(`${count} arguments`);
  }
  expect(plugin.stats().sessions).toBe(0);
});

test("functions that can run are told from those that cannot, and from what is none", () => {
  expect(plugin.canRun(bench.fn("copy_table"))).toBe(true);
  expect(plugin.canRun(bench.fn("count_run"))).toBe(true);
  expect(plugin.canRun({ name: "copy_table", device: 0 })).toBe(false);
});

test("an object for another GPU, damaged bytes and what is no image are refused", async () => {
  const whole = kernels(GPU);
  // A C plugin has one image on a device, and is asked before the image is read.
  const loaded = bench.image;
  if (FOREIGN) plugin.unloadImage(loaded);
  expect(await codeOf(() => plugin.loadImage(0, kernels(GPU === "gfx900" ? "gfx906" : "gfx900")))).toMatch(
    /^ERR_CODE_OBJECT_/,
  );
  expect(await codeOf(() => plugin.loadImage(0, whole.subarray(0, 500)))).toMatch(/^ERR_CODE_OBJECT_/);
  expect(await codeOf(() => plugin.loadImage(0, new Uint8Array(100)))).toMatch(/^ERR_(?:CODE_OBJECT|OFFLOAD)_/);
  for (const wrong of [null, undefined, 7, "kernels.hsaco", {}, { codeObject: 1 }]) {
    expect(await codeOf(() => plugin.loadImage(0, wrong))).toBe("ERR_OFFLOAD_IMAGE");
  }
  const hidden = compile('__attribute__((amdgpu_kernel, visibility("hidden"))) void k(unsigned long *t) { *t = 1; }', {
    cpu: GPU,
  });
  expect(await codeOf(() => plugin.loadImage(0, hidden))).toBe("ERR_OFFLOAD_IMAGE");
  const again = FOREIGN ? new Bench(plugin) : bench;
  again.run("nothing", [1]);
});
