/**
 * The end of a construct's mapping (gomp_unmap_vars): pointers are detached, references given back, and what nobody holds any more is
 * copied back where it was to be, and goes.
 *
 * Source: target.c (gomp_unmap_vars_internal) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import { detach } from "./attach.js";
import type { Copier } from "./copier.js";
import { bytesAt } from "./host_memory.js";
import type { MappedRange } from "./mapped_range.js";
import type { MappedItem, Mapping } from "./mapping.js";
import { RELEASED, release } from "./reference.js";
import type { TargetDevice } from "./target_device.js";

/**
 * @param copyBack - false where the construct failed: the host keeps its own bytes.
 * @param copier - brings the bytes back, and gives the blocks back after them.
 * @throws what copying back failed with, the first of several; everything has been unmapped all the same.
 */
export function unmapVars(device: TargetDevice, mapping: Mapping, copyBack = true, copier: Copier = device): void {
  const { count } = mapping;
  const serial = mapping.serial === 0 ? 0 : device.nextSerial();
  let failure = mapping.attaches ? detachAll(copier, mapping) : null;
  // What goes is still there for the items behind: another of the same range may be the one to be copied back.
  let leaving: MappedRange[] | null = null;
  for (let i = 0; i < count; i++) {
    const mapped = mapping.item(i);
    const { range } = mapped;
    if (range === null || mapped.isAttach || !range.alive) continue;
    const then = release(range, serial);
    if (then === RELEASED.REMOVE) {
      leaving ??= [];
      leaving.push(range);
    }
    if (!copyBack || !((then !== RELEASED.KEPT && mapped.copyFrom) || mapped.alwaysCopyFrom)) continue;
    try {
      copyBackItem(copier, range, mapped);
    } catch (error) {
      failure ??= { error };
    }
  }
  if (leaving !== null) for (const range of leaving) device.removeRange(range, copier);
  if (mapping.block !== null) copier.releaseBlock(mapping.block);
  device.giveMapping(mapping);
  if (failure !== null) throw failure.error;
}

interface Failure {
  readonly error: unknown;
}

/** The first failure of several. */
function detachAll(copier: Copier, mapping: Mapping): Failure | null {
  let failure: Failure | null = null;
  for (let i = 0; i < mapping.count; i++) {
    const mapped = mapping.item(i);
    const { range } = mapped;
    if (!mapped.isAttach || !range?.alive) continue;
    try {
      detach(copier, range, range.start + mapped.offset, false);
    } catch (error) {
      failure ??= { error };
    }
  }
  return failure;
}

/** An implicit map may reach beyond the range on both sides: what is there is copied. */
function copyBackItem(copier: Copier, range: MappedRange, { offset, length }: MappedItem): void {
  if (range.owner === null) {
    throw new OffloadError("ERR_OFFLOAD_HOST_MEMORY", "there is no buffer for what is to be copied back");
  }
  // Of a map around what is there, the part that is there: libgomp reads and writes before it.
  const from = range.start + Math.max(0, offset);
  copier.copyFrom(bytesAt(range.owner, from, length), range.deviceAddress(from));
}
