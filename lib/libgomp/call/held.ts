/** Buffers that are mapped, or associated, by more than one call: alive until none of their places is any more, on any device. */
export class Held {
  readonly #places = new Map<ArrayBufferLike, Set<string>>();

  add(owner: ArrayBufferLike, address: number, device: number): void {
    const places = this.#places.get(owner) ?? new Set();
    this.#places.set(owner, places.add(key(address, device)));
  }
  has(owner: ArrayBufferLike, address: number, device: number): boolean {
    return this.#places.get(owner)?.has(key(address, device)) ?? false;
  }
  drop(owner: ArrayBufferLike, address: number, device: number): void {
    const places = this.#places.get(owner);
    if (places?.delete(key(address, device)) && places.size === 0) this.#places.delete(owner);
  }
}

const key = (address: number, device: number): string => `${device}:${address}`;
