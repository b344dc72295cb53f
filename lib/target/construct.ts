/**
 * A construct while its items are mapped: what the steps of `mapVars` hand on to each other.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import type { Session, TargetVarTable } from "../plugin/index.js";
import type { Write } from "./attach.js";
import type { Coalescing } from "./coalescing.js";
import type { Copier } from "./copier.js";
import { POINTER_BYTES } from "./host_memory.js";
import type { MapItem } from "./map_item.js";
import { isPointer, kindName, kindOf, MAP } from "./map_kind.js";
import type { Mapping } from "./mapping.js";
import type { TargetDevice } from "./target_device.js";

export class Construct {
  /** Items that `insert` has to look at, by index. */
  readonly pending: number[] = [];
  /** Descriptors that are there, and how many pointers behind them are translated anew. */
  readonly descriptors = new Map<number, number>();
  /** Items that will be new, unless an item before them maps the same. */
  newItems = 0;
  privateBytes = 0;
  privateAlignment = 1;
  /** Private copies lie behind the words of the session's table, and not in the block. */
  privateInTable = false;
  /** The session's, where it has one of its own. */
  table: TargetVarTable | null = null;
  coalescing: Coalescing | null = null;
  /** Where the last pointer that was always translated lies on the device: the next one of a chain points there. */
  lastPointer = 0;

  constructor(
    readonly device: TargetDevice,
    readonly items: readonly MapItem[],
    readonly mapping: Mapping,
    readonly session: Session | null,
    readonly copier: Copier,
  ) {}

  item(i: number): MapItem {
    return this.items[i] as MapItem;
  }

  /** Of a struct: from its own address, or its lowest member, to the end of its last. */
  extent(i: number): readonly [number, number] {
    const item = this.item(i);
    if (kindOf(item.kind) === MAP.STRUCT) {
      const last = this.item(i + item.size);
      return [item.address, last.address + last.size];
    }
    let [start, end] = [item.address, item.address];
    for (let member = i + 1; member <= i + item.size; member++) {
      const { address, size } = this.item(member);
      start = Math.min(start, address);
      end = Math.max(end, address + size);
    }
    return [start, end];
  }

  /** Whether an item is a pointer inside of a descriptor before it. */
  isPointerIn(j: number, start: number, end: number): boolean {
    const item = this.items[j];
    if (item === undefined) return false;
    const kind = kindOf(item.kind);
    if (!isPointer(kind) && kind !== MAP.ALWAYS_POINTER) return false;
    return item.address >= start && item.address + POINTER_BYTES <= end;
  }

  /** To the new block by way of what is copied together, and anywhere else at once. */
  readonly write: Write = (address, bytes) => {
    const { block } = this.mapping;
    if (block !== null && this.coalescing?.write(address - block.start, bytes)) return;
    this.copier.copyTo(address, bytes);
  };
}

/** The end of an item's range. */
export const endOf = (item: MapItem, kind: number): number =>
  item.address + (isPointer(kind) ? POINTER_BYTES : item.size);

export const span = (start: number, end: number): string => `[${hex(start)}, ${hex(end)})`;

export const cannotBeMapped = (kind: number): OffloadError =>
  new OffloadError(
    "ERR_OFFLOAD_MAP_KIND",
    kind === MAP.BOX
      ? "a box can be updated, and not be mapped: map the array, or the rows of it that are to be there"
      : `an item of kind ${kindName(kind)} cannot be mapped by this construct`,
  );

export const noMemory = (item: MapItem): OffloadError =>
  new OffloadError(
    "ERR_OFFLOAD_HOST_MEMORY",
    `there is no buffer for the host's memory at ${hex(item.address)}, and it is to be copied`,
  );
