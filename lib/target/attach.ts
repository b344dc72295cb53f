/**
 * Pointers in mapped memory that point to mapped memory: attaching stores the device's address in the device's copy, once for the first
 * of several, and detaching the host's, with the last.
 *
 * Source: target.c (gomp_attach_pointer, gomp_detach_pointer, gomp_map_pointer) of GCC 12 to 17; OpenACC 2.7, 2.6.4.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import type { Copier } from "./copier.js";
import { bytesAt, POINTER_BYTES, pointerBytes, readPointer } from "./host_memory.js";
import type { MappedRange } from "./mapped_range.js";
import type { TargetDevice } from "./target_device.js";

/** Where bytes for the device go: to it, or into what is copied to it together. */
export type Write = (address: number, bytes: Uint8Array) => void;

/** What the device's copy of a pointer gets. Null stays null. @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED` */
export function translated(device: TargetDevice, pointer: number, bias: number, mayMiss: boolean): number {
  if (pointer === 0) return 0;
  const target = pointer + bias;
  const found = device.table.lookup(target, target);
  if (found !== null) return found.deviceAddress(target) - bias;
  if (mayMiss) return device.missingIsNull ? 0 : pointer;
  throw new OffloadError(
    "ERR_OFFLOAD_NOT_MAPPED",
    `the pointer ${hex(pointer)} of a mapped section points to ${hex(target)}, which is not mapped`,
  );
}

/** @param slot - the pointer's host address. @throws OffloadError `ERR_OFFLOAD_ATTACH`, `ERR_OFFLOAD_NOT_MAPPED` */
export function attach(
  device: TargetDevice,
  range: MappedRange,
  slot: number,
  bias: number,
  mayMiss: boolean,
  write: Write,
): void {
  mustLieIn(range, slot, "attached");
  const index = range.slotOf(slot);
  if ((range.attached?.[index] ?? 0) === 0) {
    if (range.owner === null) throw cannot("attached", slot, "nothing is known of the host's memory there");
    const pointer = readPointer(range.owner, slot);
    if (pointer === 0) throw cannot("attached", slot, "it is null");
    const found = device.table.find(pointer + bias, pointer + bias + 1);
    if (found === null && !mayMiss) {
      throw new OffloadError(
        "ERR_OFFLOAD_NOT_MAPPED",
        `the pointer at ${hex(slot)} cannot be attached: ${hex(pointer + bias)}, to which it points, is not mapped`,
      );
    }
    write(range.deviceAddress(slot), pointerBytes(found === null ? 0 : found.deviceAddress(pointer)));
  }
  range.attached ??= new Uint32Array(range.slots);
  range.attached[index] = (range.attached[index] as number) + 1;
}

/** @param all - however often it has been attached. @throws OffloadError `ERR_OFFLOAD_ATTACH` */
export function detach(copier: Copier, range: MappedRange, slot: number, all: boolean): void {
  mustLieIn(range, slot, "detached");
  const index = range.slotOf(slot);
  const { attached } = range;
  if (attached === null) throw cannot("detached", slot, "nothing has been attached in its range");
  if (all) attached[index] = 1;
  const count = attached[index] as number;
  if (count === 0) throw cannot("detached", slot, "it is not attached");
  attached[index] = count - 1;
  if (count === 1 && range.owner !== null) {
    copier.copyTo(range.deviceAddress(slot), bytesAt(range.owner, slot, POINTER_BYTES).slice());
  }
}

/** Throws where detaching these pointers, one after the other, would: before anything is done. */
export function mustBeAttached(pointers: readonly { readonly range: MappedRange; slot: number; all: boolean }[]): void {
  const left = new Map<number, number>();
  for (const { range, slot, all } of pointers) {
    mustLieIn(range, slot, "detached");
    const { attached } = range;
    if (attached === null) throw cannot("detached", slot, "nothing has been attached in its range");
    // Slots lie apart by their ranges and indices.
    const place = range.start + POINTER_BYTES * range.slotOf(slot);
    const count = left.get(place) ?? (attached[range.slotOf(slot)] as number);
    if (count === 0 && !all) throw cannot("detached", slot, "it is not attached");
    left.set(place, all ? 0 : count - 1);
  }
}

/** Takes an attachment back that its construct did not survive. */
export function undoAttach(copier: Copier, range: MappedRange, slot: number): void {
  const index = range.slotOf(slot);
  if (range.attached === null || range.owner === null) return;
  range.attached[index] = (range.attached[index] as number) - 1;
  if (range.attached[index] !== 0) return;
  copier.copyTo(range.deviceAddress(slot), bytesAt(range.owner, slot, POINTER_BYTES));
}

/** Calls `copy` for each part of a range that no attached pointer lies in: those are the device's own. */
export function aroundAttached(
  range: MappedRange,
  start: number,
  end: number,
  copy: (start: number, end: number) => void,
): void {
  const { attached } = range;
  if (attached === null) {
    copy(start, end);
    return;
  }
  let from = start;
  for (let at = start; at < end; ) {
    const index = range.slotOf(at);
    const next = Math.min(end, range.start + 8 * (index + 1));
    if (attached[index] !== 0) {
      if (from < at) copy(from, at);
      from = next;
    }
    at = next;
  }
  if (from < end) copy(from, end);
}

/** libgomp counts and writes outside of the range otherwise. */
function mustLieIn(range: MappedRange, slot: number, what: string): void {
  if (!range.holds(slot, slot + POINTER_BYTES)) throw cannot(what, slot, "only a part of it is mapped");
}

const cannot = (what: string, slot: number, why: string): OffloadError =>
  new OffloadError("ERR_OFFLOAD_ATTACH", `the pointer at ${hex(slot)} cannot be ${what}: ${why}`);
