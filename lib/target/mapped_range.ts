/**
 * What the device memory table holds: a range of host memory and its copy on the device (struct splay_tree_key_s), which lies in a block
 * (struct target_mem_desc) that was allocated for one construct.
 *
 * @packageDocumentation
 */
import { POINTER_BYTES } from "./host_memory.js";

/** A device allocation; freed when nothing uses it. */
export class DeviceBlock {
  /** The mapping that made it, and each range in it. */
  uses = 1;

  constructor(
    /** As allocated. */
    readonly allocation: number,
    /** Aligned. */
    readonly start: number,
  ) {}
}

/** Counts the constructs that hold a range. Members of a struct share one. */
export class RefCount {
  /** The construct that has counted last: one counts once, however often it names the range. */
  seen = 0;
  constructor(public value: number) {}
}

export class MappedRange {
  /** Null: nothing was allocated for it (variables of images, associated pointers). */
  readonly block: DeviceBlock | null;
  /** Of the device's copy. */
  readonly address: number;
  readonly count: RefCount;
  /** All members of the struct that it was mapped with, itself among them. */
  siblings: readonly MappedRange[] | null = null;
  /** `declare target link`: where the device's pointer to the variable lies, while nothing is mapped there. */
  readonly isLink: boolean;
  /** The link that it has taken the place of. */
  replaces: MappedRange | null = null;
  /** By 8-byte slots: how often the pointer there has been attached. */
  attached: Uint32Array | null = null;
  /** Of a descriptor: one of its pointers was null when it was mapped first; later constructs do not change that. */
  hasNullPointer = false;
  /** How many of the references are of OpenACC's dynamic lifetimes. */
  dynamicCount = 0;
  alive = true;
  /** Its references were taken from those who held them: launches under way may still use it. */
  deleted = false;

  constructor(
    /** Host addresses, the end exclusive. */
    readonly start: number,
    readonly end: number,
    /** Kept alive; null where nothing is ever copied. */
    readonly owner: ArrayBufferLike | null,
    place: { readonly block: DeviceBlock | null; readonly address: number },
    count: RefCount | number = 0,
    isLink = false,
  ) {
    this.block = place.block;
    this.address = place.address;
    this.count = typeof count === "number" ? new RefCount(count) : count;
    this.isLink = isLink;
  }

  /** The device's address for one of the host's. */
  deviceAddress(hostAddress: number): number {
    return this.address + (hostAddress - this.start);
  }
  holds(start: number, end: number): boolean {
    return this.start <= start && end <= this.end;
  }

  /** Of the 8-byte slot in which a pointer lies. */
  slotOf(hostAddress: number): number {
    return Math.floor((hostAddress - this.start) / POINTER_BYTES);
  }
  get slots(): number {
    return Math.ceil((this.end - this.start) / POINTER_BYTES);
  }
}
