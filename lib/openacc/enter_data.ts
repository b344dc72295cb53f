/**
 * OpenACC's `enter data`, and acc_copyin and acc_create: dynamic lifetimes begin. Each item counts, also in its range's dynamic count: the
 * part of the references that `exit data` may take away.
 *
 * Unlike libgomp, what is there counts item by item: members of a struct each for themselves, where libgomp gives all references to one
 * of them; pointers and descriptors wherever they are found, where it knows them only beside the data that they were first mapped with.
 *
 * Source: oacc-mem.c (goacc_enter_data_internal, goacc_map_var_existing, find_group_last) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import { attach, undoAttach } from "../target/attach.js";
import type { Copier } from "../target/copier.js";
import { POINTER_BYTES } from "../target/host_memory.js";
import type { MapItem } from "../target/map_item.js";
import { isAttach, isPointer, isStruct, kindName, kindOf, MAP } from "../target/map_kind.js";
import { mapVars, unmapRefused } from "../target/map_vars.js";
import type { MappedRange } from "../target/mapped_range.js";
import type { Mapping } from "../target/mapping.js";
import { retain } from "../target/reference.js";
import type { TargetDevice } from "../target/target_device.js";
import { ENTERS, mustTake } from "./kinds.js";

/** Every item counts, however often it names a range. */
const EVERY = 0;

/** Items that are mapped together: all others one by one, so that each can go by itself. @throws OffloadError `ERR_OFFLOAD_MAP_KIND` */
function groups(items: readonly MapItem[]): MapItem[][] {
  mustTake("enter data", items, ENTERS);
  const all: MapItem[][] = [];
  for (let i = 0; i < items.length; ) {
    const count = groupAt(items, i);
    all.push(items.slice(i, i + count));
    i += count;
  }
  return all;
}

function groupAt(items: readonly MapItem[], i: number): number {
  const { kind: raw, size } = items[i] as MapItem;
  const kind = kindOf(raw);
  const kindAt = (j: number): number => (items[j] === undefined ? -1 : kindOf((items[j] as MapItem).kind));
  if (isStruct(kind)) return size + 1;
  if (kind === MAP.ATTACH) return 1;
  if (kind === MAP.POINTER || kind === MAP.ALWAYS_POINTER) {
    throw new OffloadError("ERR_OFFLOAD_MAP_KIND", `an item of kind ${kindName(kind)} stands behind what it points to`);
  }
  const next = kindAt(i + 1);
  if (isAttach(next) || (next === MAP.ALWAYS_POINTER && kind !== MAP.TO_PSET)) return 2;
  let count = 1;
  while (kindAt(i + count) === MAP.POINTER) count++;
  return count;
}

/**
 * @param copier - a queue's, for what is asynchronous; the memory is in the table when this returns in any case.
 * @throws OffloadError as `mapVars`; nothing has been mapped then.
 */
export function enterData(device: TargetDevice, items: readonly MapItem[], copier: Copier = device): void {
  if (device.sharesMemory) return;
  const entering = new Entering(device, copier);
  try {
    for (const group of groups(items)) entering.enter(group);
  } catch (error) {
    entering.undo();
    throw error;
  }
  entering.done();
}

class Entering {
  readonly #device: TargetDevice;
  readonly #copier: Copier;
  /** What has been done, to be undone in the other order. */
  readonly #undo: (() => void)[] = [];
  readonly #mappings: Mapping[] = [];

  constructor(device: TargetDevice, copier: Copier) {
    this.#device = device;
    this.#copier = copier;
  }

  enter(group: readonly MapItem[]): void {
    const first = group[0] as MapItem;
    // An optional argument that is not there.
    if (first.address === 0) return;
    const [start, end] = extentOf(group);
    const found = this.#device.table.find(start, end);
    if (found === null || found.isLink) this.#map(group);
    else if (isStruct(kindOf(first.kind))) this.#members(group, found);
    else for (const item of group) this.#existing(item, item === first);
  }

