/**
 * A construct's map list as compiled code hands it to libgomp: arrays of addresses, sizes and kinds.
 *
 * Source: target.c (GOMP_target_ext, GOMP_target_enter_exit_data, gomp_exit_data) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import { isExitKind } from "../../target/exit_data.js";
import { snapshot } from "../../target/map.js";
import type { MapItem } from "../../target/map_item.js";
import { copiesFrom, isAttach, isPointer, isStruct, kindName, kindOf, MAP } from "../../target/map_kind.js";
import type { Pointer, Section } from "./driver.js";
import { kindSince, type Release } from "./release.js";

export type Construct = "target" | "data" | "enter" | "exit" | "update";

export interface MapArrays {
  /** Private copies as they are now. */
  readonly items: readonly MapItem[];
  readonly addresses: readonly Pointer[];
  readonly sizes: BigUint64Array;
  readonly kinds: Uint16Array;
  /** Host memory that is named, and that of it which may be copied back. */
  readonly reads: readonly Section[];
  readonly writes: readonly Section[];
}

/** @throws OffloadError `ERR_OFFLOAD_MAP_KIND` for what the construct or the release does not take: libgomp would end the process. */
export function mapArrays(given: readonly MapItem[], construct: Construct, release: Release): MapArrays {
  const items = given.map(snapshot);
  const kinds = Uint16Array.from(items, (item) => kindFor(item, construct));
  for (const raw of kinds) mustBeKnown(kindOf(raw), construct, release);
  const sections = items.map(sectionOf);
  const some = (wanted: (item: MapItem, i: number) => boolean): Section[] =>
    sections.filter((section, i) => section !== null && wanted(items[i] as MapItem, i)) as Section[];
  return {
    items,
    addresses: items.map(({ owner, address }) => (owner === null ? address : { owner, address })),
    sizes: BigUint64Array.from(items, ({ size }) => BigInt.asUintN(64, BigInt(size))),
    kinds,
    reads: some(() => true),
    writes: some((_, i) => copiesFrom(kindOf(kinds[i] as number))),
  };
}

/** In updates `present` has a direction. */
const kindFor = ({ kind, updateKind, box }: MapItem, construct: Construct): number =>
  construct === "update" && box === undefined ? (updateKind ?? kind) : kind;

function mustBeKnown(kind: number, construct: Construct, release: Release): void {
  const since = kindSince(kind);
  if (since === null || since > release) {
    const first = since === null ? "no libgomp does" : `libgomp of GCC ${since} does`;
    throw kindError(`libgomp of GCC ${release} takes no items of kind ${kindName(kind)}: ${first}`);
  }
  if (construct === "exit" && !isExitKind(kind)) {
    throw kindError(`target exit data does not take items of kind ${kindName(kind)}`);
  }
}

const kindError = (message: string): OffloadError => new OffloadError("ERR_OFFLOAD_MAP_KIND", message);

/** The bytes that an item names; of pointers the pointer's own. */
function sectionOf({ kind: raw, owner, address, size }: MapItem): Section | null {
  const kind = kindOf(raw);
  if (owner === null || isStruct(kind)) return null;
  const bytes = isPointer(kind) || isAttach(kind) || kind === MAP.DETACH ? 8 : size;
  return bytes > 0 ? { owner, address, bytes } : null;
}

/** Items whose meaning is in pointers that lie in host memory. */
export const usesHostPointers = ({ kind: raw }: MapItem): boolean => {
  const kind = kindOf(raw);
  return (
    isPointer(kind) ||
    isAttach(kind) ||
    isStruct(kind) ||
    kind === MAP.TO_PSET ||
    kind === MAP.ALWAYS_POINTER ||
    kind === MAP.DETACH ||
    kind === MAP.FORCE_DETACH
  );
};
