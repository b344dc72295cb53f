// Compares our disassembly with LLVM's. The rules where the two may differ:
// 1. LLVM refuses bits that the hardware ignores (modifiers an operation does not have, registers of absent operands, …). Where
//    only LLVM refuses, every bit that does not change our text is cleared, and LLVM must print that text for what is left.
// 2. Where LLVM prints an instruction with an objection in a comment ("/*Invalid register…*/"), we may refuse it; if we do not,
//    the texts agree without the comment.
// 3. LLVM's gfx90a prints VGPR tuples that begin at an odd register; CDNA2 does not have them, and we refuse them.
// 4. LLVM names some operand numbers of other generations: 125 (null) everywhere, the apertures and ttmp12 to 15 on gfx803,
//    LDS-direct on gfx90a; and it prints scalars where only a VGPR can be (matrix operations, interpolation) and constants as
//    the destination of v_readlane. We refuse these.
import { hex, llvmDisassemble, softgpuDisassemble } from "./disassemblers.js";
import type { Target } from "./encodings.js";

export interface Mismatch {
  words: string;
  ours: string;
  llvm: string;
}

export interface Comparison {
  compared: number;
  valid: number;
  mismatches: Mismatch[];
}

/** The instruction's words with every bit cleared that our text does not depend on. */
function withoutIgnoredBits(target: Target, instructions: readonly (readonly number[])[], texts: readonly string[]): number[][] {
  const reduced = instructions.map((words) => [...words]);
  for (let word = 0; word < 2; word++) {
    for (let bit = 0; bit < 32; bit++) {
      const candidates = reduced.map((words) =>
        words.map((w, i) => (i === word ? (w & ~(2 ** bit)) >>> 0 : w)),
      );
      softgpuDisassemble(target, candidates).forEach((decoded, i) => {
        const candidate = candidates[i];
        if (decoded && candidate && decoded.text === texts[i]) reduced[i] = candidate;
      });
    }
  }
  return reduced;
}

const withoutComments = (text: string) => text.replace(/ ?\/\*.*?\*\//g, "");

const notVector = String.raw`(s\d|s\[|ttmp|vcc|exec|m0|flat|xnack|t[bm]a|src_|-?\d)`;
const foreign: readonly RegExp[] = [
  /[ (|-]null\b/,
  new RegExp(`^v_mfma_.* ${notVector}`),
  new RegExp(`^v_interp_(?!mov).* [-|]*${notVector}`),
  /^v_read(first)?lane_b32 (src_|-?\d)/,
];
const foreignTo: Partial<Record<Target, RegExp>> = {
  gfx803: /src_(shared|private|pops)_|ttmp\[\d+:1[2-5]\]/,
  gfx90a: /src_lds_direct/,
};

function namesForeignRegister(target: Target, text: string): boolean {
  return foreign.some((pattern) => pattern.test(text)) || (foreignTo[target]?.test(text) ?? false);
}

function hasOddTuple(target: Target, text: string): boolean {
  return target === "gfx90a" && /[va]\[\d*[13579]:/.test(text);
}

export function compare(target: Target, instructions: readonly (readonly number[])[]): Comparison {
  const ours = softgpuDisassemble(target, instructions);
  const llvm = llvmDisassemble(target, instructions);
  const result: Comparison = { compared: instructions.length, valid: 0, mismatches: [] };
  const onlyOurs: { words: readonly number[]; text: string }[] = [];
  instructions.forEach((words, i) => {
    const our = ours[i] ?? null;
    const their = llvm[i] ?? null;
    if (our) result.valid++;
    if (our && their === null) {
      onlyOurs.push({ words: words.slice(0, our.words), text: our.text });
      return;
    }
    const agree = our
      ? their !== null && withoutComments(their) === our.text
      : their === null || their.includes("/*") || namesForeignRegister(target, their) || hasOddTuple(target, their);
    if (!agree) {
      result.mismatches.push({ words: words.map(hex).join(" "), ours: our?.text ?? "-", llvm: their ?? "-" });
    }
  });

  const texts = onlyOurs.map(({ text }) => text);
  const reduced = withoutIgnoredBits(target, onlyOurs.map(({ words }) => words), texts);
  llvmDisassemble(target, reduced).forEach((their, i) => {
    const ours = texts[i] ?? "-";
    if (their === null || withoutComments(their) !== ours) {
      const from = onlyOurs[i]?.words.map(hex).join(" ");
      result.mismatches.push({ words: `${reduced[i]?.map(hex).join(" ")} (${from})`, ours, llvm: their ?? "-" });
    }
  });
  return result;
}
