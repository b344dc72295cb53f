/** Each release's layout of an image's registration, on libgomps of the tests' own that write down what they are told. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { map } from "../../../lib/index.js";
import { open } from "../../../lib/libgomp/index.js";
import { build } from "../../cli/fixture.js";
import { calls, codeOf, region } from "./fixture.js";

const source = fileURLToPath(new URL("../programs/recorder.c", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "gcn-offload-libgomp-"));
const record = join(folder, "record");

beforeAll(async () => {
  build();
  await calls("gfx906");
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

function library(family: number, ...flags: string[]): string {
  const file = join(folder, `libgomp-${family}${flags.join("")}.so.1`);
  const warnings = ["-Wall", "-Wextra", "-Werror"];
  execFileSync("cc", [...warnings, "-shared", "-fPIC", `-DFAMILY=${family}`, ...flags, "-o", file, source]);
  return file;
}
const opened = (file: string) =>
  open({ library: file, isolate: true, environment: { RECORD: record, OMP_TARGET_OFFLOAD: "disabled" } });

const FAMILIES = [
  { family: 12, version: "10002", requires: "", indirect: "" },
  { family: 13, version: "20003", requires: " requires 8,", indirect: "" },
  { family: 14, version: "30003", requires: " requires 8,", indirect: ", indirect 0" },
  { family: 15, version: "30003", requires: " requires 8,", indirect: ", indirect 0" },
  { family: 16, version: "30003", requires: " requires 8,", indirect: ", indirect 0" },
  { family: 17, version: "40003", requires: " requires 8,", indirect: ", indirect 0" },
] as const;

test.each(FAMILIES)("libgomp of GCC $family: $version", async ({ family, version, requires, indirect }) => {
  const made = await calls("gfx906");
  const { image } = made;
  rmSync(record, { force: true });
  const libgomp = await opened(library(family));
  expect(libgomp.release).toBe(family);
  const abi = family === 12 ? {} : { abi: "gcc-13" };
  await libgomp.register(
    { ...image, ...abi, requires: 8 },
    { fallback: { "fill._omp_fn.0": ([value, , to]) => void (to as Int32Array).fill(value as number) } },
  );
  // The host's functions are where the table says.
  const to = new Int32Array(3);
  const named = { to: map.from(to), n: map.firstprivate(3), value: map.firstprivate(-7) };
  await libgomp.target(...region(made, "fill", named));
  expect([...to]).toEqual([-7, -7, -7]);
  expect(await codeOf(libgomp.target(...region(made, "trap", {})))).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
  await libgomp.dispose();

  const kernels = image.kernels.map(({ name }) => name);
  const { length } = image.codeObject;
  const told = `${version} for 8:${requires} ${length} bytes of ELF, ${kernels.join(" ")}${indirect}, variables 3`;
  const host = `host: functions ${kernels.length - 2}, variables 4 32 64 linked${indirect}`;
  expect(readFileSync(record, "utf8")).toBe(`register ${told}\n${host}\nunregister ${told}\n${host}\n`);
});

test("an image of GCC 12 is registered as GCC 12 does it, with a later libgomp too", async () => {
  rmSync(record, { force: true });
  const libgomp = await opened(library(16));
  await libgomp.register((await calls("gfx906")).image);
  await libgomp.dispose();
  expect(readFileSync(record, "utf8")).toMatch(/^register 10002 for 8: \d+ bytes/);
});

test("an image of a later GCC is refused by GCC 12's", async () => {
  await using libgomp = await opened(library(12));
  const { image } = await calls("gfx906");
  await expect(libgomp.register({ ...image, abi: "gcc-13" })).rejects.toMatchObject({
    code: "ERR_OFFLOAD_IMAGE",
    message: expect.stringMatching(/libgomp of GCC 12 does not run this image/),
  });
});

test("a function that libgomp lacks is named", async () => {
  await expect(opened(library(12, "-DWITHOUT_TARGET"))).rejects.toMatchObject({
    code: "ERR_OFFLOAD_LIBGOMP",
    message: expect.stringMatching(/has no function GOMP_target_ext/),
  });
  await using libgomp = await opened(library(14));
  await expect(libgomp.memory.alloc(8, 0)).rejects.toThrow(/has no function omp_target_alloc/);
  expect([libgomp.has("omp_target_alloc"), libgomp.has("GOMP_target_ext")]).toEqual([false, true]);
});
