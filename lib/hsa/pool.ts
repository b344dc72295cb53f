/** AMD's memory pools (hsa_ext_amd.h). */
import { guarded } from "./errors.js";
import { nativeOf } from "./handles.js";
import { Memory } from "./memory.js";
import type { NativeAgent, NativePool, PoolInfo } from "./native.js";

export class Pool {
  readonly info: PoolInfo;

  constructor(readonly native: NativePool) {
    this.info = guarded(() => native.info());
  }

  allocate(bytes: number): Memory {
    return new Memory(guarded(() => this.native.allocate(bytes)));
  }
  access(agent: { readonly native: NativeAgent }): "never" | "allowed-by-default" | "disallowed-by-default" {
    return guarded(() => this.native.access(nativeOf("agent", agent)));
  }
}
