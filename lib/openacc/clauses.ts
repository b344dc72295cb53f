/**
 * OpenACC's data clauses as functions, to be listed in the order of the function's arguments, as its compiler had them.
 *
 *     parallel(fn, [clause.copyin(x), clause.copy(y), clause.firstprivate(i32(n))])
 *
 * Source: OpenACC 3.0, 2.7 (data clauses), 2.14.4 (update); the kinds, as GCC 12 compiles the clauses.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import { pointerBytes } from "../target/host_memory.js";
import { type Mappable, map, type TypedValue } from "../target/map.js";
import type { MapItem } from "../target/map_item.js";
import { kindOf, MAP } from "../target/map_kind.js";
import { describe, integer } from "../validate.js";

/** The same item, of another kind: alignment stays. */
export const ofKind = ({ kind, address, size, owner, value }: MapItem, other: number): MapItem => ({
  kind: kind - kindOf(kind) + other,
  address,
  size,
  owner,
  value,
});

const updateSelf = (memory: Mappable): MapItem => ofKind(map.from(memory), MAP.FORCE_FROM);

export const clause = {
  /** Copied to the device, and back, unless it is there. */
  copy: (memory: Mappable): MapItem => map.tofrom(memory),
  copyin: (memory: Mappable): MapItem => map.to(memory),
  /** Copied back when nobody holds it any longer: of compute and data constructs, and of `exitData`. */
  copyout: (memory: Mappable): MapItem => map.from(memory),
  create: (memory: Mappable): MapItem => map.alloc(memory),
  present: (memory: Mappable): MapItem => map.alloc(memory, { present: true }),
  /** The device's address where it is there; else the host's (`TargetDeviceOptions.missing`). */
  noCreate: (memory: Mappable): MapItem => ofKind(map.alloc(memory), MAP.IF_PRESENT),
  /** An address of the device's (acc_malloc): the region has a pointer variable with it. */
  deviceptr: (address: number): MapItem => ({
    ...map.firstprivate(pointerBytes(integer("address", address))),
    value: address,
  }),
  /** A copy of its own for the construct, of now; compiled code finds its address in the table, also of an integer's. */
  firstprivate(value: TypedValue | Mappable): MapItem {
    if (typeof value === "object" && value !== null) return map.firstprivate(value);
    throw new OffloadError(
      "ERR_OFFLOAD_MAP_KIND",
      `firstprivate(${describe(value)}) has no size: say i32() or f64(), as the region's variable is declared`,
    );
  },
  /** Of `exitData`: one dynamic reference less. */
  delete: map.release,
  /** The pointer in these 8 bytes points to memory that is there: the device's copy of it gets the device's address. */
  attach: map.attach,
  /** Of `exitData` */
  detach: map.detach,
  /** Of `update`: back to the host. */
  self: updateSelf,
  /** Another name for `self`. */
  host: updateSelf,
  /** Of `update`: to the device. */
  device: (memory: Mappable): MapItem => ofKind(map.to(memory), MAP.FORCE_TO),
  /** Of `hostData`: the device's address, the item's own in `DataRegion.addresses`. */
  useDevice: map.useDevicePtr,
} as const;

const FINALIZED: ReadonlyMap<number, number> = new Map([
  [MAP.FROM, MAP.FORCE_FROM],
  [MAP.RELEASE, MAP.DELETE],
  [MAP.DETACH, MAP.FORCE_DETACH],
]);
const IF_PRESENT: ReadonlyMap<number, number> = new Map([
  [MAP.FORCE_TO, MAP.TO],
  [MAP.FORCE_FROM, MAP.FROM],
  [MAP.USE_DEVICE_PTR, MAP.USE_DEVICE_PTR_IF_PRESENT],
]);

const replaced = (items: readonly MapItem[], kinds: ReadonlyMap<number, number>): readonly MapItem[] =>
  items.map((item) => {
    const other = kinds.get(kindOf(item.kind));
    return other === undefined ? item : ofKind(item, other);
  });

/** As exit data's `finalize` clause has them. */
export const finalized = (items: readonly MapItem[]): readonly MapItem[] => replaced(items, FINALIZED);
/** As the `if_present` clause of update and host_data has them. */
export const ifPresent = (items: readonly MapItem[]): readonly MapItem[] => replaced(items, IF_PRESENT);
