/**
 * The addon's face for agents: native/addon/agent.cc. They are valid while the runtime is. Conventions as in `native.ts`.
 *
 * @packageDocumentation
 */
import type { NativePool, NativeRegion } from "./native_memory.js";

export interface NativeAgent {
  /** Index in `agents()`. */
  readonly index: number;
  readonly handle: number;
  info(): AgentInfo;
  regions(): NativeRegion[];
  pools(): NativePool[];
}

export interface AgentInfo {
  readonly name: string;
  readonly productName: string;
  readonly vendorName: string;
  readonly deviceType: "cpu" | "gpu" | "dsp" | "aie";
  /** HSA_AGENT_FEATURE_* bits: 1 kernel dispatch, 2 agent dispatch. */
  readonly features: number;
  readonly profile: "base" | "full";
  readonly machineModel: "small" | "large";
  readonly defaultFloatRounding: number;
  readonly fastF16: boolean;
  readonly wavefrontSize: number;
  readonly workgroupMaxDim: readonly [number, number, number];
  readonly workgroupMaxSize: number;
  readonly gridMaxDim: readonly [number, number, number];
  readonly gridMaxSize: number;
  readonly queuesMax: number;
  readonly queueMinSize: number;
  readonly queueMaxSize: number;
  readonly queueType: "multi" | "single";
  readonly node: number;
  readonly isas: readonly string[];
  readonly cacheSizes: readonly number[];
  readonly versionMajor: number;
  readonly versionMinor: number;
  /** hsa_amd_agent_info_t; 0 or "" where the runtime has no answer. */
  readonly chipId: number;
  readonly computeUnits: number;
  readonly maxClockMhz: number;
  readonly driverNode: number;
  readonly maxWavesPerCu: number;
  readonly simdsPerCu: number;
  readonly cachelineSize: number;
  readonly memoryWidth: number;
  readonly memoryMaxClockMhz: number;
  readonly uuid: string;
  readonly bdfid: number;
}
