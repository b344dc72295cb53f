import { CodeObjectError } from "./errors.js";

const utf8 = new TextDecoder("utf-8", { fatal: false });

/** Little-endian fields of a range of bytes. Every read is checked; `what` names the range in the error. */
export class Bytes {
  private readonly view: DataView;

  constructor(
    readonly raw: Uint8Array,
    readonly what: string,
  ) {
    this.view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  }

  get length(): number {
    return this.raw.byteLength;
  }

  u8(offset: number): number {
    this.check(offset, 1);
    return this.view.getUint8(offset);
  }

  u16(offset: number): number {
    this.check(offset, 2);
    return this.view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.check(offset, 4);
    return this.view.getUint32(offset, true);
  }

  /** Sizes, offsets and addresses: beyond 2^53 nothing is real, so that is an error that names `field`. */
  u64(offset: number, field: string): number {
    this.check(offset, 8);
    const value = this.view.getUint32(offset + 4, true) * 2 ** 32 + this.view.getUint32(offset, true);
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new CodeObjectError(
        "ERR_CODE_OBJECT_MALFORMED",
        `${this.what}: ${field} is 0x${this.view.getBigUint64(offset, true).toString(16)}, which no file or GPU can hold`,
      );
    }
    return value;
  }

  /** A signed distance. */
  i64(offset: number): bigint {
    this.check(offset, 8);
    return this.view.getBigInt64(offset, true);
  }

  /** `size` bytes from `offset`, named `what` from here on. */
  slice(offset: number, size: number, what: string): Bytes {
    if (!this.holds(offset, size)) {
      throw new CodeObjectError(
        "ERR_CODE_OBJECT_TRUNCATED",
        `${what} takes bytes ${offset} to ${offset + size}, but ${this.what} ends at ${this.length}: the file is cut short or damaged`,
      );
    }
    return new Bytes(this.raw.subarray(offset, offset + size), what);
  }

  holds(offset: number, size: number): boolean {
    return offset >= 0 && size >= 0 && offset <= this.length && size <= this.length - offset;
  }

  text(offset: number, size: number): string {
    this.check(offset, size);
    return utf8.decode(this.raw.subarray(offset, offset + size));
  }

  /** The zero-terminated string at `offset`. */
  cString(offset: number): string {
    this.check(offset, 1);
    const end = this.raw.indexOf(0, offset);
    if (end < 0) {
      throw new CodeObjectError("ERR_CODE_OBJECT_MALFORMED", `${this.what}: the string at ${offset} has no end`);
    }
    return utf8.decode(this.raw.subarray(offset, end));
  }

  private check(offset: number, size: number): void {
    if (!this.holds(offset, size)) {
      throw new CodeObjectError(
        "ERR_CODE_OBJECT_TRUNCATED",
        `${this.what} ends at byte ${this.length}, but ${size} bytes at ${offset} were promised: the file is cut short or damaged`,
      );
    }
  }
}

/** Whether `bytes` has the ASCII `text` at `offset`. */
export function startsWith(bytes: Uint8Array, text: string, offset = 0): boolean {
  if (bytes.length - offset < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}

export const hex = (value: number): string => `0x${value.toString(16)}`;
