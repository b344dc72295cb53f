/** Boxes that are copied between arrays of any number of dimensions (omp_target_memcpy_rect). */
import { OffloadError } from "../errors.js";
import { options as checkedOptions, describe, integer, invalidType } from "../validate.js";
import type { Mappable } from "./map.js";

/** An address of a device's, or memory of the host's. */
export type MemoryPlace = number | Mappable;

/** One side of a copy: offsets and the whole array's dimensions, in elements. */
export interface ArrayPlace {
  readonly at: MemoryPlace;
  readonly device: number;
  readonly offsets: readonly number[];
  readonly dimensions: readonly number[];
}

/** One side of a copy of bytes. */
export interface BytePlace {
  readonly at: MemoryPlace;
  readonly device: number;
  /** Bytes. */
  readonly offset?: number;
}

/** A box, and where it lies on both sides: numbers that have been looked at. */
export interface ArrayCopy {
  readonly element: number;
  readonly volume: readonly number[];
  readonly destination: ArrayPlace;
  readonly source: ArrayPlace;
}

/** A list of integers as it is now. */
export function integers(name: string, list: unknown): number[] {
  if (!Array.isArray(list)) throw invalidType(name, "an array of integers", list);
  return Array.from(list, (value, i) => integer(`${name}[${i}]`, value));
}

/** @throws OffloadError `ERR_OFFLOAD_ADDRESS` where the box does not lie in both arrays. */
export function arrayCopy(element: number, volume: readonly number[], to: ArrayPlace, from: ArrayPlace): ArrayCopy {
  const box = integers("volume", volume);
  return {
    element: integer("elementBytes", element, 1),
    volume: box,
    destination: arrayPlace("destination", to, box),
    source: arrayPlace("source", from, box),
  };
}

function arrayPlace(name: string, place: ArrayPlace, volume: readonly number[]): ArrayPlace {
  const { at, device, ...lists } = checkedOptions(name, place, ["at", "device", "offsets", "dimensions"]);
  const offsets = integers(`${name}.offsets`, lists.offsets);
  const dimensions = integers(`${name}.dimensions`, lists.dimensions);
  const rank = volume.length;
  if (offsets.length !== rank || dimensions.length !== rank || rank === 0) {
    throw new OffloadError(
      "ERR_OFFLOAD_ADDRESS",
      `a box of ${rank} dimensions has ${offsets.length} offsets in ${dimensions.length} dimensions`,
    );
  }
  for (const [i, size] of volume.entries()) {
    const end = (offsets[i] as number) + size;
    if (end > (dimensions[i] as number)) {
      throw new OffloadError("ERR_OFFLOAD_ADDRESS", `dimension ${i} of the box ends at ${end} of ${dimensions[i]}`);
    }
  }
  return { at: mustBePlace(name, at), device, offsets, dimensions };
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function bytePlace(name: string, place: BytePlace): Required<BytePlace> {
  const { at, device, offset = 0 } = checkedOptions(name, place, ["at", "device", "offset"]);
  return { at: mustBePlace(name, at), device, offset: integer(`${name}.offset`, offset) };
}

function mustBePlace(name: string, at: MemoryPlace): MemoryPlace {
  if (typeof at === "number") return integer(`${name}.at`, at);
  if (ArrayBuffer.isView(at) || at instanceof ArrayBuffer || at instanceof SharedArrayBuffer) return at;
  throw new OffloadError("ERR_OFFLOAD_ADDRESS", `${name}.at is an address or host memory, not ${describe(at)}`);
}
