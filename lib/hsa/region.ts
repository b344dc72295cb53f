/** Memory regions of the HSA core (HSA 1.2, 2.8). */
import { guarded } from "./errors.js";
import { Memory } from "./memory.js";
import type { NativeRegion, RegionInfo } from "./native.js";

/** hsa_region_global_flag_t, and hsa_amd_memory_pool_global_flag_t, which has the same bits. */
export const GLOBAL_FLAG = { KERNARG: 1, FINE_GRAINED: 2, COARSE_GRAINED: 4 } as const;

export class Region {
  readonly info: RegionInfo;

  constructor(readonly native: NativeRegion) {
    this.info = guarded(() => native.info());
  }

  allocate(bytes: number): Memory {
    return new Memory(guarded(() => this.native.allocate(bytes)));
  }
}
