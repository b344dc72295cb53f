/** Several devices, and calls from several threads at once, against GCC's plugin. */
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { build, gcnOffload } from "../cli/fixture.js";
import { compile } from "../openmp/toolchain.js";

const folder = fileURLToPath(new URL("programs", import.meta.url));
const limit = 120_000;

beforeAll(build);

test(
  "each device has its own image, data and number",
  async () => {
    const program = await compile("devices.c", "gfx906", { folder });
    const shared = await compile("devices.c", "gfx906", { folder }, "shared object");
    const env = { OMP_TARGET_OFFLOAD: "MANDATORY" };
    const expected = await gcnOffload(["exec", "--gpu", "gfx906*3", "--", program], { env });
    expect(expected.stdout).toMatch(/^devices: 3\n/);
    expect(await gcnOffload(["host", "--gpu", "gfx906*3", shared], { env })).toEqual(expected);
  },
  limit,
);
