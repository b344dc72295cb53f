import { OffloadError } from "../errors.js";
import { invalidType } from "../validate.js";

/**
 * Something that launches use: kept until the last launch that uses it has finished, even where it was disposed before. Disposal takes
 * effect for the caller at once and frees when nothing uses it.
 */
export abstract class Resource implements Disposable {
  #uses = 0;
  #disposed = false;

  /** How an error names it. */
  abstract get label(): string;
  protected abstract free(): void;

  get disposed(): boolean {
    return this.#disposed;
  }
  /** Launches and copies that use it now. */
  get uses(): number {
    return this.#uses;
  }

  /** @throws OffloadError `ERR_OFFLOAD_DISPOSED`; TypeError `ERR_INVALID_ARG_TYPE` of a proxy, which has no state of its own. */
  mustLive(): void {
    if (!(#disposed in this)) throw invalidType("a resource", "the object itself", "a proxy");
    if (this.#disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", `${this.label} was used after its disposal`);
  }

  retain(): void {
    this.#uses++;
  }
  release(): void {
    this.#uses--;
    if (this.#uses === 0 && this.#disposed) this.free();
  }

  /** Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#uses === 0) this.free();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
