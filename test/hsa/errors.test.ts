import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeOfStatus, explain, fromNative, guarded, HsaError, statusOfCode } from "../../lib/hsa/errors.js";

/** The statuses as the installed headers number them. */
function statuses(): Map<string, number> {
  const include = execFileSync("cc", ["-E", "-x", "c", "-", "-I/opt/rocm/include"], {
    input: "#include <hsa/hsa_ext_amd.h>",
    encoding: "utf8",
  });
  const folder = /"([^"]*\/hsa)\/hsa_ext_amd\.h"/.exec(include)?.[1] ?? "";
  const found = new Map<string, number>();
  for (const header of ["hsa.h", "hsa_ext_amd.h"]) {
    for (const [, name, value] of readFileSync(join(folder, header), "utf8").matchAll(
      /^\s*HSA_STATUS_(\w+)\s*=\s*(0x[0-9a-fA-F]+|\d+)/gm,
    )) {
      found.set(name as string, Number(value));
    }
  }
  return found;
}

test("every error status of the headers has its code and an explanation", () => {
  const found = statuses();
  expect(found.size).toBeGreaterThan(30);
  for (const [name, status] of found) {
    if (name === "SUCCESS" || name === "INFO_BREAK") continue;
    const code = `ERR_HSA_${name.replace(/^ERROR_/, "")}`;
    expect(codeOfStatus(status), name).toBe(code);
    expect(statusOfCode(code), name).toBe(status);
    expect(explain(code), name).toMatch(/^[A-Z_]+: [a-z]/);
  }
});

test("an error of the natives becomes an HsaError with the call, the meaning and the way out", () => {
  const native = Object.assign(new Error("x"), { code: "ERR_HSA_OUT_OF_RESOURCES", status: 0x1008, call: "hsa_init" });
  const error = fromNative(native) as HsaError;
  expect(error).toBeInstanceOf(HsaError);
  expect(error).toMatchObject({ code: "ERR_HSA_OUT_OF_RESOURCES", status: 0x1008, call: "hsa_init", cause: native });
  expect(error.message).toMatch(/^hsa_init: OUT_OF_RESOURCES: .* — .*gcn-offload info/);
});

test("a library that was not found lists what was tried", () => {
  const native = Object.assign(new Error("x"), {
    code: "ERR_HSA_LIBRARY_NOT_FOUND",
    tried: [{ library: "/opt/rocm/lib/libhsa-runtime64.so.1", reason: "no such file" }],
  });
  expect((fromNative(native) as Error).message).toMatch(/\/opt\/rocm.*\(no such file\).*apt-get install/);
});

test("other errors pass as they are", () => {
  const type = Object.assign(new TypeError("bytes must be a number"), { code: "ERR_INVALID_ARG_TYPE" });
  expect(() =>
    guarded(() => {
      throw type;
    }),
  ).toThrow(type);
  expect(fromNative("text")).toBe("text");
});
