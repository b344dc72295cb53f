/** LLVM's tools, which make the objects that these tests read, and tell independently what is in them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const demoBundle = join(repository, "scripts", "kernels", "demo.hsaco");
export const testBundle = join(repository, "test", "kernels", "test.hsaco");

/** The version field that code object version v5 has in clang's command line, and so on. */
export type Version = 4 | 5 | 6;

const folder = mkdtempSync(join(tmpdir(), "gcn-offload-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
/** A new path in a folder that goes away with the test file. */
export function scratchFile(suffix = ""): string {
  return join(folder, `${files++}${suffix}`);
}

export function writeScratch(bytes: Uint8Array | string, suffix = ""): string {
  const path = scratchFile(suffix);
  writeFileSync(path, bytes);
  return path;
}

export function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
}

interface Compilation {
  readonly cpu: string;
  readonly version?: Version;
  /** clang's name of the language: `c`, `cl`, `assembler`. */
  readonly language?: string;
  readonly flags?: readonly string[];
}

/** Compiles and links one source to a code object. */
export function compile(source: string, { cpu, version = 5, language = "c", flags = [] }: Compilation): Uint8Array {
  const input = writeScratch(source, ".source");
  const output = scratchFile(".hsaco");
  const target = ["--target=amdgcn-amd-amdhsa", `-mcpu=${cpu}`, `-mcode-object-version=${version}`, "-nogpulib"];
  run("clang-19", [...target, "-O2", "-w", ...flags, "-x", language, input, "-o", output]);
  return readFileSync(output);
}

/** A kernel of plain C that HSA finds. */
export const KERNEL = '__attribute__((amdgpu_kernel, visibility("protected"))) void';

type Yaml = string | Yaml[] | { [key: string]: Yaml };

/** The metadata notes as llvm-readelf prints them, the kernels of all of them together: a linker keeps one note for each source. */
export function notesByLlvm(bytes: Uint8Array): { [key: string]: Yaml } {
  const text = run("llvm-readelf-19", ["--notes", writeScratch(bytes)]);
  const kernels: Yaml[] = [];
  let merged: { [key: string]: Yaml } = {};
  for (const [, document = ""] of text.matchAll(/---\n(.*?)\n\.\.\./gs)) {
    const [value, rest] = parseYaml(
      document.split("\n").filter((line) => line.trim() !== ""),
      0,
    );
    if (rest.length > 0) throw new Error(`llvm-readelf printed what this test cannot read: ${rest[0]}`);
    const note = value as { [key: string]: Yaml };
    kernels.push(...(note["amdhsa.kernels"] as Yaml[]));
    merged = { ...merged, ...note };
  }
  return { ...merged, "amdhsa.kernels": kernels };
}

const indent = (line: string): number => line.length - line.trimStart().length;
const unquote = (text: string): string => text.replace(/^(['"])(.*)\1$/, "$2");

/** As much YAML as llvm-readelf prints: block lists and maps of plain and quoted scalars, `[]` and `[ 1, 2 ]` for short lists. */
function parseYaml(lines: readonly string[], depth: number): [Yaml, readonly string[]] {
  let rest = lines;
  const isItem = (line: string | undefined): line is string => line?.trimStart().startsWith("- ") === true;
  const here = (line: string | undefined): line is string => line !== undefined && indent(line) >= depth;
  if (isItem(rest[0]) && here(rest[0])) {
    const list: Yaml[] = [];
    const at = indent(rest[0]);
    while (isItem(rest[0]) && indent(rest[0]) === at) {
      const content = rest[0].slice(at + 2);
      if (/^\S+:( |$)/.test(content)) {
        const [item, after] = parseYaml([" ".repeat(at + 2) + content, ...rest.slice(1)], at + 2);
        list.push(item);
        rest = after;
      } else {
        list.push(unquote(content.trim()));
        rest = rest.slice(1);
      }
    }
    return [list, rest];
  }
  const map: { [key: string]: Yaml } = {};
  const at = rest[0] === undefined ? depth : indent(rest[0]);
  while (rest[0] !== undefined && indent(rest[0]) === at && !isItem(rest[0])) {
    const match = /^\s*([^:\s]+):\s*(.*)$/.exec(rest[0]);
    if (!match) throw new Error(`llvm-readelf printed what this test cannot read: ${rest[0]}`);
    const [, key = "", text = ""] = match;
    rest = rest.slice(1);
    if (text === "") {
      const [value, after] = parseYaml(rest, isItem(rest[0]) ? at : at + 1);
      map[key] = value;
      rest = after;
    } else if (text.startsWith("[")) {
      map[key] = text
        .slice(1, -1)
        .split(",")
        .map((item) => unquote(item.trim()))
        .filter((item) => item !== "");
    } else {
      map[key] = unquote(text);
    }
  }
  return [map, rest];
}
