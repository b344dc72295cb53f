/**
 * The memory of a C plugin's session, which its caller has to provide: `session_size` bytes, as aligned as anything is
 * (`__BIGGEST_ALIGNMENT__`), and what the plugin has hung on it.
 *
 * @packageDocumentation
 */
import { addon } from "../../hsa/addon.js";
import type { TargetVarTable } from "../plugin.js";

const ALIGNMENT = 16;
const WORD = 8;

export class SessionMemory {
  /** Where it lies stays the same as long as this lives. */
  readonly #bytes: Uint8Array;
  readonly address: number;
  /** Inside of the plugin's own memory. */
  table: TargetVarTable | null = null;
  count = 0;
  /** Whether a run has been begun: what it hangs on is the plugin's from then on. */
  used = false;

  constructor(
    size: number,
    readonly device: number,
  ) {
    this.#bytes = new Uint8Array(size + ALIGNMENT);
    const start = addon().addressOf(this.#bytes);
    this.address = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
  }

  hold(address: number, count: number): TargetVarTable {
    this.table = { address, words: new Uint32Array(addon().hostView(address, count * WORD)) };
    this.count = count;
    return this.table;
  }

  use(): number {
    this.used = true;
    return this.address;
  }
}
