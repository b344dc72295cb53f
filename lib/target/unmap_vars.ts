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
import { bytesAt } from "./host_memory.js";
import type { MappedRange } from "./mapped_range.js";
import type { MappedItem, Mapping } from "./mapping.js";
import { RELEASED, release } from "./reference.js";
import type { TargetDevice } from "./target_device.js";

/**
 * @param copyBack - false where the construct failed: the host keeps its own bytes.
 * @throws what copying back failed with, the first of several; everything has been unmapped all the same.
 */
export function unmapVars(device: TargetDevice, mapping: Mapping, copyBack = true): void {
  let failure: { readonly error: unknown } | undefined;
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      failure ??= { error };
    }
  };
  const serial = mapping.serial === 0 ? 0 : device.nextSerial();
  const { count } = mapping;
  for (let i = 0; i < count; i++) {
    const mapped = mapping.item(i);
    const { range } = mapped;
    if (mapped.isAttach && range?.alive) {
      attempt(() => detach(device, range, range.start + mapped.offset, false));
    }
  }
  for (let i = 0; i < count; i++) {
    const mapped = mapping.item(i);
    const { range } = mapped;
    if (range === null || mapped.isAttach) continue;
    const then = range.alive ? release(range, serial) : RELEASED.KEPT;
    if (copyBack && ((then !== RELEASED.KEPT && mapped.copyFrom) || (mapped.alwaysCopyFrom && range.alive))) {
      attempt(() => copyBackItem(device, range, mapped));
    }
    if (then === RELEASED.REMOVE) device.removeRange(range);
  }
  if (mapping.block !== null) device.releaseBlock(mapping.block);
  device.giveMapping(mapping);
  if (failure !== undefined) throw failure.error;
}

function copyBackItem(device: TargetDevice, range: MappedRange, mapped: MappedItem): void {
  if (range.owner === null) {
    throw new OffloadError("ERR_OFFLOAD_HOST_MEMORY", "there is no buffer for what is to be copied back");
  }
  const from = range.start + mapped.offset;
  device.copyFrom(bytesAt(range.owner, from, mapped.length), range.deviceAddress(from));
}
