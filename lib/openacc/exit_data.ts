/**
 * OpenACC's `exit data`, and acc_copyout and acc_delete: dynamic lifetimes end. An item takes a dynamic reference back, where there is one;
 * with `finalize` all of them. What nobody holds then goes, and is copied back first where the item says so.
 *
 * What is going to happen is found out before anything is done, so that a construct that is refused has done nothing. Unlike libgomp's,
 * attached pointers are not copied back: what they hold is the device's.
 *
 * Source: oacc-mem.c (goacc_exit_data_internal, goacc_exit_datum_1) of GCC 12 to 17; OpenACC 3.0, 2.6.7 and 2.7.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import { aroundAttached, detach, mustBeAttached } from "../target/attach.js";
import type { Copier } from "../target/copier.js";
import { bytesAt, mustHold, POINTER_BYTES } from "../target/host_memory.js";
import type { MapItem } from "../target/map_item.js";
import { isPointer, isStruct, kindName, kindOf, MAP } from "../target/map_kind.js";
import type { MappedRange, RefCount } from "../target/mapped_range.js";
import type { TargetDevice } from "../target/target_device.js";

/** Kinds that take references back, whether they are copied back, and whether they take all of them. */
const EXITS: ReadonlyMap<number, { readonly copies: boolean; readonly finalize: boolean }> = new Map([
  [MAP.FROM, { copies: true, finalize: false }],
  [MAP.FORCE_FROM, { copies: true, finalize: true }],
  [MAP.RELEASE, { copies: false, finalize: false }],
  [MAP.DELETE, { copies: false, finalize: true }],
  [MAP.TO_PSET, { copies: false, finalize: false }],
  [MAP.POINTER, { copies: false, finalize: false }],
]);

const isDetach = (kind: number): boolean => kind === MAP.DETACH || kind === MAP.FORCE_DETACH;

/**
 * What is not mapped is passed over.
 *
 * @throws OffloadError `ERR_OFFLOAD_MAP_KIND`, `ERR_OFFLOAD_OVERLAP`, `ERR_OFFLOAD_ATTACH`, `ERR_OFFLOAD_HOST_MEMORY`, and
 *   `ERR_OFFLOAD_NOT_MAPPED` for a pointer to be detached that is not there: nothing has been done then. What copying back failed with, the
 *   first of several: everything has been unmapped all the same.
 */
export function exitData(device: TargetDevice, items: readonly MapItem[], copier: Copier = device): void {
  if (device.sharesMemory) return;
  const detached = pointersOf(device, items);
  const plan = new Plan(device);
  for (const item of items) plan.add(item);
  for (const { range, slot, all } of detached) {
    detach(copier, range, slot, all);
    copier.keep(range);
  }
  plan.carryOut(copier);
}

function pointersOf({ table }: TargetDevice, items: readonly MapItem[]) {
  const pointers = [];
  for (const { kind: raw, address } of items) {
    const kind = kindOf(raw);
    if (!isDetach(kind)) continue;
    const range = table.find(address, address + POINTER_BYTES);
    if (range === null) {
      throw new OffloadError(
        "ERR_OFFLOAD_NOT_MAPPED",
        `the struct of the pointer at ${hex(address)} to be detached is not mapped`,
      );
    }
    pointers.push({ range, slot: address, all: kind === MAP.FORCE_DETACH });
  }
  mustBeAttached(pointers);
  return pointers;
}

interface CopyBack {
  readonly range: MappedRange;
  readonly owner: ArrayBufferLike;
  readonly start: number;
  readonly end: number;
}

class Plan {
  readonly #device: TargetDevice;
  /** What the counts will be. */
  readonly #counts = new Map<RefCount, number>();
  readonly #dynamic = new Map<MappedRange, number>();
  readonly #leaving = new Set<MappedRange>();
  readonly #copies: CopyBack[] = [];

  constructor(device: TargetDevice) {
    this.#device = device;
  }

  add(item: MapItem): void {
    const kind = kindOf(item.kind);
    if (isStruct(kind) || isDetach(kind)) return;
    const exit = EXITS.get(kind);
    if (exit === undefined) {
      throw new OffloadError("ERR_OFFLOAD_MAP_KIND", `exit data does not take items of kind ${kindName(kind)}`);
    }
    const start = item.address;
    const end = start + (isPointer(kind) ? POINTER_BYTES : item.size);
    const range = this.#find(start, end);
    if (range === null || range.isLink) return;
    if (!range.holds(start, end)) {
      throw new OffloadError(
        "ERR_OFFLOAD_OVERLAP",
        `${kindName(kind)} of ${span(start, end)} while only ${span(range.start, range.end)} is mapped`,
      );
    }
    if (this.#release(range, exit.finalize) > 0) return;
    for (const member of range.siblings ?? [range]) this.#leaving.add(member);
    if (exit.copies) this.#copyBack(item, range, start, end);
  }

  /** What is there once that has gone which items before this one have given back. */
  #find(start: number, end: number): MappedRange | null {
    const { table } = this.#device;
    let range = table.find(start, end);
    while (range !== null && this.#leaving.has(range)) range = range.end < end ? table.find(range.end, end) : null;
    return range;
  }

  /** Answers how many references are left. */
  #release(range: MappedRange, finalize: boolean): number {
    const count = this.#counts.get(range.count) ?? range.count.value;
    const dynamic = this.#dynamic.get(range) ?? range.dynamicCount;
    if (count < dynamic) {
      throw new OffloadError(
        "ERR_OFFLOAD_NOT_MAPPED",
        `of ${span(range.start, range.end)} ${dynamic} dynamic references are to be given back, and ${count} are left: another construct has taken some`,
      );
    }
    const given = finalize ? dynamic : Math.min(1, dynamic);
    this.#dynamic.set(range, dynamic - given);
    this.#counts.set(range.count, count - given);
    return count - given;
  }

  #copyBack(item: MapItem, range: MappedRange, start: number, end: number): void {
    const owner = item.owner ?? range.owner;
    if (owner === null) {
      throw new OffloadError("ERR_OFFLOAD_HOST_MEMORY", `there is no buffer for the host's memory at ${hex(start)}`);
    }
    mustHold(owner, start, end - start);
    this.#copies.push({ range, owner, start, end });
  }

  carryOut(copier: Copier): void {
    for (const [count, value] of this.#counts) count.value = value;
    for (const [range, value] of this.#dynamic) range.dynamicCount = value;
    let failure: { readonly error: unknown } | null = null;
    for (const copy of this.#copies) {
      try {
        copyOut(copier, copy);
      } catch (error) {
        failure ??= { error };
      }
    }
    for (const range of this.#leaving) if (range.alive) this.#device.removeRange(range, copier);
    if (failure !== null) throw failure.error;
  }
}

function copyOut(copier: Copier, { range, owner, start, end }: CopyBack): void {
  aroundAttached(range, start, end, (from, to) => {
    copier.copyFrom(bytesAt(owner, from, to - from), range.deviceAddress(from));
  });
}

const span = (start: number, end: number): string => `[${hex(start)}, ${hex(end)})`;
