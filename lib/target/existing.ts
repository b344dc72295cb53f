/** Items of which there is something on the device. */
import { hex, OffloadError } from "../errors.js";
import { aroundAttached } from "./attach.js";
import { type Construct, noMemory, span } from "./construct.js";
import { bytesAt } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import { copiesFrom, isAlwaysFrom, isAlwaysTo, isForce, isImplicit, kindName, kindOf, MAP } from "./map_kind.js";
import type { MappedRange } from "./mapped_range.js";
import { type MappedItem, VALUE } from "./mapping.js";
import { retain } from "./reference.js";

/** One more reference to what is there. */
export function existing(
  c: Construct,
  i: number,
  range: MappedRange,
  start: number,
  end: number,
  kind: number,
  always: boolean,
): void {
  const item = c.item(i);
  const mapped = c.mapping.item(i);
  const subset = isImplicit(item.kind) && start <= range.start && range.end <= end;
  if (isForce(kind) || !(subset || range.holds(start, end))) {
    throw new OffloadError(
      "ERR_OFFLOAD_OVERLAP",
      `${kindName(kind)} of ${span(start, end)} while ${span(range.start, range.end)} is mapped${isForce(kind) ? ", and it must not be" : ", which does not hold it"}`,
    );
  }
  mapped.reset(VALUE.INLINE, start - range.start);
  mapped.range = range;
  mapped.copyFrom = copiesFrom(kind);
  mapped.alwaysCopyFrom = isAlwaysFrom(kind);
  mapped.length = subset ? range.end - range.start : end - start;
  if (always || isAlwaysTo(kind)) {
    const owner = item.owner ?? range.owner;
    if (owner === null) throw noMemory(item);
    aroundAttached(range, start, end, (from, to) => {
      c.write(range.deviceAddress(from), bytesAt(owner, from, to - from));
    });
  }
  mapped.counted = retain(range, c.mapping.serial);
}

/** A member of a struct of which another part is mapped: it has to have been mapped with it. */
export function existingMember(c: Construct, i: number, struct: MappedRange, first: number): void {
  const item = c.item(i);
  const { address, size } = item;
  const { table } = c.device;
  const together = (range: MappedRange | null): range is MappedRange =>
    range !== null && range.block === struct.block && range.start - struct.start === range.address - struct.address;
  let range = table.find(address, address + size);
  if (!together(range) && size === 0) {
    if (address > c.item(first).address) range = table.find(address - 1, address);
    if (!together(range)) range = table.find(address, address + 1);
  }
  if (!together(range)) {
    throw new OffloadError(
      "ERR_OFFLOAD_OVERLAP",
      `the struct's member ${span(address, address + size)} was not mapped together with its other mapped members`,
    );
  }
  existing(c, i, range, address, address + size, kindOf(item.kind), false);
}

export function useDevicePointer(c: Construct, item: MapItem, mapped: MappedItem, kind: number): void {
  const range = c.device.table.lookup(item.address, item.address);
  if (range !== null) mapped.reset(VALUE.ADDRESS, range.deviceAddress(item.address));
  else if (kind === MAP.USE_DEVICE_PTR) {
    throw new OffloadError("ERR_OFFLOAD_NOT_MAPPED", `use_device_ptr of ${hex(item.address)}, which is not mapped`);
  }
}
