/**
 * Host memory that the device's copy engines reach: bytes pass through it on their way between JavaScript and device memory, a chunk at
 * a time and two chunks at once, so that the event loop turns between them.
 *
 * @packageDocumentation
 */
import type { Agent, HsaRuntime, Memory, Pool, Signal } from "../hsa/index.js";
import { HsaError } from "../hsa/index.js";
import type { SignalPool } from "./signal-pool.js";

/** Large enough that a turn of the event loop per chunk does not matter, small enough to copy within about a millisecond. */
const CHUNK = 4 * 1024 * 1024;
const SMALL = 64 * 1024;
/** Slots of a size that are kept for the next copy. */
const KEPT = 2;

interface Slot {
  readonly memory: Memory;
  readonly bytes: Uint8Array;
}

export interface StagingStats {
  readonly allocations: number;
  readonly bytes: number;
}

export class Staging {
  readonly #runtime: HsaRuntime;
  readonly #agent: Agent;
  readonly #host: Agent;
  readonly #pool: Pool;
  readonly #signals: SignalPool;
  readonly #kept = new Map<number, Slot[]>();
  #allocations = 0;
  #bytes = 0;

  constructor(runtime: HsaRuntime, agent: Agent, host: Agent, pool: Pool, signals: SignalPool) {
    this.#runtime = runtime;
    this.#agent = agent;
    this.#host = host;
    this.#pool = pool;
    this.#signals = signals;
  }

  get stats(): StagingStats {
    return { allocations: this.#allocations, bytes: this.#bytes };
  }

  /** Device memory to bytes. */
  async read(address: number, target: Uint8Array): Promise<void> {
    await this.#pipeline(
      target.length,
      (slot, at, length) => this.#start(slot.memory.address, this.#host, address + at, this.#agent, length),
      (slot, at, length) => target.set(slot.bytes.subarray(0, length), at),
    );
  }

  /** Bytes to device memory. They are read until the promise resolves. */
  async write(address: number, source: Uint8Array): Promise<void> {
    await this.#pipeline(source.length, (slot, at, length) => {
      slot.bytes.set(source.subarray(at, at + length));
      return this.#start(address + at, this.#agent, slot.memory.address, this.#host, length);
    });
  }

  /** As `read`, blocking the thread. */
  readSync(address: number, target: Uint8Array): void {
    this.#pipelineSync(
      target.length,
      (slot, at, length) => this.#start(slot.memory.address, this.#host, address + at, this.#agent, length),
      (slot, at, length) => target.set(slot.bytes.subarray(0, length), at),
    );
  }

  /** As `write`, blocking the thread. */
  writeSync(address: number, source: Uint8Array): void {
    this.#pipelineSync(source.length, (slot, at, length) => {
      slot.bytes.set(source.subarray(at, at + length));
      return this.#start(address + at, this.#agent, slot.memory.address, this.#host, length);
    });
  }

  /** Device memory to device memory, on one agent or from another's. The ranges do not overlap. */
  async copy(destination: number, source: number, bytes: number, sourceAgent: Agent = this.#agent): Promise<void> {
    if (bytes > 0) await this.#finish(this.#start(destination, this.#agent, source, sourceAgent, bytes));
  }

  #start(destination: number, destinationAgent: Agent, source: number, sourceAgent: Agent, bytes: number): Signal {
    const signal = this.#signals.take();
    signal.store(1);
    this.#runtime.copy(
      { address: destination, agent: destinationAgent },
      { address: source, agent: sourceAgent },
      bytes,
      signal,
    );
    return signal;
  }

  async #finish(signal: Signal): Promise<void> {
    this.#check(await signal.wait("lt", 1), signal);
  }
  #finishSync(signal: Signal): void {
    this.#check(signal.waitSync("lt", 1), signal);
  }
  #check(value: number | bigint, signal: Signal): void {
    this.#signals.give(signal);
    // hsa_amd_memory_async_copy: a negative value is how the completion signal tells of a failed copy.
    if (value < 0) throw new HsaError("ERR_HSA_ERROR", "a copy failed on the device");
  }

  async #pipeline(
    bytes: number,
    start: (slot: Slot, at: number, length: number) => Signal,
    end?: (slot: Slot, at: number, length: number) => void,
  ): Promise<void> {
    const size = bytes <= SMALL ? SMALL : CHUNK;
    let running: { readonly slot: Slot; readonly signal: Signal; readonly at: number; readonly length: number } | null =
      null;
    try {
      for (let at = 0; at < bytes || running !== null; at += size) {
        const before: typeof running = running;
        running = null;
        if (at < bytes) {
          const slot = this.#take(size);
          const length = Math.min(size, bytes - at);
          running = { slot, signal: start(slot, at, length), at, length };
        }
        if (before !== null) {
          await this.#finish(before.signal);
          end?.(before.slot, before.at, before.length);
          this.#give(before.slot);
        }
      }
    } finally {
      // After a failure the other chunk is still under way: its slot may not be used before it is done.
      if (running !== null) {
        await this.#finish(running.signal).catch(() => {});
        this.#give(running.slot);
      }
    }
  }

  #pipelineSync(
    bytes: number,
    start: (slot: Slot, at: number, length: number) => Signal,
    end?: (slot: Slot, at: number, length: number) => void,
  ): void {
    const size = bytes <= SMALL ? SMALL : CHUNK;
    for (let at = 0; at < bytes; at += size) {
      const slot = this.#take(size);
      const length = Math.min(size, bytes - at);
      this.#finishSync(start(slot, at, length));
      end?.(slot, at, length);
      this.#give(slot);
    }
  }

  #take(size: number): Slot {
    const kept = this.#kept.get(size)?.pop();
    if (kept !== undefined) return kept;
    const memory = this.#pool.allocate(size);
    memory.allowAccess([this.#agent]);
    this.#allocations++;
    this.#bytes += size;
    return { memory, bytes: new Uint8Array(memory.view()) };
  }

  #give(slot: Slot): void {
    const kept = this.#kept.get(slot.memory.byteLength) ?? [];
    this.#kept.set(slot.memory.byteLength, kept);
    if (kept.length < KEPT) kept.push(slot);
    else this.#drop(slot);
  }

  #drop(slot: Slot): void {
    this.#bytes -= slot.memory.byteLength;
    slot.memory.dispose();
  }

  dispose(): void {
    for (const slots of this.#kept.values()) for (const slot of slots) this.#drop(slot);
    this.#kept.clear();
  }
}
