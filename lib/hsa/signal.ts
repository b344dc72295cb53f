/** Signals (HSA 1.2, 2.4). */
import { guarded } from "./errors.js";
import { nativeOf } from "./handles.js";
import type { MemoryOrder, Native, NativeAgent, NativeSignal, SignalCondition } from "./native.js";

/** A 64-bit value that host and device count with. Values are numbers where they are safe integers, else bigint. */
export class Signal implements Disposable {
  constructor(
    readonly native: NativeSignal,
    readonly owner: Pick<Native, "cancelWait">,
  ) {}

  get handle(): number {
    return this.native.handle;
  }
  get disposed(): boolean {
    return this.native.disposed;
  }

  load(order?: "relaxed" | "acquire"): number | bigint {
    return guarded(() => this.native.load(order));
  }
  store(value: number | bigint, order?: "relaxed" | "release"): void {
    guarded(() => this.native.store(value, order));
  }
  add(value: number | bigint, order?: MemoryOrder): void {
    guarded(() => this.native.add(value, order));
  }
  subtract(value: number | bigint, order?: MemoryOrder): void {
    guarded(() => this.native.subtract(value, order));
  }
  exchange(value: number | bigint, order?: MemoryOrder): number | bigint {
    return guarded(() => this.native.exchange(value, order));
  }
  compareExchange(expected: number | bigint, value: number | bigint, order?: MemoryOrder): number | bigint {
    return guarded(() => this.native.compareExchange(expected, value, order));
  }

  /** Blocks the thread until the condition holds or the time is up; answers the value seen. */
  waitSync(condition: SignalCondition, value: number | bigint, timeoutNanoseconds?: number): number | bigint {
    return guarded(() => this.native.wait(condition, value, timeoutNanoseconds));
  }

  /** Resolves with the value seen when the condition holds; rejects with the abort reason. Nothing blocks or polls. */
  wait(
    condition: SignalCondition,
    value: number | bigint,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<number | bigint> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      signal?.throwIfAborted();
      const abort = (): void => {
        this.owner.cancelWait(wait);
        reject(signal?.reason);
      };
      const wait = guarded(() =>
        this.native.waitAsync(condition, value, (seen) => {
          signal?.removeEventListener("abort", abort);
          resolve(seen);
        }),
      );
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** When the dispatch that this signal completed began and ended, in nanoseconds of the system clock. */
  dispatchTime(agent: { readonly native: NativeAgent }): { readonly start: number; readonly end: number } {
    return guarded(() => this.native.dispatchTime(nativeOf("agent", agent)));
  }
  /** When the copy that this signal completed began and ended, in nanoseconds of the system clock. */
  copyTime(): { readonly start: number; readonly end: number } {
    return guarded(() => this.native.copyTime());
  }

  dispose(): void {
    guarded(() => this.native.dispose());
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
