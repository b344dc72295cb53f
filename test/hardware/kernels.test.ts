/** Kernels of every kind, on each GPU that is there. Expected values are formulas over the inputs, computed by the host. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bytes,
  type Code,
  type Device,
  f16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  local,
  open,
  type Runtime,
  type TypedArrayConstructor,
  u8,
  u16,
  u32,
  u64,
} from "../../lib/index.js";
import { pattern } from "./fixture.js";

const bundle = readFileSync(new URL("../kernels/test.hsaco", import.meta.url));

let runtime: Runtime;
let gpu: Device;
let code: Code;
beforeAll(async () => {
  runtime = await open();
  gpu = runtime.device();
  code = await gpu.load(bundle);
});
afterAll(async () => {
  code.dispose();
  await runtime[Symbol.asyncDispose]();
});

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const u32s = (n: number, value: (i: number) => number): Uint32Array => Uint32Array.from(range(n), value);
/** Numbers without an order that a kernel could get right by chance. */
const scattered = (n: number, seed = 1): Uint32Array => new Uint32Array(pattern(4 * n, seed).buffer);

/** Runs a kernel over one output buffer, which starts with `initial`, and answers what is in it. */
async function outputOf<T extends Uint32Array | Float32Array | Float64Array | BigUint64Array | Uint8Array>(
  name: string,
  grid: number,
  workgroup: number,
  initial: T,
  ...args: Parameters<ReturnType<Code["kernel"]>["launch"]> extends [unknown, ...infer Rest] ? Rest : never
): Promise<T> {
  using out = gpu.upload(initial);
  await code.kernel(name).launch({ grid, workgroup }, out, ...args);
  return (await out.read(initial.constructor as TypedArrayConstructor<T>)) as T;
}

describe("memory", () => {
  test.each([1, 63, 64, 65, 255, 256, 257, 100_000])(
    "iota over %i elements, the last workgroup being partial",
    async (n) => {
      using data = gpu.upload(new Uint32Array(n + 64).fill(0xffffffff));
      await code.kernel("iota").launch({ grid: n, workgroup: 256 }, u32(n), data, u32(3), u32(7));
      const got = await data.read(Uint32Array);
      expect(got.subarray(0, n)).toEqual(u32s(n, (i) => 3 * i + 7));
      expect(got.subarray(n)).toEqual(new Uint32Array(64).fill(0xffffffff));
    },
  );

  test("copy with a stride of the whole grid", async () => {
    const source = scattered(10_001, 2);
    using from = gpu.upload(source);
    using to = gpu.alloc(source.byteLength);
    await code.kernel("copy_u32").launch({ grid: 1024, workgroup: 256 }, u32(source.length), from, to);
    expect(await to.read(Uint32Array)).toEqual(source);
  });

  test("bytes at every alignment", async () => {
    const source = pattern(1001, 3);
    using from = gpu.upload(source);
    using to = gpu.alloc(source.byteLength);
    await code.kernel("reverse_bytes").launch({ grid: 1001, workgroup: 64 }, u32(1001), from, to);
    expect(await to.read(Uint8Array)).toEqual(source.slice().reverse());
  });

  test("16-bit loads extend their sign to 64 bits", async () => {
    const source = new Int16Array(pattern(2000, 4).buffer);
    using from = gpu.upload(source);
    using to = gpu.alloc(8 * source.length);
    await code.kernel("widen_i16").launch({ grid: 1000, workgroup: 64 }, u32(1000), from, to);
    expect(await to.read(BigInt64Array)).toEqual(BigInt64Array.from(source, BigInt));
  });

  test("vectors of four", async () => {
    const source = Float32Array.from(range(4000), (i) => i + 0.5);
    using from = gpu.upload(source);
    using to = gpu.alloc(source.byteLength);
    await code.kernel("vector4").launch({ grid: 1000, workgroup: 128 }, u32(1000), from, to);
    expect(await to.read(Float32Array)).toEqual(source.map((_, i) => 2 * (source[i - (i % 4) + 3 - (i % 4)] ?? 0)));
  });
});

