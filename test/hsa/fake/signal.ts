/** Signals that nobody else stores to. */
import type { NativeSignal } from "../../../lib/hsa/native.js";
import { failure } from "./failure.js";
import type { FakeNative } from "./native.js";

export class FakeSignal implements NativeSignal {
  readonly handle: number;
  disposed = false;
  value = 1;
  readonly waits = new Map<number, { holds: () => boolean; callback: (value: number) => void }>();

  constructor(private readonly owner: FakeNative) {
    this.handle = 0x5000 + 64 * owner.counters.signalsCreated;
  }

  #live(): void {
    if (this.disposed) throw failure("ERR_HSA_DISPOSED");
  }
  set(value: number): void {
    this.value = value;
    for (const [wait, { holds, callback }] of this.waits) {
      if (!holds()) continue;
      this.waits.delete(wait);
      setImmediate(() => callback(this.value));
    }
  }
  load(): number {
    this.#live();
    this.owner.counters.nativeCalls++;
    return this.value;
  }
  store(value: number | bigint): void {
    this.#live();
    this.owner.counters.nativeCalls++;
    this.set(Number(value));
  }
  add(value: number | bigint): void {
    this.set(this.value + Number(value));
  }
  subtract(value: number | bigint): void {
    this.set(this.value - Number(value));
  }
  exchange(value: number | bigint): number {
    const before = this.value;
    this.set(Number(value));
    return before;
  }
  compareExchange(expected: number | bigint, value: number | bigint): number {
    const before = this.value;
    if (before === Number(expected)) this.set(Number(value));
    return before;
  }
  #holds(condition: string, value: number | bigint): boolean {
    const [a, b] = [this.value, Number(value)];
    return condition === "eq" ? a === b : condition === "ne" ? a !== b : condition === "lt" ? a < b : a >= b;
  }
  wait(condition: "eq" | "ne" | "lt" | "gte", value: number | bigint): number {
    this.owner.counters.nativeCalls++;
    if (!this.#holds(condition, value)) throw new Error("the fake cannot block");
    return this.value;
  }
  waitAsync(condition: "eq" | "ne" | "lt" | "gte", value: number | bigint, callback: (value: number) => void): number {
    this.owner.counters.nativeCalls++;
    const wait = this.owner.nextWait++;
    this.waits.set(wait, { holds: () => this.#holds(condition, value), callback });
    this.set(this.value);
    return wait;
  }
  dispatchTime(): { start: number; end: number } {
    return { start: 1000, end: 1500 };
  }
  copyTime(): { start: number; end: number } {
    return { start: 1000, end: 1500 };
  }
  dispose(): void {
    if (!this.disposed) this.owner.counters.signalsLive--;
    this.disposed = true;
  }
}
