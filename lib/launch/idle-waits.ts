/** Waits for launches to be over, however they end: by counting ends, for those of a queue end in order. */
export class IdleWaits {
  readonly #waits: { readonly after: number; readonly resolve: () => void }[] = [];
  #ended = 0;

  /** Resolves when so many more have ended. */
  until(more: number): Promise<void> {
    if (more === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waits.push({ after: this.#ended + more, resolve });
    });
  }

  /** One has ended. */
  count(): void {
    this.#ended++;
    while (this.#waits.length > 0 && this.#ended >= (this.#waits[0]?.after ?? 0)) this.#waits.shift()?.resolve();
  }
}
