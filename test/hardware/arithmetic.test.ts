/** Arithmetic to the last bit: the same kernel source, compiled for the host and run there, says what the device must answer. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Code, type Device, open, type Runtime, u32 } from "../../lib/index.js";
import { pattern } from "./fixture.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let folder: string;
let program: string;
let runtime: Runtime;
let gpu: Device;
let code: Code;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gcn-offload-host-"));
  program = join(folder, "host");
  // clang, for its _Float16; no contraction and no x87, so that the host rounds as IEEE 754 says.
  execFileSync("clang-19", [
    ...["-O1", "-ffp-contract=off", "-mf16c", "-I", here("host"), "-o", program],
    ...[here("host/main.c"), here("../kernels/math.c"), "-lm"],
  ]);
  runtime = await open();
  gpu = runtime.device();
  code = await gpu.load(readFileSync(here("../kernels/test.hsaco")));
});
afterAll(async () => {
  code.dispose();
  await runtime[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const PAIRS = 4096;
const SCALES = [1e-9, 0.9, 3, 1000, 65_000, 2 ** 31];

/** C libraries differ in what minimum and maximum make of a signalling NaN, so NaNs here are quiet. */
const quiet = (value: number): number => (Number.isNaN(value) ? Number.NaN : value);

/** As many doubles as pairs: random patterns, and in front of them every edge with every edge. */
function doubles(edges: readonly number[], second: boolean): Float64Array {
  const all = new Float64Array(pattern(8 * PAIRS, second ? 31 : 32).buffer).map(quiet);
  edges.forEach((x, i) => {
    edges.forEach((y, j) => {
      all[i * edges.length + j] = second ? y : x;
    });
  });
  return all;
}
const F64_EDGES = [
  0,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  -2.5,
  1e-310,
  -5e-324,
  2 ** -1022,
  1.7976931348623157e308,
  1e16 + 1,
  3,
  1 / 3,
  Infinity,
  -Infinity,
];
const F32_EDGES = [
  0,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  -2.5,
  1e-40,
  -1.4e-45,
  2 ** -126,
  3.4028234663852886e38,
  16777217,
  3,
  1 / 3,
  Infinity,
  -Infinity,
];

/** Where both are NaN any two bit patterns are equal: IEEE 754 leaves a NaN's payload open. */
function expectSame(got: Float32Array | Float64Array, want: Float32Array | Float64Array, columns: number): void {
  for (const [i, value] of want.entries()) {
    if (!Object.is(got[i], value)) {
      expect({ pair: Math.floor(i / columns), column: i % columns, value: got[i] }).toEqual({
        pair: Math.floor(i / columns),
        column: i % columns,
        value,
      });
    }
  }
  expect(got.length).toBe(want.length);
}

async function bothSides(
  kernel: string,
  inputs: readonly NodeJS.TypedArray[],
  outBytes: number,
): Promise<[Buffer, Buffer]> {
  const [first] = inputs;
  if (first === undefined) throw new Error("a kernel here has inputs");
  const buffers = inputs.map((input) => gpu.upload(input));
  using out = gpu.alloc(outBytes);
  await code.kernel(kernel).launch({ grid: PAIRS, workgroup: 256 }, u32(PAIRS), ...buffers, out);
  const got = Buffer.from((await out.read(Uint8Array)).buffer);
  for (const buffer of buffers) buffer.dispose();
  const bytes = Buffer.concat(inputs.map((input) => Buffer.from(input.buffer, input.byteOffset, input.byteLength)));
  const args = [kernel, String(PAIRS), String(first.byteLength), String(outBytes)];
  const want = execFileSync(program, args, { input: bytes, maxBuffer: 1 << 26 });
  return [got, want];
}
const aligned = (buffer: Buffer): ArrayBuffer => new Uint8Array(buffer).buffer;

test("32-bit integers", async () => {
  const a = new Uint32Array(pattern(4 * PAIRS, 1).buffer);
  const b = new Uint32Array(pattern(4 * PAIRS, 2).buffer).map((value, i) => (i % 3 ? value >>> (value & 31) : value));
  const edges = [0, 1, 2, 31, 32, 33, 0x7fffffff, 0x80000000, 0xffffffff];
  edges.forEach((x, i) => {
    edges.forEach((y, j) => {
      a[i * edges.length + j] = x;
      b[i * edges.length + j] = y;
    });
  });
  const [got, want] = await bothSides("math_u32", [a, b], 40 * PAIRS);
  expect(new Uint32Array(aligned(got))).toEqual(new Uint32Array(aligned(want)));
});

test("64-bit integers", async () => {
  const a = new BigUint64Array(pattern(8 * PAIRS, 3).buffer);
  const b = new BigUint64Array(pattern(8 * PAIRS, 4).buffer).map((value, i) =>
    i % 3 ? value >> (value & 63n) : value,
  );
  const edges = [0n, 1n, 2n, 63n, 64n, 0xffffffffn, 0x100000000n, 2n ** 63n - 1n, 2n ** 63n + 1n, 2n ** 64n - 1n];
  edges.forEach((x, i) => {
    edges.forEach((y, j) => {
      a[i * edges.length + j] = x;
      b[i * edges.length + j] = y;
    });
  });
  const [got, want] = await bothSides("math_u64", [a, b], 40 * PAIRS);
  expect(new BigUint64Array(aligned(got))).toEqual(new BigUint64Array(aligned(want)));
});

test("f32, correctly rounded", async () => {
  const a = new Float32Array(pattern(4 * PAIRS, 5).buffer).map(quiet);
  const b = new Float32Array(pattern(4 * PAIRS, 6).buffer).map(quiet);
  F32_EDGES.forEach((x, i) => {
    F32_EDGES.forEach((y, j) => {
      a[i * F32_EDGES.length + j] = x;
      b[i * F32_EDGES.length + j] = y;
    });
  });
  const [got, want] = await bothSides("math_f32", [a, b], 48 * PAIRS);
  expectSame(new Float32Array(aligned(got)), new Float32Array(aligned(want)), 12);
});

test("f64, correctly rounded", async () => {
  const inputs = [doubles(F64_EDGES, false), doubles(F64_EDGES, true)];
  const [got, want] = await bothSides("math_f64", inputs, 96 * PAIRS);
  expectSame(new Float64Array(aligned(got)), new Float64Array(aligned(want)), 12);
});

test("conversions, within the ranges that C defines", async () => {
  const words = new Uint32Array(pattern(4 * PAIRS, 7).buffer);
  const a = Float64Array.from(words, (word, i) => ((word | 0) / 2 ** 32) * (SCALES[i % SCALES.length] ?? 1));
  [0, -0, 0.5, -0.5, 1.5, 2047.9999999, 65519.99, 65520, 6e-8, 2.98e-8, -3e-8, 0.1, 1 / 3, 2 ** 30 + 0.5].forEach(
    (x, i) => {
      a[i] = x;
    },
  );
  const [got, want] = await bothSides("math_convert", [a], 48 * PAIRS);
  expect(new BigUint64Array(aligned(got))).toEqual(new BigUint64Array(aligned(want)));
});
