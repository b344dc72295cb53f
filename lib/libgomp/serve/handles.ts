/** Objects of JavaScript's that C code holds by a number: never null, and never used again. */
import { OffloadError } from "../../errors.js";

/** They look like addresses of nothing. */
const FIRST = 0x1000;
const STEP = 16;

export class Handles<T> {
  readonly #objects = new Map<number, T>();
  #next = FIRST;

  constructor(private readonly what: string) {}

  add(object: T): number {
    const handle = this.#next;
    this.#next += STEP;
    this.#objects.set(handle, object);
    return handle;
  }
  get(handle: number): T {
    const found = this.#objects.get(handle);
    if (found === undefined) {
      throw new OffloadError(
        "ERR_OFFLOAD_ADDRESS",
        `libgomp asks for ${this.what} 0x${handle.toString(16)}, which is not there, or not any more`,
      );
    }
    return found;
  }
  take(handle: number): T {
    const found = this.get(handle);
    this.#objects.delete(handle);
    return found;
  }
  /** Those of an object that is gone. */
  removeAll(gone: (object: T) => boolean): void {
    for (const [handle, object] of this.#objects) if (gone(object)) this.#objects.delete(handle);
  }
}
