/**
 * The order of a queue: what the device does goes to it as soon as nothing but such work is before it, one behind the other; what the host
 * does waits for its turn, and holds back what comes after it.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";

export class QueueOrder {
  #pending = 0;
  /** What the host does, and what waits behind that: whatever comes now waits behind them. */
  #unsent = 0;
  /** When all that is in the queue now is over, whatever came of it. */
  #tail: Promise<void> = Promise.resolve();
  /** The same, of what holds others back. */
  #hostTail: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  get empty(): boolean {
    return this.#pending === 0;
  }
  /** Whether there is anything that has not gone to the device yet. */
  get holds(): boolean {
    return this.#unsent > 0;
  }
  /** When all that is in the queue now is over, whatever came of it. */
  get over(): Promise<void> {
    return this.#tail;
  }

  /** @param send - hands work to the device; its promise tells when that is over. */
  device<T>(send: () => Promise<T>): Promise<T> {
    if (this.#unsent === 0) return this.#enter(send());
    this.#unsent++;
    const sent = this.#hostTail.then(() => {
      this.#unsent--;
      return send();
    });
    return this.#enter(sent);
  }

  /** Work of the host, in its turn: never before this call has returned. */
  host(work: () => void | Promise<void>): Promise<void> {
    this.#unsent++;
    const done = this.#tail.then(work).finally(() => {
      this.#unsent--;
    });
    this.#enter(done);
    this.#hostTail = this.#tail;
    return done;
  }

  /** When all that is in the queue now is over; rejects once with the first error since the last time. */
  async synchronize(): Promise<void> {
    await this.#tail;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  #enter<T>(done: Promise<T>): Promise<T> {
    this.#pending++;
    this.#tail = done.then(
      () => {
        this.#pending--;
      },
      (error: unknown) => {
        this.#pending--;
        this.#failure ??= { error };
      },
    );
    return done;
  }
}

/** The bytes when their turn comes, which they have to be there for: a WebAssembly memory that grows takes its buffer away. */
export function lasting(bytes: Uint8Array): () => Uint8Array {
  const { byteLength } = bytes;
  return () => {
    if (bytes.byteLength === byteLength) return bytes;
    throw new OffloadError(
      "ERR_OFFLOAD_HOST_MEMORY",
      `the buffer of ${byteLength} bytes has been detached before their copy had its turn in the queue`,
    );
  };
}
