/**
 * Host memory that is mapped for ever: to device memory that somebody else owns, or that an image has for its variables.
 *
 * Source: target.c (omp_target_associate_ptr, gomp_load_image_to_device) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import type { TargetEntry } from "../plugin/index.js";
import { integer } from "../validate.js";
import { addressOf } from "./host_memory.js";
import { extent, type Mappable } from "./map.js";
import { MappedRange } from "./mapped_range.js";
import type { TargetDevice } from "./target_device.js";

/** Buffer, address and bytes. @throws OffloadError `ERR_OFFLOAD_HOST_MEMORY`, also for a buffer without bytes. */
export function hostRange(memory: Mappable): readonly [ArrayBufferLike, number, number] {
  const { owner, address, size } = extent(memory);
  return [owner, address === 0 ? addressOf(owner) : address, size];
}

/** Of no effect where it is mapped just so. @throws OffloadError `ERR_OFFLOAD_OVERLAP` where it is mapped otherwise. */
export function associate({ table }: TargetDevice, memory: Mappable, deviceAddress: number): void {
  const [owner, address, bytes] = hostRange(memory);
  if (bytes === 0) throw new OffloadError("ERR_OFFLOAD_HOST_MEMORY", "no bytes are to be mapped");
  const found = table.lookup(address, address + bytes);
  if (found === null) {
    const place = { block: null, address: integer("deviceAddress", deviceAddress, 1) };
    table.add(new MappedRange(address, address + bytes, owner, place, Number.POSITIVE_INFINITY));
    return;
  }
  if (!found.holds(address, address + bytes) || found.deviceAddress(address) !== deviceAddress) {
    throw new OffloadError(
      "ERR_OFFLOAD_OVERLAP",
      `the memory at ${hex(address)} is mapped already, to ${hex(found.deviceAddress(address))}`,
    );
  }
}

/**
 * Host memory that stands for a variable of an image. Of one that is linked, the pointer on the device gets to know where the memory is
 * mapped, whenever that is.
 *
 * @throws OffloadError `ERR_OFFLOAD_ADDRESS` where the sizes differ; `ERR_OFFLOAD_OVERLAP`.
 */
export function bindVariable(device: TargetDevice, variable: TargetEntry, memory: Mappable): void {
  const { name, address, size, link } = variable;
  const [owner, start, bytes] = hostRange(memory);
  if (bytes !== size) {
    throw new OffloadError("ERR_OFFLOAD_ADDRESS", `variable ${name} has ${size} bytes, and the memory for it ${bytes}`);
  }
  if (!link) {
    associate(device, memory, address);
    return;
  }
  if (device.table.find(start, start + bytes) !== null) {
    throw new OffloadError("ERR_OFFLOAD_OVERLAP", `the memory at ${hex(start)} is mapped already`);
  }
  const place = { block: null, address };
  device.table.add(new MappedRange(start, start + bytes, owner, place, Number.POSITIVE_INFINITY, true));
}
