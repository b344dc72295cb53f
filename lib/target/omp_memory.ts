/**
 * The device memory routines (omp_target_alloc and its like). Devices are numbers; the one behind the last is the host itself
 * (omp_get_initial_device). Where C answers EINVAL or null for a call that makes no sense, these throw.
 *
 * Source: OpenMP 5.2, 18.8; target.c (omp_target_…) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { bytesText, hex, OffloadError } from "../errors.js";
import type { RectangularPlace } from "../plugin/index.js";
import { describe, integer } from "../validate.js";
import { type ArrayPlace, arrayCopy, type BytePlace, bytePlace } from "./array_places.js";
import { associate, hostRange } from "./associate.js";
import { addressOf, bytesAt } from "./host_memory.js";
import type { Mappable } from "./map.js";
import type { TargetDevice } from "./target_device.js";

/** omp_target_alloc and its like, under `Offload.memory`. */
export class OmpMemory {
  readonly #devices: readonly TargetDevice[];
  /** Of the host's, by address. */
  readonly #host = new Map<number, ArrayBuffer>();

  constructor(devices: readonly TargetDevice[]) {
    this.#devices = devices;
  }

  /** omp_get_initial_device */
  get initialDevice(): number {
    return this.#devices.length;
  }

  /** Null: the host, or a device that shares its memory. */
  #device(number: number): TargetDevice | null {
    if (integer("the device's number", number) === this.initialDevice) return null;
    const device = this.#devices[number];
    if (device === undefined) {
      throw new OffloadError(
        "ERR_OFFLOAD_NO_DEVICE",
        `there is no device ${number}: there are ${this.#devices.length}, and ${this.initialDevice} is the host`,
      );
    }
    return device.sharesMemory ? null : device;
  }

  /** omp_target_alloc. @throws OffloadError `ERR_OFFLOAD_OUT_OF_MEMORY` */
  alloc(bytes: number, device: number): number {
    const target = this.#device(device);
    if (target !== null) return target.plugin.alloc(target.number, integer("bytes", bytes));
    const memory = hostBytes(Math.max(1, integer("bytes", bytes)));
    const address = addressOf(memory);
    this.#host.set(address, memory);
    return address;
  }
  /** omp_target_free; of no effect on null. */
  free(address: number, device: number): void {
    const target = this.#device(device);
    if (address === 0) return;
    if (target !== null) target.plugin.free(target.number, address);
    else if (!this.#host.delete(address)) {
      throw new OffloadError(
        "ERR_OFFLOAD_ADDRESS",
        `${hex(address)} is no memory of the host's that has been allocated here`,
      );
    }
  }
  /** The host's memory that `alloc` gave. */
  hostBuffer(address: number): ArrayBuffer | undefined {
    return this.#host.get(address);
  }

  /** omp_target_is_present: whether the first byte is mapped; always on the host. */
  isPresent(memory: Mappable, device: number): boolean {
    return this.mappedAddress(memory, device) !== null;
  }
  /** omp_get_mapped_ptr: the device's address of the first byte; null where it is not mapped. On the host its own. */
  mappedAddress(memory: Mappable, device: number): number | null {
    const [, address] = hostRange(memory);
    const target = this.#device(device);
    if (target === null) return address;
    const found = target.table.lookupZeroLength(address, address);
    return found === null || found.isLink ? null : found.deviceAddress(address);
  }
  /** omp_target_is_accessible: whether device code may use the host's own address. */
  isAccessible(memory: Mappable, device: number): boolean {
    hostRange(memory);
    return this.#device(device) === null;
  }

  /**
   * omp_target_associate_ptr: `memory` is mapped to device memory that somebody else owns, until `disassociate`. Of no effect where it is
   * mapped just so.
   *
   * @throws OffloadError `ERR_OFFLOAD_OVERLAP` where it is mapped otherwise.
   */
  associate(memory: Mappable, deviceAddress: number, device: number): void {
    associate(this.#mustMap(device), memory, deviceAddress);
  }
  /** omp_target_disassociate_ptr. @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED` for what has not been associated. */
  disassociate(memory: Mappable, device: number): void {
    const [, address] = hostRange(memory);
    const { table } = this.#mustMap(device);
    const found = table.lookup(address, address);
    if (
      found === null ||
      found.start !== address ||
      found.block !== null ||
      found.count.value !== Number.POSITIVE_INFINITY
    ) {
      throw new OffloadError(
        "ERR_OFFLOAD_NOT_MAPPED",
        `the memory at ${hex(address)} has not been associated with the device's`,
      );
    }
    table.remove(found);
  }
  #mustMap(device: number): TargetDevice {
    const target = this.#device(device);
    if (target !== null) return target;
    throw new OffloadError(
      "ERR_OFFLOAD_NO_DEVICE",
      `device ${device} uses the host's memory: nothing is associated with it`,
    );
  }

  /** omp_target_memcpy: bytes between any two devices, this side's `device` telling which. */
  memcpy(destination: BytePlace, source: BytePlace, bytes: number): void {
    const row = (name: string, place: BytePlace): ArrayPlace => {
      const { at, device, offset } = bytePlace(name, place);
      return { at, device, offsets: [offset], dimensions: [Number.MAX_SAFE_INTEGER] };
    };
    this.memcpyRect(1, [integer("bytes", bytes)], row("destination", destination), row("source", source));
  }

  /**
   * omp_target_memcpy_rect: a box of `volume` elements between two arrays.
   *
   * @throws OffloadError `ERR_OFFLOAD_ADDRESS` where the box does not fit.
   */
  memcpyRect(elementBytes: number, volume: readonly number[], destination: ArrayPlace, source: ArrayPlace): void {
    const copy = arrayCopy(elementBytes, volume, destination, source);
    if (!copy.volume.includes(0)) this.#boxes(copy.element, copy.volume, copy.destination, copy.source);
  }

  /** More than three dimensions: box by box. */
  #boxes(element: number, volume: readonly number[], destination: ArrayPlace, source: ArrayPlace): void {
    if (volume.length <= 3) {
      this.#box(element, volume, destination, source);
      return;
    }
    const [count = 0, ...rest] = volume;
    for (let i = 0; i < count; i++) {
      this.#boxes(element, rest, this.#inner(element, destination, i), this.#inner(element, source, i));
    }
  }
  #inner(element: number, place: ArrayPlace, i: number): ArrayPlace {
    const [offset = 0, ...offsets] = place.offsets;
    const [, ...dimensions] = place.dimensions;
    const skipped = (offset + i) * dimensions.reduce((product, size) => product * size, element);
    const at = typeof place.at === "number" ? place.at + skipped : section(place.at, skipped);
    return { at, device: place.device, offsets, dimensions };
  }

  #box(element: number, volume: readonly number[], to: ArrayPlace, from: ArrayPlace): void {
    const [x = 1, y = 1, z = 1] = [...volume].reverse();
    const size = [x * element, y, z] as const;
    const [destination, source] = [this.#device(to.device), this.#device(from.device)];
    if (destination !== null && source !== null && destination !== source) {
      this.#throughHost(element, volume, to, from);
      return;
    }
    const box = { size, destination: rectangle(to, element, destination), source: rectangle(from, element, source) };
    const device = destination ?? source;
    if (device !== null) device.plugin.memcpyRect(device.number, box);
    else copyOnHost(box.destination, box.source, size);
  }

  /** Between two devices that do not reach each other's memory. */
  #throughHost(element: number, volume: readonly number[], to: ArrayPlace, from: ArrayPlace): void {
    const between = new Uint8Array(volume.reduce((product, size) => product * size, element));
    const packed = { at: between, device: this.initialDevice, offsets: volume.map(() => 0), dimensions: volume };
    this.#box(element, volume, packed, from);
    this.#box(element, volume, to, packed);
  }

  /** omp_target_memset */
  memset(address: number, value: number, bytes: number, device: number): void {
    const target = this.#device(device);
    if (target !== null) {
      target.plugin.memset(target.number, address, value, bytes);
      return;
    }
    const memory = this.#host.get(address);
    if (memory === undefined)
      throw new OffloadError(
        "ERR_OFFLOAD_ADDRESS",
        `${hex(address)} is no memory of the host's that has been allocated here`,
      );
    bytesAt(memory, address, integer("bytes", bytes)).fill(integer("value", value, 0, 255));
  }
}

