/**
 * Sessions of a C plugin: its own, or, where it has none, what a session is for it: the table that its launch will be called with.
 *
 * Source: target.c and oacc-parallel.c of GCC 12; GCC 13 to 17 by their declarations.
 *
 * @packageDocumentation
 */
import { integer } from "../../validate.js";
import type { OpenaccDimensions, TablePlace, TargetVarTable } from "../plugin.js";
import { Session } from "../session.js";
import { tableAddress } from "../sessioned.js";
import { noDevice } from "./foreign_calls.js";
import type { ForeignFunction } from "./foreign_image.js";
import type { OpenaccArguments, RunArguments } from "./foreign_launches.js";
import type { ForeignMemory } from "./foreign_memory.js";
import { type HeldTable, HeldTables } from "./held_tables.js";
import type { LaunchWords } from "./launch_words.js";
import { SessionMemory } from "./session_memory.js";

const WORD = 8;
/** Beyond it sessions' pages end: GCC's first ones allocate their block without the table (270,416 bytes in pages of 4096). */
const MOST_ALLOCATED_WORDS = 502;
/** Of GCC: OpenACC's launches take the table from the host. */
const LAST_HOST_TABLES = 12;
const INT_MAX = 2 ** 31 - 1;

export class ForeignSession extends Session {
  constructor(readonly owner: ForeignSessions) {
    super();
  }
  /** Of its device's lives, the one that it was started in. */
  life = 0;
  /** One that was set. */
  table: number | null = null;
  /** One that was allocated, of a plugin without sessions. */
  held: HeldTable | null = null;
  /** Of a plugin with sessions: the C plugin's own, from start to the end of the run. */
  memory: SessionMemory | null = null;
}

export class ForeignSessions {
  readonly tables: HeldTables;
  /** Tables that the C plugin has allocated for sessions that did not run: it takes none back, so others run with them. */
  readonly #spare: SessionMemory[] = [];
  /** Of launches that go on by themselves. */
  readonly #kept: SessionMemory[] = [];

  constructor(readonly memory: ForeignMemory) {
    this.tables = new HeldTables(memory);
  }

  /** @throws OffloadError `ERR_OFFLOAD_NO_DEVICE` */
  mustLive(session: ForeignSession): void {
    if (this.#lives(session)) return;
    throw noDevice(session.device, "it has been ended since the session was started");
  }
  #lives({ life, device }: ForeignSession): boolean {
    const { calls } = this.memory;
    return calls.isReady(device) && calls.life(device) === life;
  }

  start(session: ForeignSession): void {
    const { calls } = this.memory;
    calls.mustBeReady(session.device);
    session.life = calls.life(session.device);
    const size = calls.native.sessionSize;
    if (size === null) return;
    const memory = new SessionMemory(size, session.device);
    calls.call((native) => native.sessionStart(memory.address, session.device));
    session.memory = memory;
  }
  allocate(session: ForeignSession, count: number): TargetVarTable | null {
    this.mustLive(session);
    const { memory } = session;
    const { calls } = this.memory;
    if (memory === null) {
      session.held = this.tables.take(session.device, count);
      return session.held;
    }
    if (!calls.native.allocatesTables || count > MOST_ALLOCATED_WORDS) return null;
    const words = Math.max(count, 1);
    const i = this.#spare.findIndex(({ device, count: has }) => device === session.device && has >= words);
    const [spare] = i < 0 ? [] : this.#spare.splice(i, 1);
    if (spare !== undefined) {
      session.memory = spare;
      return spare.table;
    }
    const address = calls.call((native) => native.sessionAllocate(memory.address, words * WORD));
    if (address === 0) return null;
    return memory.hold(address, words);
  }
  set(session: ForeignSession, table: TablePlace): void {
    this.mustLive(session);
    const address = tableAddress(table);
    session.table = address;
    const { memory } = session;
    if (memory !== null) this.memory.calls.call((native) => native.sessionSet(memory.address, address));
  }
  /** What a launch that is not over uses on a lost device is nobody else's. */
  release(session: ForeignSession): void {
    const { memory, held, device } = session;
    if (this.memory.calls.isLost(device)) {
      if (memory !== null) this.#kept.push(memory);
    } else if (this.#lives(session)) {
      if (memory?.table && !memory.used) this.#spare.push(memory);
      if (held !== null) this.tables.give(held);
    }
    session.memory = null;
    session.held = null;
    session.table = null;
  }

  /** A device ends, and what has been allocated there goes. */
  forget(device: number): void {
    this.tables.forget(device);
    const others = this.#spare.filter((memory) => memory.device !== device);
    this.#spare.splice(0, this.#spare.length, ...others);
  }

  /** What a launch is called with. */
  run(session: ForeignSession, fn: ForeignFunction, { words, attributes }: LaunchWords): RunArguments {
    const { device, held, memory } = session;
    if (held !== null) this.tables.send(held);
    return [device, fn.address, held?.address ?? session.table, words, attributes, memory?.use() ?? null];
  }
  openacc(session: ForeignSession, fn: ForeignFunction, dimensions: OpenaccDimensions): OpenaccArguments {
    const { held, memory, table, device } = session;
    const { family } = this.memory.calls.native;
    const dims = dimensions.map((size, i) => integer(`dimensions[${i}]`, size, 0, INT_MAX));
    if (memory !== null) return [fn.address, dims, null, null, memory.use()];
    if (held !== null && family > LAST_HOST_TABLES) this.tables.send(held);
    const address = held?.address ?? table;
    if (family > LAST_HOST_TABLES || address === null) return [fn.address, dims, null, address, null];
    if (held !== null) return [fn.address, dims, new Uint8Array(held.words.buffer, 0, held.count * WORD), null, null];
    // Of a table that was set nothing tells the length: as long as its allocation is.
    const words = new Uint8Array(Math.floor(this.memory.bytesFrom(device, address) / WORD) * WORD);
    this.memory.dev2host(device, words, address);
    return [fn.address, dims, words, null, null];
  }
}
