/** The offload compiler of GCC 12, and the images that it makes. */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { run, scratchFile, writeScratch } from "../../codeobject/toolchain.js";

const OFFLOAD = ["-fopenmp", "-foffload=amdgcn-amdhsa"];

/** Compiles an OpenMP program; answers the executable's path. */
export function gccProgram(source: string, flags: readonly string[], gpu = "gfx906"): string {
  const output = scratchFile();
  run("gcc-12", [...flags, ...OFFLOAD, `-foffload-options=-march=${gpu}`, writeScratch(source, ".c"), "-o", output]);
  return output;
}

/** The path of the code object in such a program. */
export function gccImage(source: string, flags: readonly string[], gpu = "gfx906"): string {
  const program = gccProgram(source, [...flags, "-save-temps=obj"], gpu);
  const image = readdirSync(dirname(program)).find((name) => name.endsWith(".mkoffload.hsaco"));
  if (image === undefined) throw new Error("mkoffload left no code object");
  return join(dirname(program), image);
}
