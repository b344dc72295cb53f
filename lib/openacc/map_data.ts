/**
 * Host memory that is mapped to device memory of the program's own (acc_map_data, acc_unmap_data).
 *
 * Unlike libgomp, of what is mapped for ever these know what they have mapped themselves, and device memory of which any byte is mapped is
 * not mapped a second time.
 *
 * Source: oacc-mem.c of GCC 12 to 17; OpenACC 3.0, 3.2.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import { pin } from "../target/host_memory.js";
import { type Mappable, map } from "../target/map.js";
import { DeviceBlock, MappedRange } from "../target/mapped_range.js";
import type { TargetDevice } from "../target/target_device.js";
import { integer } from "../validate.js";

/** Whether bytes of the device's belong to a range. */
export const isAt = ({ address, start, end, isLink }: MappedRange, at: number, bytes: number): boolean =>
  !isLink && at < address + (end - start) && address < at + bytes;

/**
 * Answers what is mapped then; null where the device shares the host's memory.
 *
 * @throws OffloadError `ERR_OFFLOAD_OVERLAP` where one of the two is mapped already; `ERR_OFFLOAD_HOST_MEMORY` for no bytes;
 *   `ERR_OFFLOAD_ADDRESS` for null, and for another address than the host's own where the device shares its memory.
 */
export function mapData(device: TargetDevice, memory: Mappable, deviceAddress: number): MappedRange | null {
  const { address, size, owner } = map.alloc(memory);
  integer("deviceAddress", deviceAddress);
  if (device.sharesMemory) {
    if (deviceAddress === address) return null;
    throw new OffloadError(
      "ERR_OFFLOAD_ADDRESS",
      "the device uses the host's memory: nothing is mapped to other addresses",
    );
  }
  if (size === 0) throw new OffloadError("ERR_OFFLOAD_HOST_MEMORY", "no bytes are to be mapped");
  if (deviceAddress === 0) throw new OffloadError("ERR_OFFLOAD_ADDRESS", "the host's memory is to be mapped to null");
  const { table } = device;
  if (table.find(address, address + size) !== null) {
    throw new OffloadError("ERR_OFFLOAD_OVERLAP", `of ${size} bytes at ${hex(address)} some are mapped already`);
  }
  for (const range of table) {
    if (!isAt(range, deviceAddress, size)) continue;
    throw new OffloadError(
      "ERR_OFFLOAD_OVERLAP",
      `the device's memory at ${hex(deviceAddress)} is mapped already, to [${hex(range.start)}, ${hex(range.end)})`,
    );
  }
  if (owner !== null) pin(owner);
  // The program's own use is never given back: nobody else frees it.
  const block = new DeviceBlock(deviceAddress, deviceAddress);
  block.uses++;
  const place = { block, address: deviceAddress };
  const range = new MappedRange(address, address + size, owner, place, Number.POSITIVE_INFINITY);
  table.add(range);
  return range;
}

/**
 * @param mapped - what `mapData` has mapped.
 * @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED` for what is not among it; `ERR_OFFLOAD_OVERLAP` for a part of it.
 */
export function unmapData(device: TargetDevice, memory: Mappable, mapped: { has(range: MappedRange): boolean }): void {
  if (device.sharesMemory) return;
  const { address } = map.alloc(memory);
  const range = device.mustFind(address, address + 1, () => `the memory at ${hex(address)} is not mapped`);
  if (range.start !== address) {
    throw new OffloadError(
      "ERR_OFFLOAD_OVERLAP",
      `${hex(address)} is inside of what is mapped: [${hex(range.start)}, ${hex(range.end)})`,
    );
  }
  if (!mapped.has(range)) {
    throw new OffloadError("ERR_OFFLOAD_NOT_MAPPED", `the memory at ${hex(address)} was not mapped by mapData`);
  }
  device.removeRange(range);
}
