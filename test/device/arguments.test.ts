import { afterEach, beforeEach, expect, test } from "vitest";
import {
  address,
  bytes,
  f16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type LaunchArgument,
  local,
  u8,
  u16,
  u32,
  u64,
} from "../../lib/index.js";
import { type Face, face, failureOf } from "./fixture.js";

let f: Face;
beforeEach(() => {
  f = face();
});
afterEach(() => f[Symbol.dispose]());

const ONE = { grid: 64, workgroup: 64 };

/** The argument block that a launch wrote. */
async function blockOf(kernel: string, ...args: LaunchArgument[]): Promise<DataView> {
  await f.code.kernel(kernel).launch(ONE, ...args);
  return f.native.dispatched.at(-1)?.kernarg as DataView;
}

test("scalars stand where the C compiler puts them", async () => {
  const out = f.device.alloc(88);
  const block = await blockOf(
    "arguments_scalars",
    out,
    i8(-128),
    u8(255),
    i16(-32768),
    u16(65535),
    i32(-2147483648),
    u32(4294967295),
    i64(-(2 ** 53) + 1),
    u64(0xfedcba9876543210n),
    f16(-1.5),
    f32(0.1),
    f64(0.1),
  );
  // struct { ulong*; char; uchar; short; ushort; int; uint; long; ulong; half; float; double; } by the C ABI
  expect(block.getBigUint64(0, true)).toBe(BigInt(out.address));
  expect(block.getInt8(8)).toBe(-128);
  expect(block.getUint8(9)).toBe(255);
  expect(block.getInt16(10, true)).toBe(-32768);
  expect(block.getUint16(12, true)).toBe(65535);
  expect(block.getInt32(16, true)).toBe(-2147483648);
  expect(block.getUint32(20, true)).toBe(4294967295);
  expect(block.getBigInt64(24, true)).toBe(-9007199254740991n);
  expect(block.getBigUint64(32, true)).toBe(0xfedcba9876543210n);
  expect(block.getUint16(40, true)).toBe(0xbe00);
  expect(block.getFloat32(44, true)).toBe(Math.fround(0.1));
  expect(block.getFloat64(48, true)).toBe(0.1);
});

test.each([0, 1, -1, 2 ** 32, -(2 ** 32), 2 ** 32 - 1, -(2 ** 32) - 1, 2 ** 53 - 1, -(2 ** 53) + 1, -(2 ** 31)])(
  "the 64-bit integer %d is the one BigInt has",
  (value) => {
    const view = new DataView(new ArrayBuffer(8));
    i64(value).write(view, 0);
    expect(view.getBigInt64(0, true)).toBe(BigInt(value));
    i64(BigInt(value)).write(view, 0);
    expect(view.getBigInt64(0, true)).toBe(BigInt(value));
  },
);

test("structs are copied as they are, at the time bytes() was called", async () => {
  const first = new Uint8Array(32).map((_, i) => i);
  const wrapped = bytes(first);
  first.fill(0xff);
  const second = new Float32Array([1, 2, 3, 4]);
  const block = await blockOf(
    "arguments_structs",
    f.device.alloc(64),
    wrapped,
    i8(7),
    bytes(new Uint8Array(32)),
    bytes(second),
  );
  for (let i = 0; i < 32; i++) expect(block.getUint8(8 + i)).toBe(i);
  expect([0, 1, 2, 3].map((i) => block.getFloat32(80 + 4 * i, true))).toEqual([1, 2, 3, 4]);
});

test("LDS pointers are offsets behind the kernel's own LDS and the dynamic part, each aligned to its element", async () => {
  const buffers = [f.device.alloc(256), f.device.alloc(256), f.device.alloc(256)] as const;
  await f.code
    .kernel("arguments_pointers")
    .launch({ ...ONE, dynamicLds: 100 }, ...buffers, local(4 * 63), local(8 * 64));
  const { kernarg, groupBytes } = f.native.dispatched[0] as (typeof f.native.dispatched)[number];
  expect(kernarg?.getUint32(24, true)).toBe(100);
  // 100 + 252 = 352, a multiple of a double's 8 bytes
  expect(kernarg?.getUint32(28, true)).toBe(352);
  expect(groupBytes).toBe(352 + 512);
});

test("address() points anywhere, and into a buffer", async () => {
  const buffer = f.device.alloc(1024);
  const block = await blockOf("atomics_tickets", address(0x7fabcdef1230), address(buffer, 512));
  expect(block.getBigUint64(0, true)).toBe(0x7fabcdef1230n);
  expect(block.getBigUint64(8, true)).toBe(BigInt(buffer.address + 512));
});

test("a refused launch writes nothing and takes nothing", async () => {
  const { code } = await failureOf(() => f.code.kernel("increment").launch(ONE, i32(1), f.device.alloc(4), f64(2)));
  expect(code).toBe("ERR_OFFLOAD_ARGUMENT_SIZE");
  expect(f.native.dispatched).toEqual([]);
  expect(f.device.stats().kernarg).toMatchObject({ chunks: 0, blocksInUse: 0 });
});