describe("identification", () => {
  test.each([
    { grid: [5, 1, 1], workgroup: [2, 1, 1] },
    { grid: [64, 3, 2], workgroup: [16, 2, 1] },
    { grid: [7, 5, 3], workgroup: [4, 2, 2] },
    { grid: [130, 1, 2], workgroup: [64, 1, 2] },
  ] as const)("ids over a grid of $grid in workgroups of $workgroup", async ({ grid, workgroup }) => {
    const [gx, gy, gz] = grid;
    const items = gx * gy * gz;
    using out = gpu.upload(new Uint32Array(12 * items));
    await code.kernel("ids").launch({ grid, workgroup }, out);
    const want = range(items).flatMap((linear) => {
      const global = [linear % gx, Math.floor(linear / gx) % gy, Math.floor(linear / gx / gy)];
      const group = global.map((g, axis) => Math.floor(g / workgroup[axis as 0 | 1 | 2]));
      const own = global.map((g, axis) => g % workgroup[axis as 0 | 1 | 2]);
      const size = group.map((g, axis) => {
        const full = workgroup[axis as 0 | 1 | 2];
        return Math.min(full, grid[axis as 0 | 1 | 2] - g * full);
      });
      return [...own, ...group, ...global, ...size];
    });
    expect(Array.from(await out.read(Uint32Array))).toEqual(want);
  });

  test("the hidden arguments of code object v5 say the launch's shape", async () => {
    using out = gpu.upload(new Uint32Array(64));
    await code.kernel("hidden_arguments").launch({ grid: [70, 9, 5], workgroup: [8, 4, 2] }, out);
    const words = await out.read(Uint32Array);
    const halves = new Uint16Array(words.buffer);
    expect(Array.from(words.subarray(0, 3))).toEqual([8, 2, 2]); // whole workgroups
    expect(Array.from(halves.subarray(6, 9))).toEqual([8, 4, 2]); // workgroup size
    expect(Array.from(halves.subarray(9, 12))).toEqual([6, 1, 1]); // remainders
    expect(Array.from(words.subarray(10, 16))).toEqual([0, 0, 0, 0, 0, 0]); // global offsets
    expect(halves[32]).toBe(3); // dimensions
  });

  test("a kernel sees its own dispatch packet", async () => {
    using out = gpu.upload(new Uint32Array(16));
    await code.kernel("dispatch_packet").launch({ grid: [100, 1, 1], workgroup: [32, 1, 1] }, out);
    const words = await out.read(Uint32Array);
    const halves = new Uint16Array(words.buffer);
    expect((halves[0] ?? 0) & 0xff).toBe(2);
    expect(Array.from(halves.subarray(2, 5))).toEqual([32, 1, 1]);
    expect(Array.from(words.subarray(3, 6))).toEqual([100, 1, 1]);
  });
});

describe("arguments", () => {
  test("every scalar kind arrives with its bits", async () => {
    const got = await outputOf(
      "arguments_scalars",
      1,
      1,
      new BigUint64Array(11),
      i8(-5),
      u8(250),
      i16(-1234),
      u16(65_000),
      i32(-2_000_000_000),
      u32(4_000_000_000),
      i64(-(2n ** 60n)),
      u64(2n ** 63n + 1n),
      f16(1.5),
      f32(-0.1),
      f64(Math.PI),
    );
    const f32Bits = new Uint32Array(Float32Array.of(-0.1).buffer)[0] ?? 0;
    const f64Bits = new BigUint64Array(Float64Array.of(Math.PI).buffer)[0] ?? 0n;
    expect(Array.from(got)).toEqual([
      BigInt.asUintN(64, -5n),
      250n,
      BigInt.asUintN(64, -1234n),
      65_000n,
      BigInt.asUintN(64, -2_000_000_000n),
      4_000_000_000n,
      BigInt.asUintN(64, -(2n ** 60n)),
      2n ** 63n + 1n,
      0x3e00n,
      BigInt(f32Bits),
      f64Bits,
    ]);
  });

  test("structs and vectors by value", async () => {
    const record = (tag: number, weight: number, counts: number[]): Uint8Array => {
      const view = new DataView(new ArrayBuffer(32));
      view.setInt8(0, tag);
      view.setFloat64(8, weight, true);
      counts.forEach((count, i) => {
        view.setInt32(16 + 4 * i, count, true);
      });
      return new Uint8Array(view.buffer);
    };
    const got = await outputOf(
      "arguments_structs",
      1,
      1,
      new Float64Array(8),
      bytes(record(3, 2.5, [1, 2, 3])),
      i8(-7),
      bytes(record(-4, 1e300, [4, 5, 6])),
      bytes(Float32Array.of(1, 2, 3, 4)),
    );
    expect(Array.from(got)).toEqual([3, 2.5, 30_201, -7, -4, 1e300, 60_504, 4_030_201]);
  });

  test("pointers to memory, to constants and to two areas of LDS", async () => {
    const constants = Int32Array.from(range(100), (i) => i * i);
    const inputs = Int32Array.from(range(100), (i) => -3 * i);
    using a = gpu.upload(constants);
    using b = gpu.upload(inputs);
    using out = gpu.alloc(400);
    await code.kernel("arguments_pointers").launch({ grid: 100, workgroup: 100 }, out, a, b, local(400), local(800));
    expect(await out.read(Int32Array)).toEqual(constants.map((c, i) => c + (inputs[i] ?? 0)));
  });
});

