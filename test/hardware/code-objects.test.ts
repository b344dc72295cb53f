/** Code objects through the real loader: what is refused before ROCr sees it, and what loads runs. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selectCodeObject } from "../../lib/codeobject/index.js";
import { HsaRuntime } from "../../lib/hsa/index.js";
import { CodeObjectError, type Device, OffloadError, open, type Runtime, u32 } from "../../lib/index.js";

const bundle = readFileSync(new URL("../kernels/test.hsaco", import.meta.url));
const demo = readFileSync(new URL("../../scripts/kernels/demo.hsaco", import.meta.url));

let runtime: Runtime;
let gpu: Device;
let isa: string;
beforeAll(async () => {
  runtime = await open();
  gpu = runtime.device();
  isa = gpu.agent.facts.isas[0] ?? "";
});
afterAll(async () => {
  await runtime[Symbol.asyncDispose]();
});

async function refusal(bytes: Uint8Array): Promise<{ code: string; message: string }> {
  try {
    (await gpu.load(bytes)).dispose();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("the object was loaded");
}

test.each([
  ["text", Buffer.from("#!/bin/sh\necho hello\n")],
  ["nothing", Buffer.alloc(0)],
  ["zeros", Buffer.alloc(4096)],
  ["a host program", readFileSync(process.execPath).subarray(0, 100_000)],
])("%s is no code object", async (_, bytes) => {
  const { code, message } = await refusal(bytes);
  expect(code).toMatch(/^ERR_CODE_OBJECT_/);
  expect(message.length).toBeGreaterThan(20);
});

test("another ISA's object names both ISAs", async () => {
  const other = gpu.agent.facts.name === "gfx1030" ? "gfx906" : "gfx1030";
  const foreign = selectCodeObject(bundle, `amdgcn-amd-amdhsa--${other}`);
  const { code, message } = await refusal(foreign);
  expect(code).toMatch(/^ERR_CODE_OBJECT_.*(ISA|TARGET)/);
  expect(message).toContain(other);
  expect(message).toContain(gpu.agent.facts.name);
});

test("truncated at every kind of place, it is refused", async () => {
  const whole = selectCodeObject(demo, isa);
  for (const part of [1, 4, 63, 64, 100, 500, whole.length >> 2, whole.length >> 1, whole.length - 1]) {
    expect((await refusal(whole.subarray(0, part))).code).toMatch(/^ERR_CODE_OBJECT_/);
  }
});

test("ten thousand mutations of a real object: refused or loaded, and the process lives", {
  timeout: 240_000,
}, async () => {
  const whole = selectCodeObject(demo, isa);
  let seed = 12345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let loaded = 0;
  let refused = 0;
  for (let round = 0; round < 10_000; round++) {
    const mutant = Uint8Array.from(whole);
    const flips = 1 + random(4);
    for (let i = 0; i < flips; i++) {
      // Half of the flips go to the headers, tables and notes, where a loader can be led astray.
      const at = round % 2 ? random(mutant.length) : random(Math.min(mutant.length, 2048));
      mutant[at] = round % 3 ? (mutant[at] ?? 0) ^ (1 << random(8)) : random(256);
    }
    try {
      (await gpu.load(mutant)).dispose();
      loaded++;
    } catch (error) {
      const { code } = error as { code?: string };
      if (!(error instanceof CodeObjectError || error instanceof OffloadError) && !code?.startsWith("ERR_HSA_"))
        throw error;
      refused++;
    }
  }
  expect(loaded + refused).toBe(10_000);
  expect(refused).toBeGreaterThan(1000);
  using code = await gpu.load(bundle);
  using data = gpu.upload(new Uint32Array(64));
  await code.kernel("increment").launch({ grid: 64, workgroup: 64 }, u32(64), data, u32(1));
  expect((await data.read(Uint32Array))[0]).toBe(1);
});

test("loading and unloading five hundred times", { timeout: 60_000 }, async () => {
  for (let i = 0; i < 500; i++) (await gpu.load(demo)).dispose();
  expect(runtime.stats().executablesLive).toBe(0);
});

test("executables, readers and symbols, call by call", () => {
  const hsa = HsaRuntime.open();
  const agent = hsa.agents.find((candidate) => candidate.isGpu);
  if (!agent) throw new Error("no GPU");
  const reader = hsa.createCodeObjectReader(selectCodeObject(bundle, isa));
  const executable = hsa.createExecutable();
  expect(executable.frozen).toBe(false);
  executable.load(agent, reader);
  executable.freeze();
  expect(executable.frozen).toBe(true);
  expect(executable.valid()).toBe(true);
  const names = executable.symbols(agent).map((symbol) => symbol.name);
  expect(names).toContain("increment.kd");
  expect(names).toContain("counter");
  const kernel = executable.symbol("increment.kd", agent);
  expect(kernel).toMatchObject({ type: "kernel", groupSize: 0 });
  if (kernel?.type === "kernel") expect(kernel.kernargSize).toBeGreaterThanOrEqual(20);
  expect(executable.symbol("counter", agent)).toMatchObject({ type: "variable", byteLength: 4 });
  expect(executable.symbol("no such symbol", agent)).toBeNull();
  expect(() => executable.freeze()).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_HSA_/) }));
  executable.dispose();
  executable.dispose();
  expect(() => executable.symbols(agent)).toThrow(expect.objectContaining({ code: "ERR_HSA_DISPOSED" }));
  hsa.dispose();
});
