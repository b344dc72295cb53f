/** `gcn-offload info`: what would run, and on what. */

import { Runtime } from "../device/runtime.js";
import { GLOBAL_FLAG, type Pool } from "../hsa/index.js";
import { HsaRuntime } from "../hsa/runtime.js";
import { type Command, EXIT, JSON_OPTION } from "./command.js";
import { isaReport, isaText } from "./isa.js";
import { bytes, table } from "./text.js";

function poolKind({ info }: Pool): string {
  if (info.segment !== "global") return info.segment;
  const kinds = [
    info.flags & GLOBAL_FLAG.COARSE_GRAINED ? "coarse-grained" : "",
    info.flags & GLOBAL_FLAG.FINE_GRAINED ? "fine-grained" : "",
    info.flags & GLOBAL_FLAG.KERNARG ? "kernarg" : "",
  ].filter(Boolean);
  return `global ${kinds.join(" ")}`.trim();
}

/** Everything that the command tells, as programs read it. */
export function report(runtime: Runtime): {
  readonly runtime: { readonly path: string; readonly version: string };
  readonly device: { readonly kind: string; readonly config: string | null; readonly reason: string };
  readonly agents: readonly object[];
} {
  const { facts, choice, hsa } = runtime;
  return {
    runtime: { path: facts.path, version: `${facts.versionMajor}.${facts.versionMinor}` },
    device: { kind: choice.device, config: choice.config, reason: choice.reason },
    agents: hsa.agents.map((agent) => {
      const { facts: about } = agent;
      return {
        index: agent.index,
        name: about.name,
        productName: about.productName,
        vendorName: about.vendorName,
        type: about.deviceType,
        software: about.software,
        isas: about.isas,
        computeUnits: about.computeUnits,
        wavefrontSize: about.wavefrontSize,
        maxClockMhz: about.maxClockMhz,
        workgroupMaxSize: about.workgroupMaxSize,
        queuesMax: about.queuesMax,
        queueMaxSize: about.queueMaxSize,
        uuid: about.uuid,
        pools: agent.pools.map((pool) => ({
          kind: poolKind(pool),
          bytes: pool.info.size,
          largestAllocation: pool.info.allocMaxSize,
          granule: pool.info.allocGranule,
          allocatable: pool.info.allocAllowed,
        })),
      };
    }),
  };
}

function text(runtime: Runtime): string {
  const { facts, choice, hsa } = runtime;
  const device = choice.config === null ? choice.device : `${choice.device} (${choice.config})`;
  const lines = [
    `runtime  ${facts.path}, HSA ${facts.versionMajor}.${facts.versionMinor}`,
    `device   ${device}: ${choice.reason}`,
  ];
  for (const agent of hsa.agents) {
    const { facts: about } = agent;
    const title = [about.name, about.productName].filter((part, i, all) => part && all.indexOf(part) === i).join(", ");
    lines.push("", `agent ${agent.index}  ${title}${agent.software ? " — software GPU" : ""}`);
    if (agent.isGpu) {
      lines.push(
        `  ISA            ${about.isas.join(", ")}`,
        `  compute units  ${about.computeUnits}, ${about.simdsPerCu} SIMDs each, waves of ${about.wavefrontSize}`,
        `  workgroup      at most ${about.workgroupMaxSize} work-items`,
        `  queues         at most ${about.queuesMax} of ${about.queueMaxSize} packets`,
      );
    } else {
      lines.push(`  processors     ${about.computeUnits}`);
    }
    const pools = agent.pools.map((pool) => [poolKind(pool), bytes(pool.info.size), bytes(pool.info.allocMaxSize)]);
    lines.push(table([["pool", "size", "at once"], ...pools], "  "));
  }
  return lines.join("\n");
}

export const info: Command = {
  name: "info",
  usage: "[--isa gfx906] [--json]",
  summary: "Shows the HSA runtime, why hardware or software was chosen, and the agents with their memory.",
  details: "With --isa: which instructions of a target the software GPU has exactly, approximately, and not at all.",
  options: {
    isa: { type: "string", value: "TARGET", help: "gfx803, gfx900, gfx906, gfx908 or gfx90a" },
    json: JSON_OPTION,
  },
  async run({ flags, values }, { print }) {
    const isa = values.get("isa");
    if (isa !== undefined) {
      const found = isaReport(isa);
      print(flags.has("json") ? JSON.stringify(found, null, 2) : isaText(found));
      return EXIT.ok;
    }
    using runtime = new Runtime(HsaRuntime.open());
    print(flags.has("json") ? JSON.stringify(report(runtime), null, 2) : text(runtime));
    return EXIT.ok;
  },
};
