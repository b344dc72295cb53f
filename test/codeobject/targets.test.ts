import { expect, test } from "vitest";
import {
  formatTarget,
  parseCodeObject,
  parseTarget,
  selectCodeObject,
  validateCodeObject,
} from "../../lib/codeobject/index.js";
import { processorNames, suitability } from "../../lib/codeobject/targets.js";
import { compile, KERNEL, notesByLlvm, run } from "./toolchain.js";

const SOURCE = `${KERNEL} k(int *out) { *out = 1; }`;
const isGeneric = (name: string) => name.endsWith("-generic");

/** The processors that clang knows, by its own word. */
function processorsOfClang(): string[] {
  const text = run("sh", ["-c", "clang-19 --target=amdgcn-amd-amdhsa -nogpulib --print-supported-cpus 2>&1"]);
  return [...new Set(text.match(/\bgfx\d[0-9a-z-]*/g))].sort();
}

test("every GCN processor of clang 19 is known", () => {
  expect([...processorNames].sort()).toEqual(processorsOfClang());
});

test("the ISA of an object for each processor is what LLVM says in its metadata", { timeout: 120_000 }, () => {
  for (const cpu of processorNames) {
    const bytes = compile(SOURCE, { cpu, version: isGeneric(cpu) ? 6 : 5 });
    const object = parseCodeObject(bytes);
    expect(object.isa).toBe(notesByLlvm(bytes)["amdhsa.target"]);
    expect(object.target).toBe(cpu);
  }
});

test.each([
  "gfx906:sramecc+:xnack-",
  "gfx906:sramecc-:xnack+",
  "gfx90a:xnack+",
  "gfx90a:sramecc-",
  "gfx900:xnack-",
  "gfx801:xnack+",
  "gfx1012:xnack-",
  "gfx942:sramecc+:xnack+",
])("features that are switched on or off are read: %s", (target) => {
  for (const version of [4, 5, 6] as const) {
    const bytes = compile(SOURCE, { cpu: target, version });
    const object = parseCodeObject(bytes);
    expect(object.isa).toBe(`amdgcn-amd-amdhsa--${target}`);
    expect(object.isa).toBe(notesByLlvm(bytes)["amdhsa.target"]);
    expect(object.version).toBe(version);
  }
});

test("target ids are read back as they are written; nonsense is not", () => {
  for (const text of ["gfx803", "gfx90a:sramecc+:xnack-", "gfx900:xnack+", "gfx11-generic"]) {
    const target = parseTarget(text);
    expect(target && formatTarget(target)).toBe(text);
    expect(parseTarget(`amdgcn-amd-amdhsa--${text}`)).toEqual(target);
  }
  for (const text of [
    "",
    "gfx",
    "gfx999",
    "sm_80",
    "gfx900:xnack",
    "gfx900:sramecc+",
    "gfx1030:xnack+",
    "gfx906:",
    "gfx906:tgsplit+",
  ]) {
    expect(parseTarget(text)).toBeNull();
  }
});

test.each([
  ["gfx906", "gfx906:sramecc+:xnack-", true],
  ["gfx906:xnack-", "gfx906:sramecc+:xnack-", true],
  ["gfx906:xnack+", "gfx906:sramecc+:xnack-", false],
  ["gfx906:sramecc-", "gfx906:sramecc+:xnack-", false],
  ["gfx900", "gfx906:sramecc+:xnack-", false],
  ["gfx90a:sramecc+:xnack+", "gfx90a:sramecc+:xnack+", true],
  ["gfx9-generic", "gfx906:sramecc+:xnack-", true],
  ["gfx9-generic:xnack+", "gfx906:sramecc+:xnack-", false],
  ["gfx9-generic", "gfx90a:sramecc+:xnack-", false],
  ["gfx10-3-generic", "gfx1035", true],
  ["gfx11-generic", "gfx1201", false],
])("code for %s on an agent %s runs: %s", (code, agent, runs) => {
  const target = parseTarget(code);
  const on = parseTarget(agent);
  if (!target || !on) throw new Error("both are target ids");
  expect(suitability(target, on) > 0).toBe(runs);
});

test("an object for another ISA is refused with both names and the way out", () => {
  const bytes = compile(SOURCE, { cpu: "gfx906:xnack+" });
  expect(() => validateCodeObject(bytes, "amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-")).toThrow(
    expect.objectContaining({
      name: "CodeObjectError",
      code: "ERR_CODE_OBJECT_ISA_MISMATCH",
      message: expect.stringMatching(
        /amdgcn-amd-amdhsa--gfx906:xnack\+.*amdgcn-amd-amdhsa--gfx90a:sramecc\+:xnack-.*build it/s,
      ),
    }),
  );
  expect(selectCodeObject(bytes, "amdgcn-amd-amdhsa--gfx900")).toBe(bytes);
});

test("version 2 and 3 objects: 3 is read, 2 is refused by name", () => {
  const v4 = compile(SOURCE, { cpu: "gfx906:sramecc+:xnack-" });
  // The same object as version 3 writes it: another ABI version, and one bit for each feature that is on.
  const v3 = Uint8Array.from(v4);
  v3[8] = 1;
  new DataView(v3.buffer).setUint32(48, 0x2f | 0x200, true);
  expect(parseCodeObject(v3)).toMatchObject({ version: 3, isa: "amdgcn-amd-amdhsa--gfx906:sramecc+:xnack-" });
  const v2 = Uint8Array.from(v4);
  v2[8] = 0;
  expect(() => parseCodeObject(v2)).toThrow(
    expect.objectContaining({ code: "ERR_CODE_OBJECT_UNSUPPORTED", message: expect.stringContaining("version 2") }),
  );
  const v9 = Uint8Array.from(v4);
  v9[8] = 7;
  expect(() => parseCodeObject(v9)).toThrow(
    expect.objectContaining({ code: "ERR_CODE_OBJECT_UNSUPPORTED", message: expect.stringContaining("version 9") }),
  );
});
