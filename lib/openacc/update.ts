/**
 * OpenACC's `update`: copies between mapped memory and the host's.
 *
 * Unlike libgomp's, pointers that are attached stay as they are on both sides, where the other side's address would lead nowhere; and a
 * pointer behind what is updated gets its device's value in the queue's order.
 *
 * Source: oacc-parallel.c (GOACC_update), oacc-mem.c (update_dev_host) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import { aroundAttached } from "../target/attach.js";
import type { Copier } from "../target/copier.js";
import { bytesAt, mustHold, POINTER_BYTES, pointerBytes } from "../target/host_memory.js";
import type { MapItem } from "../target/map_item.js";
import { kindName, kindOf, MAP } from "../target/map_kind.js";
import type { MappedRange } from "../target/mapped_range.js";
import type { TargetDevice } from "../target/target_device.js";

/** A copy of `update`'s, found to be possible. */
type Step = (copier: Copier) => void;

/**
 * Kinds TO and FROM pass over what is not there (`if_present`); FORCE_TO and FORCE_FROM do not.
 *
 * @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED`, `ERR_OFFLOAD_OVERLAP`, `ERR_OFFLOAD_MAP_KIND`, `ERR_OFFLOAD_HOST_MEMORY`: nothing has been
 *   copied then.
 */
export function update(device: TargetDevice, items: readonly MapItem[], copier: Copier = device): void {
  if (device.sharesMemory) return;
  const steps: Step[] = [];
  /** Where the last item was on the device, where it was copied there. */
  let last = 0;
  for (const item of items) {
    const kind = kindOf(item.kind);
    switch (kind) {
      case MAP.POINTER:
      case MAP.TO_PSET:
        break;
      case MAP.ALWAYS_POINTER:
        if (last !== 0) steps.push(pointerStep(device, item, last));
        last = 0;
        break;
      case MAP.TO:
      case MAP.FORCE_TO:
      case MAP.FROM:
      case MAP.FORCE_FROM: {
        const range = rangeOf(device, item, kind === MAP.TO || kind === MAP.FROM);
        last = 0;
        if (range === null) break;
        const toDevice = kind === MAP.TO || kind === MAP.FORCE_TO;
        if (toDevice) last = range.deviceAddress(item.address);
        steps.push(copyStep(item, range, toDevice));
        break;
      }
      default:
        throw new OffloadError("ERR_OFFLOAD_MAP_KIND", `update does not take items of kind ${kindName(kind)}`);
    }
  }
  for (const step of steps) step(copier);
}

function rangeOf(device: TargetDevice, { address, size }: MapItem, mayMiss: boolean): MappedRange | null {
  // An optional argument that is not there.
  if (address === 0) return null;
  const end = address + size;
  const range = device.table.find(address, end);
  if (range !== null && !range.isLink && range.holds(address, end)) return range;
  if (mayMiss) return null;
  const part = range === null || range.isLink ? null : range;
  throw new OffloadError(
    part === null ? "ERR_OFFLOAD_NOT_MAPPED" : "ERR_OFFLOAD_OVERLAP",
    part === null
      ? `update of [${hex(address)}, ${hex(end)}), which is not mapped`
      : `update of [${hex(address)}, ${hex(end)}) while only [${hex(part.start)}, ${hex(part.end)}) is mapped`,
  );
}

function copyStep({ address, size, owner: own }: MapItem, range: MappedRange, toDevice: boolean): Step {
  const owner = own ?? range.owner;
  if (owner === null) {
    throw new OffloadError("ERR_OFFLOAD_HOST_MEMORY", `there is no buffer for the host's memory at ${hex(address)}`);
  }
  mustHold(owner, address, size);
  return (copier) => {
    copier.keep(range);
    aroundAttached(range, address, address + size, (from, to) => {
      const bytes = bytesAt(owner, from, to - from);
      if (toDevice) copier.copyTo(range.deviceAddress(from), bytes);
      else copier.copyFrom(bytes, range.deviceAddress(from));
    });
  };
}

/** The device's copy of the pointer gets to point to what was updated. */
function pointerStep(device: TargetDevice, { address }: MapItem, target: number): Step {
  const range = device.mustFind(
    address,
    address + POINTER_BYTES,
    () => `the pointer at ${hex(address)} to what is updated is not mapped`,
  );
  if (!range.holds(address, address + POINTER_BYTES)) {
    throw new OffloadError("ERR_OFFLOAD_OVERLAP", `of the pointer at ${hex(address)} only a part is mapped`);
  }
  return (copier) => {
    copier.keep(range);
    copier.copyTo(range.deviceAddress(address), pointerBytes(target));
  };
}
