/** What `gcn-offload info --isa` says against what happens when a wave reaches each instruction, with random operands. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isaReport } from "../../../lib/cli/isa.js";
import { hsa } from "../../../lib/index.js";
import { build, gcnOffload } from "../../cli/fixture.js";
import { repository } from "../../codeobject/toolchain.js";
import { Random, type Row, randomInstruction, readRows, type Target, targets } from "../decode/encodings.js";

const SAMPLES = 12;

interface Sample {
  readonly row: Row;
  readonly words: readonly number[];
}

/** Random operands, but such that control stays in the kernel and waits for nobody. */
function samplesOf(target: Target): Sample[] {
  const random = new Random(906, target === "gfx90a");
  return readRows()
    .filter((row) => row.targets.includes(target))
    .flatMap((row) =>
      Array.from({ length: SAMPLES }, () => {
        const words = randomInstruction(row, target, random).map((word) => word >>> 0);
        // Branches go to the next instruction; sleeps are short; messages, halts and traps keep their operands.
        if (row.encoding === "SOPP" && /branch|sleep|set_gpr_idx_mode/.test(row.mnemonic))
          words[0] = ((words[0] as number) & 0xffff0000) >>> 0;
        if (/^s_(call|cbranch_i_fork)/.test(row.mnemonic)) words[0] = ((words[0] as number) & 0xffff0000) >>> 0;
        // Of the hardware registers that can be written, the rounding mode.
        if (/^s_setreg/.test(row.mnemonic)) words[0] = (((words[0] as number) & 0xffff0000) | 0x1801) >>> 0;
        return { row, words };
      }),
    );
}

/** Operands that `info --isa` lists as missing for whole families. */
function hasMissingOperand({ encoding, mnemonic }: Row, [first = 0, second = 0]: readonly number[]): boolean {
  const pops = 239;
  switch (encoding) {
    case "VOP1":
    case "VOP2":
    case "VOPC":
      return (first & 0x1ff) === pops;
    case "VOP3":
    case "VOP3P":
      return [0, 9, 18].some((at) => ((second >>> at) & 0x1ff) === pops);
    case "MUBUF":
    case "MTBUF":
      return (second >>> 24 >= 235 && second >>> 24 <= 239) || second >>> 24 >= 249;
    default:
      return /^s_(setpc|swappc)/.test(mnemonic) && (first & 0xff) >= 128;
  }
}

/** What became of each: where it led afterwards is not asked. */
function outcomesOf(target: Target, samples: readonly Sample[]): string[] {
  const input = samples.map(({ words }) => `${words.map((word) => word.toString(16)).join(" ")}\n`).join("");
  const program = join(repository, "native", "softgpu", "build", "softgpu-run");
  return execFileSync(program, [target], { input, encoding: "utf8", maxBuffer: 1 << 26 })
    .trimEnd()
    .split("\n");
}

describe.each(targets)("%s", (target) => {
  test("what is called exact or approximate executes, and what is called missing fails closed", {
    timeout: 120_000,
  }, async () => {
    const samples = samplesOf(target);
    const outcomes = new Map<string, string[]>();
    for (const [i, outcome] of outcomesOf(target, samples).entries()) {
      const { row, words } = samples[i] as Sample;
      const { encoding, mnemonic } = row;
      if (hasMissingOperand(row, words)) continue;
      outcomes.set(`${encoding} ${mnemonic}`, [...(outcomes.get(`${encoding} ${mnemonic}`) ?? []), outcome]);
    }

    const wrong: string[] = [];
    const told = hsa.softwareInstructions(target);
    for (const { encoding, name, support, limits } of told) {
      const seen = (outcomes.get(`${encoding} ${name}`) ?? []).filter((outcome) => outcome !== "illegal");
      // Operands that random bits seldom hit upon make some samples no instruction.
      const executed = seen.filter((outcome) => outcome === "executed").length;
      const everywhere = /^(src_pops_exiting_wave_id|a soffset that .*|a constant operand)$/;
      const own = limits?.split(", ").some((limit) => !everywhere.test(limit)) ? limits : null;
      // A limit is one of some samples; what is missing everywhere is left out of them.
      const right =
        support === "missing"
          ? executed === 0
          : own === null
            ? executed === seen.length
            : executed > 0 || seen.length < SAMPLES;
      if (!right)
        wrong.push(`${encoding} ${name}: called ${support}${limits ? `, not with ${limits}` : ""}; ${seen.join(" ")}`);
    }
    expect(wrong).toEqual([]);
    expect(told.map(({ encoding, name }) => `${encoding} ${name}`).sort()).toEqual([...outcomes.keys()].sort());
  });
});

test("the limits of single operands are those that fail", async () => {
  const limits = (name: string): string | null | undefined =>
    hsa.softwareInstructions("gfx906").find((instruction) => instruction.name === name)?.limits;
  expect(limits("ds_add_u32")).toBe("gds");
  expect(limits("buffer_load_dwordx2")).toMatch(/^tfe, a soffset/);
  expect(limits("s_sendmsg")).toBe("operands other than 1");
  expect(limits("v_add_f32")).toBe("src_pops_exiting_wave_id");
  expect(limits("s_add_u32")).toBeNull();
});

test("info --isa prints the same, as text and as JSON, and knows its targets", async () => {
  build();
  const report = isaReport("gfx906");
  const json = await gcnOffload(["info", "--isa", "gfx906", "--json"]);
  expect(JSON.parse(json.stdout)).toEqual(report);
  const { stdout } = await gcnOffload(["info", "--isa", "gfx906"]);
  const { exact, approximate, missing } = report.counts;
  expect(stdout).toContain(`${exact} instructions exact, ${approximate} approximate, ${missing} missing`);
  expect(stdout).toMatch(/approximate {2}.*v_rcp_f32.*\(1 ulp\)/s);
  expect(stdout).toMatch(/missing {6}ds_gws_/);
  for (const { name } of hsa.softwareInstructions("gfx906")) expect(stdout).toContain(name);
  expect(await gcnOffload(["info", "--isa", "gfx9060"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("gfx906"),
  });
});
