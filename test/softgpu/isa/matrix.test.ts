/** Whole matrices multiplied by kernels of clang's with matrix instructions, and by a loop on the host. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toHalf } from "../../../lib/device/half.js";
import { open, type Runtime, type TypedArray, type TypedArrayConstructor, u32 } from "../../../lib/index.js";
import { compile, repository } from "../../codeobject/toolchain.js";
import { pattern } from "../../hardware/fixture.js";

const source = readFileSync(join(repository, "test", "softgpu", "isa", "matrix.c"), "utf8");
const headers = ["-O3", "-I", join(repository, "scripts", "kernels")];

const [M, N, K] = [64, 128, 48];

/** Whole numbers, so that every sum is exact in whatever order. */
const numbers = (count: number, seed: number): number[] => [...pattern(count, seed)].map((byte) => (byte % 31) - 15);

function product(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: M * N }, (_, at) => {
    const [i, j] = [Math.floor(at / N), at % N];
    let sum = 0;
    for (let k = 0; k < K; ++k) sum += (a[i * K + k] as number) * (b[k * N + j] as number);
    return sum;
  });
}

const bits = new DataView(new ArrayBuffer(4));
const toBrain = (value: number): number => {
  bits.setFloat32(0, value);
  return bits.getInt16(0);
};

interface Multiplication {
  readonly kernel: string;
  readonly tile: number;
  readonly input: (values: readonly number[]) => TypedArray;
  readonly output: TypedArrayConstructor;
}
const multiplications: readonly Multiplication[] = [
  { kernel: "multiply_f32", tile: 32, input: (v) => Float32Array.from(v), output: Float32Array },
  { kernel: "multiply_wide", tile: 64, input: (v) => Float32Array.from(v), output: Float32Array },
  { kernel: "multiply_f16", tile: 16, input: (v) => Uint16Array.from(v, toHalf), output: Float32Array },
  { kernel: "multiply_bf16", tile: 16, input: (v) => Int16Array.from(v, toBrain), output: Float32Array },
  { kernel: "multiply_i8", tile: 16, input: (v) => Int8Array.from(v), output: Int32Array },
];
const ofGfx90a: readonly Multiplication[] = [
  { kernel: "multiply_bf16_1k", tile: 16, input: (v) => Int16Array.from(v, toBrain), output: Float32Array },
  { kernel: "multiply_f64", tile: 16, input: (v) => Float64Array.from(v), output: Float64Array },
];

let runtime: Runtime;
beforeAll(async () => {
  runtime = await open({ device: "software:gfx908,gfx90a" });
});
afterAll(async () => {
  await runtime[Symbol.asyncDispose]();
});

test.each([
  ["gfx908", 0, multiplications],
  ["gfx90a", 1, [...multiplications, ...ofGfx90a]],
] as const)("%s multiplies matrices tile by tile, in every format", async (cpu, index, all) => {
  const gpu = runtime.device(index);
  using code = await gpu.load(compile(source, { cpu, flags: headers }));
  const [a, b] = [numbers(M * K, 1), numbers(K * N, 2)];
  const expected = product(a, b);
  for (const { kernel, tile, input, output } of all) {
    using left = gpu.upload(input(a));
    using right = gpu.upload(input(b));
    using result = gpu.upload(new Uint8Array(M * N * output.BYTES_PER_ELEMENT).fill(0xff));
    const shape = { grid: [(N / tile) * 64, M / tile], workgroup: [64, 1] } as const;
    await code.kernel(kernel).launch(shape, left, right, result, u32(N), u32(K));
    expect([...(await result.read(output))], kernel).toEqual(expected);
  }
});
