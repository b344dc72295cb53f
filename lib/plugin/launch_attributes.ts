/**
 * The list of launch attributes that compiled code hands to GOMP_target_ext, decoded: words up to a null, each with the device that it is
 * for in its low seven bits, a mark that the value is the next word, an id, and else the value itself from bit 16 on.
 *
 * Source: gomp-constants.h (GOMP_TARGET_ARG_…), plugin-gcn.c (parse_target_attributes), target.c of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import { describe } from "../validate.js";
import type { LaunchAttributes } from "./plugin.js";

const DEVICE_MASK = 0x7f;
const DEVICE_ALL = 0;
const VALUE_FOLLOWS = 0x80;
const ID_MASK = 0xff00;
const ID = { NUM_TEAMS: 0x100, THREAD_LIMIT: 0x200, KERNEL_ATTRIBUTES: 0x100 } as const;
const VALUE_SHIFT = 2 ** 16;
const INT_MAX = 2 ** 31 - 1;

/** `struct GOMP_kernel_launch_attributes`: what the word behind the id of kernel attributes points to. */
export interface KernelAttributes {
  /** 1 to 3 of each; work-items. */
  readonly grid: readonly number[];
  readonly workgroup: readonly number[];
}

/**
 * @param words - without the null at the end; a pointer to kernel attributes is the attributes themselves.
 * @param device - the number of the device's kind (GCN: 8), whose own attributes count beside those for all.
 * @throws OffloadError `ERR_OFFLOAD_GRID` for attributes of no dimensions, or more than three.
 */
export function readLaunchAttributes(words: readonly (number | KernelAttributes)[], device: number): LaunchAttributes {
  let teams: number | undefined;
  let threads: number | undefined;
  let said = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (typeof word !== "number") throw notAList(word);
    const kind = word & DEVICE_MASK;
    const id = word & ID_MASK;
    const value = word & VALUE_FOLLOWS ? words[++i] : Math.floor(word / VALUE_SHIFT);
    if (kind === device && device !== DEVICE_ALL && id === ID.KERNEL_ATTRIBUTES) {
      // Its pointer follows whether the word says so or not.
      const attributes = word & VALUE_FOLLOWS ? value : words[i + 1];
      if (typeof attributes !== "object") throw notAList(attributes);
      const { grid, workgroup } = attributes;
      if (grid.length < 1 || grid.length > 3) {
        throw new OffloadError(
          "ERR_OFFLOAD_GRID",
          `kernel attributes of ${grid.length} dimensions: 1 to 3 are possible`,
        );
      }
      return { grid, workgroup };
    }
    if (typeof value !== "number") throw notAList(value);
    if (kind !== DEVICE_ALL) continue;
    said = true;
    // Left to the plugin: 0 and, since GCC 13, the runtime's own marks below it; -2 is one team.
    if (id === ID.NUM_TEAMS) teams = value === -2 ? 1 : positive(value);
    // -1: the region says it where the host does not see it, and may say any number.
    else if (id === ID.THREAD_LIMIT) threads = value < 0 ? INT_MAX : positive(value);
  }
  // A list without a word for all devices is one work-item's.
  if (!said) return { grid: [1], workgroup: [1] };
  return { ...(teams === undefined ? {} : { teams }), ...(threads === undefined ? {} : { threads }) };
}

const positive = (value: number): number | undefined => (value > 0 ? Math.min(value, INT_MAX) : undefined);

const notAList = (value: unknown): OffloadError =>
  new OffloadError("ERR_OFFLOAD_GRID", `a list of launch attributes is one of numbers, not of ${describe(value)}`);