  #map(group: readonly MapItem[]): void {
    const mapping = mapVars(this.#device, group, "enter", EVERY, null, this.#copier);
    const counted: MappedRange[] = [];
    for (let i = 0; i < mapping.count; i++) {
      const { range, isAttach: attached } = mapping.item(i);
      if (range === null) continue;
      this.#copier.keep(range);
      if (attached) continue;
      range.dynamicCount++;
      counted.push(range);
    }
    this.#mappings.push(mapping);
    this.#undo.push(() => {
      for (const range of counted) range.dynamicCount--;
      unmapRefused(this.#device, group, mapping, this.#copier);
    });
  }

  /** Of a struct of which something is there: all of it has to be, and to have been mapped together. */
  #members(group: readonly MapItem[], struct: MappedRange): void {
    for (const item of group.slice(1)) {
      const { address, size } = item;
      const range = this.#device.table.find(address, address + size);
      const together = range?.block === struct.block && range.start - struct.start === range.address - struct.address;
      if (range === null || !together) {
        throw new OffloadError(
          "ERR_OFFLOAD_OVERLAP",
          `the struct's member ${span(address, address + size)} was not mapped together with its other mapped members`,
        );
      }
      this.#count(range, address, address + size);
    }
  }

  #existing(item: MapItem, mustBeThere: boolean): void {
    const kind = kindOf(item.kind);
    if (isAttach(kind)) {
      this.#attach(item, kind);
      return;
    }
    const [start, end] = [item.address, endOf(item)];
    const range = this.#device.table.find(start, end);
    if (range === null && !mustBeThere) return;
    this.#count(range as MappedRange, start, end);
  }

  #count(range: MappedRange, start: number, end: number): void {
    if (!range.holds(start, end)) {
      throw new OffloadError(
        "ERR_OFFLOAD_OVERLAP",
        `${span(start, end)} is to be there while ${span(range.start, range.end)} is mapped, which does not hold it`,
      );
    }
    const counted = retain(range, EVERY);
    range.dynamicCount++;
    this.#undo.push(() => {
      range.dynamicCount--;
      if (counted) range.count.value--;
    });
  }

  #attach({ address, size }: MapItem, kind: number): void {
    const device = this.#device;
    const copier = this.#copier;
    const range = device.mustFind(
      address,
      address + POINTER_BYTES,
      () => `the struct of the pointer at ${hex(address)} to be attached is not mapped`,
    );
    const mayMiss = kind === MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION;
    attach(device, range, address, size, mayMiss, (to, bytes) => copier.copyTo(to, bytes));
    copier.keep(range);
    this.#undo.push(() => undoAttach(copier, range, address));
  }

  undo(): void {
    this.#copier.refuse();
    for (const undo of this.#undo.reverse()) undo();
  }
  done(): void {
    for (const mapping of this.#mappings) this.#device.giveMapping(mapping);
  }
}

const endOf = ({ kind, address, size }: MapItem): number => address + (isPointer(kindOf(kind)) ? POINTER_BYTES : size);

/** What has to be looked for to know whether a group is there. */
function extentOf(group: readonly MapItem[]): readonly [number, number] {
  const first = group[0] as MapItem;
  const kind = kindOf(first.kind);
  if (isAttach(kind)) return [first.address, first.address + POINTER_BYTES];
  if (!isStruct(kind)) return [first.address, endOf(first)];
  const members = group.slice(1);
  if (members.length !== first.size) {
    throw new OffloadError(
      "ERR_OFFLOAD_MAP_KIND",
      `a struct of ${first.size} members has ${members.length} items behind it`,
    );
  }
  const start = Math.min(first.address, ...members.map(({ address }) => address));
  return [start, Math.max(...members.map(endOf))];
}

const span = (start: number, end: number): string => `[${hex(start)}, ${hex(end)})`;
