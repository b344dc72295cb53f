/** What `gcn-offload host` says where a program, or something that it needs, is not there or does not fit: an error, before main. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build, gcnOffload, type Outcome, root } from "../cli/fixture.js";
import { compile } from "../openmp/toolchain.js";
import { makeObject } from "./objects.js";

const own = mkdtempSync(join(tmpdir(), "gcn-offload-host-"));
const limit = 120_000;
/** A program with target regions that the compiler has made no image of. */
let imageless = "";

const REGION = `#include <stdio.h>
int main(void) {
  int value = 0;
#pragma omp target map(tofrom: value)
  value = 42;
  printf("%d\\n", value);
  return 0;
}`;

beforeAll(() => {
  build();
  imageless = makeObject(own, "imageless.so", REGION, "-fopenmp", "-foffload=disable");
}, limit);
afterAll(() => rmSync(own, { recursive: true }));

const host = (words: readonly string[], env: Record<string, string> = {}, program?: string): Promise<Outcome> =>
  gcnOffload(["host", "--gpu", "gfx906", ...words], { env, ...(program === undefined ? {} : { program }) });

/** Ended by an error of the command's, before the program has done anything. */
function expectRefusal({ code, signal, stdout, stderr }: Outcome, status: number, error: RegExp): void {
  expect([code, signal, stdout]).toEqual([status, null, ""]);
  expect(stderr).toMatch(error);
  expect(stderr).toMatch(/^gcn-offload: [^\n]*\n$/);
}

describe("what cannot be run", () => {
  test("a file that is not there", async () => {
    expectRefusal(await host(["nowhere.so"]), 127, /nowhere\.so is not there \[ERR_OFFLOAD_PROGRAM\]/);
  });

  test("a file that is no shared object", async () => {
    const text = join(own, "text.so");
    writeFileSync(text, "no program");
    expectRefusal(await host([text]), 127, /text\.so: .*ERR_OFFLOAD_PROGRAM/);
  });

  test("a program whose library is not there", async () => {
    makeObject(own, "libmissing.so", "int missing(void) { return 0; }");
    const source = "int missing(void); int main(void) { return missing(); }";
    const needing = makeObject(own, "needing.so", source, "-L", own, "-lmissing");
    rmSync(join(own, "libmissing.so"));
    expectRefusal(await host([needing]), 127, /libmissing\.so.*ERR_OFFLOAD_PROGRAM/);
  });

  test("a program without a main", async () => {
    const program = makeObject(own, "no-main.so", "int other(void) { return 0; }");
    expectRefusal(await host([program]), 127, /no-main\.so has no main.*ERR_OFFLOAD_PROGRAM/);
  });

  test("an executable", async () => {
    expectRefusal(await host(["/bin/true"]), 127, /\/bin\/true.*: link it with -shared -fPIC \[ERR_OFFLOAD_PROGRAM/);
  });
});

describe("without a device", () => {
  test("no HSA runtime", async () => {
    const outcome = await host([imageless], { HSA_RUNTIME_LIB: "/nowhere/libhsa.so" });
    expectRefusal(outcome, 3, /\/nowhere\/libhsa\.so.*ERR_HSA_LIBRARY_NOT_FOUND/);
  });

  test("a GPU that the software GPU does not model", async () => {
    expectRefusal(await gcnOffload(["host", "--gpu", "gfx1234", imageless]), 2, /gfx1234/);
  });

  test("no hardware, where that is asked for", async () => {
    const outcome = await gcnOffload(["host", imageless], { env: { GCN_OFFLOAD_DEVICE: "hardware:gfx906" } });
    expectRefusal(outcome, 2, /hardware:gfx906.*ERR_HSA_DEVICE_SETTING/);
  });
});

describe("without its libgomp", () => {
  test("one that is not there", async () => {
    const outcome = await host(["--libgomp", "nowhere.so.1", imageless]);
    expectRefusal(outcome, 127, /nowhere\.so\.1: .*ERR_OFFLOAD_PROGRAM/);
  });

  test("one that does not look for plugins", async () => {
    const fake = makeObject(own, "libgomp.so.1", "int nothing;");
    expectRefusal(await host(["--libgomp", fake, imageless]), 127, /looks for no offload plugins/);
  });

  // The program would find the system's, which would find GCC's plugin.
  test("one that the program does not find under its name", async () => {
    const nameless = makeObject(own, "nameless.so", 'const char name[] = "GOMP_OFFLOAD_version";');
    expectRefusal(await host(["--libgomp", nameless, imageless]), 127, /does not call itself libgomp\.so\.1/);
  });
});

/** A package in which only these of the built parts are there. */
function packageWith(name: string, ...parts: readonly string[]): string {
  const folder = join(own, name);
  cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  symlinkSync(join(root, "package.json"), join(folder, "package.json"));
  for (const part of parts) {
    mkdirSync(join(folder, part, ".."), { recursive: true });
    symlinkSync(join(root, part), join(folder, part));
  }
  return join(folder, "dist", "cli", "main.js");
}

describe("without a part of this package", () => {
  const addon = "build/Release/gcn_offload.node";
  const softwareGpu = "native/softgpu/build";

  test("its plugin library", async () => {
    const outcome = await host([imageless], {}, packageWith("no-plugin", addon, softwareGpu));
    expectRefusal(outcome, 127, /libgomp-plugin-gcn-12\.so is not there: scripts\/build-native addon makes it/);
  });

  test("its software GPU", async () => {
    const outcome = await host([imageless], {}, packageWith("no-gpu", addon));
    expectRefusal(outcome, 3, /libhsakmt\.so\.1.*ERR_HSA_THUNK_NOT_BUILT/);
  });

  test("its addon", async () => {
    const outcome = await host([imageless], {}, packageWith("no-addon", softwareGpu));
    expectRefusal(outcome, 3, /ERR_HSA_ADDON_NOT_BUILT/);
  });
});

describe("without an image for the device", () => {
  test(
    "a program for another GPU ends at its first region, with both named and what to compile with",
    async () => {
      const program = await compile("data_regions.c", "gfx900", undefined, "shared object");
      const { code, signal, stderr } = await host([program]);
      expect([code, signal]).toEqual([1, null]);
      expect(stderr).toMatch(/libgomp: .*--gfx900.*--gfx906.*-foffload-options=-march/);
    },
    limit,
  );

  test("a program without any runs on the host, but where offloading is mandatory", async () => {
    expect(await host([imageless])).toEqual({ code: 0, signal: null, stdout: "42\n", stderr: "" });
    const mandatory = await host([imageless], { OMP_TARGET_OFFLOAD: "MANDATORY" });
    expect([mandatory.code, mandatory.signal, mandatory.stdout]).toEqual([1, null, ""]);
    expect(mandatory.stderr).toMatch(/libgomp: OMP_TARGET_OFFLOAD is set to MANDATORY/);
  });
});

test("a program that has nothing to do with OpenMP runs, too", async () => {
  const program = makeObject(own, "plain.so", "int main(int n) { return n; }");
  expect(await host([program, "a", "b"])).toEqual({ code: 3, signal: null, stdout: "", stderr: "" });
});
