import type { HsaRuntime, Signal } from "../hsa/index.js";

/** Completion signals, made when first needed and used again. */
export class SignalPool {
  readonly #runtime: HsaRuntime;
  readonly #free: Signal[] = [];
  #created = 0;

  constructor(runtime: HsaRuntime) {
    this.#runtime = runtime;
  }

  get stats(): { readonly created: number; readonly free: number } {
    return { created: this.#created, free: this.#free.length };
  }

  /** Its value is left over from the last use: submission sets it to 1. */
  take(): Signal {
    const signal = this.#free.pop();
    if (signal !== undefined) return signal;
    this.#created++;
    return this.#runtime.createSignal(1);
  }
  give(signal: Signal): void {
    this.#free.push(signal);
  }

  dispose(): void {
    for (const signal of this.#free) signal.dispose();
    this.#free.length = 0;
  }
}
