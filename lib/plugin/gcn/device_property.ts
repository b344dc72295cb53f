/** What a device tells of itself. Source: plugin-gcn.c (GOMP_OFFLOAD_openacc_get_property, GOMP_OFFLOAD_get_uid). */
import { type Agent, GLOBAL_FLAG, type HsaRuntime } from "../../hsa/index.js";
import type { DeviceProperty } from "../plugin.js";

export function deviceProperty(agent: Agent, runtime: HsaRuntime, property: DeviceProperty): number | string | null {
  switch (property) {
    case "memory":
      return (
        agent.pools.find(({ info }) => info.segment === "global" && (info.flags & GLOBAL_FLAG.COARSE_GRAINED) !== 0)
          ?.info.size ?? null
      );
    case "compute-units":
      return agent.facts.computeUnits || null;
    case "name":
      return agent.facts.name;
    case "vendor":
      return agent.facts.vendorName;
    case "driver":
      return `HSA Runtime ${runtime.facts.versionMajor}.${runtime.facts.versionMinor}`;
    case "uid":
      return agent.facts.uuid === "" ? null : agent.facts.uuid;
    default:
      // HSA does not tell what is free.
      return null;
  }
}
