/** What the environment says, in libgomp's names and with C's reading of numbers. */
import { expect, test } from "vitest";
import { readEnvironment } from "../../../lib/plugin/gcn/environment.js";

const KIB = 1024;
const MIB = 1024 * KIB;

test("without variables: the defaults of plugin-gcn.c", () => {
  expect(readEnvironment({})).toEqual({
    debug: false,
    inhibitTableMerge: false,
    teams: 0,
    threads: 0,
    heapBytes: 100 * MIB,
    arenaBytes: 64 * KIB,
    stackBytes: 32 * KIB,
    ldsBytes: null,
    suppressHostFallback: false,
  });
});

test.each([
  [{ GCN_DEBUG: "0" }, { debug: true }],
  [{ GCN_INHIBIT_KERNARGS_TVT_MERGE: "" }, { inhibitTableMerge: true }],
  [{ GCN_SUPPRESS_HOST_FALLBACK: "" }, { suppressHostFallback: true }],
  [{ GCN_NUM_TEAMS: "12" }, { teams: 12 }],
  [{ GCN_NUM_GANGS: "13" }, { teams: 13 }],
  // The first of the two counts, even where it says nothing.
  [{ GCN_NUM_TEAMS: "12", GCN_NUM_GANGS: "13" }, { teams: 12 }],
  [{ GCN_NUM_TEAMS: "", GCN_NUM_GANGS: "13" }, { teams: 0 }],
  [{ GCN_NUM_THREADS: "3" }, { threads: 3 }],
  [{ GCN_NUM_WORKERS: "4" }, { threads: 4 }],
  [{ GCN_NUM_THREADS: " 5 threads" }, { threads: 5 }],
  [
    { GCN_NUM_THREADS: "many", GCN_NUM_TEAMS: "0" },
    { threads: 0, teams: 0 },
  ],
  [{ GCN_HEAP_SIZE: "4096" }, { heapBytes: 4096 }],
  [{ GCN_HEAP_SIZE: "6442450944" }, { heapBytes: 6 * 1024 * MIB }],
  [{ GCN_HEAP_SIZE: "0" }, { heapBytes: 100 * MIB }],
  [
    { GCN_TEAM_ARENA_SIZE: "1000", GCN_STACK_SIZE: "2000" },
    { arenaBytes: 1000, stackBytes: 2000 },
  ],
  [
    { GCN_TEAM_ARENA_SIZE: "", GCN_STACK_SIZE: "x" },
    { arenaBytes: 64 * KIB, stackBytes: 32 * KIB },
  ],
  [{ GOMP_GCN_LOWLAT_POOL: "1024" }, { ldsBytes: 1024 }],
  [{ GOMP_GCN_LOWLAT_POOL: "0" }, { ldsBytes: 0 }],
])("%j", (variables, expected) => {
  expect(readEnvironment(variables)).toMatchObject(expected);
});
