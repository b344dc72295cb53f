/** One launch of a target region, from the call to its end. */
import { OffloadError } from "../../errors.js";
import type { HostBody } from "../../plugin/index.js";
import { addressOf, bytesAt } from "../../target/host_memory.js";
import type { MapItem } from "../../target/map_item.js";
import { kindOf, MAP } from "../../target/map_kind.js";
import type { HostPlace } from "./driver.js";
import type { MapArrays } from "./map_arrays.js";
import type { ProgramFunction } from "./program.js";

export class Launch {
  /** A place that only this launch writes: who depends on it waits for no other. */
  readonly mark: HostPlace;
  /** Settles when the launch is known to be over. */
  readonly over: Promise<void>;
  readonly #settle: { resolve(): void; reject(error: unknown): void };
  #failure: { readonly error: unknown } | null = null;
  settled = false;

  constructor(
    readonly id: number,
    readonly fn: ProgramFunction,
    readonly arrays: MapArrays,
  ) {
    const owner = new ArrayBuffer(8);
    this.mark = { owner, address: addressOf(owner) };
    const settle: { resolve?(): void; reject?(error: unknown): void } = {};
    this.over = new Promise<void>((resolve, reject) => Object.assign(settle, { resolve, reject }));
    this.#settle = settle as { resolve(): void; reject(error: unknown): void };
    // Whoever waits for it is told; nobody has to.
    this.over.catch(() => {});
  }

  /** The host's form of the function, on JavaScript's thread. What it throws is the launch's error. */
  async runOnHost(body: HostBody | undefined, why: string): Promise<void> {
    try {
      if (body === undefined) {
        throw new OffloadError(
          "ERR_OFFLOAD_UNKNOWN_KERNEL",
          `libgomp ran ${this.fn.name} on the host, and there is no fallback for it (${why}): nothing has been done`,
        );
      }
      await body(this.arrays.items.map(variableOf));
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  end(failure: { readonly error: unknown } | null = this.#failure): void {
    if (this.settled) return;
    this.settled = true;
    if (failure === null) this.#settle.resolve();
    else this.#settle.reject(failure.error);
  }
}

/** What a host function gets for an item: the caller's own memory, or the launch's private copy in the same form. */
function variableOf({ kind, value, owner, address, size }: MapItem): unknown {
  if (kindOf(kind) !== MAP.FIRSTPRIVATE || owner === null || !isMemory(value)) return value ?? address;
  const bytes = bytesAt(owner, address, size).slice();
  if (!ArrayBuffer.isView(value)) return bytes.buffer;
  const View = value.constructor as new (buffer: ArrayBuffer) => ArrayBufferView;
  return new View(bytes.buffer);
}

const isMemory = (value: unknown): boolean =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
