/**
 * The host's memory as mapping sees it: ranges of addresses in buffers. A buffer's address is asked for once; pointers that lie in host
 * memory are read and written as numbers.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import { addon } from "../hsa/addon.js";
import { writeUint64 } from "../hsa/index.js";

export { pin } from "../hsa/handles.js";

/** Bytes of a pointer. */
export const POINTER_BYTES = 8;

const TWO_32 = 2 ** 32;

const bases = new WeakMap<ArrayBufferLike, number>();

/**
 * The address of a buffer's first byte, the same as long as it lives.
 *
 * @throws OffloadError `ERR_OFFLOAD_HOST_MEMORY` for a buffer that is detached, empty or resizable.
 */
export function addressOf(buffer: ArrayBufferLike): number {
  const known = bases.get(buffer);
  if (known !== undefined && buffer.byteLength > 0) return known;
  if (buffer.byteLength === 0) throw unusable(isEmpty(buffer) ? "it is empty" : "it has been detached");
  if ((buffer as { resizable?: boolean }).resizable || (buffer as { growable?: boolean }).growable) {
    throw unusable("it is resizable: its bytes may go away, or move");
  }
  const base = addon().addressOf(new Uint8Array(buffer, 0, 1));
  bases.set(buffer, base);
  return base;
}

/** Whether a buffer has no bytes, and so no address, and that is how it was made. */
export function isEmpty(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return true;
  } catch {
    return false;
  }
}

/**
 * Host memory outside of JavaScript as a buffer: of a C library, of a program. It is the caller's to know that the memory is there, and
 * stays as long as anything uses the buffer.
 */
export function hostMemory(address: number, bytes: number): ArrayBuffer {
  const buffer = addon().hostView(address, bytes);
  bases.set(buffer, address);
  return buffer;
}

/** @throws OffloadError `ERR_OFFLOAD_HOST_MEMORY` where the range does not lie in the buffer, or no longer. */
export function bytesAt(owner: ArrayBufferLike, address: number, bytes: number): Uint8Array {
  const offset = address - addressOf(owner);
  if (offset >= 0 && bytes >= 0 && offset + bytes <= owner.byteLength) return new Uint8Array(owner, offset, bytes);
  throw outside(owner, address, bytes);
}

/** Throws where `bytesAt` does. */
export function mustHold(owner: ArrayBufferLike, address: number, bytes: number): void {
  const offset = address - addressOf(owner);
  if (offset < 0 || bytes < 0 || offset + bytes > owner.byteLength) throw outside(owner, address, bytes);
}

export function readPointer(owner: ArrayBufferLike, address: number): number {
  const bytes = bytesAt(owner, address, POINTER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, POINTER_BYTES);
  return view.getUint32(0, true) + view.getUint32(4, true) * TWO_32;
}

/** A pointer's eight bytes, to be copied. */
export function pointerBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(POINTER_BYTES);
  writeUint64(new DataView(bytes.buffer), 0, value);
  return bytes;
}

const unusable = (why: string): OffloadError =>
  new OffloadError("ERR_OFFLOAD_HOST_MEMORY", `the buffer cannot be mapped: ${why}`);

const outside = (owner: ArrayBufferLike, address: number, bytes: number): OffloadError =>
  owner.byteLength === 0
    ? new OffloadError(
        "ERR_OFFLOAD_HOST_MEMORY",
        `the buffer of ${bytes} mapped bytes at ${hex(address)} has been detached`,
      )
    : new OffloadError(
        "ERR_OFFLOAD_HOST_MEMORY",
        `${bytes} bytes at ${hex(address)} do not lie in their buffer of ${owner.byteLength} bytes at ${hex(addressOf(owner))}`,
      );
