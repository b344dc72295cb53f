/**
 * What programs say to `offload()` and to a region: the options and their defaults.
 *
 * @packageDocumentation
 */
import type { GcnImageSource, HostBody, LaunchAttributes } from "../plugin/index.js";
import { integer, invalidType } from "../validate.js";
import type { PluginOptions } from "./program_plugin.js";
import type { TargetDeviceOptions } from "./target_device.js";
import type { Depend } from "./tasks.js";

/** A file, its bytes, or an image taken out of one. */
export type Program = string | URL | ArrayBufferView | ArrayBuffer | GcnImageSource;

/** `environment`: beside the plugin's, `OMP_TARGET_OFFLOAD` and `OMP_DEFAULT_DEVICE`. */
export interface OffloadOptions extends TargetDeviceOptions, PluginOptions {
  /** The host's own form of each function, by its name: run where there is no device, or the function cannot run there. */
  readonly fallback?: Readonly<Record<string, HostBody>>;
}

export interface TargetOptions extends Omit<LaunchAttributes, "teams"> {
  /**
   * `num_teams`. By default 1, which is what compiled code says for a region without a teams construct: its body runs once in each team.
   * `auto` leaves it to the plugin, as compiled code does for `target teams` without the clause.
   */
  readonly teams?: number | "auto";
  /** By default `OMP_DEFAULT_DEVICE`, or 0; the number behind the last device is the host. */
  readonly device?: number;
  /** Waits for tasks before, and is waited for by tasks after. */
  readonly depend?: Depend;
}

const INT_MAX = 2 ** 31 - 1;
export const OFFLOAD_OPTIONS = ["plugin", "device", "fallback", "environment", "output", "missing"] as const;
export const LAUNCH_OPTIONS = ["device", "teams", "threads", "grid", "workgroup", "timeout"] as const;
export const TARGET_OPTIONS = [...LAUNCH_OPTIONS, "depend"] as const;

const ONE_TEAM: LaunchAttributes = { teams: 1 };

/** What a plugin is told of a launch. */
export function launchAttributes(options: TargetOptions): LaunchAttributes {
  const { teams, threads, grid, workgroup, timeout } = options;
  if (teams !== undefined && teams !== "auto") integer("teams", teams, 0, INT_MAX);
  if (threads !== undefined) integer("threads", threads, 0, INT_MAX);
  if (grid === undefined && workgroup === undefined && timeout === undefined) {
    if (threads !== undefined) return teams === "auto" ? { threads } : { teams: teams ?? 1, threads };
    if (teams === undefined) return ONE_TEAM;
    return teams === "auto" ? {} : { teams };
  }
  for (const [name, sizes] of Object.entries({ grid, workgroup })) {
    if (sizes !== undefined && !Array.isArray(sizes)) {
      throw invalidType(name, "an array of one to three integers", sizes);
    }
  }
  const { device: _device, depend: _depend, teams: _teams, ...others } = options;
  return teams === "auto" || (teams === undefined && grid !== undefined) ? others : { ...others, teams: teams ?? 1 };
}
