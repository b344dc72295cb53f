/**
 * Device memory by a C plugin: what is allocated, copied and filled. What does not lie in an allocation or a variable is refused before
 * the plugin hears of it; without `memset` bytes are copied.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import type { NativeForeignPlugin } from "../../hsa/native_foreign.js";
import { bytesOf, integer } from "../../validate.js";
import { copyRectangle } from "../gcn/rectangular_copy.js";
import type { RectangularCopy, TargetEntry } from "../plugin.js";
import { DeviceRanges } from "./device_ranges.js";
import type { ForeignCalls } from "./foreign_calls.js";

/** Copied at a time where there is no memset. */
const FILL_BYTES = 2 ** 20;
/** Of a linked variable the device has a pointer. */
const POINTER_BYTES = 8;

export class ForeignMemory {
  allocations = 0;
  copies = 0;
  /** Allocated now. */
  bytes = 0;
  readonly #sizes = new Map<number, Map<number, number>>();
  /** What callers know nothing of: nobody may free it, or copy there. */
  readonly #reserved = new Map<number, Map<number, number>>();
  readonly #ranges = new Map<number, DeviceRanges>();

  constructor(readonly calls: ForeignCalls) {}

  alloc(device: number, bytes: number): number {
    this.calls.mustBeReady(device);
    // Nothing is something to free, too.
    const size = Math.max(integer("bytes", bytes), 1);
    const address = this.#allocate(device, size);
    this.#of(device).add(address, size);
    sizesOf(this.#sizes, device).set(address, size);
    return address;
  }
  /** For the plugin's own tables, until the device ends. */
  reserve(device: number, bytes: number): number {
    const address = this.#allocate(device, bytes);
    sizesOf(this.#reserved, device).set(address, bytes);
    return address;
  }
  /** To what was reserved. */
  writeReserved(device: number, destination: number, words: Uint32Array): void {
    this.copies++;
    this.calls.call((native) => native.host2dev(device, destination, bytesOf("words", words)));
  }
  #allocate(device: number, bytes: number): number {
    const address = this.calls.call((native) => native.alloc(device, bytes));
    if (address === 0) {
      throw new OffloadError("ERR_OFFLOAD_OUT_OF_MEMORY", `${this.calls.label(device)} has no ${bytes} bytes left`);
    }
    this.allocations++;
    this.bytes += bytes;
    return address;
  }
  free(device: number, address: number): void {
    this.calls.mustBeReady(device);
    integer("address", address);
    const size = sizesOf(this.#sizes, device).get(address);
    if (size === undefined) {
      throw new OffloadError("ERR_OFFLOAD_ADDRESS", `${this.calls.label(device)} has no allocation at ${address}`);
    }
    this.#forget(device, address, size);
    this.calls.call((native) => native.free(device, address));
  }

  host2dev(device: number, destination: number, source: ArrayBufferView): void {
    const bytes = bytesOf("source", source);
    this.#copy(device, bytes.length, [destination], (native) => native.host2dev(device, destination, bytes));
  }
  dev2host(device: number, destination: ArrayBufferView, source: number): void {
    const bytes = bytesOf("destination", destination);
    this.#copy(device, bytes.length, [source], (native) => native.dev2host(device, bytes, source));
  }
  dev2dev(device: number, destination: number, source: number, bytes: number): void {
    this.#copy(device, integer("bytes", bytes), [destination, source], (native) =>
      native.dev2dev(device, destination, source, bytes),
    );
  }
  memset(device: number, address: number, value: number, bytes: number): void {
    integer("value", value, 0, 255);
    integer("bytes", bytes);
    if (this.calls.native.hasMemset) {
      this.#copy(device, bytes, [address], (native) => native.memset(device, address, value, bytes));
      return;
    }
    this.mustHold(device, address, bytes);
    const block = new Uint8Array(Math.min(bytes, FILL_BYTES)).fill(value);
    for (let at = 0; at < bytes; at += FILL_BYTES) {
      this.host2dev(device, address + at, block.subarray(0, Math.min(FILL_BYTES, bytes - at)));
    }
  }
  memcpyRect(device: number, box: RectangularCopy): void {
    this.calls.mustBeReady(device);
    copyRectangle(
      {
        mustHold: (address, bytes) => this.mustHold(device, address, bytes),
        copy: (destination, source, bytes) => this.dev2dev(device, destination, source, bytes),
        write: (destination, source) => this.host2dev(device, destination, source),
        read: (destination, source) => this.dev2host(device, destination, source),
      },
      box,
    );
  }

  /** @throws OffloadError `ERR_OFFLOAD_ADDRESS` */
  mustHold(device: number, address: number, bytes: number): void {
    this.calls.mustBeReady(device);
    if (bytes > 0) this.#of(device).mustHold(integer("address", address), bytes, this.calls.label(device));
  }
  /** From an address to the end of its allocation. @throws OffloadError `ERR_OFFLOAD_ADDRESS` */
  bytesFrom(device: number, address: number): number {
    this.mustHold(device, address, 1);
    return (this.#of(device).endAround(address) as number) - address;
  }

  /** An image's, which are there as long as it is. */
  addVariables(device: number, variables: readonly TargetEntry[]): void {
    for (const { address, size, link } of variables) {
      if (address !== 0) this.#of(device).add(address, link ? POINTER_BYTES : size);
    }
  }
  removeVariables(device: number, variables: readonly TargetEntry[]): void {
    for (const { address } of variables) if (address !== 0) this.#of(device).remove(address);
  }

  /** What is left on a device that ends: nobody else could free it. */
  freeAll(device: number): void {
    for (const [address, size] of sizesOf(this.#sizes, device)) {
      this.#forget(device, address, size);
      this.calls.call((native) => native.free(device, address));
    }
    for (const [address, size] of sizesOf(this.#reserved, device)) {
      this.bytes -= size;
      this.calls.call((native) => native.free(device, address));
    }
    this.#reserved.delete(device);
  }

  #forget(device: number, address: number, size: number): void {
    sizesOf(this.#sizes, device).delete(address);
    this.#of(device).remove(address);
    this.bytes -= size;
  }
  #copy(
    device: number,
    bytes: number,
    addresses: readonly number[],
    work: (native: NativeForeignPlugin) => void,
  ): void {
    this.calls.mustBeReady(device);
    for (const address of addresses) integer("address", address);
    if (bytes === 0) return;
    for (const address of addresses) this.mustHold(device, address, bytes);
    this.copies++;
    this.calls.call(work);
  }
  #of(device: number): DeviceRanges {
    const known = this.#ranges.get(device) ?? new DeviceRanges();
    this.#ranges.set(device, known);
    return known;
  }
}

/** By address. */
function sizesOf(all: Map<number, Map<number, number>>, device: number): Map<number, number> {
  const known = all.get(device) ?? new Map<number, number>();
  all.set(device, known);
  return known;
}
