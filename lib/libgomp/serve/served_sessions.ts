/**
 * The sessions of libgomp's launches. A libgomp that knows of none (GCC 12 to 16) hands a table to each launch, or what a table is to be
 * made of; one that does (GCC 17) has asked for a table before, or set one.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import type { OffloadPlugin, Session } from "../../plugin/index.js";
import { bytesAt, viewAt } from "../raw_memory.js";
import { Handles } from "./handles.js";

const WORD_BYTES = 8;

/** Where a launch's table is. */
export interface LaunchPlace {
  /** A session that has its table; 0: none yet. */
  readonly session: number;
  readonly device: number;
  /** On the device; 0: none. */
  readonly table: number;
  /** Words of a table that is to be made (OpenACC before GCC 13): the device's addresses, and for those that are null the host's. */
  readonly count?: number;
  readonly addresses?: number;
  readonly host?: number;
}

export class ServedSessions {
  readonly #plugin: OffloadPlugin;
  readonly #started = new Handles<Session>("session");
  /** To be used again. */
  readonly #idle: Session[] = [];

  constructor(plugin: OffloadPlugin) {
    this.#plugin = plugin;
  }

  use(place: LaunchPlace, launch: (session: Session) => void): void {
    const { session, after } = this.#ready(place);
    try {
      launch(session);
    } finally {
      this.#idle.push(session);
      after();
    }
  }

  async useAsync(place: LaunchPlace, launch: (session: Session) => Promise<void>): Promise<void> {
    const { session, after } = this.#ready(place);
    try {
      await launch(session);
    } finally {
      this.#idle.push(session);
      after();
    }
  }

  /** `session_allocate_target_var_table`: where the table is, or 0; the session's number goes to `place`. */
  allocate(device: number, bytes: number, place: number): number {
    const session = this.#start(device);
    const table = this.#plugin.sessionAllocateTargetVarTable?.(session, Math.ceil(bytes / WORD_BYTES)) ?? null;
    if (table === null) {
      this.#plugin.sessionAbandon(session);
      this.#idle.push(session);
      return 0;
    }
    viewAt(place, WORD_BYTES).setBigUint64(0, BigInt(this.#started.add(session)), true);
    return table.address;
  }

  #start(device: number): Session {
    const session = this.#idle.pop() ?? this.#plugin.newSession();
    this.#plugin.sessionStart(session, device);
    return session;
  }

  #ready(place: LaunchPlace): { session: Session; after: () => void } {
    if (place.session !== 0) return { session: this.#started.take(place.session), after: () => {} };
    const session = this.#start(place.device);
    try {
      return { session, after: this.#giveTable(session, place) };
    } catch (error) {
      this.#plugin.sessionAbandon(session);
      throw error;
    }
  }

  /** Answers what is to be done when the launch is over. */
  #giveTable(session: Session, { device, table, count = 0, addresses = 0, host = 0 }: LaunchPlace): () => void {
    const plugin = this.#plugin;
    if (count === 0) {
      plugin.sessionSetTargetVarTable(session, table === 0 ? null : table);
      return () => {};
    }
    const words = tableOf(count, addresses, host);
    const own = plugin.sessionAllocateTargetVarTable?.(session, count) ?? null;
    if (own !== null) {
      own.words.set(words);
      return () => {};
    }
    const made = plugin.alloc(device, WORD_BYTES * count);
    plugin.host2dev(device, made, words);
    plugin.sessionSetTargetVarTable(session, made);
    return () => plugin.free(device, made);
  }
}

function tableOf(count: number, addresses: number, host: number): Uint32Array {
  if (addresses === 0 || host === 0) {
    throw new OffloadError(
      "ERR_OFFLOAD_SESSION_TABLE",
      `libgomp hands over ${count} variables without their addresses`,
    );
  }
  const bytes = bytesAt(addresses, WORD_BYTES * count).slice();
  const words = new Uint32Array(bytes.buffer);
  const others = viewAt(host, WORD_BYTES * count);
  for (let i = 0; i < words.length; i += 2) {
    if (words[i] !== 0 || words[i + 1] !== 0) continue;
    words[i] = others.getUint32(4 * i, true);
    words[i + 1] = others.getUint32(4 * i + 4, true);
  }
  return words;
}
