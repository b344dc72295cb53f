// scripts/compare-decode: the comparison of test/softgpu/decode over as many samples as one likes.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";

const folder = resolve(import.meta.dirname, "../test/softgpu/decode");
const load = async (name) => (await runnerImport(resolve(folder, name))).module;
const [
  { compare },
  { buildDisassembler, llvmDisassemble, softgpuDisassemble },
  { Random, randomInstruction, readRows, targets },
] = await Promise.all(["compare.ts", "disassemblers.ts", "encodings.ts"].map(load));

const { values: options } = parseArgs({
  options: {
    targets: { type: "string", default: targets.join(",") },
    samples: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    opcodes: { type: "string" },
  },
});
const rows = readRows();
/** Instructions that one process of llvm-mc disassembles. */
const chunk = 50_000;
let differing = 0;

function report(target, what, { compared, valid, mismatches }) {
  differing += mismatches.length;
  const equal = compared - mismatches.length;
  console.log(
    `${target}  ${what.padEnd(34)} ${String(compared).padStart(8)} compared  ${String(valid).padStart(8)} valid  ` +
      `${String(mismatches.length).padStart(6)} differ  ${((100 * equal) / compared).toFixed(3)} %`,
  );
  for (const { words, ours, llvm } of mismatches.slice(0, 10))
    console.log(`    ${words}\n      ours ${ours}\n      llvm ${llvm}`);
}

/** Random operands for every opcode of the target. */
function compareSamples(target) {
  const own = rows.filter((row) => row.targets.includes(target));
  const random = new Random(Number(options.seed) * 1000 + 1, target === "gfx90a");
  const total = { compared: 0, valid: 0, mismatches: [] };
  const perRow = Number(options.samples);
  const step = Math.max(1, Math.floor(chunk / perRow));
  for (let at = 0; at < own.length; at += step) {
    const words = own
      .slice(at, at + step)
      .flatMap((row) =>
        Array.from({ length: perRow }, () => randomInstruction(row, target, random).map((w) => w >>> 0)),
      );
    const { compared, valid, mismatches } = compare(target, words);
    total.compared += compared;
    total.valid += valid;
    total.mismatches.push(...mismatches);
  }
  report(target, `${own.length} opcodes, random operands`, total);
}

function wordsOf(bytes) {
  const data = Buffer.from(bytes, "hex");
  return Array.from({ length: data.length / 4 }, (_, i) => data.readUInt32LE(4 * i));
}

/**
 * Each instruction of a list is one for us, is what LLVM says, and takes as many bytes as the list says. We may refuse those that
 * LLVM prints with an objection to an operand in a comment; with other operands, the table's samples show them.
 */
function compareList(target, file) {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(1);
  const list = lines.map((line) => line.split("\t")).map((columns) => wordsOf(columns[4] ?? ""));
  const ours = softgpuDisassemble(target, list);
  const llvm = llvmDisassemble(target, list);
  const mismatches = list.flatMap((words, i) =>
    (ours[i] !== null && ours[i].words === words.length && ours[i].text === llvm[i]) ||
    (ours[i] === null && llvm[i]?.includes("/*"))
      ? []
      : [{ words: lines[i] ?? "", ours: ours[i]?.text ?? "-", llvm: llvm[i] ?? "-" }],
  );
  report(target, "listed instructions", {
    compared: list.length,
    valid: ours.filter((text) => text !== null).length,
    mismatches,
  });
}

buildDisassembler();
for (const target of options.targets.split(",")) {
  if (!targets.includes(target)) throw new Error(`--targets: ${target} is none of ${targets.join(", ")}`);
  compareSamples(target);
  if (options.opcodes) compareList(target, options.opcodes.replaceAll("TARGET", target));
}
process.exitCode = differing === 0 ? 0 : 1;
