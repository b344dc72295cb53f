/** Which items constructs take: others are refused before anything is done. Source: OpenACC 3.0, 2.7. */
import { OffloadError } from "../errors.js";
import type { MapItem } from "../target/map_item.js";
import { kindName, kindOf, MAP } from "../target/map_kind.js";

/** Of `enter data`. */
export const ENTERS: ReadonlySet<number> = new Set([
  MAP.ALLOC,
  MAP.TO,
  MAP.FORCE_ALLOC,
  MAP.FORCE_TO,
  MAP.FORCE_PRESENT,
  MAP.TO_PSET,
  MAP.POINTER,
  MAP.ALWAYS_POINTER,
  MAP.STRUCT,
  MAP.STRUCT_UNORD,
  MAP.ATTACH,
  MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION,
]);
/** Of `host_data`. */
export const USES_DEVICE: ReadonlySet<number> = new Set([MAP.USE_DEVICE_PTR, MAP.USE_DEVICE_PTR_IF_PRESENT]);
/** Of `exit data` alone: libgomp takes them for others where something is there. */
const LEAVES: ReadonlySet<number> = new Set([
  MAP.RELEASE,
  MAP.DELETE,
  MAP.DELETE_ZERO_LEN_ARRAY_SECTION,
  MAP.DETACH,
  MAP.FORCE_DETACH,
]);

/** @throws OffloadError `ERR_OFFLOAD_MAP_KIND` */
export function mustTake(construct: string, items: readonly MapItem[], kinds: ReadonlySet<number>): void {
  for (const { kind } of items) if (!kinds.has(kindOf(kind))) throw notTaken(construct, kind);
}
/** Of data and compute constructs. @throws OffloadError `ERR_OFFLOAD_MAP_KIND` */
export function mustMap(construct: string, items: readonly MapItem[]): void {
  for (const { kind } of items) if (LEAVES.has(kindOf(kind))) throw notTaken(construct, kind);
}

const notTaken = (construct: string, kind: number): OffloadError =>
  new OffloadError("ERR_OFFLOAD_MAP_KIND", `${construct} does not take items of kind ${kindName(kindOf(kind))}`);
