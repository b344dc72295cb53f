import { accessSync, constants } from "node:fs";
import { defineConfig } from "vitest/config";

/** Whether this machine has a GPU that the process may use. */
function hardware(): boolean {
  try {
    accessSync("/dev/kfd", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The suite that runs against whatever agent is there: the machine's own, or each target of the software GPU, two agents of it. */
const devices: Record<string, string> = hardware()
  ? { hardware: "hardware" }
  : { gfx900: "software:gfx900*2", gfx906: "software:gfx906*2", gfx90a: "software:gfx90a*2" };

/** The contract's suites on GCC 12's own C plugin; on another GPU those that launch something there. */
const offloading = [
  ...["contract", "queues", "sessions", "tables"].map((name) => `test/plugin/plain/${name}.test.ts`),
  "test/plugin/gcn/results.test.ts",
  ...["regions", "tasks"].map((name) => `test/target/offload/${name}.test.ts`),
  "test/target/oracle/differential.test.ts",
  "test/openacc/device.test.ts",
];
const others = [
  // All but hidden.test.ts: clang's own arguments are what no C plugin hands over.
  "test/plugin/plain/!(hidden).test.ts",
  ...["bad-images", "lifetime", "objects", "openacc"].map((name) => `test/plugin/gcn/${name}.test.ts`),
  ...["host", "memory", "plans"].map((name) => `test/target/offload/${name}.test.ts`),
];
const foreign: Record<string, readonly string[]> = { gfx900: offloading, gfx906: [...offloading, ...others] };

// One process per test file: HSA is one per process, and a test that ends its process ends no other.
const common = { pool: "forks", testTimeout: 30_000, hookTimeout: 30_000 } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "library",
          include: ["test/**/*.test.ts"],
          exclude: ["test/hardware/**"],
        },
      },
      ...Object.entries(foreign).map(([gpu, include]) => ({
        test: {
          ...common,
          name: `GCC's plugin, ${gpu}`,
          include: [...include],
          env: { GCN_OFFLOAD_TEST_PLUGIN: "foreign", GCN_OFFLOAD_TEST_GPU: gpu },
        },
      })),
      ...Object.entries(devices).map(([name, device]) => ({
        test: { ...common, name, include: ["test/hardware/**/*.test.ts"], env: { GCN_OFFLOAD_DEVICE: device } },
      })),
    ],
  },
});
