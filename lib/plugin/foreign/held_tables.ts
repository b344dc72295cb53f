/**
 * Tables for plugins without sessions: their words are held on the host until the run, which copies them to the device, or, as OpenACC's
 * launches of GCC 12 want it, takes them from the host. Their places on the device are used again.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import { addon } from "../../hsa/addon.js";
import { integer } from "../../validate.js";
import type { TargetVarTable } from "../plugin.js";
import type { ForeignMemory } from "./foreign_memory.js";

const WORD = 8;
/** Tables have a multiple of so many words. */
const GRAIN = 64;
const MOST_WORDS = Math.floor(Number.MAX_SAFE_INTEGER / WORD) - GRAIN;

export class HeldTable implements TargetVarTable {
  readonly words: Uint32Array;
  /** Of the launch's own. */
  count = 0;

  constructor(
    readonly device: number,
    readonly address: number,
    readonly room: number,
  ) {
    this.words = new Uint32Array(2 * room);
  }
  get bytes(): number {
    return this.room * WORD;
  }
  /** Where its words lie on the host. */
  get hostAddress(): number {
    return addon().addressOf(new Uint8Array(this.words.buffer));
  }
}

export class HeldTables {
  #all: HeldTable[] = [];
  #free: HeldTable[] = [];
  hits = 0;

  constructor(readonly memory: ForeignMemory) {}

  /** @throws OffloadError `ERR_OFFLOAD_OUT_OF_MEMORY` */
  take(device: number, count: number): HeldTable {
    integer("count", count, 0, MOST_WORDS);
    const i = this.#free.findIndex((table) => table.device === device && table.room >= count);
    const [known] = i < 0 ? [] : this.#free.splice(i, 1);
    if (known !== undefined) this.hits++;
    const table = known ?? this.#make(device, Math.max(1, Math.ceil(count / GRAIN)) * GRAIN);
    table.count = count;
    return table;
  }
  give(table: HeldTable): void {
    this.#free.push(table);
  }
  /** The launch's words, to where the device reads them. */
  send(table: HeldTable): void {
    this.memory.writeReserved(table.device, table.address, table.words.subarray(0, 2 * table.count));
  }
  /** Bytes of all, in use or not. */
  get bytes(): number {
    return this.#all.reduce((sum, table) => sum + table.bytes, 0);
  }
  /** A device ends, and all its memory goes. */
  forget(device: number): void {
    this.#all = this.#all.filter((table) => table.device !== device);
    this.#free = this.#free.filter((table) => table.device !== device);
  }

  #make(device: number, room: number): HeldTable {
    // More than the host could hold, either.
    if (room * WORD > 2 ** 32) {
      throw new OffloadError(
        "ERR_OFFLOAD_OUT_OF_MEMORY",
        `device ${device} has no memory for a table of ${room} words`,
      );
    }
    const table = new HeldTable(device, this.memory.reserve(device, room * WORD), room);
    this.#all.push(table);
    return table;
  }
}
