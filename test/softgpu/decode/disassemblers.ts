// The two disassemblers under comparison. Both answer, per instruction, its text or null where they refuse it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Target } from "./encodings.js";

const source = fileURLToPath(new URL("../../../native/softgpu", import.meta.url));
const build = fileURLToPath(new URL("../../../build/softgpu-disasm", import.meta.url));

function tryRun(command: string, args: string[], input: string) {
  const done = spawnSync(command, args, { input, encoding: "utf8", maxBuffer: 2 ** 30 });
  if (done.error) throw done.error;
  return done;
}

function run(command: string, args: string[], input: string): string {
  const done = tryRun(command, args, input);
  if (done.status === 0) return done.stdout;
  throw new Error(
    `${command} ${args.join(" ")}: ${done.signal ?? `exit ${done.status}`}\n${done.stderr}${done.stdout}`,
  );
}

/** Builds softgpu-disasm with the sanitizers: every input of these tests is also a search for undefined behaviour. */
export function buildDisassembler(): void {
  run("cmake", ["-S", source, "-B", build, "-DSOFTGPU_SANITIZE=ON"], "");
  run("cmake", ["--build", build, "--target", "softgpu-disasm", "--parallel", "2"], "");
}

export function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

export interface Decoded {
  words: number;
  text: string;
}

export function softgpuDisassemble(target: Target, instructions: readonly (readonly number[])[]): (Decoded | null)[] {
  if (instructions.length === 0) return [];
  const input = instructions.map((words) => `${words.map(hex).join(" ")}\n`).join("");
  const lines = run(`${build}/softgpu-disasm`, [target], input).split("\n").slice(0, instructions.length);
  return lines.map((line) => {
    const space = line.indexOf(" ");
    return line === "-" ? null : { words: Number(line.slice(0, space)), text: line.slice(space + 1) };
  });
}

/**
 * llvm-mc reads each line as bytes to disassemble to the end and says on stderr where it found no instruction. After each
 * instruction come no-ops, so that it always ends on the line, and a move of a number that says which line it was.
 * Some encodings crash LLVM 19; those count as refused.
 */
export function llvmDisassemble(target: Target, instructions: readonly (readonly number[])[]): (string | null)[] {
  if (instructions.length === 0) return [];
  const bytes = (words: readonly number[]) =>
    words.map((w) => [0, 8, 16, 24].map((shift) => `0x${((w >>> shift) & 0xff).toString(16)}`).join(" ")).join(" ");
  const nop = 0xbf800000;
  const input = instructions
    .map((words, i) => `${bytes([...words, nop, nop, nop])}\n${bytes([0xbe8000ff, 0x5a000000 + i])}`)
    .join("\n");
  const done = tryRun("llvm-mc-19", ["-disassemble", "-triple=amdgcn", `-mcpu=${target}`], `${input}\n`);
  const { stdout, stderr } = done;
  if (done.signal !== null) {
    if (instructions.length === 1) return [null];
    const half = instructions.length >> 1;
    return [instructions.slice(0, half), instructions.slice(half)].flatMap((part) => llvmDisassemble(target, part));
  }

  const refused = new Set<number>();
  for (const match of stderr.matchAll(/<stdin>:(\d+):1: warning: invalid instruction encoding/g)) {
    refused.add((Number(match[1]) - 1) / 2);
  }
  const texts: (string | null)[] = [];
  let first: string | undefined;
  for (const line of stdout.split("\n")) {
    const text = line.trim().replace(/\s+/g, " ");
    if (/^s_mov_b32 s0, 0x5a[0-9a-f]{6}$/.test(text)) {
      if (Number(text.slice(14)) !== 0x5a000000 + texts.length)
        throw new Error(`llvm-mc lost line ${texts.length}: ${text}`);
      texts.push(refused.has(texts.length) ? null : (first ?? null));
      first = undefined;
    } else if (text !== "" && !text.startsWith(".")) {
      first ??= text;
    }
  }
  if (texts.length !== instructions.length) throw new Error(`llvm-mc: ${texts.length} of ${instructions.length} lines`);
  return texts;
}
