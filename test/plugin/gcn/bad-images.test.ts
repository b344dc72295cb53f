/** What is no image, or a damaged one, or another GPU's: an error that says so, and nothing stays behind. */
import { readFileSync } from "node:fs";
import { afterEach, beforeAll, expect, test } from "vitest";
import { CodeObjectError, type GccImage } from "../../../lib/codeobject/index.js";
import { OffloadError } from "../../../lib/errors.js";
import { HsaError } from "../../../lib/hsa/index.js";
import { mutations } from "../../codeobject/mutations.js";
import { describeBut } from "../under-test.js";
import { openTestedLab, targets } from "./fixture.js";
import { type Program, program } from "./programs.js";

const lab = openTestedLab();
const { plugin } = lab;
const device = targets.indexOf("gfx906");
let small: Program;
let image: GccImage;

beforeAll(async () => {
  small = await program("small.c", "gfx906");
  image = small.image;
});

async function fills(): Promise<void> {
  const whole = await lab.load("small.c", "gfx906");
  const to = new Int32Array(3);
  whole.run("fill", { to, n: 3, value: 1 });
  expect([...to]).toEqual([1, 2, 3]);
  whole.unload();
}

let before: ReturnType<typeof plugin.stats>;
beforeAll(async () => {
  // The first launch makes the block of arguments and the arena that all others use again.
  await fills();
  before = plugin.stats();
});
afterEach(() => {
  const { bytes, sessions } = before;
  expect(plugin.stats()).toMatchObject({ bytes, sessions });
});

const refused = (what: unknown, code: string, ...parts: readonly (string | RegExp)[]): void => {
  let error: unknown;
  try {
    plugin.loadImage(device, what);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code });
  for (const part of parts) expect((error as Error).message).toMatch(part);
};

test.each([undefined, null, 7, "main._omp_fn.0", {}, [[1, 2, 3]], { codeObject: "bytes" }])(
  "%j is not bytes",
  (value) => {
    refused(value, "ERR_OFFLOAD_IMAGE", /the bytes of a code object/);
  },
);

test("a text file, no bytes at all, and a program without images", () => {
  refused(readFileSync(new URL("programs/small.c", import.meta.url)), "ERR_CODE_OBJECT_FORMAT");
  refused(new Uint8Array(0), "ERR_CODE_OBJECT_FORMAT");
  refused(readFileSync("/bin/true"), "ERR_CODE_OBJECT_NOT_AMDGPU");
});

test("another GPU's: both are named", async () => {
  const other = await program("small.c", "gfx900");
  for (const codeObject of [other.image, other.image.codeObject]) {
    refused(codeObject, "ERR_CODE_OBJECT_ISA_MISMATCH", "gfx900", "gfx906");
  }
  refused(readFileSync(other.path), "ERR_OFFLOAD_IMAGE", "gfx900", "gfx906", "-march=gfx906");
});

test("a table that names a kernel which is not there", () => {
  const [first] = image.kernels;
  const kernels = [...image.kernels, { ...(first as GccImage["kernels"][0]), name: "main._omp_fn.7" }];
  refused({ ...image, kernels }, "ERR_OFFLOAD_IMAGE", /names kernel main\._omp_fn\.7/);
});

test("a whole program is as good as its image", () => {
  const module = plugin.loadImage(device, readFileSync(small.path));
  expect(module.functions.map(({ name }) => name)).toEqual(["fill._omp_fn.0"]);
  plugin.unloadImage(module);
});

test("an image that is cut short, wherever that is", () => {
  const { codeObject } = image;
  for (const part of [0.001, 0.01, 0.1, 0.5, 0.9, 0.99]) {
    const cut = codeObject.subarray(0, Math.floor(codeObject.length * part));
    expect(() => plugin.loadImage(device, { ...image, codeObject: cut })).toThrow(CodeObjectError);
    expect(() => plugin.loadImage(device, cut)).toThrow(CodeObjectError);
  }
  expect(() => plugin.loadImage(device, { ...image, codeObject: codeObject.subarray(0, -1) })).toThrow(CodeObjectError);
});

describeBut("goes on after a fault", "damage", () => {
  test("400 damaged images: an error of this package, or a load, and nothing else", { timeout: 120_000 }, () => {
    // Nothing is launched: what damaged constructors do is the software GPU's own tests' subject.
    const kernels = image.kernels.filter(({ name }) => !name.endsWith("_array"));
    let [loaded, failed] = [0, 0];
    for (const codeObject of mutations(image.codeObject, 400, 12)) {
      try {
        plugin.unloadImage(plugin.loadImage(device, { ...image, kernels, codeObject }));
        loaded++;
      } catch (error) {
        failed++;
        expect([CodeObjectError, OffloadError, HsaError].some((kind) => error instanceof kind)).toBe(true);
      }
    }
    // Both happen, or the damage is of the wrong kind.
    expect(Math.min(loaded, failed)).toBeGreaterThan(50);
  });

  test("the device is as good as before", async () => {
    await fills();
  });
});
