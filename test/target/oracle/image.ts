/** The code object of the probe kernel, compiled once for each text and GPU. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));
export const here = fileURLToPath(new URL(".", import.meta.url));
const built = join(root, "build", "oracle");

/** Code objects of version 5 are the newest that ROCr 5.2 loads. */
const FLAGS = ["--target=amdgcn-amd-amdhsa", "-mcode-object-version=5", "-nogpulib", "-O2", "-Wall", "-Wextra"];

/** Runs a command whose output is a file, which is kept for the same inputs and words. */
export function cached(
  name: string,
  inputs: readonly string[],
  words: readonly string[],
  make: (output: string) => void,
): string {
  const hash = createHash("sha256").update(words.join("\0"));
  for (const input of inputs) hash.update("\0").update(readFileSync(input));
  const output = join(built, `${name}.${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(output)) return output;
  mkdirSync(built, { recursive: true });
  const unfinished = `${output}.${process.pid}`;
  make(unfinished);
  renameSync(unfinished, output);
  return output;
}

export function probeImage(target: string): string {
  const source = join(here, "probe.c");
  const header = join(root, "scripts", "kernels", "gcn.h");
  const words = ["clang-19", ...FLAGS, `-mcpu=${target}`];
  return cached(`probe.${target}.hsaco`, [source, join(here, "probe.h"), header], words, (output) => {
    const object = `${output}.o`;
    execFileSync("clang-19", [...words.slice(1), "-I", join(root, "scripts", "kernels"), "-c", source, "-o", object]);
    execFileSync("ld.lld-19", ["-shared", "--no-undefined", object, "-o", output]);
  });
}
