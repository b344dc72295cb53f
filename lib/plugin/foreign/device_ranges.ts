/**
 * What is known of a device's memory: a C plugin believes addresses, and ends the process, or worse, for one that is not the device's.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../../errors.js";

interface Range {
  readonly start: number;
  readonly end: number;
}

export class DeviceRanges {
  /** By rising address; disjoint. */
  readonly #ranges: Range[] = [];

  add(start: number, bytes: number): void {
    this.#ranges.splice(this.#behind(start), 0, { start, end: start + bytes });
  }
  /** Whether it was there. */
  remove(start: number): boolean {
    const at = this.#behind(start) - 1;
    if (this.#ranges[at]?.start !== start) return false;
    this.#ranges.splice(at, 1);
    return true;
  }
  /** The end of the range that has an address; null where none has. */
  endAround(address: number): number | null {
    const found = this.#ranges[this.#behind(address) - 1];
    return found !== undefined && address < found.end ? found.end : null;
  }

  /** @throws OffloadError `ERR_OFFLOAD_ADDRESS` for a range of some bytes that does not lie in one of these. */
  mustHold(address: number, bytes: number, label: string): void {
    const end = this.endAround(address);
    if (end !== null && address + bytes <= end) return;
    const why = end === null ? "is not allocated" : `is beyond its allocation, which ends at ${hex(end)}`;
    throw new OffloadError("ERR_OFFLOAD_ADDRESS", `a range of ${bytes} bytes at ${hex(address)} ${why} on ${label}`);
  }

  /** The index of the first range that begins behind an address. */
  #behind(address: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle] as Range).start <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
