/**
 * Whether what a kernel wrote is what was expected.
 *
 * @packageDocumentation
 */
import { fromHalf } from "../device/half.js";

export type CompareType = "exact" | "f16" | "f32" | "f64";

/** Without a tolerance bits must be equal, but any NaN equals any NaN. */
export interface Comparison {
  readonly type: CompareType;
  /** Units in the last place, of the type. */
  readonly ulp?: number;
  /** |got - wanted| ≤ abs + rel · |wanted| */
  readonly abs?: number;
  readonly rel?: number;
}

export interface Difference {
  /** Of the element: a byte for `exact`, else a number. */
  readonly index: number;
  readonly offset: number;
  readonly got: string;
  readonly wanted: string;
}

export interface Comparing {
  readonly elements: number;
  readonly differing: number;
  readonly first: Difference | null;
}

interface Element {
  readonly size: number;
  /** The value; bytes themselves for `exact`. */
  value(view: DataView, offset: number): number;
  /** Its bits, ordered as the values are, with -0 at +0: neighbours differ by one. */
  rank(view: DataView, offset: number): number | bigint;
  bits(view: DataView, offset: number): bigint;
}

const ordered = (bits: number, sign: number): number => (bits & sign ? -(bits & ~sign) : bits);

const ELEMENTS: Readonly<Record<CompareType, Element>> = {
  exact: {
    size: 1,
    value: (view, offset) => view.getUint8(offset),
    rank: (view, offset) => view.getUint8(offset),
    bits: (view, offset) => BigInt(view.getUint8(offset)),
  },
  f16: {
    size: 2,
    value: (view, offset) => fromHalf(view.getUint16(offset, true)),
    rank: (view, offset) => ordered(view.getUint16(offset, true), 0x8000),
    bits: (view, offset) => BigInt(view.getUint16(offset, true)),
  },
  f32: {
    size: 4,
    value: (view, offset) => view.getFloat32(offset, true),
    rank: (view, offset) => {
      const bits = view.getUint32(offset, true);
      return bits >= 2 ** 31 ? -(bits - 2 ** 31) : bits;
    },
    bits: (view, offset) => BigInt(view.getUint32(offset, true)),
  },
  f64: {
    size: 8,
    value: (view, offset) => view.getFloat64(offset, true),
    rank: (view, offset) => {
      const bits = view.getBigUint64(offset, true);
      return bits >= 2n ** 63n ? -(bits - 2n ** 63n) : bits;
    },
    bits: (view, offset) => view.getBigUint64(offset, true),
  },
};

export const elementBytes = (type: CompareType): number => ELEMENTS[type].size;

/** Compares two equally long runs of bytes, whole elements of the type. */
export function compare(got: Uint8Array, wanted: Uint8Array, comparison: Comparison): Comparing {
  const element = ELEMENTS[comparison.type];
  const elements = wanted.length / element.size;
  const left = new DataView(got.buffer, got.byteOffset, got.byteLength);
  const right = new DataView(wanted.buffer, wanted.byteOffset, wanted.byteLength);
  let differing = 0;
  let first: Difference | null = null;
  for (let index = 0; index < elements; index++) {
    const offset = index * element.size;
    if (agree(element, left, right, offset, comparison)) continue;
    differing++;
    first ??= { index, offset, got: show(element, left, offset), wanted: show(element, right, offset) };
  }
  return { elements, differing, first };
}

function agree(element: Element, got: DataView, wanted: DataView, offset: number, comparison: Comparison): boolean {
  const [a, b] = [element.value(got, offset), element.value(wanted, offset)];
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  const { ulp, abs, rel } = comparison;
  if (ulp !== undefined) {
    // An infinity is one step above the largest number, but no rounding of it.
    if (!Number.isFinite(a) || !Number.isFinite(b)) return a === b;
    const [x, y] = [element.rank(got, offset), element.rank(wanted, offset)];
    const distance = typeof x === "bigint" ? Number(x - (y as bigint)) : x - (y as number);
    return Math.abs(distance) <= ulp;
  }
  if (abs !== undefined || rel !== undefined) {
    if (!Number.isFinite(a) || !Number.isFinite(b)) return a === b;
    return Math.abs(a - b) <= (abs ?? 0) + (rel ?? 0) * Math.abs(b);
  }
  return a === b && (a !== 0 || element.bits(got, offset) === element.bits(wanted, offset));
}

function show(element: Element, view: DataView, offset: number): string {
  const bits = `0x${element
    .bits(view, offset)
    .toString(16)
    .padStart(2 * element.size, "0")}`;
  if (element.size === 1) return bits;
  const value = element.value(view, offset);
  return `${Object.is(value, -0) ? "-0" : value} (${bits})`;
}
