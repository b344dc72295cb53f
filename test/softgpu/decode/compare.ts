// Compares our disassembly with LLVM's. The rules where the two may differ:
// 1. LLVM refuses bits that the hardware ignores (modifiers an operation does not have, registers of absent operands, …). Where
//    only LLVM refuses, every bit that does not change our text is cleared, and LLVM must print that text for what is left.
// 2. Where LLVM prints an instruction with an objection in a comment ("/*Invalid register…*/"), we may refuse it; if we do not,
//    the texts agree without the comment.
// 3. LLVM's gfx90a prints VGPR tuples that begin at an odd register; CDNA2 does not have them, and we refuse them.
// 4. LLVM names some operand numbers of other generations: 125 (null) everywhere, the apertures and ttmp12 to 15 on gfx803,
//    LDS-direct on gfx90a; and it prints scalars where only a VGPR can be (matrix operations, interpolation, swaps, lane reads)
//    and constants as destinations of v_readlane and comparisons. We refuse these.
import { hex, llvmDisassemble, softgpuDisassemble } from "./disassemblers.js";
import type { Target } from "./encodings.js";

interface Instruction {
  words: readonly number[];
  text: string;
}

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

function clear(words: readonly number[], bit: number): number[] {
  return words.map((word, i) => (i === bit >> 5 ? (word & ~(1 << (bit & 31))) >>> 0 : word));
}

/**
 * The instruction's words with every bit cleared that our text does not depend on. Each bit is tried alone, then those that
 * made no difference are cleared together; where they do make one together, they are cleared one after the other.
 */
function withoutIgnoredBits(target: Target, instructions: readonly Instruction[]): number[][] {
  const trials = instructions.flatMap(({ words, text }) =>
    words.flatMap((word, i) =>
      Array.from({ length: 32 }, (_, b) => b)
        .filter((b) => (word >>> b) & 1)
        .map((b) => ({ words, text, bit: 32 * i + b })),
    ),
  );
  const ignored = new Map<readonly number[], number[]>();
  softgpuDisassemble(
    target,
    trials.map(({ words, bit }) => clear(words, bit)),
  ).forEach((decoded, i) => {
    const trial = trials[i];
    if (trial && decoded?.text === trial.text)
      ignored.set(trial.words, [...(ignored.get(trial.words) ?? []), trial.bit]);
  });

  const reduced = instructions.map(({ words }) => (ignored.get(words) ?? []).reduce(clear, [...words]));
  return softgpuDisassemble(target, reduced).map((decoded, i) => {
    const { words, text } = instructions[i] as Instruction;
    if (decoded?.text === text) return reduced[i] as number[];
    return (ignored.get(words) ?? []).reduce(
      (kept, bit) => {
        const candidate = clear(kept, bit);
        return softgpuDisassemble(target, [candidate])[0]?.text === text ? candidate : kept;
      },
      [...words],
    );
  });
}

const withoutComments = (text: string) => text.replace(/ ?\/\*.*?\*\//g, "");

const notVector = String.raw`(s\d|s\[|ttmp|vcc|exec|m0|flat|xnack|t[bm]a|src_|-?\d)`;
const foreign: readonly RegExp[] = [
  /[ (|-]null\b/,
  new RegExp(`^v_mfma_.* ${notVector}`),
  new RegExp(`^v_interp_(?!mov).* [-|]*${notVector}`),
  // A destination that is no register, then a VGPR operand that is none.
  /^v_(read(first)?lane_b32|cmpx?_\w+_e64) (src_|-?\d)/,
  new RegExp(`^v_(read(first)?lane|swap|accvgpr_(mov|read))_b32 \\w+, ${notVector}`),
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
  const onlyOurs: Instruction[] = [];
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

  const reduced = withoutIgnoredBits(target, onlyOurs);
  llvmDisassemble(target, reduced).forEach((their, i) => {
    const ours = onlyOurs[i]?.text ?? "-";
    if (their === null || withoutComments(their) !== ours) {
      const from = onlyOurs[i]?.words.map(hex).join(" ");
      result.mismatches.push({ words: `${reduced[i]?.map(hex).join(" ")} (${from})`, ours, llvm: their ?? "-" });
    }
  });
  return result;
}
