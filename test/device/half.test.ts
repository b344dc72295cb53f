import { expect, test } from "vitest";
import { fromHalf, toHalf } from "../../lib/device/half.js";

test("all 65536 bit patterns survive the way to a number and back", () => {
  const lost: number[] = [];
  for (let bits = 0; bits < 65536; bits++) {
    const value = fromHalf(bits);
    const back = toHalf(value);
    if (Number.isNaN(value) ? (back & 0x7fff) <= 0x7c00 : back !== bits) lost.push(bits);
  }
  expect(lost).toEqual([]);
});

test("values between two neighbours go to the nearer one, and halfway to the even one", () => {
  const wrong: number[] = [];
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [fromHalf(bits), fromHalf(bits + 1)];
    const middle = (low + high) / 2;
    const even = bits % 2 === 0 ? bits : bits + 1;
    const got = [middle, middle - (high - low) / 64, middle + (high - low) / 64, -middle].map(toHalf);
    if (got.join() !== [even, bits, bits + 1, 0x8000 | even].join()) wrong.push(bits);
  }
  expect(wrong).toEqual([]);
});

test("known values", () => {
  // IEEE 754-2008, table 3.5 (binary16): 1, -2, 65504, 2^-14, 2^-24, infinity.
  const known = [1, -2, 65504, 2 ** -14, 2 ** -24, Number.POSITIVE_INFINITY, 0, -0, 1 / 3];
  expect(known.map(toHalf)).toEqual([0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x7c00, 0, 0x8000, 0x3555]);
  expect(toHalf(65519.99)).toBe(0x7bff);
  expect(toHalf(65520)).toBe(0x7c00);
});
