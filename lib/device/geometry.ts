/** How a launch is divided: the grid in work-items, as HSA counts it, and the workgroup. */
import type { Kernel as KernelMetadata } from "../codeobject/index.js";
import { OffloadError } from "../errors.js";
import type { AgentInfo } from "../hsa/native.js";
import { describe } from "../validate.js";

/** One to three extents: a number is one dimension. */
export type Extent = number | readonly [number] | readonly [number, number] | readonly [number, number, number];

export interface Geometry {
  readonly dimensions: 1 | 2 | 3;
  /** Work-items. */
  readonly grid: readonly [number, number, number];
  readonly workgroup: readonly [number, number, number];
}

const AXES = ["x", "y", "z"] as const;

type Code = "ERR_OFFLOAD_GRID" | "ERR_OFFLOAD_WORKGROUP";

function extents(code: Code, what: string, value: unknown): readonly number[] {
  // A copy: what has been checked is what is launched.
  const list: readonly unknown[] = Array.isArray(value) ? value.slice(0, 4) : [value];
  if (list.length < 1 || list.length > 3) {
    throw new OffloadError(
      code,
      `the ${what} has one to three dimensions, not ${Array.isArray(value) ? value.length : 1}`,
    );
  }
  for (const [axis, extent] of list.entries()) {
    if (typeof extent !== "number" || !Number.isInteger(extent) || extent < 1 || extent > 2 ** 32 - 1) {
      const way = extent === 0 ? ": a launch of no work-items is an error, so leave it out" : "";
      throw new OffloadError(
        code,
        `the ${what}'s ${AXES[axis]} must be an integer from 1 to 2^32-1, not ${describe(extent)}${way}`,
      );
    }
  }
  return list as readonly number[];
}

/**
 * Checks a launch's division against the agent's limits and what the kernel was compiled for. Without a workgroup the kernel's required
 * one is taken.
 *
 * @throws OffloadError `ERR_OFFLOAD_GRID`, `ERR_OFFLOAD_WORKGROUP`.
 */
export function geometry(
  grid: Extent,
  workgroup: Extent | undefined,
  kernel: Pick<KernelMetadata, "name" | "maxWorkgroupSize" | "requiredWorkgroupSize" | "uniformWorkgroupSize">,
  agent: Pick<AgentInfo, "name" | "workgroupMaxDim" | "workgroupMaxSize" | "gridMaxDim" | "gridMaxSize">,
): Geometry {
  const required = kernel.requiredWorkgroupSize;
  const extent = extents("ERR_OFFLOAD_GRID", "grid", grid);
  const [gx = 1, gy = 1, gz = 1] = extent;
  if (workgroup === undefined && required === null) {
    throw new OffloadError(
      "ERR_OFFLOAD_WORKGROUP",
      `kernel ${kernel.name} does not fix its workgroup: say workgroup: 256, or another size`,
    );
  }
  const sizes = extents("ERR_OFFLOAD_WORKGROUP", "workgroup", workgroup ?? required);
  const [wx = 1, wy = 1, wz = 1] = sizes;
  const full = [gx, gy, gz] as const;
  const group = [wx, wy, wz] as const;
  const dimensions = Math.max(extent.length, workgroup === undefined ? 1 : sizes.length) as 1 | 2 | 3;

  for (const axis of [0, 1, 2] as const) {
    if (full[axis] > agent.gridMaxDim[axis]) {
      throw new OffloadError(
        "ERR_OFFLOAD_GRID",
        `the grid's ${AXES[axis]} is ${full[axis]} work-items; ${agent.name} takes ${agent.gridMaxDim[axis]}`,
      );
    }
    if (group[axis] > agent.workgroupMaxDim[axis]) {
      throw new OffloadError(
        "ERR_OFFLOAD_WORKGROUP",
        `the workgroup's ${AXES[axis]} is ${group[axis]}; ${agent.name} takes ${agent.workgroupMaxDim[axis]}`,
      );
    }
    if (required !== null && group[axis] !== required[axis]) {
      throw new OffloadError(
        "ERR_OFFLOAD_WORKGROUP",
        `kernel ${kernel.name} was compiled for workgroups of ${required.join("×")}, not ${group.join("×")}`,
      );
    }
    if (kernel.uniformWorkgroupSize && full[axis] % group[axis] !== 0) {
      const up = Math.ceil(full[axis] / group[axis]) * group[axis];
      throw new OffloadError(
        "ERR_OFFLOAD_GRID",
        `kernel ${kernel.name} was compiled for whole workgroups: the grid's ${AXES[axis]} is ${full[axis]} work-items, not a multiple of ${group[axis]}; round it up to ${up}`,
      );
    }
  }
  if (gx * gy * gz > agent.gridMaxSize) {
    throw new OffloadError(
      "ERR_OFFLOAD_GRID",
      `the grid has ${gx * gy * gz} work-items; ${agent.name} takes ${agent.gridMaxSize}`,
    );
  }
  const items = wx * wy * wz;
  const limit = Math.min(agent.workgroupMaxSize, kernel.maxWorkgroupSize);
  if (items > limit) {
    const whose = limit === agent.workgroupMaxSize ? agent.name : `kernel ${kernel.name}`;
    throw new OffloadError(
      "ERR_OFFLOAD_WORKGROUP",
      `a workgroup of ${group.join("×")} has ${items} work-items; ${whose} takes at most ${limit}`,
    );
  }
  return { dimensions, grid: full, workgroup: group };
}
