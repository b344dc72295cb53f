/**
 * Launches that are divided in work-items, as HSA counts them, and what a GPU takes at most of any launch.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { AgentFacts } from "../hsa/index.js";
import { integer } from "../validate.js";

type Three = [number, number, number];

export interface GridDivision {
  readonly dimensions: number;
  readonly grid: Three;
  readonly workgroup: Three;
}

/** Null where nothing is to run. @throws OffloadError `ERR_OFFLOAD_GRID` */
export function divideGrid(
  kernel: string,
  grid: readonly number[],
  workgroup: readonly number[] = [],
): GridDivision | null {
  if (grid.length < 1 || grid.length > 3) {
    throw new OffloadError("ERR_OFFLOAD_GRID", `kernel ${kernel}: a grid has 1 to 3 dimensions, not ${grid.length}`);
  }
  const sizes = grid.map((size, i) => integer(`grid[${i}]`, size, 0, 2 ** 32 - 1));
  if (sizes.some((size) => size === 0)) return null;
  const [x = 1, y = 1, z = 1] = sizes;
  // What is left open: 64 work-items in one dimension, 8 x 8 in two, 4 x 4 x 4 in three.
  const open = [64, 8, 4][grid.length - 1] as number;
  const group = ([x, y, z] as const).map((size, i) => {
    const asked = i < grid.length ? integer(`workgroup[${i}]`, workgroup[i] ?? 0, 0, 2 ** 16 - 1) : 1;
    return Math.min(asked || open, size);
  }) as Three;
  return { dimensions: grid.length, grid: [x, y, z], workgroup: group };
}

/**
 * @param maxWorkgroup - work-items of a workgroup, of the kernel's own
 * @throws OffloadError `ERR_OFFLOAD_GRID`, `ERR_OFFLOAD_WORKGROUP`
 */
export function mustFit(
  kernel: string,
  { grid, workgroup }: Omit<GridDivision, "dimensions">,
  facts: Pick<AgentFacts, "name" | "workgroupMaxSize" | "gridMaxDim">,
  maxWorkgroup: number,
): void {
  const items = workgroup[0] * workgroup[1] * workgroup[2];
  const most = Math.min(facts.workgroupMaxSize, maxWorkgroup);
  if (items > most) {
    throw new OffloadError(
      "ERR_OFFLOAD_WORKGROUP",
      `kernel ${kernel}: a workgroup of ${workgroup.join("×")} has ${items} work-items, of at most ${most}`,
    );
  }
  const over = grid.findIndex((size, i) => size > (facts.gridMaxDim[i] as number));
  if (over >= 0) {
    throw new OffloadError(
      "ERR_OFFLOAD_GRID",
      `kernel ${kernel}: a grid of ${grid.join("×")} is larger than ${facts.name}'s ${facts.gridMaxDim.join("×")}`,
    );
  }
}
