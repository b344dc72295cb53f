/** Memory of a device, or of the host. */
import type { NativeMemory } from "../../../lib/hsa/native.js";
import { failure } from "./failure.js";
import type { FakeNative } from "./native.js";

export class FakeMemory implements NativeMemory {
  disposed = false;
  readonly hostAddress: number;
  readonly bytes: ArrayBuffer;
  constructor(
    private readonly owner: FakeNative,
    readonly address: number,
    readonly byteLength: number,
    private readonly hostAccessible: boolean,
  ) {
    this.hostAddress = address;
    this.bytes = new ArrayBuffer(byteLength);
  }
  view(): ArrayBuffer {
    if (this.disposed) throw failure("ERR_HSA_DISPOSED");
    if (!this.hostAccessible) throw failure("ERR_HSA_NOT_HOST_ACCESSIBLE");
    return this.bytes;
  }
  allowAccess(): void {}
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.owner.counters.frees++;
    this.owner.counters.memoryLive--;
    this.owner.memories.delete(this);
  }
}
