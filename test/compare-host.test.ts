/**
 * The same C (test/kernels/compare) built for the host and for each target, over the same random inputs, must give the same bytes.
 * COMPARE_SEED and COMPARE_GROUPS (workgroups of 256 items) ask for other and more inputs.
 */
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { open, type Runtime, u32 } from "../lib/index.js";

const root = resolve(import.meta.dirname, "..");
const sources = resolve(root, "test/kernels/compare");
const build = resolve(root, "build/compare");
const targets = ["gfx803", "gfx900", "gfx906", "gfx90a"] as const;
const levels = ["-O0", "-O3"] as const;
const seed = process.env.COMPARE_SEED ?? "1";
const groups = Number(process.env.COMPARE_GROUPS ?? 2);
const [items, inputBytes, outputBytes] = [256 * groups, 4 * 8, 4 * 32];

/** What all builds depend on. */
const digest = createHash("sha256");
for (const name of readdirSync(sources)) digest.update(readFileSync(resolve(sources, name)));
digest.update(readFileSync(resolve(root, "scripts/kernels/gcn.h")));

const common = ["-std=gnu17", "-ffp-contract=off", "-fwrapv", "-Wall", "-Wextra", "-Werror", "-Wno-parentheses"];

/** What makes a program of OpenMP target regions out of host.c. */
const openmp = ["-std=gnu17", "-ffp-contract=off", "-fwrapv", "-Wall", "-Wextra", "-Wno-parentheses", "-fopenmp"];

/** Compiles unless the same sources were compiled so before. Answers the file. */
async function compile(source: string, args: readonly string[], compiler = "clang-19"): Promise<string> {
  const key = digest
    .copy()
    .update([compiler, ...args].join(" "))
    .digest("hex")
    .slice(0, 16);
  const file = resolve(build, `${source}-${key}`);
  if (!existsSync(file)) {
    const temporary = `${file}.${process.pid}`;
    await promisify(execFile)(compiler, [resolve(sources, source), ...args, "-o", temporary]);
    renameSync(temporary, file);
  }
  return file;
}

let runtime: Runtime;
let names: string[];
let inputs: Buffer;
let outputs: Buffer;

/** Where two outputs of a kernel first part, with the inputs that led there. */
function difference(name: string, input: Buffer, want: Buffer, got: Buffer): string {
  const at = got.findIndex((byte, i) => byte !== want[i]) & ~3;
  const item = Math.floor(at / outputBytes);
  const words = Array.from({ length: 8 }, (_, k) => input.readUInt32LE(item * inputBytes + 4 * k).toString(16)).join(
    " ",
  );
  const [wanted, found] = [want, got].map((buffer) => buffer.readUInt32LE(at).toString(16));
  return `${name}: item ${item}, output ${(at % outputBytes) / 4}: ${found}, the host has ${wanted}; inputs ${words}`;
}

beforeAll(async () => {
  mkdirSync(build, { recursive: true });
  // Halves are computed as halves, as the GPU does, and not as floats.
  const host = await compile("host.c", [...common, "-O2", "-Xclang", "-ffloat16-excess-precision=none", "-lm"]);
  const folder = resolve(build, `data-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  names = execFileSync(host, [seed, String(groups), folder], { encoding: "utf8" })
    .trimEnd()
    .split("\n");
  inputs = readFileSync(resolve(folder, "inputs"));
  outputs = readFileSync(resolve(folder, "outputs"));
  rmSync(folder, { recursive: true });
  process.env.GCN_OFFLOAD_DEVICE = `software:${targets.join(",")}`;
  runtime = await open();
}, 120_000);
afterAll(async () => {
  await runtime?.[Symbol.asyncDispose]();
});

test("there are at least 60 kernels, each over inputs of its own", () => {
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(60);
  expect([inputs.length, outputs.length]).toEqual([
    names.length * items * inputBytes,
    names.length * items * outputBytes,
  ]);
});

test.each(targets.flatMap((target) => levels.map((level) => [target, level] as const)))(
  "%s %s",
  async (target, level) => {
    const file = await compile("all.c", [
      ...common,
      "--target=amdgcn-amd-amdhsa",
      `-mcpu=${target}`,
      // gfx8 takes the apertures of LDS and private memory from the queue (4) or the implicit arguments (5); without optimisation,
      // LLVM 19 does not hand the latter to callees.
      `-mcode-object-version=${target === "gfx803" ? 4 : 5}`,
      "-Xclang",
      "-fdenormal-fp-math-f32=ieee",
      "-nogpulib",
      `-I${root}/scripts/kernels`,
      level,
    ]);
    const gpu = runtime.device(target);
    using code = await gpu.load(readFileSync(file));
    const differing: string[] = [];
    for (const [k, name] of names.entries()) {
      const input = inputs.subarray(k * items * inputBytes, (k + 1) * items * inputBytes);
      const want = outputs.subarray(k * items * outputBytes, (k + 1) * items * outputBytes);
      using from = gpu.upload(new Uint8Array(input));
      using to = gpu.upload(new Uint8Array(want.length));
      await code.kernel(name).launch({ grid: items, workgroup: 256 }, u32(items), from, to);
      const got = Buffer.from(await to.read(Uint8Array));
      if (!got.equals(want)) differing.push(difference(name, input, want, got));
    }
    expect(differing).toEqual([]);
  },
  120_000,
);

test.each([
  ["gfx803", "fiji", "-O3"],
  ["gfx906", "gfx906", "-O2"],
])(
  "the bodies of OpenMP target regions, by GCC, on %s",
  async (target, march, level) => {
    const offload = ["-foffload=amdgcn-amdhsa", `-foffload-options=-march=${march}`, "-foffload-options=-lm", "-lm"];
    const program = await compile("host.c", [...openmp, level, ...offload], "gcc-12");
    const { stdout } = await promisify(execFile)(program, [seed, String(groups)], {
      env: {
        ...process.env,
        LD_LIBRARY_PATH: resolve(root, "native/softgpu/build/lib"),
        GCN_OFFLOAD_DEVICE: `software:${target}`,
      },
    }).catch((failure: { stdout: string }) => failure);
    expect(stdout).toMatch(/^\d+ kernels\n$/);
    expect(Number.parseInt(stdout, 10)).toBeGreaterThanOrEqual(60);
  },
  120_000,
);
