/** GCC 12 with its compiler for GCN: makes the programs of this folder, for each GPU that its libgomp is built for. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const sources = fileURLToPath(new URL("programs", import.meta.url));
const built = join(root, "build", "openmp");

/** The software GPU's name of a target, and GCC's: fiji is GCC's default, with code objects of version 3. */
export const TARGETS = { gfx900: "gfx900", gfx906: "gfx906", gfx803: "fiji" } as const;
export type Target = keyof typeof TARGETS;

/** A program's own options, from its first comment: `options: -O3`. */
function ownOptions(text: string): string[] {
  const given = /^(?:\/\*|\/\/) options: (.*)$/m.exec(text)?.[1]?.split(" ") ?? [];
  return given.includes("-fopenacc") ? given : ["-fopenmp", ...given];
}

/** Where a program's source is when it is not in this folder, and options beside its own. */
export interface Elsewhere {
  readonly folder: string;
  readonly options?: readonly string[];
}

/**
 * Compiles `file` for `target` and answers the program's path; beside it lies GCC's dump of target regions that were lowered, as
 * `.omplower`, for programs from elsewhere. A program that was made of the same text by the same command is used again. A shared object has
 * the program's main, for `gcn-offload host`.
 */
export async function compile(
  file: string,
  target: Target,
  elsewhere?: Elsewhere,
  kind: "program" | "shared object" = "program",
): Promise<string> {
  const source = join(elsewhere?.folder ?? sources, file);
  const text = readFileSync(source, "utf8");
  // Without the debug lines of the device's libraries an image is a third as big, and GCC as much faster.
  const offload = `-foffload-options=amdgcn-amdhsa=-march=${TARGETS[target]} -Wl,--strip-debug`;
  const compiler = file.endsWith(".cpp") ? "g++-12" : "gcc-12";
  const words = [
    "-O2",
    ...ownOptions(text),
    "-foffload=amdgcn-amdhsa",
    offload,
    "-foffload-options=-lm",
    ...(elsewhere?.options ?? []),
    ...(kind === "program" ? [] : ["-shared", "-fPIC", "-I", sources]),
    source,
    "-lm",
  ];
  const inputs = [compiler, ...words, text, readFileSync(join(sources, "check.h"), "utf8")];
  // A program of this folder that is asked for with its dump is another than the same without.
  if (elsewhere !== undefined) inputs.push("omplower");
  const digest = createHash("sha256").update(inputs.join("\0")).digest("hex").slice(0, 16);
  const program = join(built, target, `${file}.${digest}`);
  if (existsSync(program)) return program;
  mkdirSync(join(built, target), { recursive: true });
  const made = `${program}.${process.pid}`;
  const dump = elsewhere === undefined ? [] : [`-fdump-tree-omplower=${made}.omplower`];
  await promisify(execFile)(compiler, [...words, ...dump, "-o", made]);
  if (elsewhere !== undefined) renameSync(`${made}.omplower`, `${program}.omplower`);
  renameSync(made, program);
  return program;
}
