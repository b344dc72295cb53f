/**
 * What a launch takes as arguments: scalars with their type, raw bytes, LDS, addresses, and buffers. JavaScript's numbers have one type
 * and a kernel's arguments have many, so each scalar says its own.
 *
 * @packageDocumentation
 */
import { bytesOf, integer, invalidType, outOfRange } from "../validate.js";
import type { Buffer } from "./buffer.js";
import { HALF_MAX, toHalf } from "./half.js";

export type ScalarKind = "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "i64" | "u64" | "f16" | "f32" | "f64";

export const SCALAR_BYTES: Readonly<Record<ScalarKind, 1 | 2 | 4 | 8>> = {
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
  f16: 2,
  f32: 4,
  f64: 8,
};

/** A typed scalar: made by `i8` … `f64`. The value is converted once, so that a launch writes one or two machine words. */
export class ScalarArgument {
  readonly byteLength: 1 | 2 | 4 | 8;

  /** @param low - the low 32 bits of integers and f16; @param high - the high 32 bits of 64-bit integers. */
  constructor(
    readonly kind: ScalarKind,
    readonly value: number | bigint,
    readonly low: number,
    readonly high: number,
  ) {
    this.byteLength = SCALAR_BYTES[kind];
  }

  get isFloat(): boolean {
    return this.kind.startsWith("f");
  }

  write(view: DataView, offset: number): void {
    switch (this.kind) {
      case "i8":
      case "u8":
        view.setUint8(offset, this.low);
        break;
      case "i16":
      case "u16":
      case "f16":
        view.setUint16(offset, this.low, true);
        break;
      case "i32":
      case "u32":
        view.setUint32(offset, this.low, true);
        break;
      case "f32":
        view.setFloat32(offset, this.value as number, true);
        break;
      case "f64":
        view.setFloat64(offset, this.value as number, true);
        break;
      default:
        view.setUint32(offset, this.low, true);
        view.setUint32(offset + 4, this.high, true);
    }
  }
}

/** Bytes that stand in the argument block as they are: structs, vectors, anything else by value. */
export class BytesArgument {
  constructor(readonly bytes: Uint8Array) {}
}

/** LDS for a pointer argument in the local address space. */
export class LocalArgument {
  constructor(readonly byteLength: number) {}
}

/** A device address that the library does not look into; a buffer that it lies in is kept for the launch. */
export class AddressArgument {
  constructor(
    readonly address: number,
    readonly buffer: Buffer | null,
  ) {}
}

/** What stands for an argument of a kernel: a buffer, or what `i8` … `f64`, `bytes`, `local` and `address` make. */
export type LaunchArgument = ScalarArgument | BytesArgument | LocalArgument | AddressArgument | Buffer;

function small(kind: ScalarKind, low: number, high: number): (value: number) => ScalarArgument {
  return (value) => new ScalarArgument(kind, value, integer(`${kind}'s value`, value, low, high), 0);
}

/** 8-bit signed integer, -128 … 127. @throws RangeError `ERR_OUT_OF_RANGE` */
export const i8 = small("i8", -(2 ** 7), 2 ** 7 - 1);
/** 8-bit unsigned integer, 0 … 255. @throws RangeError `ERR_OUT_OF_RANGE` */
export const u8 = small("u8", 0, 2 ** 8 - 1);
/** 16-bit signed integer. @throws RangeError `ERR_OUT_OF_RANGE` */
export const i16 = small("i16", -(2 ** 15), 2 ** 15 - 1);
/** 16-bit unsigned integer. @throws RangeError `ERR_OUT_OF_RANGE` */
export const u16 = small("u16", 0, 2 ** 16 - 1);
/** 32-bit signed integer. @throws RangeError `ERR_OUT_OF_RANGE` */
export const i32 = small("i32", -(2 ** 31), 2 ** 31 - 1);
/** 32-bit unsigned integer. @throws RangeError `ERR_OUT_OF_RANGE` */
export const u32 = small("u32", 0, 2 ** 32 - 1);

function wide(kind: "i64" | "u64", value: number | bigint): ScalarArgument {
  if (typeof value === "bigint") {
    const fits = kind === "i64" ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
    if (fits !== value) throw outOfRange(`${kind}'s value`, "a 64-bit integer", value);
    return new ScalarArgument(kind, value, Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
  }
  integer(`${kind}'s value`, value, kind === "i64" ? Number.MIN_SAFE_INTEGER : 0);
  // Floor division and the two's complement of the low word hold for negative numbers too.
  return new ScalarArgument(kind, value, value >>> 0, Math.floor(value / 2 ** 32) >>> 0);
}
/** 64-bit signed integer: a number that is a safe integer, or a bigint. @throws RangeError `ERR_OUT_OF_RANGE` */
export const i64 = (value: number | bigint): ScalarArgument => wide("i64", value);
/** 64-bit unsigned integer: a number that is a safe integer, or a bigint. @throws RangeError `ERR_OUT_OF_RANGE` */
export const u64 = (value: number | bigint): ScalarArgument => wide("u64", value);

function finite(kind: ScalarKind, value: number, overflow: (value: number) => boolean): number {
  if (typeof value !== "number") throw invalidType(`${kind}'s value`, "a number", value);
  if (Number.isFinite(value) && overflow(value)) throw outOfRange(`${kind}'s value`, `within ${kind}'s range`, value);
  return value;
}
/** IEEE binary16, rounded to nearest even. @throws RangeError `ERR_OUT_OF_RANGE` for finite values that round to infinity */
export const f16 = (value: number): ScalarArgument =>
  new ScalarArgument(
    "f16",
    finite("f16", value, (x) => Math.abs(x) >= HALF_MAX + 16),
    toHalf(value),
    0,
  );
/** IEEE binary32, rounded to nearest even. @throws RangeError `ERR_OUT_OF_RANGE` for finite values that round to infinity */
export const f32 = (value: number): ScalarArgument =>
  new ScalarArgument(
    "f32",
    finite("f32", value, (x) => !Number.isFinite(Math.fround(x))),
    0,
    0,
  );
/** IEEE binary64. */
export const f64 = (value: number): ScalarArgument =>
  new ScalarArgument(
    "f64",
    finite("f64", value, () => false),
    0,
    0,
  );

/** Bytes by value: a struct or a vector as the kernel expects it, copied now. */
export const bytes = (value: ArrayBufferView | ArrayBuffer): BytesArgument =>
  new BytesArgument(bytesOf("bytes", value).slice());

/** `byteLength` bytes of LDS per workgroup for a pointer argument in the local address space. */
export const local = (byteLength: number): LocalArgument =>
  new LocalArgument(integer("local's byteLength", byteLength, 1, 2 ** 32 - 1));

/**
 * A raw device address, for pointers that the library did not allocate; or a place `offset` bytes into a buffer, which the launch then
 * keeps. Nothing else is checked.
 */
export function address(value: number | Buffer, offset = 0): AddressArgument {
  if (typeof value === "number") {
    return new AddressArgument(integer("address", integer("address", value) + integer("offset", offset)), null);
  }
  if (typeof value !== "object" || value === null || typeof value.address !== "number") {
    throw invalidType("address", "a number or a buffer", value);
  }
  return new AddressArgument(value.address + integer("offset", offset, 0, value.byteLength), value);
}
