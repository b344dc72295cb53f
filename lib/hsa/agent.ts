/** Agents (HSA 1.2, 2.2.2): the host's processors and its GPUs. */
import { guarded } from "./errors.js";
import type { AgentInfo, NativeAgent } from "./native.js";
import { Pool } from "./pool.js";
import { Region } from "./region.js";

/** An agent's facts, and whether it is a simulation. */
export interface AgentFacts extends AgentInfo {
  /** The software GPU stands behind it. */
  readonly software: boolean;
}

/** A processor that HSA shows: the host, or a GPU, with its memory. */
export class Agent {
  readonly facts: AgentFacts;
  readonly regions: readonly Region[];
  readonly pools: readonly Pool[];

  constructor(
    readonly native: NativeAgent,
    softwareRuntime: boolean,
  ) {
    const info = guarded(() => native.info());
    this.facts = { ...info, software: softwareRuntime && info.deviceType === "gpu" };
    this.regions = guarded(() => native.regions()).map((region) => new Region(region));
    this.pools = guarded(() => native.pools()).map((pool) => new Pool(pool));
  }

  /** Its place among the runtime's agents. */
  get index(): number {
    return this.native.index;
  }
  get isGpu(): boolean {
    return this.facts.deviceType === "gpu";
  }
  get software(): boolean {
    return this.facts.software;
  }
}
