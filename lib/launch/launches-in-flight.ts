/**
 * A queue's launches from their call to their end: those that have been published, oldest first, and those behind them that wait for room
 * in the ring.
 *
 * @packageDocumentation
 */
import { AbortWatch } from "./abort-watch.js";
import { Fifo } from "./fifo.js";
import { IdleWaits } from "./idle-waits.js";
import type { InFlight, QueueOwner } from "./launch.js";
import { TimeLimits } from "./time-limits.js";

/** What ends launches before their time. */
export interface EarlyEnds {
  /** @param entries - all that share the signal that aborted. */
  onAbort(entries: ReadonlySet<InFlight>): void;
  onLate(entry: InFlight): void;
}

export class LaunchesInFlight {
  readonly published = new Fifo<InFlight>();
  readonly waiting = new Fifo<InFlight>();
  readonly limits: TimeLimits;
  readonly #owner: QueueOwner;
  readonly #profiling: boolean;
  readonly #aborts: AbortWatch<InFlight>;
  readonly #idle = new IdleWaits();
  #completed = 0;
  #failed = 0;

  constructor(owner: QueueOwner, profiling: boolean, { onAbort, onLate }: EarlyEnds) {
    this.#owner = owner;
    this.#profiling = profiling;
    this.#aborts = new AbortWatch(onAbort);
    this.limits = new TimeLimits(() => this.all(), onLate);
  }

  get length(): number {
    return this.published.length + this.waiting.length;
  }
  get completed(): number {
    return this.#completed;
  }
  get failed(): number {
    return this.#failed;
  }
  /** The kernel that runs now, as far as is known. */
  get running(): string | null {
    return this.published.peek()?.launch.kernel ?? null;
  }
  all(): InFlight[] {
    return [...this.published, ...this.waiting];
  }
  takeAll(): InFlight[] {
    const all = this.all();
    this.published.clear();
    this.waiting.clear();
    return all;
  }

  /** From now on its abort signal and its time limit count. */
  watch(entry: InFlight): void {
    const { signal, timeout } = entry.launch;
    if (signal !== undefined) this.#aborts.add(signal, entry);
    if (timeout > 0) this.limits.watch(entry);
  }

  /** Resolves when every launch that is in flight now is over, however it ended. */
  idle(): Promise<void> {
    return this.#idle.until(this.length);
  }

  /** The oldest that are over, though nobody has told. */
  settleFinished(): void {
    for (let entry = this.published.peek(); entry !== undefined && !entry.aborted; entry = this.published.peek()) {
      if (entry.completion.load("acquire") !== 0) return;
      this.settleFirst();
    }
  }
  /** The oldest has been seen to be over. */
  settleFirst(): void {
    const entry = this.published.shift() as InFlight;
    const { start, end } = this.#profiling ? entry.completion.dispatchTime(this.#owner.agent) : { start: 0, end: 0 };
    this.succeed(entry, start, end);
  }

  // How one ends. It is in neither list any more.

  succeed(entry: InFlight, start: number, end: number): void {
    this.#completed++;
    this.#idle.count();
    this.#finish(entry);
    entry.resolve({ nanoseconds: end - start, start, end });
  }
  fail(entry: InFlight, reason: unknown): void {
    this.#idle.count();
    this.refuse(entry, reason);
  }
  /** One that has not come into the lists at all. */
  refuse(entry: InFlight, reason: unknown): void {
    this.#failed++;
    this.#finish(entry);
    entry.reject(reason);
  }
  /** One that blocked its thread. */
  countSync(completed: boolean): void {
    if (completed) this.#completed++;
    else this.#failed++;
  }

  /** Gives back what the launch held. Its packet no longer runs: it has completed, or its queue is gone. */
  #finish(entry: InFlight): void {
    if (entry.launch.signal !== undefined) this.#aborts.remove(entry.launch.signal, entry);
    if (entry.launch.completion === undefined) this.#owner.signals.give(entry.completion);
    entry.launch.release();
    if (this.length === 0) this.limits.stop();
  }
}
