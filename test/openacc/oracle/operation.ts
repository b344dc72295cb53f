/** Sequences of OpenACC operations on 32 slots of 8 bytes, as both libgomp and lib/openacc execute them. */

export const SLOT_BYTES = 8;
export const SLOTS = 32;
export const ARENA_BYTES = SLOTS * SLOT_BYTES;

/** Offsets and sizes in bytes. */
export interface Item {
  readonly kind: number;
  readonly offset: number;
  readonly size: number;
}

/** Constructs with lists, by the letters with which oracle.c reads them: enter data, exit data, the beginning of a data region, update. */
export type ListLetter = "e" | "x" | "b" | "u";
/**
 * Of the host: p pokes a value, w a pointer (an offset, or -1 for null). v: a value into the device's copy, where there is one. The
 * routines: i copyin, c create, o and O copyout, l and L delete (the capitals finalize), U and S update device and self, h attach, k and K
 * detach, m map_data, n unmap_data. d: the end of the last data region. r: each slot is deleted until it is gone, and how often that takes
 * is seen.
 */
export type PlainLetter =
  | "p"
  | "w"
  | "v"
  | "i"
  | "c"
  | "o"
  | "O"
  | "l"
  | "L"
  | "U"
  | "S"
  | "h"
  | "k"
  | "K"
  | "m"
  | "n"
  | "d"
  | "r";

/** In no queue; in one (A); in that of an async clause without an argument (N), and where that is the same one (D). */
export type Queued = "" | "A" | "N" | "D";

export type Operation =
  | {
      readonly what: ListLetter;
      readonly async: Queued;
      /** False: its `if` clause is not met. */
      readonly met: boolean;
      readonly items: readonly Item[];
    }
  | { readonly what: PlainLetter; readonly async: Queued; readonly offset: number; readonly second: number };

export interface Sequence {
  readonly seed: number;
  readonly operations: readonly Operation[];
}

export const textOf = (operation: Operation): string => {
  const letters = operation.what + (operation.async || "-");
  if (!("items" in operation)) return `${letters} ${operation.offset} ${operation.second}`;
  const items = operation.items.map(({ kind, offset, size }) => `${kind} ${offset} ${size}`);
  return [operation.met ? letters : `${letters}F`, operation.items.length, ...items].join(" ");
};

/** Slots hold marked numbers; these are their lower halves. */
export const patternOf = (slot: number, seed: number): number => ((seed & 0xffff) << 8) | slot;