function hostBytes(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (cause) {
    throw new OffloadError("ERR_OFFLOAD_OUT_OF_MEMORY", `the host has no ${bytesText(bytes)}`, { cause });
  }
}

function rectangle(place: ArrayPlace, element: number, device: TargetDevice | null): RectangularPlace {
  const [x = 0, y = 0, z = 0] = [...place.offsets].reverse();
  const [columns = 1, rows = 1] = [...place.dimensions].reverse();
  if (device !== null && typeof place.at !== "number") {
    throw new OffloadError(
      "ERR_OFFLOAD_ADDRESS",
      `device ${place.device}'s side of a copy is an address of its memory, not ${describe(place.at)}`,
    );
  }
  if (device === null && typeof place.at === "number") {
    throw new OffloadError(
      "ERR_OFFLOAD_ADDRESS",
      `the host's side of a copy is a typed array or a buffer, not ${hex(place.at)}`,
    );
  }
  const at = typeof place.at === "number" || ArrayBuffer.isView(place.at) ? place.at : new Uint8Array(place.at);
  return { at, offset: [x * element, y, z], rowPitch: safe(columns * element), planePitch: rows };
}

/** A row without an end is as long as any. */
const safe = (bytes: number): number => Math.min(bytes, Number.MAX_SAFE_INTEGER);

function copyOnHost(
  to: RectangularPlace,
  from: RectangularPlace,
  [width, height, depth]: readonly [number, number, number],
): void {
  const row = ({ at, offset: [x, y, z], rowPitch, planePitch }: RectangularPlace, j: number, k: number): Uint8Array => {
    const view = at as ArrayBufferView;
    // One row has no pitch that matters, and one without an end must not be multiplied.
    const skipped = (z + k === 0 ? 0 : (z + k) * planePitch) + y + j;
    const start = (skipped === 0 ? 0 : skipped * rowPitch) + x;
    if (start + width > view.byteLength) {
      throw new OffloadError(
        "ERR_OFFLOAD_ADDRESS",
        `the box ends at byte ${start + width} of ${describe(view)}, which has ${view.byteLength}`,
      );
    }
    return new Uint8Array(view.buffer, view.byteOffset + start, width);
  };
  for (let k = 0; k < depth; k++) for (let j = 0; j < height; j++) row(to, j, k).set(row(from, j, k));
}

function section(memory: Mappable, skipped: number): Uint8Array {
  const whole = ArrayBuffer.isView(memory)
    ? new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength)
    : new Uint8Array(memory);
  return whole.subarray(skipped);
}
