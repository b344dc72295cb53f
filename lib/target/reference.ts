/**
 * References to mapped ranges. A construct of OpenMP counts once, however often it names a range, and members of a struct are counted
 * together; OpenACC counts every time (serial 0).
 *
 * Source: target.c (gomp_increment_refcount, gomp_decrement_refcount) of GCC 12 to 17; OpenMP 5.0, 2.19.7.1.
 *
 * @packageDocumentation
 */
import type { MappedRange } from "./mapped_range.js";

/** Whether the reference has been counted, and is to be given back. */
export function retain({ count }: MappedRange, serial: number): boolean {
  if (count.value === Number.POSITIVE_INFINITY) return false;
  if (serial !== 0) {
    if (count.seen === serial) return false;
    count.seen = serial;
  }
  count.value++;
  return true;
}

/** What giving a reference back leads to. */
export const RELEASED = {
  /** Others hold the range. */
  KEPT: 0,
  /** It goes with this construct, which has been noticed before: another item of the same range, or of the same struct. */
  COPY: 1,
  /** It goes now. */
  REMOVE: 2,
} as const;

export function release({ count }: MappedRange, serial: number, all = false): number {
  if (count.value === Number.POSITIVE_INFINITY) return RELEASED.KEPT;
  const before = count.value;
  if (serial !== 0 && count.seen === serial) return before === 0 ? RELEASED.COPY : RELEASED.KEPT;
  if (serial !== 0) count.seen = serial;
  if (all) count.value = 0;
  else if (before > 0) count.value--;
  return count.value === 0 && before > 0 ? RELEASED.REMOVE : RELEASED.KEPT;
}
