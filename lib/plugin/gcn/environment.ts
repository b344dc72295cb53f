/**
 * What the environment says to the GCN plugin, in libgomp's names, read once when the plugin is opened.
 *
 * Source: plugin-gcn.c (init_environment_variables) of GCC 12 to 17.
 *
 * @packageDocumentation
 */

export interface GcnEnvironment {
  /** `GCN_DEBUG`: lines on stderr about what the plugin does. */
  readonly debug: boolean;
  /** `GCN_INHIBIT_KERNARGS_TVT_MERGE`: tables are not put into kernel-argument blocks. */
  readonly inhibitTableMerge: boolean;
  /** `GCN_NUM_TEAMS` or `GCN_NUM_GANGS`, in place of what a launch says; 0: unset. */
  readonly teams: number;
  /** `GCN_NUM_THREADS` or `GCN_NUM_WORKERS`; 0: unset. */
  readonly threads: number;
  /** `GCN_HEAP_SIZE`: bytes that an image's malloc has. */
  readonly heapBytes: number;
  /** `GCN_TEAM_ARENA_SIZE`: bytes a team (images of GCC 13 and later; those of GCC 12 have the default compiled in). */
  readonly arenaBytes: number;
  /** `GCN_STACK_SIZE`: bytes a thread (GCC 13 and later). */
  readonly stackBytes: number;
  /** `GOMP_GCN_LOWLAT_POOL`: bytes of LDS a team (GCC 14 and later); null: shared out between the teams of a compute unit. */
  readonly ldsBytes: number | null;
  /** `GCN_SUPPRESS_HOST_FALLBACK`: no runtime is an error, and not a machine without devices. */
  readonly suppressHostFallback: boolean;
}

/** What device code of GCC 12 has compiled in. */
export const TEAM_ARENA_BYTES = 64 * 1024;
const STACK_BYTES = 32 * 1024;
const HEAP_BYTES = 100 * 2 ** 20;

export function readEnvironment(env: Readonly<Record<string, string | undefined>>): GcnEnvironment {
  const set = (name: string): boolean => env[name] !== undefined;
  // As C's atoi reads it: a number in front, else 0, which stands for unset.
  const count = (...names: readonly string[]): number => {
    const text = names.map((name) => env[name]).find((value) => value !== undefined);
    const value = Number.parseInt(text ?? "", 10);
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
  return {
    debug: set("GCN_DEBUG"),
    inhibitTableMerge: set("GCN_INHIBIT_KERNARGS_TVT_MERGE"),
    teams: count("GCN_NUM_TEAMS", "GCN_NUM_GANGS"),
    threads: count("GCN_NUM_THREADS", "GCN_NUM_WORKERS"),
    heapBytes: count("GCN_HEAP_SIZE") || HEAP_BYTES,
    arenaBytes: count("GCN_TEAM_ARENA_SIZE") || TEAM_ARENA_BYTES,
    stackBytes: count("GCN_STACK_SIZE") || STACK_BYTES,
    ldsBytes: set("GOMP_GCN_LOWLAT_POOL") ? count("GOMP_GCN_LOWLAT_POOL") : null,
    suppressHostFallback: set("GCN_SUPPRESS_HOST_FALLBACK"),
  };
}
