/** Source lines of machine code, as compilers write them, against LLVM's symbolizer: every instruction of real objects. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parseCodeObject } from "../../../lib/index.js";
import { repository, run, scratchFile } from "../../codeobject/toolchain.js";
import { gccImage } from "./gcc.js";

const build = join(repository, "build", "softgpu-lines");

beforeAll(() => {
  run("cmake", ["-S", join(repository, "native", "softgpu"), "-B", build, "-DSOFTGPU_SANITIZE=ON"]);
  run("cmake", ["--build", build, "--target", "softgpu-lines", "--parallel", "2"]);
}, 300_000);

function ask(program: string, args: readonly string[], addresses: readonly number[]): string[] {
  const input = addresses.map((address) => `0x${address.toString(16)}\n`).join("");
  return execFileSync(program, args, { input, encoding: "utf8", maxBuffer: 1 << 28 })
    .trimEnd()
    .split("\n");
}

/** Dwords of the section that holds instructions, all over it, and some around it. */
function addressesOf(file: string): number[] {
  const sections = run("llvm-readelf-19", ["--sections", "--wide", file]);
  const [, start = "", , size = ""] = /\.text\s+PROGBITS\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)/.exec(sections) ?? [];
  const first = Number.parseInt(start, 16);
  const count = Number.parseInt(size, 16) / 4;
  const step = Math.ceil(count / 2000);
  return Array.from({ length: Math.ceil(count / step) + 8 }, (_, i) => first + 4 * step * (i - 4));
}

interface Line {
  readonly file: string;
  readonly place: string;
}
const parse = (text: string): Line | null => {
  const [, file = "", line, column] = /^(.*):(\d+):(\d+)$/.exec(text) ?? [];
  return line === undefined || line === "0" ? null : { file, place: `${line}:${column}` };
};

/** Answers how many addresses have a line. */
function compareAll(file: string): number {
  const addresses = addressesOf(file);
  const ours = ask(join(build, "softgpu-lines"), [file], addresses).map(parse);
  const llvm = ask("llvm-symbolizer-19", [`--obj=${file}`, "--no-inlines", "--functions=none"], addresses)
    .filter((line) => line !== "")
    .map(parse);
  expect(ours.length).toBe(addresses.length);
  expect(llvm.length).toBe(addresses.length);
  const wrong = addresses.filter((_, i) => {
    const [mine, theirs] = [ours[i] ?? null, llvm[i] ?? null];
    if (mine === null || theirs === null) return mine !== theirs;
    // Before DWARF 5 the folder of the compilation is in another section.
    return mine.place !== theirs.place || !theirs.file.endsWith(mine.file);
  });
  expect(wrong.map((address) => address.toString(16))).toEqual([]);
  return ours.filter((line) => line !== null).length;
}

test.each([
  ["gfx906", 2, "-O0"],
  ["gfx900", 3, "-O2"],
  ["gfx906", 4, "-O1"],
  ["gfx803", 4, "-O3"],
  ["gfx906", 5, "-O0"],
  ["gfx90a", 5, "-O2"],
])("clang's for %s, DWARF %i, %s", (cpu, version, level) => {
  const folder = join(repository, "test", "kernels");
  const sources = readdirSync(folder).filter((name) => name.endsWith(".c"));
  const objects = sources.map((name) => {
    const object = scratchFile(".o");
    const target = ["--target=amdgcn-amd-amdhsa", `-mcpu=${cpu}`, "-mcode-object-version=5", "-nogpulib", level];
    run("clang-19", [
      ...target,
      "-g",
      `-gdwarf-${version}`,
      "-c",
      "-I",
      join(repository, "scripts", "kernels"),
      join(folder, name),
      "-o",
      object,
    ]);
    return object;
  });
  const file = scratchFile(".hsaco");
  // With sections that nothing needs: their lines are left behind.
  run("ld.lld-19", ["-shared", "--gc-sections", ...objects, "-o", file]);
  expect(compareAll(file)).toBeGreaterThan(1000);
});

test("GCC's, of an OpenMP program with the device's libraries", () => {
  const file = gccImage(
    `#include <omp.h>
     int main(void) {
       int sum = 0;
       #pragma omp target teams distribute parallel for reduction(+ : sum)
       for (int i = 0; i < 1000; i++) sum += i * i;
       return sum == 0;
     }`,
    ["-g", "-O2"],
  );
  expect(compareAll(file)).toBeGreaterThan(5);
});

test("an object whose debug lines are cut short or damaged still answers for what can be read", () => {
  const source = join(repository, "test", "kernels", "memory.c");
  const file = scratchFile(".hsaco");
  const target = ["--target=amdgcn-amd-amdhsa", "-mcpu=gfx906", "-nogpulib", "-O1", "-g"];
  run("clang-19", [...target, "-I", join(repository, "scripts", "kernels"), source, "-o", file]);
  const bytes = readFileSync(file);
  expect(parseCodeObject(bytes).kernels.length).toBeGreaterThan(0);
  const sections = run("llvm-readelf-19", ["--sections", "--wide", file]);
  const [, , offset = "", size = ""] =
    /\.debug_line\s+PROGBITS\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)/.exec(sections) ?? [];
  const addresses = addressesOf(file);
  const begin = Number.parseInt(offset, 16);
  const damaged = scratchFile(".hsaco");
  let state = 12345;
  for (let round = 0; round < 60; round++) {
    const copy = Uint8Array.from(bytes);
    for (let i = 0; i <= round % 8; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      copy[begin + (state % Number.parseInt(size, 16))] = state >>> 24;
    }
    writeFileSync(damaged, copy);
    expect(ask(join(build, "softgpu-lines"), [damaged], addresses)).toHaveLength(addresses.length);
  }
});
