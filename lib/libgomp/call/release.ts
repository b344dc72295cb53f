/**
 * Which GCC a libgomp comes from, told by its symbols, and what that means for images.
 *
 * Source: libgomp.map and target.c of GCC 12 to 17, mkoffload.cc of theirs.
 *
 * @packageDocumentation
 */
import { MAP } from "../../target/map_kind.js";
import { familyOf } from "../plugin_library.js";

/** 17: with sessions. */
export type Release = 12 | 13 | 14 | 15 | 16 | 17;

/** GCC 14 and 15 look for the same plugin functions, all that a plugin needs; the newer one tells devices' names. */
const OF_15 = "omp_get_uid_from_device";

/**
 * @param functions - those of `native/addon/libgomp_entry_points.def` that it has.
 * @throws OffloadError `ERR_OFFLOAD_PLUGIN` for a library that is no libgomp with plugins.
 */
export function releaseOf(file: string, functions: ReadonlySet<string>): Release {
  const family = familyOf(file);
  return family === 14 && functions.has(OF_15) ? 15 : family;
}

/** libgomp's version in the upper half, the device's in the lower, and how the image's descriptor is laid out. */
export interface ImageVersion {
  readonly version: number;
  readonly countsIndirect: boolean;
}

const pack = (library: number, device: number): number => library * 65536 + device;

/**
 * For an image of GCC 12's kernels, or of newer ones: null where this release does not load it. libgomp takes registrations of earlier
 * releases as they were.
 */
export function imageVersion(release: Release, abi: string): ImageVersion | null {
  if (abi === "gcc-12") return { version: pack(1, 2), countsIndirect: false };
  if (abi !== "gcc-13" || release === 12) return null;
  if (release === 13) return { version: pack(2, 3), countsIndirect: false };
  return { version: pack(release === 17 ? 4 : 3, 3), countsIndirect: true };
}

/** Kinds that came later than GCC 12, by the first release that has them; what is newer than the library it takes for something else. */
const SINCE: ReadonlyMap<number, Release> = new Map([
  [MAP.ALWAYS_PRESENT_TO, 14],
  [MAP.ALWAYS_PRESENT_FROM, 14],
  [MAP.ALWAYS_PRESENT_TOFROM, 14],
  [MAP.STRUCT_UNORD, 15],
]);

/** The first release that knows a map kind; null: none does. */
export const kindSince = (kind: number): Release | null => (kind === MAP.BOX ? null : (SINCE.get(kind) ?? 12));
