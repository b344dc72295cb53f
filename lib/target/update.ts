/**
 * `target update`: copies between mapped memory and the host's, of ranges and of boxes.
 *
 * Source: target.c (gomp_update) of GCC 12 to 17; OpenMP 5.2, 13.9.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import { aroundAttached } from "./attach.js";
import { extentOf, isEmpty, type Slab, slabsOf } from "./box.js";
import { bytesAt } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import { copiesFrom, kindOf, mustBePresent, updatesDevice } from "./map_kind.js";
import type { MappedRange } from "./mapped_range.js";
import type { TargetDevice } from "./target_device.js";

/**
 * What is not mapped is passed over.
 *
 * @throws OffloadError `ERR_OFFLOAD_OVERLAP` for a range of which only a part is mapped, `ERR_OFFLOAD_NOT_MAPPED` with `present`.
 */
export function targetUpdate(device: TargetDevice, items: readonly MapItem[]): void {
  if (device.sharesMemory) return;
  for (const item of items) update(device, item);
}

function update(device: TargetDevice, item: MapItem): void {
  const { box } = item;
  if (item.size === 0 || (box !== undefined && isEmpty(box))) return;
  const kind = item.updateKind ?? kindOf(item.kind);
  const [first, last] = box === undefined ? [0, item.size] : extentOf(box);
  const [start, end] = [item.address + first, item.address + last];
  const range = device.table.find(start, end);
  if (range === null || range.isLink) {
    if (!mustBePresent(kind)) return;
    throw new OffloadError("ERR_OFFLOAD_NOT_MAPPED", `[${hex(start)}, ${hex(end)}) must be present, and is not`);
  }
  if (!range.holds(start, end)) {
    throw new OffloadError(
      "ERR_OFFLOAD_OVERLAP",
      `update of [${hex(start)}, ${hex(end)}) while only [${hex(range.start)}, ${hex(range.end)}) is mapped`,
    );
  }
  const owner = item.owner ?? range.owner;
  if (owner === null) {
    throw new OffloadError("ERR_OFFLOAD_HOST_MEMORY", `there is no buffer for the host's memory at ${hex(start)}`);
  }
  if (box === undefined) {
    copyRange(device, range, kind, owner, start, end);
    return;
  }
  for (const slab of slabsOf(box)) copySlab(device, range, kind, owner, item.address, slab);
}

function copyRange(
  device: TargetDevice,
  range: MappedRange,
  kind: number,
  owner: ArrayBufferLike,
  start: number,
  end: number,
): void {
  aroundAttached(range, start, end, (from, to) => {
    const bytes = bytesAt(owner, from, to - from);
    if (updatesDevice(kind)) device.copyTo(range.deviceAddress(from), bytes);
    if (copiesFrom(kind)) device.copyFrom(bytes, range.deviceAddress(from));
  });
}

/** The same places in two arrays. Where pointers are attached among them it goes row by row. */
function copySlab(
  device: TargetDevice,
  range: MappedRange,
  kind: number,
  owner: ArrayBufferLike,
  array: number,
  { skipped, size, offset, rowPitch, planePitch }: Slab,
): void {
  const [width, height, depth] = size;
  const [x, y, z] = offset;
  const row = (j: number, k: number): number => array + skipped + ((z + k) * planePitch + y + j) * rowPitch + x;
  if (range.attached !== null || (height === 1 && depth === 1)) {
    for (let k = 0; k < depth; k++) {
      for (let j = 0; j < height; j++) copyRange(device, range, kind, owner, row(j, k), row(j, k) + width);
    }
    return;
  }
  const start = row(0, 0);
  const place = { offset: [0, 0, 0], rowPitch, planePitch } as const;
  const onHost = { ...place, at: bytesAt(owner, start, row(height - 1, depth - 1) + width - start) };
  const onDevice = { ...place, at: range.deviceAddress(start) };
  const { plugin, number } = device;
  if (updatesDevice(kind)) plugin.memcpyRect(number, { size, destination: onDevice, source: onHost });
  if (copiesFrom(kind)) plugin.memcpyRect(number, { size, destination: onHost, source: onDevice });
}