describe("LDS and barriers", () => {
  test.each([1, 64, 65, 256, 1024])("workgroups of %i reverse their parts", async (workgroup) => {
    const groups = 5;
    const source = scattered(workgroup * groups, workgroup);
    const want = source.map((_, i) => source[i - (i % workgroup) + workgroup - 1 - (i % workgroup)] ?? 0);
    expect(await outputOf("lds_reverse", source.length, workgroup, source)).toEqual(want);
  });

  test("the last workgroup of a grid may be smaller", async () => {
    const source = scattered(150, 8);
    const want = source.map((_, i) => source[i < 128 ? 127 - i : 128 + 149 - i] ?? 0);
    expect(await outputOf("lds_reverse", 150, 128, source)).toEqual(want);
  });

  test("LDS that the launch asks for", async () => {
    const source = scattered(512, 9);
    using data = gpu.upload(source);
    await code.kernel("lds_reverse_dynamic").launch({ grid: 512, workgroup: 256, dynamicLds: 1024 }, data);
    expect(await data.read(Uint32Array)).toEqual(source.map((_, i) => source[(i & 256) + 255 - (i & 255)] ?? 0));
  });

  test.each([64, 250, 1024])("prefix sums in workgroups of %i", async (workgroup) => {
    const source = scattered(workgroup * 3, 10);
    let sum = 0;
    const want = source.map((value, i) => {
      sum = i % workgroup === 0 ? value : (sum + value) >>> 0;
      return sum;
    });
    expect(await outputOf("lds_prefix_sum", source.length, workgroup, source)).toEqual(want);
  });

  test("a histogram, by atomics on LDS and then on memory", async () => {
    const data = pattern(50_000, 11);
    const want = new Uint32Array(256);
    for (const byte of data) want[byte] = (want[byte] ?? 0) + 1;
    using input = gpu.upload(data);
    using counts = gpu.upload(new Uint32Array(256));
    await code.kernel("lds_histogram").launch({ grid: 2048, workgroup: 256 }, u32(data.length), input, counts);
    expect(await counts.read(Uint32Array)).toEqual(want);
  });

  test("waves of a workgroup take turns while one of them spins", async () => {
    expect(await outputOf("lds_handover", 8 * 1024, 1024, new Uint32Array(8))).toEqual(new Uint32Array(8).fill(42));
  });
});

