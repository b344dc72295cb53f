import type { HsaRuntime, Signal } from "../hsa/index.js";

/** Completion signals, made when first needed and used again. */
export class SignalPool {
  readonly #runtime: HsaRuntime;
  readonly #free: Signal[] = [];
  #created = 0;
  #ended = false;

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
    if (this.#ended) signal.dispose();
    else this.#free.push(signal);
  }

  /** What is in use goes when it comes back. */
  dispose(): void {
    this.#ended = true;
    for (const signal of this.#free) signal.dispose();
    this.#free.length = 0;
  }
}
