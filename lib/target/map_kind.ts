/**
 * Map kinds: how an item of a construct's map list is mapped, as compiled code says it in 16 bits: the kind in the low byte, the binary
 * logarithm of the alignment in the high one.
 *
 * Source: include/gomp-constants.h (enum gomp_map_kind) of GCC 12 to 17.
 *
 * @packageDocumentation
 */

export const MAP = {
  ALLOC: 0,
  TO: 1,
  FROM: 2,
  TOFROM: 3,
  /** The bytes are a pointer, which the device's copy gets translated; `size` is the bias of what it points to. */
  POINTER: 4,
  /** A descriptor of pointers, which follow as POINTER. */
  TO_PSET: 5,
  FORCE_PRESENT: 6,
  DELETE: 7,
  FORCE_DEVICEPTR: 8,
  IF_PRESENT: 11,
  FIRSTPRIVATE: 12,
  /** The value itself stands in place of the address. */
  FIRSTPRIVATE_INT: 13,
  USE_DEVICE_PTR: 14,
  ZERO_LEN_ARRAY_SECTION: 15,
  USE_DEVICE_PTR_IF_PRESENT: 16,
  ALWAYS_TO: 17,
  ALWAYS_FROM: 18,
  ALWAYS_TOFROM: 19,
  RELEASE: 23,
  /** As many members follow as `size` says, by rising addresses; they are mapped as one. */
  STRUCT: 28,
  ALWAYS_POINTER: 29,
  POINTER_TO_ZERO_LENGTH_ARRAY_SECTION: 30,
  DELETE_ZERO_LEN_ARRAY_SECTION: 31,
  ATTACH: 80,
  DETACH: 81,
  ATTACH_ZERO_LENGTH_ARRAY_SECTION: 82,
  /** As STRUCT, the members in any order. */
  STRUCT_UNORD: 92,
  /** A part of an array that is not contiguous, for `target update`. No compiler's number. */
  BOX: 125,
  FORCE_ALLOC: 128,
  FORCE_TO: 129,
  FORCE_FROM: 130,
  FORCE_TOFROM: 131,
  ALWAYS_PRESENT_TO: 149,
  ALWAYS_PRESENT_FROM: 150,
  ALWAYS_PRESENT_TOFROM: 151,
  FORCE_DETACH: 209,
} as const;

/** The flag of maps that the compiler adds by itself, two bits, and all the bits by which it is unlike any other kind. */
const IMPLICIT = 0x60;
const SPECIAL_BITS = 0x7c;
const FORCE = 0x80;
const SPECIAL = 0x0c;
const COPY_TO = 1;
const COPY_FROM = 2;

const NAMES = new Map<number, string>(Object.entries(MAP).map(([name, kind]) => [kind, name]));

/** "TOFROM", for messages. */
export const kindName = (kind: number): string => NAMES.get(kind) ?? `kind ${kind}`;

export const isImplicit = (raw: number): boolean => (raw & SPECIAL_BITS) === IMPLICIT;

/** The kind without alignment and the implicit flag. */
export const kindOf = (raw: number): number => (isImplicit(raw) ? raw & 0xff & ~IMPLICIT : raw & 0xff);

/** In bytes. */
export const alignmentOf = (raw: number): number => 2 ** ((raw >>> 8) & 0xff);

/** Kinds of pointers: 8 bytes each, whatever `size` says. */
export const isPointer = (kind: number): boolean =>
  kind === MAP.POINTER || kind === MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION;

export const isStruct = (kind: number): boolean => kind === MAP.STRUCT || kind === MAP.STRUCT_UNORD;

export const isAttach = (kind: number): boolean => kind === MAP.ATTACH || kind === MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION;

/** Kinds that must be there already. */
export const mustBePresent = (kind: number): boolean =>
  kind === MAP.FORCE_PRESENT || (kind >= MAP.ALWAYS_PRESENT_TO && kind <= MAP.ALWAYS_PRESENT_TOFROM);

export const isForce = (kind: number): boolean =>
  (kind & FORCE) !== 0 && !mustBePresent(kind) && kind !== MAP.FORCE_DETACH;

export const isAlwaysTo = (kind: number): boolean =>
  kind === MAP.ALWAYS_TO ||
  kind === MAP.ALWAYS_TOFROM ||
  kind === MAP.ALWAYS_PRESENT_TO ||
  kind === MAP.ALWAYS_PRESENT_TOFROM;

export const isAlwaysFrom = (kind: number): boolean =>
  kind === MAP.ALWAYS_FROM ||
  kind === MAP.ALWAYS_TOFROM ||
  kind === MAP.ALWAYS_PRESENT_FROM ||
  kind === MAP.ALWAYS_PRESENT_TOFROM;

/** Kinds in whose numbers the two lowest bits are the directions. */
const hasDirections = (kind: number): boolean => (kind & SPECIAL) === 0;

/** FROM, TOFROM, and their forms with FORCE and ALWAYS: copied back when the last reference goes; `target update from`. */
export const copiesFrom = (kind: number): boolean =>
  (hasDirections(kind) && (kind & COPY_FROM) !== 0) || isAlwaysFrom(kind);

/** `target update to` */
export const updatesDevice = (kind: number): boolean =>
  (hasDirections(kind) && (kind & COPY_TO) !== 0) || isAlwaysTo(kind);

/** Kinds whose new copy on the device gets the host's bytes. */
export const copiesTo = (kind: number): boolean =>
  kind !== MAP.ALLOC &&
  kind !== MAP.FROM &&
  kind !== MAP.FORCE_ALLOC &&
  kind !== MAP.FORCE_FROM &&
  kind !== MAP.ALWAYS_FROM;
