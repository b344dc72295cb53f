/**
 * libgomp's device memory routines (omp_target_alloc and its like), as `OmpMemory` has them: devices are numbers, and
 * `omp_get_initial_device` is the host. Where C answers EINVAL or null for a call that makes no sense, these reject. Addresses of a device are not
 * checked: a copy to one that is none ends the process, or libgomp says so with an error.
 *
 * Source: OpenMP 5.2, 18.8; target.c (omp_target_…) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../../errors.js";
import { type ArrayPlace, arrayCopy, type BytePlace, bytePlace, type MemoryPlace } from "../../target/array_places.js";
import type { Mappable } from "../../target/map.js";
import { integer } from "../../validate.js";
import { type Caller, INT_MAX } from "./caller.js";
import type { CallRequest, Pointer, Section } from "./driver.js";
import type { Held } from "./held.js";
import { placeOf, sectionOf } from "./host_places.js";

export class LibgompMemory {
  readonly #caller: Caller;
  readonly #held: Held;

  /** Use `Libgomp.memory`. */
  constructor(caller: Caller, held: Held) {
    this.#caller = caller;
    this.#held = held;
  }

  async #call(name: string, words: CallRequest["words"], memory: Partial<CallRequest> = {}): Promise<number> {
    return (await this.#caller.call({ name, words, ...memory })).value;
  }

  /** omp_target_alloc: an address. @throws OffloadError `ERR_OFFLOAD_OUT_OF_MEMORY`, also for a device that is none. */
  async alloc(bytes: number, device: number): Promise<number> {
    const size = integer("bytes", bytes);
    const address = await this.#call("omp_target_alloc", [size, number(device)]);
    if (address === 0 && size > 0) {
      throw new OffloadError("ERR_OFFLOAD_OUT_OF_MEMORY", `libgomp has no ${size} bytes for device ${device}`);
    }
    return address;
  }
  /** omp_target_free; of no effect on null. */
  async free(address: number, device: number): Promise<void> {
    await this.#call("omp_target_free", [integer("address", address), number(device)]);
  }

  /** omp_target_is_present: whether the first byte is mapped; always on the host. */
  async isPresent(memory: Mappable, device: number): Promise<boolean> {
    return (await this.#call("omp_target_is_present", [placeOf(memory), number(device)])) !== 0;
  }
  /** omp_get_mapped_ptr, of GCC 13 and later: the device's address of the first byte; null where it is not mapped. */
  async mappedAddress(memory: Mappable, device: number): Promise<number | null> {
    const address = await this.#call("omp_get_mapped_ptr", [placeOf(memory), number(device)]);
    return address === 0 ? null : address;
  }
  /** omp_target_is_accessible, of GCC 13 and later: whether device code may use the host's own address. */
  async isAccessible(memory: Mappable, device: number): Promise<boolean> {
    const { bytes } = sectionOf(memory);
    return (await this.#call("omp_target_is_accessible", [placeOf(memory), bytes, number(device)])) !== 0;
  }

  /**
   * omp_target_associate_ptr: `memory` is mapped to the device's, until `disassociate`.
   *
   * @throws OffloadError `ERR_OFFLOAD_OVERLAP` where it is mapped otherwise, or the device is the host or none.
   */
  async associate(memory: Mappable, deviceAddress: number, device: number): Promise<void> {
    const { owner, address, bytes } = sectionOf(memory);
    const status = await this.#call("omp_target_associate_ptr", [
      { owner, address },
      integer("deviceAddress", deviceAddress, 1),
      bytes,
      0,
      number(device),
    ]);
    if (status !== 0) {
      throw new OffloadError(
        "ERR_OFFLOAD_OVERLAP",
        `libgomp does not associate ${bytes} bytes with ${hex(deviceAddress)} of device ${device}: they are mapped otherwise, or it has no memory of its own`,
      );
    }
    this.#held.add(owner, address, device);
  }
  /** omp_target_disassociate_ptr. @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED` for what has not been associated. */
  async disassociate(memory: Mappable, device: number): Promise<void> {
    const { owner, address } = placeOf(memory);
    if ((await this.#call("omp_target_disassociate_ptr", [{ owner, address }, number(device)])) !== 0) {
      throw new OffloadError(
        "ERR_OFFLOAD_NOT_MAPPED",
        `the memory at ${hex(address)} has not been associated with device ${device}'s`,
      );
    }
    this.#held.drop(owner, address, device);
  }

  /** omp_target_memcpy: bytes between any two devices. @throws OffloadError `ERR_OFFLOAD_ADDRESS` */
  async memcpy(destination: BytePlace, source: BytePlace, bytes: number): Promise<void> {
    const size = integer("bytes", bytes);
    const [target, origin] = [bytePlace("destination", destination), bytePlace("source", source)];
    const to = side("destination", target.at, target.offset + size);
    const from = side("source", origin.at, origin.offset + size);
    const status = await this.#call(
      "omp_target_memcpy",
      [to.pointer, from.pointer, size, target.offset, origin.offset, number(target.device), number(origin.device)],
      { reads: [...to.sections, ...from.sections], writes: to.sections },
    );
    if (status !== 0) throw refusedCopy(target.device, origin.device);
  }

  /**
   * omp_target_memcpy_rect: a box of `volume` elements between two arrays.
   *
   * @throws OffloadError `ERR_OFFLOAD_ADDRESS` where lists have not as many numbers as the box has dimensions, or libgomp refuses.
   */
  async memcpyRect(
    elementBytes: number,
    volume: readonly number[],
    destination: ArrayPlace,
    source: ArrayPlace,
  ): Promise<void> {
    const copy = arrayCopy(elementBytes, volume, destination, source);
    const { element } = copy;
    const whole = ({ dimensions }: ArrayPlace): number => dimensions.reduce((product, size) => product * size, element);
    const to = side("destination", copy.destination.at, whole(copy.destination));
    const from = side("source", copy.source.at, whole(copy.source));
    const sizes = (list: readonly number[]): BigUint64Array => BigUint64Array.from(list, BigInt);
    const status = await this.#call(
      "omp_target_memcpy_rect",
      [
        to.pointer,
        from.pointer,
        element,
        copy.volume.length,
        sizes(copy.volume),
        sizes(copy.destination.offsets),
        sizes(copy.source.offsets),
        sizes(copy.destination.dimensions),
        sizes(copy.source.dimensions),
        number(copy.destination.device),
        number(copy.source.device),
      ],
      { reads: [...to.sections, ...from.sections], writes: to.sections },
    );
    if (status !== 0) throw refusedCopy(copy.destination.device, copy.source.device);
  }

  /** omp_target_memset, of GCC 16 and later. */
  async memset(address: number, value: number, bytes: number, device: number): Promise<void> {
    await this.#call("omp_target_memset", [
      integer("address", address, 1),
      integer("value", value, 0, 255),
      integer("bytes", bytes),
      number(device),
    ]);
  }
}

const number = (device: number): number => integer("device", device, 0, INT_MAX);

/** A side of a copy: an address as it is, or memory of the host's, which must be large enough. */
function side(
  name: string,
  at: MemoryPlace,
  bytes: number,
): { readonly pointer: Pointer; readonly sections: Section[] } {
  if (typeof at === "number") return { pointer: integer(`${name}.at`, at, 1), sections: [] };
  const section = sectionOf(at);
  if (bytes > section.bytes) {
    throw new OffloadError(
      "ERR_OFFLOAD_ADDRESS",
      `the copy ends at byte ${bytes} of the ${name}, which has ${section.bytes}`,
    );
  }
  return { pointer: section, sections: section.bytes > 0 ? [section] : [] };
}

const refusedCopy = (to: number, from: number): OffloadError =>
  new OffloadError(
    "ERR_OFFLOAD_ADDRESS",
    `libgomp does not copy from device ${from} to device ${to}: one of them is none, or an address is null`,
  );
