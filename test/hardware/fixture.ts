/** What every file of the suite starts from: the runtime, its GPU agents, and the places memory comes from. */
import { afterAll, beforeAll } from "vitest";
import { type Agent, GLOBAL_FLAG, HsaRuntime, type Pool, type Region } from "../../lib/hsa/index.js";

export class Bench {
  readonly runtime = HsaRuntime.open();
  readonly gpus: readonly Agent[] = this.runtime.agents.filter((agent) => agent.isGpu);
  readonly cpu: Agent = first(
    this.runtime.agents.filter((agent) => !agent.isGpu),
    "CPU agent",
  );
  readonly gpu: Agent = first(this.gpus, "GPU agent");

  /** Device-local memory: coarse grained, on the agent itself. */
  localPool(agent: Agent = this.gpu): Pool {
    return first(
      agent.pools.filter(
        ({ info }) => info.segment === "global" && info.flags & GLOBAL_FLAG.COARSE_GRAINED && info.allocAllowed,
      ),
      "coarse-grained pool",
    );
  }
  /** Host memory that agents can be let into. */
  hostPool(): Pool {
    return first(
      this.cpu.pools.filter(
        ({ info }) => info.segment === "global" && info.flags & GLOBAL_FLAG.FINE_GRAINED && info.allocAllowed,
      ),
      "fine-grained host pool",
    );
  }
  kernargRegion(agent: Agent = this.gpu): Region {
    return first(
      agent.regions.filter(({ info }) => info.segment === "global" && info.flags & GLOBAL_FLAG.KERNARG),
      "kernarg region",
    );
  }
}

export function first<T>(list: readonly T[], what: string): T {
  const [item] = list;
  if (item === undefined) throw new Error(`this machine has no ${what}`);
  return item;
}

/** One bench per test file, opened before its tests and shut down after them. */
export function useBench(): () => Bench {
  let bench: Bench | undefined;
  beforeAll(() => {
    bench = new Bench();
  });
  afterAll(() => {
    bench?.runtime.dispose();
  });
  return () => {
    if (!bench) throw new Error("the bench opens before the tests");
    return bench;
  };
}

/** The `code` of what a call throws; undefined where it throws nothing. */
export function codeOf(body: () => unknown): string | undefined {
  try {
    body();
  } catch (error) {
    return (error as { code?: string }).code ?? `(no code) ${String(error)}`;
  }
  return undefined;
}

/** Bytes that differ from place to place and from seed to seed (xorshift32). */
export function pattern(bytes: number, seed = 1): Uint8Array {
  const out = new Uint8Array(bytes);
  let x = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < bytes; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x;
  }
  return out;
}
