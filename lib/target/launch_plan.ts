/**
 * A target region made ready: its items are all present, so that a launch writes the same table each time, and runs. What can change, that
 * one of them is unmapped, is noticed by a number; then they are looked up anew.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { LaunchAttributes, TargetFunction } from "../plugin/index.js";
import type { MapItem } from "./map_item.js";
import { copiesFrom, isAlwaysFrom, isAlwaysTo, isForce, kindName, kindOf, MAP } from "./map_kind.js";
import type { MappedRange } from "./mapped_range.js";
import { MOST_PRIVATE_ALIGNMENT, PrivateCopies } from "./private_copies.js";
import { setWord } from "./table_words.js";
import type { TargetDevice } from "./target_device.js";

/** A region made ready to be launched many times: from `Offload.prepare`. */
export class LaunchPlan implements Disposable {
  readonly #device: TargetDevice;
  readonly #fn: TargetFunction;
  readonly #items: readonly MapItem[];
  readonly #attributes: LaunchAttributes;
  readonly #ranges: (MappedRange | null)[];
  readonly #words: Uint32Array;
  readonly #privates = new PrivateCopies();
  /** The table's place on the device, where the plugin does not give one; 0: not needed yet. */
  #ownTable = 0;
  #removals: number;
  #disposed = false;

  /** @throws OffloadError `ERR_OFFLOAD_MAP_KIND` for what a plan cannot have, `ERR_OFFLOAD_NOT_MAPPED` for what is not present. */
  constructor(device: TargetDevice, fn: TargetFunction, items: readonly MapItem[], attributes: LaunchAttributes = {}) {
    if (device.sharesMemory) {
      throw new OffloadError(
        "ERR_OFFLOAD_MAP_KIND",
        "a device that shares the host's memory maps nothing: there is nothing to prepare",
      );
    }
    if (!device.plugin.canRun(fn)) {
      throw new OffloadError("ERR_OFFLOAD_UNKNOWN_KERNEL", `function ${fn.name} cannot run on device ${device.number}`);
    }
    this.#device = device;
    this.#fn = fn;
    this.#items = [...items];
    this.#attributes = attributes;
    this.#privates.begin(items.length, Number.POSITIVE_INFINITY);
    for (const [i, item] of items.entries()) {
      const kind = kindOf(item.kind);
      if (isAlwaysTo(kind) || isAlwaysFrom(kind) || isForce(kind) || !PLANNED.has(kind)) {
        throw new OffloadError(
          "ERR_OFFLOAD_MAP_KIND",
          `an item of kind ${kindName(kind)} has work at each launch: a plan cannot have it`,
        );
      }
      if (kind !== MAP.FIRSTPRIVATE || item.address === 0) continue;
      if (!this.#privates.add(i, item)) {
        throw new OffloadError(
          "ERR_OFFLOAD_MAP_KIND",
          `item ${i} of the plan is a private copy without memory, or aligned to more than ${MOST_PRIVATE_ALIGNMENT} bytes: map it`,
        );
      }
    }
    this.#words = new Uint32Array(2 * this.#privates.words);
    this.#ranges = new Array<MappedRange | null>(items.length).fill(null);
    this.#removals = device.table.removals;
    this.#lookUp();
  }

  #lookUp(): void {
    for (const [i, item] of this.#items.entries()) {
      const kind = kindOf(item.kind);
      if (item.address === 0 || kind === MAP.FIRSTPRIVATE_INT) {
        setWord(this.#words, i, item.address);
        continue;
      }
      if (kind === MAP.FIRSTPRIVATE) continue;
      const { table } = this.#device;
      const end = item.address + item.size;
      const range =
        kind === MAP.ZERO_LEN_ARRAY_SECTION ? table.lookupZeroLength(item.address, end) : table.find(item.address, end);
      if (range === null || range.isLink || !range.holds(item.address, end)) {
        throw new OffloadError(
          "ERR_OFFLOAD_NOT_MAPPED",
          `item ${i} of the plan for ${this.#fn.name} is not mapped (any longer): a plan's items are present, map them by targetData or enterData`,
        );
      }
      if (copiesFrom(kind) && range.owner === null) {
        throw new OffloadError("ERR_OFFLOAD_HOST_MEMORY", `item ${i} of the plan has no host memory`);
      }
      this.#ranges[i] = range;
      setWord(this.#words, i, range.deviceAddress(item.address));
    }
    this.#removals = this.#device.table.removals;
    this.#freeTable();
  }

  /** Something has been unmapped since the items were looked up: perhaps one of them. */
  #check(): void {
    if (this.#disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the plan was used after its disposal");
    if (this.#ranges.every((range) => range === null || range.alive)) this.#removals = this.#device.table.removals;
    else this.#lookUp();
  }

  /** Blocks until the region is over. @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED` where an item is not there any more. */
  launch(): void {
    const device = this.#device;
    const { plugin } = device;
    if (device.table.removals !== this.#removals || this.#disposed) this.#check();
    const session = device.takeSession();
    device.hold();
    try {
      plugin.sessionStart(session, device.number);
      const table =
        this.#items.length === 0
          ? null
          : (plugin.sessionAllocateTargetVarTable?.(session, this.#privates.words) ?? null);
      if (table !== null) {
        this.#fill(table.words, table.address);
      } else {
        plugin.sessionSetTargetVarTable(session, this.#items.length === 0 ? null : this.#placed());
      }
      plugin.run(session, this.#fn, this.#attributes);
    } finally {
      if (session.state !== "idle") plugin.sessionAbandon(session);
      device.giveSession(session);
      device.letGo();
    }
  }

  #fill(words: Uint32Array, address: number): void {
    this.#privates.copy(this.#items, this.#words, address);
    words.set(this.#words);
  }

  /** The table in device memory, for plugins that do not give one: private copies are put there at each launch. */
  #placed(): number {
    const { plugin, number } = this.#device;
    if (this.#ownTable !== 0 && this.#privates.none) return this.#ownTable;
    if (this.#ownTable === 0) this.#ownTable = plugin.alloc(number, 8 * this.#privates.words);
    this.#fill(this.#words, this.#ownTable);
    plugin.host2dev(number, this.#ownTable, this.#words);
    return this.#ownTable;
  }

  #freeTable(): void {
    if (this.#ownTable !== 0) this.#device.plugin.free(this.#device.number, this.#ownTable);
    this.#ownTable = 0;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#freeTable();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

const PLANNED: ReadonlySet<number> = new Set([
  MAP.ALLOC,
  MAP.TO,
  MAP.FROM,
  MAP.TOFROM,
  MAP.FORCE_PRESENT,
  MAP.FIRSTPRIVATE,
  MAP.FIRSTPRIVATE_INT,
  MAP.ZERO_LEN_ARRAY_SECTION,
]);
