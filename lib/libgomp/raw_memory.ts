/**
 * Memory of the C code in this process, at addresses that it has handed over and that it keeps until it has its answer.
 *
 * @packageDocumentation
 */
import { addon } from "../hsa/addon.js";

export const NOTHING = new Uint8Array(0);

export const bytesAt = (address: number, bytes: number): Uint8Array =>
  bytes === 0 ? NOTHING : new Uint8Array(addon().hostView(address, bytes));

export const viewAt = (address: number, bytes: number): DataView =>
  bytes === 0 ? new DataView(new ArrayBuffer(0)) : new DataView(addon().hostView(address, bytes));

export const wordsAt = (address: number, count: number): BigInt64Array =>
  count === 0 ? new BigInt64Array(0) : new BigInt64Array(addon().hostView(address, 8 * count));

/** An address or a size. */
export const wordOf = (view: DataView, offset: number): number => Number(view.getBigUint64(offset, true));

/** Writes a text and its end into memory that has room for `room` bytes; what does not fit is cut off. */
export function writeText(address: number, room: number, text: string): void {
  const bytes = bytesAt(address, room);
  const { written } = new TextEncoder().encodeInto(text, bytes.subarray(0, room - 1));
  bytes[written] = 0;
}
