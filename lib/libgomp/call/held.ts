/** Buffers that are mapped, or associated, by more than one call: alive until none of their places is any more. */
export class Held {
  readonly #places = new Map<ArrayBufferLike, Set<number>>();

  add(owner: ArrayBufferLike, address: number): void {
    const places = this.#places.get(owner) ?? new Set();
    this.#places.set(owner, places.add(address));
  }
  has(owner: ArrayBufferLike, address: number): boolean {
    return this.#places.get(owner)?.has(address) ?? false;
  }
  drop(owner: ArrayBufferLike, address: number): void {
    const places = this.#places.get(owner);
    if (places?.delete(address) && places.size === 0) this.#places.delete(owner);
  }
  /** How many buffers there are. */
  get size(): number {
    return this.#places.size;
  }
}
