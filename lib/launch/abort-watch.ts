/** Many launches may share one AbortSignal: one listener serves them all (Node warns of signals with many). */
export class AbortWatch<T> {
  readonly #watched = new Map<AbortSignal, { readonly entries: Set<T>; readonly listener: () => void }>();
  readonly #onAbort: (entries: ReadonlySet<T>) => void;

  /** @param onAbort - gets all that share the signal that aborted, at once. */
  constructor(onAbort: (entries: ReadonlySet<T>) => void) {
    this.#onAbort = onAbort;
  }

  add(signal: AbortSignal, entry: T): void {
    const known = this.#watched.get(signal);
    if (known !== undefined) {
      known.entries.add(entry);
      return;
    }
    const entries = new Set([entry]);
    const listener = (): void => {
      this.#watched.delete(signal);
      this.#onAbort(entries);
    };
    this.#watched.set(signal, { entries, listener });
    signal.addEventListener("abort", listener, { once: true });
  }

  remove(signal: AbortSignal, entry: T): void {
    const known = this.#watched.get(signal);
    if (known === undefined) return;
    known.entries.delete(entry);
    if (known.entries.size > 0) return;
    this.#watched.delete(signal);
    signal.removeEventListener("abort", known.listener);
  }
}
