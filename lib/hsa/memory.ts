/** Allocations and locked host memory (HSA 1.2, 2.8; hsa_ext_amd.h). */
import { guarded } from "./errors.js";
import { nativesOf } from "./handles.js";
import type { NativeAgent, NativeMemory } from "./native.js";

/** An allocation, or a range of host memory locked for agents. Addresses and sizes are in bytes. */
export class Memory implements Disposable {
  constructor(readonly native: NativeMemory) {}

  get address(): number {
    return this.native.address;
  }
  /** The host address of locked memory; `address` for allocations. */
  get hostAddress(): number {
    return this.native.hostAddress;
  }
  get byteLength(): number {
    return this.native.byteLength;
  }
  get disposed(): boolean {
    return this.native.disposed;
  }

  /** The memory itself as an ArrayBuffer, detached by `dispose`. Throws `ERR_HSA_NOT_HOST_ACCESSIBLE`. */
  view(): ArrayBuffer {
    return guarded(() => this.native.view());
  }
  /** Lets these agents, and no others, reach the memory. */
  allowAccess(agents: readonly { readonly native: NativeAgent }[]): void {
    guarded(() => this.native.allowAccess(nativesOf("agents", agents)));
  }

  dispose(): void {
    guarded(() => this.native.dispose());
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