const BAD: readonly [string, string, string, (x: Face) => LaunchArgument[], RegExp][] = [
  ["too few", "increment", "ERR_OFFLOAD_ARGUMENT_COUNT", () => [i32(1)], /takes 3 arguments, not 1/],
  ["none", "ids", "ERR_OFFLOAD_ARGUMENT_COUNT", () => [], /takes 1 argument, not 0/],
  [
    "too many",
    "ids",
    "ERR_OFFLOAD_ARGUMENT_COUNT",
    ({ device }) => [device.alloc(4), i32(1)],
    /takes 1 argument, not 2/,
  ],
  [
    "a scalar for a buffer",
    "ids",
    "ERR_OFFLOAD_ARGUMENT_KIND",
    () => [u64(4096)],
    /argument 0.*a buffer or address\(\)/,
  ],
  [
    "a buffer for a scalar",
    "increment",
    "ERR_OFFLOAD_ARGUMENT_KIND",
    ({ device }) => [device.alloc(4), device.alloc(4), i32(1)],
    /argument 0.*i32\(\), u32\(\), f32\(\)/,
  ],
  [
    "another size",
    "increment",
    "ERR_OFFLOAD_ARGUMENT_SIZE",
    ({ device }) => [i64(1), device.alloc(4), i32(1)],
    /i64, which has 8 bytes/,
  ],
  [
    "bytes of another size",
    "increment",
    "ERR_OFFLOAD_ARGUMENT_SIZE",
    ({ device }) => [bytes(new Uint8Array(3)), device.alloc(4), i32(1)],
    /3 bytes/,
  ],
  ["LDS for a buffer", "ids", "ERR_OFFLOAD_ARGUMENT_ADDRESS_SPACE", () => [local(64)], /local\(64\)/],
  [
    "a naked number",
    "increment",
    "ERR_OFFLOAD_ARGUMENT_KIND",
    ({ device }) => [5 as never, device.alloc(4), i32(1)],
    /not 5/,
  ],
  ["a typed array", "ids", "ERR_OFFLOAD_ARGUMENT_KIND", () => [new Float32Array(4) as never], /Float32Array/],
];
test.each(BAD)("%s is refused", async (_what, kernel, code, args, message) => {
  const error = await failureOf(() => f.code.kernel(kernel).launch(ONE, ...args(f)));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.message).toContain(kernel);
});

test("where the compiler kept the type's name, a float is not taken for an integer", async () => {
  const args = (at: number, value: LaunchArgument): LaunchArgument[] =>
    (
      [
        f.device.alloc(88),
        i8(0),
        u8(0),
        i16(0),
        u16(0),
        i32(0),
        u32(0),
        i64(0),
        u64(0),
        f16(0),
        f32(0),
        f64(0),
      ] as LaunchArgument[]
    ).with(at, value);
  for (const [at, value] of [
    [5, f32(1)],
    [10, i32(1)],
    [9, i16(1)],
    [11, u64(1)],
    [7, f64(1)],
  ] as const) {
    const error = await failureOf(() => f.code.kernel("arguments_scalars").launch(ONE, ...args(at, value)));
    expect(error.code, `argument ${at}`).toBe("ERR_OFFLOAD_ARGUMENT_KIND");
  }
  // The sign is the caller's affair.
  await f.code.kernel("arguments_scalars").launch(ONE, ...args(5, u32(4000000000)));
});

test("a buffer where LDS is wanted is refused", async () => {
  const b = f.device.alloc(256);
  const error = await failureOf(() => f.code.kernel("arguments_pointers").launch(ONE, b, b, b, b, local(64)));
  expect(error.code).toBe("ERR_OFFLOAD_ARGUMENT_ADDRESS_SPACE");
});

test("a disposed buffer is refused, and one of another device", async () => {
  const gone = f.device.alloc(64);
  gone.dispose();
  expect((await failureOf(() => f.code.kernel("ids").launch(ONE, gone))).code).toBe("ERR_OFFLOAD_DISPOSED");
  expect((await failureOf(() => f.code.kernel("ids").launch(ONE, address(gone)))).code).toBe("ERR_OFFLOAD_DISPOSED");
  const foreign = f.runtime.device(1).alloc(64);
  const error = await failureOf(() => f.code.kernel("ids").launch(ONE, foreign));
  expect(error.code).toBe("ERR_OFFLOAD_ARGUMENT_DEVICE");
  expect(error.message).toMatch(/device 1 .*device 0/);
  await f.code.kernel("ids").launch(ONE, f.runtime.device(1).alloc(64, { kind: "host" }));
});

test.each([
  ["i8", () => i8(128)],
  ["u8", () => u8(-1)],
  ["i16", () => i16(32768)],
  ["u16", () => u16(65536)],
  ["i32", () => i32(2147483648)],
  ["u32", () => u32(-1)],
  ["i32", () => i32(1.5)],
  ["i64", () => i64(2n ** 63n)],
  ["u64", () => u64(-1n)],
  ["u64", () => u64(2 ** 53)],
  ["f16", () => f16(65520)],
  ["f32", () => f32(1e39)],
  ["local", () => local(0)],
])("%s checks its range", async (kind, make) => {
  const error = await failureOf(make);
  expect(error.code).toBe("ERR_OUT_OF_RANGE");
  expect(error.message).toContain(kind);
});

test("infinities and NaN are values", () => {
  expect([f16(Number.NEGATIVE_INFINITY).low, f32(Number.POSITIVE_INFINITY).value]).toEqual([
    0xfc00,
    Number.POSITIVE_INFINITY,
  ]);
  expect(f64(Number.NaN).value).toBeNaN();
});

test("other types are refused by name", async () => {
  expect((await failureOf(() => i32("1" as never))).message).toBe('i32\'s value must be a number, not "1"');
  expect((await failureOf(() => bytes([1, 2] as never))).code).toBe("ERR_INVALID_ARG_TYPE");
  expect((await failureOf(() => address("0x10" as never))).code).toBe("ERR_INVALID_ARG_TYPE");
});
