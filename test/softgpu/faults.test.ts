/** What the software GPU says of a kernel that goes wrong: to JavaScript in parts, to any other program in a line on stderr. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Buffer, type Code, type Device, DeviceError, open, type Runtime, u32, u64 } from "../../lib/index.js";
import { build, gcnOffload } from "../cli/fixture.js";
import { compile, repository, run, scratchFile } from "../codeobject/toolchain.js";
import { gccProgram } from "./debug/gcc.js";

const source = join(repository, "test", "kernels", "faults.c");
const lines = readFileSync(source, "utf8").split("\n");
const lineOf = (text: string): number => lines.findIndex((line) => line.includes(text)) + 1;

function compileFaults(...flags: string[]): string {
  const file = scratchFile(".hsaco");
  const target = ["--target=amdgcn-amd-amdhsa", "-mcpu=gfx906", "-mcode-object-version=5", "-nogpulib"];
  run("clang-19", [...target, "-I", join(repository, "scripts", "kernels"), ...flags, source, "-o", file]);
  return file;
}

let runtime: Runtime;
let gpu: Device;
beforeAll(async () => {
  runtime = await open({ device: "software:gfx906" });
  gpu = runtime.device();
});
afterAll(async () => {
  await runtime[Symbol.asyncDispose]();
});

async function failureOf(launch: Promise<unknown>): Promise<DeviceError> {
  const error = await launch.then(
    () => new Error("the launch did not fail"),
    (reason: unknown) => reason,
  );
  if (error instanceof DeviceError) return error;
  throw error;
}

describe.each([
  ["DWARF 4", ["-O1", "-gdwarf-4"]],
  ["DWARF 5", ["-O1", "-gdwarf-5"]],
  ["DWARF 5 at -O3", ["-O3", "-gdwarf-5"]],
])("from a code object with debug lines, %s", (_, flags) => {
  let code: Code;
  let buffer: Buffer;
  beforeAll(async () => {
    code = await gpu.load(compileFaults(...flags));
    buffer = gpu.alloc(4096);
  });

  test("a memory fault tells kernel, instruction, line, wave, lane, address and the nearest allocation", async () => {
    const beyond = buffer.address + 2 ** 40;
    const shape = { grid: 1, workgroup: 1 };
    const error = await failureOf(code.kernel("fault_write").launch(shape, u64(beyond), u32(1)));
    expect(error).toMatchObject({ code: "ERR_OFFLOAD_MEMORY_FAULT", kernel: "fault_write", address: beyond });
    expect(error.fault).toMatchObject({
      kind: "memory",
      gpu: 0,
      trap: null,
      kernel: { name: "fault_write", dispatch: 0 },
      instruction: {
        text: expect.stringMatching(/^(global|flat)_store_dword /),
        workgroup: [0, 0, 0],
        wave: 0,
        function: "fault_write",
        source: {
          file: expect.stringMatching(/faults\.c$/),
          line: lineOf("(volatile global u32*)address = value"),
          column: expect.any(Number),
        },
      },
      access: { address: beyond, write: true, lane: 0 },
    });
    const { pc = 0, functionOffset = 0 } = error.fault?.instruction ?? {};
    expect(functionOffset).toBeGreaterThan(0);
    expect(pc % 4).toBe(0);
    expect(error.detail).toBe(error.fault?.text);
    for (const part of [
      "fault_write",
      `faults.c:${lineOf("address = value")}`,
      `0x${pc.toString(16)}`,
      "_store_dword",
    ]) {
      expect(error.message).toContain(part);
    }
  });

  test("later faults have their addresses too, which ROCr no longer reports", async () => {
    for (const address of [0x5555_5555_1004, 0x1008]) {
      const error = await failureOf(
        code.kernel("fault_read").launch({ grid: 64, workgroup: 64 }, u64(address), buffer),
      );
      expect(error.address).toBe(address);
      expect(error.fault?.access).toMatchObject({ address, write: false });
      expect(error.fault?.instruction?.source?.line).toBe(lineOf("(const volatile global u32*)address;"));
    }
  });

  test("an illegal instruction and a trap tell theirs", async () => {
    const shape = { grid: 256, workgroup: 128 };
    const illegal = await failureOf(code.kernel("fault_illegal").launch(shape, buffer));
    expect(illegal.fault).toMatchObject({
      kind: "illegal-instruction",
      instruction: { text: expect.stringMatching(/^\.long 0xbf9fffff/), source: { line: lineOf(".long 0xbf9fffff") } },
      access: null,
    });
    const trap = await failureOf(code.kernel("fault_trap").launch(shape, buffer));
    expect(trap).toMatchObject({ code: "ERR_OFFLOAD_EXCEPTION", address: null });
    expect(trap.fault).toMatchObject({
      kind: "trap",
      trap: 2,
      instruction: { text: "s_trap 2", source: { line: lineOf("__builtin_trap") } },
    });
  });
});

const without = `
#include "gcn.h"
kernel one(u64 address, u32 group, u32 item) {
  if (__builtin_amdgcn_workgroup_id_x() == group && __builtin_amdgcn_workitem_id_x() == item)
    *(volatile global u32*)address = 1;
}
kernel semaphore(u32 value) { __asm__ volatile("ds_gws_barrier %0 gds" : : "v"(value)); }
`;

describe("from a code object without debug lines", () => {
  let code: Code;
  beforeAll(async () => {
    const flags = ["-I", join(repository, "scripts", "kernels")];
    code = await gpu.load(compile(without, { cpu: "gfx906", flags }));
  });

  test("the lane, wave and workgroup are the ones that did it", async () => {
    const launch = code
      .kernel("one")
      .launch({ grid: 5 * 128, workgroup: 128 }, u64(0x1234_5678_9abc), u32(2), u32(107));
    expect((await failureOf(launch)).fault).toMatchObject({
      kernel: { name: "one" },
      instruction: { workgroup: [2, 0, 0], wave: 1, function: "one", source: null },
      access: { address: 0x1234_5678_9abc, lane: 107 - 64, write: true },
    });
  });

  test("an instruction that is not implemented is no illegal one", async () => {
    const error = await failureOf(code.kernel("semaphore").launch({ grid: 64, workgroup: 64 }, u32(1)));
    expect(error).toMatchObject({ code: "ERR_OFFLOAD_UNSUPPORTED_INSTRUCTION", kernel: "semaphore" });
    expect(error.fault).toMatchObject({
      kind: "unsupported-instruction",
      instruction: { text: expect.stringMatching(/^ds_gws_barrier v\d+ gds$/) },
      access: null,
    });
    expect(error.message).toContain("info --isa");
  });

  test("the nearest memory is named where the address lies in none", async () => {
    using buffer = gpu.alloc(2 * 1024 * 1024);
    const target = buffer.address + 2 ** 30;
    const launch = code.kernel("one").launch({ grid: 64, workgroup: 64 }, u64(target), u32(0), u32(3));
    const { nearest } = (await failureOf(launch)).fault?.access ?? {};
    const { address = 0, byteLength = 0, mapped } = nearest ?? {};
    expect(mapped).toBe(true);
    // No farther than the buffer is, and not around the address.
    const distance = address > target ? address - target : target - (address + byteLength);
    expect(distance).toBeGreaterThanOrEqual(0);
    expect(distance).toBeLessThanOrEqual(2 ** 30 - buffer.byteLength);
  });
});

describe("under exec, in a line on stderr", () => {
  beforeAll(build);

  test("a GCC OpenMP program's wild store, with its line", { timeout: 60_000 }, async () => {
    const program = gccProgram(
      [
        "int main(void) {",
        "  long wild = 0x123456789000;",
        "#pragma omp target firstprivate(wild)",
        "  *(volatile int *)wild = 7;",
        "}",
      ].join("\n"),
      ["-g", "-O1"],
    );
    const { signal, code, stderr } = await gcnOffload(["exec", "--gpu", "gfx906", "--", program]);
    expect([signal, code]).toContain("SIGABRT"); // ROCr's own answer to a fault that nobody listens for
    const [line = ""] = stderr.split("\n").filter((each) => each.startsWith("softgpu: "));
    expect(line).toMatch(
      /memory access fault in kernel main\._omp_fn\.0: write to 0x123456789000 by lane 0 of wave 0 in workgroup \(0, 0, 0\)/,
    );
    expect(line).toMatch(
      /at pc 0x[0-9a-f]+ \(main\._omp_fn\.0\+0x[0-9a-f]+, \S+\.c:4(:\d+)?\): (global|flat)_store_dword /,
    );
    expect(line).toMatch(/bytes (before|past the end of) 0x[0-9a-f]+-0x[0-9a-f]+/);
  });
});
