import { expect, test } from "vitest";
import { type Comparison, compare } from "../../lib/cli/compare.js";

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const f32s = (got: readonly number[], wanted: readonly number[], comparison: Omit<Comparison, "type"> = {}): number =>
  compare(bytesOf(new Float32Array(got)), bytesOf(new Float32Array(wanted)), { type: "f32", ...comparison }).differing;
const bits32 = (bits: number): number => new Float32Array(new Uint32Array([bits]).buffer)[0] as number;

test("exact compares bytes and tells the first that differs and how many do", () => {
  const result = compare(Uint8Array.of(1, 2, 0xab, 4, 9), Uint8Array.of(1, 2, 3, 4, 5), { type: "exact" });
  expect(result).toEqual({ elements: 5, differing: 2, first: { index: 2, offset: 2, got: "0xab", wanted: "0x03" } });
});

test("without a tolerance bits must be equal, but a NaN is a NaN", () => {
  expect(f32s([1, Number.NaN, -0, 0], [1, Number.NaN, -0, 0])).toBe(0);
  const quiet = Uint32Array.of(0x7fc00000, 0xffc00001);
  const other = Uint32Array.of(0x7fc00123, 0x7f800001);
  expect(compare(bytesOf(quiet), bytesOf(other), { type: "f32" }).differing).toBe(0);
  expect(f32s([-0], [0])).toBe(1);
  expect(f32s([bits32(0x3f800001)], [1])).toBe(1);
  expect(f32s([1], [Number.NaN])).toBe(1);
  expect(f32s([Number.NaN], [1], { ulp: 1e9 })).toBe(1);
});

test("units in the last place count neighbours, also over zero and over a power of two", () => {
  expect(f32s([bits32(0x3f7fffff)], [1], { ulp: 1 })).toBe(0);
  expect(f32s([bits32(0x3f7ffffe)], [1], { ulp: 1 })).toBe(1);
  expect(f32s([bits32(0x80000001)], [bits32(0x00000001)], { ulp: 2 })).toBe(0);
  expect(f32s([bits32(0x80000001)], [bits32(0x00000001)], { ulp: 1 })).toBe(1);
  expect(f32s([-0], [0], { ulp: 0 })).toBe(0);
  expect(f32s([Number.POSITIVE_INFINITY], [bits32(0x7f7fffff)], { ulp: 1 })).toBe(1);
  const [next] = new Float64Array(new BigUint64Array([0x3ff0000000000002n]).buffer);
  const f64 = (ulp: number): number =>
    compare(bytesOf(Float64Array.of(next as number)), bytesOf(Float64Array.of(1)), { type: "f64", ulp }).differing;
  expect([f64(1), f64(2)]).toEqual([1, 0]);
  const f16 = (ulp: number): number =>
    compare(bytesOf(Uint16Array.of(0x3c03)), bytesOf(Uint16Array.of(0x3c00)), { type: "f16", ulp }).differing;
  expect([f16(2), f16(3)]).toEqual([1, 0]);
});

test("absolute and relative tolerance add up", () => {
  expect(f32s([100.5, 0.25], [100, 0], { abs: 0.25, rel: 0.01 })).toBe(0);
  expect(f32s([102], [100], { abs: 0.25, rel: 0.01 })).toBe(1);
  expect(f32s([Number.POSITIVE_INFINITY], [Number.POSITIVE_INFINITY], { abs: 1 })).toBe(0);
  expect(f32s([1e38], [Number.POSITIVE_INFINITY], { rel: 1 })).toBe(1);
});

test("a float is told by value and bits", () => {
  const { first } = compare(bytesOf(Float32Array.of(0, 1.5)), bytesOf(Float32Array.of(0, -0)), { type: "f32" });
  expect(first).toEqual({ index: 1, offset: 4, got: "1.5 (0x3fc00000)", wanted: "-0 (0x80000000)" });
});
