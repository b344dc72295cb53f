/**
 * The order of a queue: what the device does goes to it as soon as nothing but such work is before it, one behind the other; what the host
 * does waits for its turn, and holds back what comes after it.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";

/** What has not gone to the device: the host's work whose turn it is, and what waits behind that. */
interface Held {
  /** Rises over all queues of the process. */
  readonly number: number;
  /** The host's work begins when this is over; null: work for the device. */
  readonly before: Promise<void> | null;
  begin(): void;
  /** Does what is left of it, and settles its promise; false: that cannot be had at once. */
  finish(): boolean;
}

let lastNumber = 0;
/** What is held with a greater number has come later. */
export const newestNumber = (): number => lastNumber;

export class QueueOrder {
  #pending = 0;
  readonly #held: Held[] = [];
  /** When all that is in the queue now is over, whatever came of it. */
  #tail: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  get empty(): boolean {
    return this.#pending === 0;
  }
  /** Whether there is anything that has not gone to the device yet. */
  get holds(): boolean {
    return this.#held.length > 0;
  }
  /** When all that is in the queue now is over, whatever came of it. */
  get over(): Promise<void> {
    return this.#tail;
  }

  /** @param send - hands work to the device; its promise tells when that is over. */
  device<T>(send: () => Promise<T>): Promise<T> {
    return this.#enter(this.#held.length === 0 ? send() : this.#hold(null, send));
  }

  /**
   * Work of the host, in its turn: never before this call has returned.
   * @param finish - what is left of the work, without waiting, where all before it is over; false: not now. The work itself goes on, or is
   *   never begun, and must not do it again.
   */
  host(work: () => void | Promise<void>, finish: () => boolean = () => false): Promise<void> {
    return this.#enter(
      this.#hold<void>(
        this.#tail,
        async () => work(),
        (resolve) => {
          const done = finish();
          if (done) resolve();
          return done;
        },
      ),
    );
  }

  /** When all that is in the queue now is over; rejects once with the first error since the last time. */
  async synchronize(): Promise<void> {
    await this.#tail;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** Of the host's work whose turn it is; null where nothing is held. */
  get turn(): number | null {
    return this.#held[0]?.number ?? null;
  }
  /** Does at once what the host has to do now. The caller has seen to it that all before it is over. */
  finishTurn(): boolean {
    return this.#held[0]?.finish() ?? true;
  }

  /** @param finish - the same as `host`'s, and settles the promise */
  #hold<T>(
    before: Promise<void> | null,
    work: () => Promise<T>,
    finish: (resolve: (value: T) => void) => boolean = () => false,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let begun = false;
      const held: Held = {
        number: ++lastNumber,
        before,
        begin: () => {
          if (begun) return;
          begun = true;
          const done = work();
          if (before !== null) {
            const leave = (): void => this.#leave(held);
            done.then(leave, leave);
          }
          done.then(resolve, reject);
        },
        finish: () => {
          try {
            if (!finish(resolve)) return false;
          } catch (error) {
            reject(error);
          }
          this.#leave(held);
          return true;
        },
      };
      this.#held.push(held);
      if (this.#held.length === 1) this.#advance();
    });
  }

  #leave(held: Held): void {
    if (this.#held[0] !== held) return;
    this.#held.shift();
    this.#advance();
  }
  /** To the next work of the host. */
  #advance(): void {
    for (let head = this.#held[0]; head !== undefined; head = this.#held[0]) {
      if (head.before !== null) {
        const turn = head;
        void head.before.then(() => {
          if (this.#held[0] === turn) turn.begin();
        });
        return;
      }
      this.#held.shift();
      head.begin();
    }
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
