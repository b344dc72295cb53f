import { beforeAll, describe, expect, it } from "vitest";
import { compare } from "./compare.js";
import { buildDisassembler, llvmDisassemble, softgpuDisassemble } from "./disassemblers.js";
import { Random, randomInstruction, readRows, type Target, targets } from "./encodings.js";

const rows = readRows();
/** Random instructions per opcode; SOFTGPU_DECODE_SAMPLES and SOFTGPU_DECODE_SEED ask for more and others. */
const samples = Number(process.env.SOFTGPU_DECODE_SAMPLES ?? 12);
const seed = Number(process.env.SOFTGPU_DECODE_SEED ?? 1);
const minutes = 60_000;

const rowsOf = (target: Target) => rows.filter((row) => row.targets.includes(target));
const randomOf = (target: Target, salt: number) => new Random(seed * 1000 + salt, target === "gfx90a");

function randomInstructions(target: Target, perRow: number): { name: string; words: number[] }[] {
  const random = randomOf(target, 1);
  return rowsOf(target).flatMap((row) =>
    Array.from({ length: perRow }, () => ({
      name: `${row.encoding} ${row.mnemonic}`,
      words: randomInstruction(row, target, random).map((word) => word >>> 0),
    })),
  );
}

/** The mnemonic without what tells its encodings apart. */
const stem = (text: string) => text.replace(/ .*/, "").replace(/_(e32|e64|sdwa|dpp)$/, "");

beforeAll(buildDisassembler, 10 * minutes);

describe.each(targets)("%s", (target) => {
  const instructions = randomInstructions(target, samples);
  const words = instructions.map((instruction) => instruction.words);

  it("reads random operands of every opcode as LLVM does", { timeout: 10 * minutes }, () => {
    const { compared, valid, mismatches } = compare(target, words);
    console.log(
      `${target}: ${rowsOf(target).length} opcodes, ${compared} encodings, ${valid} valid, ${mismatches.length} differ`,
    );
    expect(mismatches).toEqual([]);
    expect(valid / compared).toBeGreaterThan(0.7);
  });

  it("decodes every opcode of its table", () => {
    const many = randomInstructions(target, 100);
    const decoded = softgpuDisassemble(
      target,
      many.map((instruction) => instruction.words),
    );
    const seen = new Set(many.filter((_, i) => decoded[i] !== null).map(({ name }) => name));
    expect(
      rowsOf(target)
        .map((row) => `${row.encoding} ${row.mnemonic}`)
        .filter((name) => !seen.has(name)),
    ).toEqual([]);
  });

  it("has every opcode that LLVM finds in random words", { timeout: minutes }, () => {
    const random = randomOf(target, 2);
    const noise = Array.from({ length: 10_000 }, (_, i) => [
      (random.next() | (i & 1 ? 0x80000000 : 0)) >>> 0,
      random.next(),
    ]);
    const known = new Set(rowsOf(target).map((row) => row.mnemonic));
    const found = llvmDisassemble(target, noise).flatMap((text) => (text === null ? [] : [stem(text)]));
    expect(found.length).toBeGreaterThan(3_000);
    expect([...new Set(found)].filter((mnemonic) => !known.has(mnemonic))).toEqual([]);
  });

  it("refuses what runs past the end of the code", () => {
    const whole = softgpuDisassemble(target, words);
    const cut = softgpuDisassemble(
      target,
      words.map((all) => all.slice(0, 1)),
    );
    const differing = whole.filter((decoded, i) =>
      decoded?.words === 1 ? cut[i]?.text !== decoded.text : cut[i] !== null,
    );
    expect(differing).toEqual([]);
    expect(softgpuDisassemble(target, [[]])).toEqual([null]);
  });

  it("takes any words without a crash", { timeout: minutes }, () => {
    const random = randomOf(target, 3);
    const noise = Array.from({ length: 30_000 }, () =>
      Array.from({ length: 1 + (random.next() % 3) }, () => random.next()),
    );
    const mutated = words.map((all) => all.map((word) => (word ^ (1 << random.bits(5))) >>> 0));
    const decoded = softgpuDisassemble(target, [...noise, ...mutated]);
    expect(decoded).toHaveLength(noise.length + mutated.length);
  });

  it("refuses reserved SDWA selectors", () => {
    const addF32 = 0x020000f9; // v_add_f32 v0, SDWA, v0
    const valid = 6 << 8;
    const sources = (6 << 16) | (6 << 24);
    const reserved = [
      (7 << 8) | sources,
      valid | (3 << 11) | sources,
      valid | (7 << 16) | (6 << 24),
      (valid | (6 << 16) | (7 << 24)) >>> 0,
    ];
    expect(softgpuDisassemble(target, [[addF32, valid | sources]])[0]?.text).toMatch(
      /^v_add_f32_sdwa v0, v0, v0 dst_sel:DWORD/,
    );
    expect(
      softgpuDisassemble(
        target,
        reserved.map((word) => [addF32, word]),
      ),
    ).toEqual(reserved.map(() => null));
  });
});
