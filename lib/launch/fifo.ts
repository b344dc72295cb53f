/** First in, first out, in constant time: an array whose front is dropped now and then. */
export class Fifo<T> implements Iterable<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }
  peek(): T | undefined {
    return this.#items[this.#head];
  }
  push(item: T): void {
    this.#items.push(item);
  }
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
  /** Takes out all that are in a set; answers them. */
  removeAll(items: ReadonlySet<T>): T[] {
    const all = [...this];
    this.#items = all.filter((item) => !items.has(item));
    this.#head = 0;
    return all.filter((item) => items.has(item));
  }
  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }
  *[Symbol.iterator](): Iterator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T;
  }
}
