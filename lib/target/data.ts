/**
 * Data constructs that map: enter data, and structured data regions.
 *
 * Source: target.c (GOMP_target_enter_exit_data, GOMP_target_data_ext) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { MapItem } from "./map_item.js";
import { isAttach, isPointer, isStruct, kindOf, MAP } from "./map_kind.js";
import { mapVars, unmapRefused } from "./map_vars.js";
import type { Mapping } from "./mapping.js";
import type { TargetDevice } from "./target_device.js";
import { unmapVars } from "./unmap_vars.js";

/** Items that are mapped together: the others by themselves, so that each can go by itself. */
function groups(items: readonly MapItem[]): MapItem[][] {
  const all: MapItem[][] = [];
  for (let i = 0; i < items.length; ) {
    const { kind: raw, size } = items[i] as MapItem;
    const kind = kindOf(raw);
    let count = 1;
    if (isStruct(kind)) count = size + 1;
    else if (kind === MAP.TO_PSET) while (isPointerItem(items[i + count])) count++;
    else {
      const next = items[i + 1];
      if (next !== undefined && isAttach(kindOf(next.kind))) count = 2;
    }
    all.push(items.slice(i, i + count));
    i += count;
  }
  return all;
}

function isPointerItem(item: MapItem | undefined): boolean {
  if (item === undefined) return false;
  const kind = kindOf(item.kind);
  return isPointer(kind) || kind === MAP.ALWAYS_POINTER;
}

/** `target enter data`. @throws OffloadError as `mapVars`; nothing has been mapped then. */
export function targetEnterData(device: TargetDevice, items: readonly MapItem[]): void {
  if (device.sharesMemory) return;
  const serial = device.nextSerial();
  const done: { readonly group: MapItem[]; readonly mapping: Mapping }[] = [];
  try {
    for (const group of groups(items)) done.push({ group, mapping: mapVars(device, group, "enter", serial) });
  } catch (error) {
    for (const { group, mapping } of done.reverse()) unmapRefused(device, group, mapping);
    throw error;
  }
  for (const { mapping } of done) device.giveMapping(mapping);
}

/** A `target data` region: what it maps is there until its end. */
export class DataRegion implements Disposable, AsyncDisposable {
  readonly #device: TargetDevice;
  #mapping: Mapping | null;
  /** What each item is on the device, in their order; of use_device_ptr the pointer to use. */
  readonly addresses: readonly number[];

  constructor(device: TargetDevice, mapping: Mapping | null, addresses: readonly number[]) {
    this.#device = device;
    this.#mapping = mapping;
    this.addresses = addresses;
  }

  get ended(): boolean {
    return this.#mapping === null;
  }

  /** Copies back and unmaps. @throws OffloadError `ERR_OFFLOAD_DISPOSED` the second time. */
  end(): void {
    if (this.#mapping === null) {
      throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the data region has ended already");
    }
    const mapping = this.#mapping;
    this.#mapping = null;
    unmapVars(this.#device, mapping);
  }
  [Symbol.dispose](): void {
    if (this.#mapping !== null) this.end();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }
}

/** `target data`: regions may end in any order. @throws OffloadError as `mapVars` */
export function targetData(device: TargetDevice, items: readonly MapItem[]): DataRegion {
  const mapping = mapVars(device, device.sharesMemory ? [] : items, "data", device.nextSerial());
  const addresses = items.map((item, i) => (device.sharesMemory ? item.address : mapping.value(items, i)));
  return new DataRegion(device, mapping, addresses);
}
