/** What one construct has mapped (the list of struct target_mem_desc): kept until its end, and used again. */
import type { MapItem } from "./map_item.js";
import type { DeviceBlock, MappedRange } from "./mapped_range.js";

/** How an item's value for the device comes about, where it has no range. */
export const VALUE = {
  /** The item's own address, or value. */
  INLINE: 0,
  /** Null. */
  NULL: 1,
  /** By the first member that follows. */
  STRUCT: 2,
  /** `offset` is the device's address. */
  ADDRESS: 3,
} as const;

/** An item that has been mapped (struct target_var_desc). */
export class MappedItem {
  range: MappedRange | null = null;
  value: number = VALUE.INLINE;
  /** Into the range; or the address. */
  offset = 0;
  length = 0;
  copyFrom = false;
  alwaysCopyFrom = false;
  isAttach = false;
  /** It holds a reference to the range, to be given back. */
  counted = false;

  reset(value: number, offset = 0): void {
    this.range = null;
    this.value = value;
    this.offset = offset;
    this.length = 0;
    this.copyFrom = false;
    this.alwaysCopyFrom = false;
    this.isAttach = false;
    this.counted = false;
  }
}

export class Mapping {
  readonly items: MappedItem[] = [];
  /** Items of this construct; there may be more, of earlier ones. */
  count = 0;
  block: DeviceBlock | null = null;
  /** Some of the items attach pointers. */
  attaches = false;
  /** The construct's number, by which it counts. */
  serial = 0;

  begin(count: number, serial: number): void {
    while (this.items.length < count) this.items.push(new MappedItem());
    this.count = count;
    this.block = null;
    this.attaches = false;
    this.serial = serial;
  }

  item(i: number): MappedItem {
    return this.items[i] as MappedItem;
  }

  /** What device code finds for an item of the construct's list (gomp_map_val). */
  value(list: readonly MapItem[], i: number): number {
    const { range, value, offset } = this.item(i);
    if (range !== null) return range.address + offset;
    switch (value) {
      case VALUE.INLINE:
        return (list[i] as MapItem).address;
      case VALUE.STRUCT:
        return this.value(list, i + 1) + (list[i] as MapItem).address - (list[i + 1] as MapItem).address;
      case VALUE.ADDRESS:
        return offset;
      default:
        return 0;
    }
  }
}