describe("atomics", () => {
  const n = 10_000;
  test("32-bit operations from every work-item", async () => {
    const got = await outputOf("atomics_u32", n, 256, Uint32Array.of(0, 0, 0xffffffff, 0, 0xffffffff, 0, 0));
    const ids = range(n);
    const sum = ids.reduce((a, b) => (a + b) >>> 0, 0);
    const mixed = ids.map((i) => i ^ 0x5a5a);
    const xor = ids.reduce((a, i) => (a ^ Math.imul(i, 2654435761)) >>> 0, 0);
    expect(Array.from(got)).toEqual([sum, -sum >>> 0, Math.min(...mixed), Math.max(...mixed), 0, 0xffff, xor]);
  });

  test("signed minimum and maximum", async () => {
    expect(Array.from(new Int32Array((await outputOf("atomics_i32", n, 64, new Uint32Array(2))).buffer))).toEqual([
      -100,
      n - 101,
    ]);
  });

  test("64-bit operations", async () => {
    const got = await outputOf("atomics_u64", n, 256, new BigUint64Array(3));
    const ids = range(n).map(BigInt);
    const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
    expect(Array.from(got)).toEqual([
      ids.reduce((a, i) => wrap(a + ((i << 32n) | i)), 0n),
      BigInt(n - 1) << 40n,
      ids.reduce((a, i) => a ^ wrap(i * 0x9e3779b97f4a7c15n), 0n),
    ]);
  });

  test("each ticket is drawn once", async () => {
    using counter = gpu.upload(Uint32Array.of(0));
    using slots = gpu.upload(new Uint32Array(n));
    await code.kernel("atomics_tickets").launch({ grid: n, workgroup: 256 }, counter, slots);
    const signed = await slots.read(Uint32Array);
    expect(Array.from(signed).sort((a, b) => a - b)).toEqual(range(n).map((i) => i + 1));
  });

  test("exchange loses nothing", async () => {
    using cell = gpu.upload(Uint32Array.of(0));
    using got = gpu.upload(new Uint32Array(n));
    await code.kernel("atomics_exchange").launch({ grid: n, workgroup: 256 }, cell, got);
    const all = [...(await got.read(Uint32Array)), ...(await cell.read(Uint32Array))].sort((a, b) => a - b);
    expect(all).toEqual(range(n + 1));
  });

  test("float additions, by compare-and-swap and as the compiler lowers them", async () => {
    const sum = range(n).reduce((a, i) => a + (i & 7), 0);
    expect(Array.from(await outputOf("atomics_f32", n, 64, new Float32Array(2)))).toEqual([sum, sum]);
    expect(Array.from(await outputOf("atomics_f64", n, 64, new Float64Array(2)))).toEqual([sum, sum]);
  });

  test("on LDS", async () => {
    const ids = range(256);
    const want = [
      ids.reduce((a, b) => a + b, 0),
      Math.min(...ids.map((i) => i ^ 0x33)),
      Math.max(...ids.map((i) => i ^ 0x33)),
      0xffffffff,
      ids.reduce((a, i) => (a ^ Math.imul(i, 40503)) >>> 0, 0),
      256,
      ids.reduce((a, b) => a + b, 0),
      ids.reduce((a, i) => a + (i & 7), 0),
    ];
    const got = await outputOf("atomics_lds", 4 * 256, 256, new Uint32Array(32));
    for (const group of range(4)) expect(Array.from(got.subarray(8 * group, 8 * group + 8))).toEqual(want);
  });

  test("a lock that workgroups spin on loses no update", async () => {
    using lock = gpu.upload(Uint32Array.of(0));
    using count = gpu.upload(Uint32Array.of(0));
    await code.kernel("atomics_lock").launch({ grid: 64 * 500, workgroup: 64 }, lock, count);
    expect(Array.from(await count.read(Uint32Array))).toEqual([500]);
  });
});

describe("divergence", () => {
  test("loops of different lengths", async () => {
    const n = 3000;
    using out = gpu.alloc(4 * n);
    await code.kernel("divergence_collatz").launch({ grid: n, workgroup: 256 }, u32(n), out);
    const want = u32s(n, (i) => {
      let steps = 0;
      for (let value = i + 1; value !== 1; steps++) value = value % 2 ? 3 * value + 1 : value / 2;
      return steps;
    });
    expect(await out.read(Uint32Array)).toEqual(want);
  });

  test("branches, switches, break and continue", async () => {
    const want = u32s(200, (i) => {
      let value = 0;
      for (let k = 0; k < 20; k++) {
        if (((i + k) & 3) === 3) continue;
        if (k > (i & 15)) break;
        const arm = (i + k) % 5;
        if (arm === 0) value += 11;
        else if (arm === 1) value += 10;
        else if (arm === 2) value = (value ^ (k << 4)) >>> 0;
        else if (arm === 3) value += i & 1 ? 100 : i & 2 ? 1000 : 0;
        else value = (Math.imul(value, 3) + 1) >>> 0;
      }
      return value >>> 0;
    });
    expect(await outputOf("divergence_branches", 200, 64, new Uint32Array(200))).toEqual(want);
  });

  test("a barrier after different amounts of work", async () => {
    const after = (i: number): number => {
      let value = i + 1;
      for (let k = 0; k < (i & 63); k++) value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
      return value;
    };
    const want = u32s(1024, (i) => after(((i % 512) + 1) % 512));
    expect(await outputOf("divergence_barrier", 1024, 512, new Uint32Array(1024))).toEqual(want);
  });
});

