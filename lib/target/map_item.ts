import type { Box } from "./box.js";

/** One item of a construct's map list, as compiled code hands it to libgomp. */
export interface MapItem {
  /** 16 bits: kind, implicit flag and alignment (map_kind.ts). */
  readonly kind: number;
  /** The host's address; of FIRSTPRIVATE_INT the value itself; 0 is null. */
  readonly address: number;
  /** Bytes; of pointers the bias, of structs the number of members. */
  readonly size: number;
  /** The buffer in which the address lies; null where there is none to read. */
  readonly owner: ArrayBufferLike | null;
  /** What the host's own functions get for it, in a fallback and on devices that share the host's memory. */
  readonly value?: unknown;
  /** The kind that `target update` takes it for, where that is another: `present` has a direction there. */
  readonly updateKind?: number;
  /** Of BOX: the part of the array at `address`. */
  readonly box?: Box;
}
