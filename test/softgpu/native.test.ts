/** A C program against hsa.h on the real ROCr and the software GPU, found as any program finds it: by its library path. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const program = resolve(root, "build/test/hsa_program");

beforeAll(() => {
  mkdirSync(resolve(program, ".."), { recursive: true });
  const folder = resolve(root, "test/softgpu/native");
  const sources = readdirSync(folder).flatMap((name) => (name.endsWith(".c") ? [resolve(folder, name)] : []));
  const rocm = process.env.ROCM_PATH ?? "/opt/rocm";
  execFileSync(
    "cc",
    [
      ...["-std=c11", "-D_DEFAULT_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", ...sources, "-o", program],
      ...[
        `-I${resolve(root, "native/softgpu")}`,
        `-I${rocm}/include`,
        `-L${rocm}/lib`,
        "-lhsa-runtime64",
        "-ldl",
        "-pthread",
      ],
    ],
    { stdio: "inherit" },
  );
});

/** What the program printed; throws what it complained of. */
function run(scenario: string, device: string, environment: Record<string, string> = {}): string {
  const { status, signal, stdout, stderr } = spawnSync(program, [scenario], {
    encoding: "utf8",
    timeout: 60_000,
    env: {
      ...process.env,
      LD_LIBRARY_PATH: resolve(root, "native/softgpu/build/lib"),
      CODE_BUNDLE: resolve(root, "test/kernels/test.hsaco"),
      GCN_OFFLOAD_DEVICE: `software:${device}`,
      // A sanitizer's runtime has to be there before the library that was built with it.
      ...(process.env.PROGRAM_PRELOAD ? { LD_PRELOAD: process.env.PROGRAM_PRELOAD } : {}),
      ...environment,
    },
  });
  if (status !== 0) throw new Error(`${scenario} on ${device}: status ${status}, signal ${signal}\n${stderr}`);
  return stdout;
}

it("shows the GPUs that the environment names, and that they are software", () => {
  expect(run("enumerate", "gfx906*2,gfx90a,gfx803").trimEnd().split("\n")).toEqual([
    "gfx906 | Software GPU (gfx906) | amdgcn-amd-amdhsa--gfx906:sramecc-:xnack-",
    "gfx906 | Software GPU (gfx906) | amdgcn-amd-amdhsa--gfx906:sramecc-:xnack-",
    "gfx90a | Software GPU (gfx90a) | amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-",
    "gfx803 | Software GPU (gfx803) | amdgcn-amd-amdhsa--gfx803",
  ]);
});

it.each(["hardware", "software:gfx999", "software:gfx906*0", "software:gfx906*17", "softwear"])(
  "refuses GCN_OFFLOAD_DEVICE=%s and says why",
  (device) => {
    expect(() => run("enumerate", "", { GCN_OFFLOAD_DEVICE: device })).toThrow(/softgpu: .*(hardware|gfx|GPUs)/);
  },
);

describe.each(["gfx900*2", "gfx906", "gfx90a"])("on %s", (device) => {
  it.each([
    ["dispatch", "runs kernels in order and times them"],
    ["copies", "copies and fills, by SDMA and by the runtime's kernels"],
    ["scratch", "provides private memory as packets ask for it"],
    ["exhaust", "answers an error when memory is exhausted"],
    ["idle", "starts and stops, and uses no processor time when idle"],
    ["barriers", "waits for signals that only the host changes"],
    ["overlap", "overlaps packets without the barrier bit"],
    ["load", "loses no packet of many queues under load"],
    ["destroy_endless", "destroys a queue whose kernel never ends"],
    ["exit_in_flight", "lets the process exit with work in flight"],
    ["fault_memory", "reports memory faults and goes on"],
    ["fault_illegal", "reports an illegal instruction and goes on"],
    ["fault_trap", "reports a trap and goes on"],
    ["bad_packets", "refuses malformed packets, each with its code"],
  ])("%s: %s", (scenario) => {
    run(scenario, device);
  });
});

it.each(["dispatch", "copies", "barriers"])(
  "gfx803, whose queues and copies ROCr drives in another way: %s",
  (scenario) => {
    run(scenario, "gfx803");
  },
);

it.each(["load", "barriers", "idle"])("without userfaultfd, doorbells are polled: %s", (scenario) => {
  run(scenario, "gfx906", { GCN_SOFTGPU_DOORBELL: "poll" });
});

it("executes the runtime's copy kernels in waves, to the same effect", () => {
  run("copies", "gfx906", { GCN_SOFTGPU_NATIVE_BLITS: "0" });
  run("copies", "gfx90a", { GCN_SOFTGPU_NATIVE_BLITS: "0", HSA_ENABLE_SDMA: "0" });
  run("copies", "gfx906", { HSA_ENABLE_SDMA: "0" });
});
