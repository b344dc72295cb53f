/** Code object readers (HSA 1.2, 2.10): the bytes that an executable is loaded from. */
import { guarded } from "./errors.js";
import type { NativeCodeObjectReader } from "./native.js";

/** Keeps its own copy of the bytes. Validate them first (lib/codeobject): ROCr's loader trusts its input. */
export class CodeObjectReader implements Disposable {
  constructor(readonly native: NativeCodeObjectReader) {}

  get disposed(): boolean {
    return this.native.disposed;
  }
  dispose(): void {
    guarded(() => this.native.dispose());
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
