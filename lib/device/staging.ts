/**
 * Host memory that the device's copy engines reach: bytes pass through it on their way between JavaScript and device memory, a chunk at
 * a time and two chunks at once, so that the event loop turns between them.
 *
 * @packageDocumentation
 */
import { setMaxListeners } from "node:events";
import { OffloadError } from "../errors.js";
import type { Agent, HsaRuntime, Memory, Pool, Signal } from "../hsa/index.js";
import { HsaError } from "../hsa/index.js";
import type { SignalPool } from "../launch/signal-pool.js";

/** Large enough that a turn of the event loop per chunk does not matter, small enough to copy within about a millisecond. */
const CHUNK = 4 * 1024 * 1024;
const SMALL = 64 * 1024;
/** Nanoseconds that the end waits for a chunk: a device that takes longer is lost. */
const COPY_LIMIT = 5_000_000_000;
/** Slots of a size that are kept for the next copy. */
const KEPT = 2;

interface Slot {
  readonly memory: Memory;
  readonly bytes: Uint8Array;
}

/** A part of a copy that is under way. */
interface Chunk {
  readonly slot: Slot;
  readonly signal: Signal;
  readonly at: number;
  readonly length: number;
}
type Start = (slot: Slot, at: number, length: number) => Signal;
type End = (slot: Slot, at: number, length: number) => void;

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
  readonly #abandoned: Slot[] = [];
  readonly #underWay = new Set<Signal>();
  readonly #closing = new AbortController();
  #allocations = 0;
  #bytes = 0;

  constructor(runtime: HsaRuntime, agent: Agent, host: Agent, pool: Pool, signals: SignalPool) {
    this.#runtime = runtime;
    this.#agent = agent;
    this.#host = host;
    this.#pool = pool;
    this.#signals = signals;
    // Every copy under way listens.
    setMaxListeners(0, this.#closing.signal);
  }

  get stats(): StagingStats {
    return { allocations: this.#allocations, bytes: this.#bytes };
  }

  /** Device memory to bytes. */
  read(address: number, target: Uint8Array): Promise<void> {
    return this.#run(this.#reading(address, target));
  }
  /** As `read`, blocking the thread. */
  readSync(address: number, target: Uint8Array): void {
    this.#runSync(this.#reading(address, target));
  }

  /** Bytes to device memory. They are read until the promise resolves. */
  write(address: number, source: Uint8Array): Promise<void> {
    return this.#run(this.#writing(address, source));
  }
  /** As `write`, blocking the thread. */
  writeSync(address: number, source: Uint8Array): void {
    this.#runSync(this.#writing(address, source));
  }

  /** Device memory to device memory of the same agent. The ranges do not overlap. */
  async copy(destination: number, source: number, bytes: number): Promise<void> {
    if (bytes > 0) await this.#run([this.#start(destination, this.#agent, source, this.#agent, bytes)]);
  }

  #reading(address: number, target: Uint8Array): Iterable<Signal> {
    return this.#steps(
      target.length,
      (slot, at, length) => this.#start(slot.memory.address, this.#host, address + at, this.#agent, length),
      (slot, at, length) => target.set(slot.bytes.subarray(0, length), at),
    );
  }

  #writing(address: number, source: Uint8Array): Iterable<Signal> {
    return this.#steps(source.length, (slot, at, length) => {
      mustHaveBytes(source, at + length);
      slot.bytes.set(source.subarray(at, at + length));
      return this.#start(address + at, this.#agent, slot.memory.address, this.#host, length);
    });
  }

  #start(destination: number, destinationAgent: Agent, source: number, sourceAgent: Agent, bytes: number): Signal {
    const signal = this.#signals.take();
    signal.store(1);
    try {
      this.#runtime.copy(
        { address: destination, agent: destinationAgent },
        { address: source, agent: sourceAgent },
        bytes,
        signal,
      );
    } catch (error) {
      this.#signals.give(signal);
      throw error;
    }
    this.#underWay.add(signal);
    return signal;
  }

  #check(value: number | bigint, signal: Signal): void {
    this.#underWay.delete(signal);
    this.#signals.give(signal);
    // hsa_amd_memory_async_copy: a negative value is how the completion signal tells of a failed copy.
    if (value < 0) throw new HsaError("ERR_HSA_ERROR", "a copy failed on the device");
  }

  async #run(steps: Iterable<Signal>): Promise<void> {
    for (const signal of steps) this.#check(await signal.wait("lt", 1, { signal: this.#closing.signal }), signal);
  }
  #runSync(steps: Iterable<Signal>): void {
    for (const signal of steps) this.#check(signal.waitSync("lt", 1), signal);
  }

  /**
   * Copies in chunks, the next one under way while the last one is looked after. Each signal that comes out is to be waited for before
   * the next is asked for.
   */
  *#steps(bytes: number, start: Start, end?: End): Generator<Signal, void, void> {
    const size = bytes <= SMALL ? SMALL : CHUNK;
    let before: Chunk | null = null;
    let running: Chunk | null = null;
    try {
      for (let at = 0; at < bytes || running !== null; at += size) {
        before = running;
        running = at < bytes ? this.#begin(start, size, at, Math.min(size, bytes - at)) : null;
        if (before === null) continue;
        yield before.signal;
        end?.(before.slot, before.at, before.length);
        this.#give(before.slot);
        before = null;
      }
    } finally {
      // After a failure the other chunk may still be under way: its slot is put aside until the end.
      if (before !== null) this.#give(before.slot);
      if (running !== null) this.#putAside(running.slot);
    }
  }

  #begin(start: Start, size: number, at: number, length: number): Chunk {
    const slot = this.#take(size);
    try {
      return { slot, signal: start(slot, at, length), at, length };
    } catch (error) {
      this.#give(slot);
      throw error;
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

  #putAside(slot: Slot): void {
    if (this.#closing.signal.aborted) this.#drop(slot);
    else this.#abandoned.push(slot);
  }

  #give(slot: Slot): void {
    const kept = this.#kept.get(slot.memory.byteLength) ?? [];
    this.#kept.set(slot.memory.byteLength, kept);
    if (kept.length < KEPT && !this.#closing.signal.aborted) kept.push(slot);
    else this.#drop(slot);
  }

  #drop(slot: Slot): void {
    this.#bytes -= slot.memory.byteLength;
    slot.memory.dispose();
  }

  /** Copies under way end first, because the device writes where they go; their promises reject. */
  dispose(): void {
    for (const signal of this.#underWay) {
      signal.waitSync("lt", 1, COPY_LIMIT);
      signal.dispose();
    }
    this.#underWay.clear();
    this.#closing.abort(new OffloadError("ERR_OFFLOAD_DISPOSED", "the device was disposed during a copy"));
    for (const slots of this.#kept.values()) for (const slot of slots) this.#drop(slot);
    this.#kept.clear();
    for (const slot of this.#abandoned) this.#drop(slot);
    this.#abandoned.length = 0;
  }
}

/** @throws OffloadError `ERR_OFFLOAD_HOST_MEMORY` where fewer than `bytes` bytes are left of what is to be copied. */
export function mustHaveBytes(source: Uint8Array, bytes: number): void {
  if (source.length >= bytes) return;
  throw new OffloadError(
    "ERR_OFFLOAD_HOST_MEMORY",
    "the bytes were detached, or their buffer was made smaller, before all of them were copied to the device",
  );
}
