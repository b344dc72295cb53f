// Builds and runs the programs of this folder: kernels.c for a target and for this CPU, and the OpenMP reduction.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..");
const clang = process.env.CLANG ?? "clang-19";
const source = (name) => join(here, name);

const warnings = ["-Wall", "-Wextra", "-Werror"];
// No contraction: the same roundings on both sides.
const gpuFlags = ["--target=amdgcn-amd-amdhsa", "-mcode-object-version=5", "-nogpulib", "-O3", "-ffp-contract=off"];
// What -march=native finds on a CPU with AVX10 is a combination that clang 19 warns of (it takes the wider one).
const native = ["-march=native", "-Wno-invalid-feature-combination"];
const cpuFlags = ["-std=c11", "-D_GNU_SOURCE", "-O3", ...native, "-ffp-contract=off", "-fno-math-errno"];

const rocm = process.env.ROCM_PATH ?? "/opt/rocm";
const runtime = existsSync(join(rocm, "include", "hsa")) ? [`-I${rocm}/include`, `-L${rocm}/lib`] : [];

/** The program that runs and compares the kernels, and their code object. */
export function build(target, folder) {
  const object = join(folder, `${target}.hsaco`);
  execFileSync(clang, [...gpuFlags, ...warnings, `-mcpu=${target}`, source("kernels.c"), "-o", object]);
  const program = join(folder, "softgpu-bench");
  const sources = ["main.c", "gpu.c", "counts.c", "kernels.c"].map(source);
  const libraries = [...runtime, "-lhsa-runtime64", "-ldl", "-lm"];
  execFileSync(clang, [...cpuFlags, ...warnings, ...sources, "-o", program, ...libraries]);
  return { program, object };
}

/** GCC 12's OpenMP program; null where the compiler does not offload, or not to the target. -O2: no vectors of lanes. */
export function buildReduction(target, folder) {
  const march = target === "gfx803" ? "fiji" : target;
  if (!existsSync("/usr/lib/gcc/x86_64-linux-gnu/12/accel/amdgcn-amdhsa") || !/^(fiji|gfx90[06])$/.test(march)) {
    return null;
  }
  const peer = join(folder, "reduction-here.o");
  const program = join(folder, "reduction-bench");
  const onHost = ["-Wno-unknown-pragmas", "-DREDUCTION=reductionHere", "-c", source("reduction.c"), "-o", peer];
  execFileSync(clang, [...cpuFlags, ...warnings, ...onHost]);
  const sources = ["reduction.c", "reduction_main.c", "counts.c"].map(source);
  const offload = ["-fopenmp", `-foffload=amdgcn-amdhsa=-march=${march}`];
  // The linker complains of GCC's own offload table (DT_TEXTREL): kept quiet.
  execFileSync(
    "gcc-12",
    ["-O2", "-D_GNU_SOURCE", "-DREDUCTION=reductionOnGpu", ...offload, ...sources, peer, "-o", program, "-ldl"],
    { stdio: ["ignore", "inherit", "pipe"] },
  );
  return program;
}

/** What a program printed, on the software GPU with so many host threads. */
export function run(target, threads, program, words) {
  const output = execFileSync(program, words.map(String), {
    encoding: "utf8",
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(root, "native/softgpu/build/lib"),
      GCN_OFFLOAD_DEVICE: `software:${target}`,
      GCN_SOFTGPU_THREADS: String(threads),
    },
  });
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
