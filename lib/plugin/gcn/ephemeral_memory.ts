/**
 * What kernels use while they run and leave behind as it is: the teams' arenas, and since GCC 13 the threads' stacks. Launches of one
 * queue run one after the other, so one block serves them all; a larger one takes its place when a launch needs more.
 *
 * Source: plugin-gcn.c (get_team_arena of GCC 12, configure_ephemeral_memories since GCC 13).
 *
 * @packageDocumentation
 */
import type { Memory } from "../../hsa/index.js";

export class Ephemeral {
  /** Launches that run on it, or will. */
  uses = 0;
  constructor(readonly memory: Memory) {}

  get address(): number {
    return this.memory.address;
  }
}

export class EphemeralMemory {
  readonly #allocate: (bytes: number) => Memory;
  #current: Ephemeral | null = null;

  constructor(allocate: (bytes: number) => Memory) {
    this.#allocate = allocate;
  }

  /** A block of so many bytes at least, which is used once more from now on; null for none. */
  take(bytes: number): Ephemeral | null {
    if (bytes === 0) return null;
    let current = this.#current;
    if (current === null || current.memory.byteLength < bytes) {
      this.trim();
      const made = new Ephemeral(this.#allocate(bytes));
      this.#retire();
      this.#current = current = made;
    }
    current.uses++;
    return current;
  }

  give(used: Ephemeral): void {
    used.uses--;
    if (used.uses === 0 && used !== this.#current) used.memory.dispose();
  }

  /** Frees the block where nothing runs on it. */
  trim(): void {
    if (this.#current?.uses === 0) this.#retire();
  }

  /** At the queue's end; what is in use is freed when it comes back. */
  end(): void {
    this.#retire();
  }

  #retire(): void {
    if (this.#current?.uses === 0) this.#current.memory.dispose();
    this.#current = null;
  }
}
