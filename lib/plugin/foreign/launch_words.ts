/**
 * Launch attributes as C plugins take them: words up to a null, which `readLaunchAttributes` reads the other way.
 *
 * Source: gomp-constants.h (GOMP_TARGET_ARG_…), plugin-gcn.c (parse_target_attributes) of GCC 12.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import { integer } from "../../validate.js";
import type { LaunchAttributes } from "../plugin.js";

const NUM_TEAMS = 0x100;
const THREAD_LIMIT = 0x200;
/** GOMP_TARGET_ARG_HSA_KERNEL_ATTRIBUTES for GCN, whose pointer follows. */
const KERNEL_ATTRIBUTES = 0x108;
const VALUE_SHIFT = 2 ** 16;
const INT_MAX = 2 ** 31 - 1;
const UINT_MAX = 2 ** 32 - 1;

export interface LaunchWords {
  readonly words: readonly number[];
  /** What the word behind the last points to: the number of dimensions, three sizes of the grid, three of a workgroup. */
  readonly attributes: readonly number[];
}

/** Null: nothing is to run. @throws OffloadError `ERR_OFFLOAD_GRID` */
export function launchWords({ teams, threads, grid, workgroup }: LaunchAttributes): LaunchWords | null {
  if (grid !== undefined) {
    if (grid.length < 1 || grid.length > 3) {
      throw new OffloadError("ERR_OFFLOAD_GRID", `a grid has 1 to 3 dimensions, not ${grid.length}`);
    }
    if (grid.includes(0)) return null;
    const three = (name: string, sizes: readonly number[] | undefined, rest: number): number[] =>
      [0, 1, 2].map((i) => integer(`${name}[${i}]`, sizes?.[i] ?? rest, 0, UINT_MAX));
    return {
      words: [KERNEL_ATTRIBUTES],
      attributes: [grid.length, ...three("grid", grid, 1), ...three("workgroup", workgroup, 0)],
    };
  }
  if (teams === 0) return null;
  // A list without any word would be one work-item's, so the teams are always among them; 0 leaves them to the plugin.
  const words = [integer("teams", teams ?? 0, 0, INT_MAX) * VALUE_SHIFT + NUM_TEAMS];
  if (threads !== undefined) words.push(integer("threads", threads, 0, INT_MAX) * VALUE_SHIFT + THREAD_LIMIT);
  return { words, attributes: [] };
}
