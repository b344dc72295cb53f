// Builds and runs the programs of this folder.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { environment } from "../../../dist/cli/exec.js";

const here = dirname(fileURLToPath(import.meta.url));
const rocm = process.env.ROCM_PATH ?? "/opt/rocm";
const headers = [rocm, "/opt/rocm"].map((folder) => join(folder, "include")).filter((folder) => existsSync(folder));

/** Milliseconds that a program may take. */
const LONGEST = 60_000;

const source = (name) => join(here, name);
const warnings = ["-Wall", "-Wextra", "-Werror"];
const cc = (output, ...words) =>
  execFileSync("cc", [
    ...["-std=c11", "-D_GNU_SOURCE", "-O2", ...warnings, ...headers.map((folder) => `-I${folder}`)],
    ...[source("cost.c"), ...words, "-o", output],
  ]);

/** The code object, for the agent's processor. Version 4 is what GCC's own are. */
export function buildImage(processor, folder) {
  const output = join(folder, "image.hsaco");
  execFileSync(process.env.CLANG ?? "clang-19", [
    ...["--target=amdgcn-amd-amdhsa", `-mcpu=${processor}`, "-mcode-object-version=4", "-nogpulib", "-ffreestanding"],
    ...["-O3", ...warnings, "-I", join(here, "../../kernels"), source("image.c"), "-o", output],
  ]);
  return output;
}

/** The C programs, for the HSA runtime at `library`. */
export function buildPrograms(library, folder) {
  const programs = {
    bare: join(folder, "bare"),
    libgomp: join(folder, "libgomp"),
    countedHsa: join(folder, "libcounted-hsa.so"),
  };
  const runtime = [library, `-Wl,-rpath,${dirname(library)}`];
  cc(programs.bare, source("bare.c"), source("../hsa_launch.c"), ...runtime);
  // Needed, though it calls nothing of it by name.
  cc(programs.countedHsa, "-shared", "-fPIC", source("counted_hsa.c"), "-Wl,--no-as-needed", ...runtime);
  cc(programs.libgomp, source("libgomp.c"), "-l:libgomp.so.1", "-ldl");
  return programs;
}

/**
 * What a program printed, on the software GPU of that configuration, or on hardware (null). Where it is to run on another libgomp, with
 * that one's loader and libraries.
 *
 * @returns its output, or what it died of
 */
export function run(config, words, { libgomp = null, countedHsa = null } = {}) {
  const env = config === null ? { ...process.env } : environment(config, process.env);
  if (countedHsa !== null) env.HSA_RUNTIME_LIB = countedHsa;
  if (libgomp !== null) {
    const path = [env.LD_LIBRARY_PATH, ...libgomp.folders].filter(Boolean);
    // A C library works with no other loader than its own.
    if (libgomp.loader !== null) words = [libgomp.loader, "--library-path", path.join(":"), ...words];
    else env.LD_LIBRARY_PATH = path.join(":");
  }
  const [program, ...rest] = words.map(String);
  const { status, signal, stdout, stderr, error } = spawnSync(program, rest, {
    encoding: "utf8",
    env,
    timeout: LONGEST,
  });
  if (error?.code === "ETIMEDOUT") return { failure: "hangs" };
  if (error !== undefined) throw error;
  if (status === 0) return { output: stdout };
  const last = stderr.trim().split("\n").at(-1);
  return { failure: signal === null ? `fails: ${last || `status ${status}`}` : `crashes (${signal})` };
}
