/**
 * Launch attributes as C plugins take them: words up to a null, which `readLaunchAttributes` reads the other way.
 *
 * Source: gomp-constants.h (GOMP_TARGET_ARG_…), plugin-gcn.c (parse_target_attributes) of GCC 12.
 *
 * @packageDocumentation
 */
import type { AgentFacts } from "../../hsa/index.js";
import { integer } from "../../validate.js";
import { divideGrid, mustFit } from "../grid_division.js";
import type { LaunchAttributes } from "../plugin.js";
import type { ForeignFunction } from "./foreign_image.js";

const NUM_TEAMS = 0x100;
const THREAD_LIMIT = 0x200;
/** GOMP_TARGET_ARG_HSA_KERNEL_ATTRIBUTES for GCN, whose pointer follows. */
const KERNEL_ATTRIBUTES = 0x108;
const VALUE_SHIFT = 2 ** 16;
const INT_MAX = 2 ** 31 - 1;

export interface LaunchWords {
  readonly words: readonly number[];
  /** What the word behind the last points to: the number of dimensions, three sizes of the grid, three of a workgroup. */
  readonly attributes: readonly number[];
}

/**
 * Null: nothing is to run.
 * @param facts - of the device, where they are known: what it does not take, the plugin would end the process for
 * @throws OffloadError `ERR_OFFLOAD_GRID`, `ERR_OFFLOAD_WORKGROUP`
 */
export function launchWords(
  attributes: LaunchAttributes,
  { name, maxWorkgroup }: Pick<ForeignFunction, "name" | "maxWorkgroup">,
  facts: AgentFacts | undefined,
): LaunchWords | null {
  const { teams, grid, workgroup } = attributes;
  if (grid !== undefined) {
    const division = divideGrid(name, grid, workgroup);
    if (division === null) return null;
    if (facts !== undefined) mustFit(name, division, facts, maxWorkgroup);
    return {
      words: [KERNEL_ATTRIBUTES],
      attributes: [division.dimensions, ...division.grid, ...division.workgroup],
    };
  }
  if (teams === 0) return null;
  return { words: teamWords(attributes), attributes: [] };
}

/** A list without any word would be one work-item's, so the teams are always among them; 0 leaves them to the plugin. */
export function teamWords({ teams, threads }: Pick<LaunchAttributes, "teams" | "threads">): number[] {
  const words = [integer("teams", teams ?? 0, 0, INT_MAX) * VALUE_SHIFT + NUM_TEAMS];
  if (threads !== undefined) words.push(integer("threads", threads, 0, INT_MAX) * VALUE_SHIFT + THREAD_LIMIT);
  return words;
}
