/**
 * A device as the target layer sees it (struct gomp_device_descr): a plugin's device and its memory table.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { OffloadPlugin, Session, TargetFunction } from "../plugin/index.js";
import { CAPABILITY } from "../plugin/index.js";
import { outOfRange } from "../validate.js";
import type { Copier } from "./copier.js";
import { DeviceBlock, type MappedRange } from "./mapped_range.js";
import { Mapping } from "./mapping.js";
import { MemoryTable } from "./memory_table.js";
import { PresentTable } from "./present_table.js";

export interface TargetDeviceOptions {
  /**
   * What device code sees for a zero-length section, or a variable mapped if present, that is not: the host's address, as GCC 14 and later
   * have it, or null, as GCC 12 and 13 do.
   */
  readonly missing?: "host" | "null";
}

export class TargetDevice implements Copier {
  readonly coalesces = true;
  readonly table = new MemoryTable();
  readonly missingIsNull: boolean;
  readonly #mappings: Mapping[] = [];
  readonly #sessions: Session[] = [];
  readonly #presentTables = new WeakMap<TargetFunction, PresentTable>();
  /** Launches under way that hold no references to what they use; those that hold them; allocations to be freed after them all. */
  #holding = 0;
  #inFlight = 0;
  readonly #unfreed: number[] = [];
  #serial = 0;

  /** The device is initialised here, and ended by whoever owns the plugin. */
  constructor(
    readonly plugin: OffloadPlugin,
    readonly number: number,
    options: TargetDeviceOptions = {},
  ) {
    const { missing = "host" } = options;
    if (missing !== "host" && missing !== "null") throw outOfRange("missing", '"host" or "null"', missing);
    plugin.initDevice(number);
    this.missingIsNull = missing === "null";
  }

  /** Nothing is mapped or copied: device code uses the host's memory. */
  get sharesMemory(): boolean {
    return (this.plugin.capabilities & CAPABILITY.SHARED_MEM) !== 0;
  }

  /** A number for a construct, by which it counts references once. */
  nextSerial(): number {
    return ++this.#serial;
  }

  takeMapping(count: number, serial: number): Mapping {
    const mapping = this.#mappings.pop() ?? new Mapping();
    mapping.begin(count, serial);
    return mapping;
  }
  giveMapping(mapping: Mapping): void {
    for (let i = 0; i < mapping.count; i++) mapping.item(i).range = null;
    this.#mappings.push(mapping);
  }

  takeSession(): Session {
    return this.#sessions.pop() ?? this.plugin.newSession();
  }
  giveSession(session: Session): void {
    this.#sessions.push(session);
  }

  /** A block of so many bytes, aligned so. */
  allocate(bytes: number, alignment: number): DeviceBlock {
    const allocation = this.plugin.alloc(this.number, bytes + alignment - 1);
    return new DeviceBlock(allocation, Math.ceil(allocation / alignment) * alignment);
  }
  releaseBlock(block: DeviceBlock, deleted = false): void {
    if (--block.uses > 0) return;
    if (this.#holding > 0 || (deleted && this.#inFlight > 0)) this.#unfreed.push(block.allocation);
    else this.plugin.free(this.number, block.allocation);
  }

  /**
   * A blocking launch begins that takes no references: what is unmapped under it, by whoever reads what its kernel prints, is freed when
   * it is over.
   */
  hold(): void {
    this.#holding++;
  }
  letGo(): void {
    this.#holding--;
    this.#freeAfterAll();
  }
  /** A launch begins that does not block, and has its references: what is deleted under it is freed when no launch is under way. */
  depart(): void {
    this.#inFlight++;
  }
  arrive(): void {
    this.#inFlight--;
    this.#freeAfterAll();
  }
  #freeAfterAll(): void {
    if (this.#holding > 0 || this.#inFlight > 0) return;
    for (let address = this.#unfreed.pop(); address !== undefined; address = this.#unfreed.pop()) {
      this.plugin.free(this.number, address);
    }
  }

  /** What launches of the function have found, and this one. */
  presentTable(fn: TargetFunction): PresentTable {
    const known = this.#presentTables.get(fn);
    if (known !== undefined) return known;
    const made = new PresentTable();
    this.#presentTables.set(fn, made);
    return made;
  }

  copyTo(address: number, bytes: Uint8Array): void {
    if (bytes.length > 0) this.plugin.host2dev(this.number, address, bytes);
  }
  copyFrom(bytes: Uint8Array, address: number): void {
    if (bytes.length > 0) this.plugin.dev2host(this.number, bytes, address);
  }

  /** Copies at once are over before anything else can be unmapped. */
  keep(_range: MappedRange): void {}
  /** And what has been copied has been copied. */
  refuse(): void {}

  /** Takes a range out of the table, with all members of its struct, and gives its block back. */
  removeRange(range: MappedRange, copier: Copier = this): void {
    for (const member of range.siblings ?? [range]) {
      this.table.remove(member);
      if (member.replaces !== null) this.table.add(member.replaces);
      if (member.block !== null) copier.releaseBlock(member.block, range.deleted);
    }
  }

  /** @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED` */
  mustFind(start: number, end: number, why: () => string): MappedRange {
    const found = this.table.find(start, end);
    if (found === null) throw new OffloadError("ERR_OFFLOAD_NOT_MAPPED", why());
    return found;
  }
}