describe("private memory and calls", () => {
  test("an array indexed by a distance that only the launch knows", async () => {
    using out = gpu.alloc(4 * 500);
    await code.kernel("scratch_indexed").launch({ grid: 500, workgroup: 128 }, out, u32(13));
    expect(await out.read(Uint32Array)).toEqual(u32s(500, (i) => i * 100 + (((i & 31) - 13) & 31)));
  });

  const mix = (a: number, b: number): number => {
    const cells = [a, b, (a ^ b) >>> 0, (a + b) >>> 0];
    return (Math.imul(cells[a & 3] ?? 0, 3) + (cells[b & 3] ?? 0)) >>> 0;
  };
  test("functions with arrays of their own", async () => {
    const want = u32s(300, (i) => mix(i, mix(Math.imul(i, 7) >>> 0, 3)));
    expect(await outputOf("scratch_call", 300, 64, new Uint32Array(300))).toEqual(want);
  });

  test("recursion on a stack whose size the compiler cannot know", async () => {
    const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));
    using out = gpu.alloc(4 * 128);
    await code.kernel("stack_recursive").launch({ grid: 128, workgroup: 64 }, out, u32(9));
    expect(await out.read(Uint32Array)).toEqual(u32s(128, (i) => fibonacci(9 + (i & 3))));
  });

  test("a deep stack, of another depth in each lane", async () => {
    const descend = (depth: number, salt: number): number =>
      ((depth === 0 ? 0 : descend(depth - 1, salt + 1)) + Math.imul(salt, depth) + (depth & 15)) >>> 0;
    using out = gpu.alloc(4 * 128);
    await code.kernel("stack_deep").launch({ grid: 128, workgroup: 64 }, out, u32(40));
    expect(await out.read(Uint32Array)).toEqual(u32s(128, (i) => descend(40 + (i & 1), i)));
  });

  test("calls through pointers that differ within a wave", async () => {
    const want = u32s(192, (i) => (i % 3 === 0 ? 2 * i : i % 3 === 1 ? i * i : -i) >>> 0);
    expect(await outputOf("call_indirect", 192, 64, new Uint32Array(192))).toEqual(want);
  });
});

describe("lanes of a wave", () => {
  const lanes = (): number => gpu.agent.facts.wavefrontSize;
  test("ballot", async () => {
    const input = scattered(256, 21);
    using from = gpu.upload(input);
    using out = gpu.alloc(2048);
    await code.kernel("wave_ballot").launch({ grid: 256, workgroup: 64 }, from, out);
    const want = range(256).flatMap((i) => {
      const base = i - (i % lanes());
      const mask = (low: number): number =>
        range(32).reduce(
          (bits, l) => (low + l < lanes() && (input[base + low + l] ?? 0) & 1 ? (bits | (1 << l)) >>> 0 : bits),
          0,
        );
      return [mask(0), mask(32)];
    });
    expect(Array.from(await out.read(Uint32Array))).toEqual(want);
  });

  test("shuffle and first lane", async () => {
    const input = scattered(256, 22);
    using from = gpu.upload(input);
    using out = gpu.alloc(2048);
    await code.kernel("wave_shuffle").launch({ grid: 256, workgroup: 64 }, from, out);
    const want = range(256).flatMap((i) => {
      const base = i - (i % lanes());
      return [3 * (base + ((input[i] ?? 0) & 31)), ((input[base] ?? 0) + 1) >>> 0];
    });
    expect(Array.from(await out.read(Uint32Array))).toEqual(want);
  });

  test("a shift within rows of 16", async () => {
    const input = scattered(128, 23);
    using from = gpu.upload(input);
    using out = gpu.alloc(512);
    await code.kernel("wave_shift").launch({ grid: 128, workgroup: 64 }, from, out);
    expect(await out.read(Uint32Array)).toEqual(input.map((_, i) => (i % 16 === 0 ? 1000 : (input[i - 1] ?? 0))));
  });

  test("each lane knows its number", async () => {
    expect(await outputOf("wave_lane", 200, 128, new Uint32Array(200))).toEqual(u32s(200, (i) => (i % 128) % lanes()));
  });
});

describe("variables of a code object", () => {
  test("read, changed by a kernel, and found by name", async () => {
    using own = await gpu.load(bundle);
    using out = gpu.alloc(40);
    await own.kernel("variables_use").launch({ grid: 1, workgroup: 1 }, out);
    expect(Array.from(await out.read(Uint32Array))).toEqual([7, 2, 3, 5, 7, 11, 13, 17, 19, 8]);
    const counter = own.variable("counter");
    expect(counter.byteLength).toBe(4);
    expect(Array.from(await counter.read(Uint32Array))).toEqual([8]);
    await own.variable("weights").write(Float64Array.from(range(8), (i) => i / 8));
    using weights = gpu.alloc(64 * 8);
    await own.kernel("variables_weights").launch({ grid: 64, workgroup: 64 }, weights);
    expect(await weights.read(Float64Array)).toEqual(Float64Array.from(range(64), (i) => (i & 7) / 8));
  });
});
