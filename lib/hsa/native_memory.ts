/**
 * The addon's face for memory: regions (HSA core), pools (AMD), and what is allocated from them: native/addon/region.cc, pool.cc and
 * memory.cc. Conventions as in `native.ts`.
 *
 * @packageDocumentation
 */
import type { NativeAgent } from "./native_agent.js";

export interface NativeRegion {
  info(): RegionInfo;
  /** hsa_memory_allocate. */
  allocate(bytes: number): NativeMemory;
}
export interface RegionInfo {
  readonly segment: "global" | "readonly" | "private" | "group" | "kernarg";
  /** HSA_REGION_GLOBAL_FLAG_* bits: 1 kernarg, 2 fine grained, 4 coarse grained. */
  readonly flags: number;
  readonly size: number;
  readonly allocMaxSize: number;
  readonly allocAllowed: boolean;
  readonly allocGranule: number;
  readonly allocAlignment: number;
}
export interface NativePool {
  info(): PoolInfo;
  /** hsa_amd_memory_pool_allocate. */
  allocate(bytes: number): NativeMemory;
  /** hsa_amd_agent_memory_pool_get_info ACCESS for the agent. */
  access(agent: NativeAgent): "never" | "allowed-by-default" | "disallowed-by-default";
}
export interface PoolInfo {
  readonly segment: "global" | "readonly" | "private" | "group";
  readonly flags: number;
  readonly size: number;
  readonly allocAllowed: boolean;
  readonly allocGranule: number;
  readonly allocAlignment: number;
  readonly accessibleByAll: boolean;
  readonly allocMaxSize: number;
}

/** An allocation, or a range of host memory locked for the GPU: native/addon/memory.cc */
export interface NativeMemory {
  readonly address: number;
  /** The host address of locked memory; equals `address` for allocations. */
  readonly hostAddress: number;
  readonly byteLength: number;
  readonly disposed: boolean;
  /**
   * The bytes as an ArrayBuffer over the memory itself, the same one at each call; detached by `dispose`.
   * Throws `ERR_HSA_NOT_HOST_ACCESSIBLE` where the host cannot reach the memory, and for locked memory, which is its typed array's.
   */
  view(): ArrayBuffer;
  /** hsa_amd_agents_allow_access, replacing the earlier set. */
  allowAccess(agents: readonly NativeAgent[]): void;
  /** hsa_memory_free, hsa_amd_memory_pool_free or hsa_amd_memory_unlock. */
  dispose(): void;
}

export interface PointerInfo {
  readonly type: "unknown" | "hsa" | "locked" | "graphics" | "ipc";
  readonly agentBaseAddress: number;
  readonly hostBaseAddress: number;
  readonly byteLength: number;
  /** Index of the owning agent, or -1. */
  readonly owner: number;
  /** Indices of the agents that may access it. */
  readonly accessible: readonly number[];
}
