/** Programs that run in the caller's own process: `libgomp.runHostProgram`. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { build, root } from "../cli/fixture.js";
import { compile } from "../openmp/toolchain.js";

const folder = fileURLToPath(new URL("programs", import.meta.url));
const script = fileURLToPath(new URL("programs/in_process.mjs", import.meta.url));
const limit = 300_000;
let program = "";

beforeAll(async () => {
  build();
  program = await compile("ends.c", "gfx906", { folder }, "shared object");
}, limit);

/** The program's lines, and what the script says behind them. */
function run(
  what: string,
  ...more: readonly string[]
): { code: number | null; lines: string[]; result: unknown; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, what, program, ...more], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, GCN_OFFLOAD_DEVICE: "software:gfx906", OMP_TARGET_OFFLOAD: "MANDATORY" },
    timeout: limit,
  });
  const lines = stdout.trimEnd().split("\n");
  const at = lines.findIndex((line) => line.startsWith("["));
  return { code: status, lines, result: at < 0 ? null : JSON.parse(lines[at] as string), stderr };
}

const OUTPUT = ["before the kernel", "in the kernel: 42", "after it: 42"];

test("answers main's status, and the process goes on: it may be called again", () => {
  const { code, lines, result, stderr } = run("twice");
  expect([code, stderr]).toEqual([0, ""]);
  expect(lines.slice(0, 3)).toEqual(OUTPUT);
  expect(lines.slice(3, 6)).toEqual(OUTPUT);
  expect(result).toEqual([2, "ERR_OFFLOAD_PROGRAM", 2]);
  // At the process's end, as in a program of its own; it has registered its handler twice.
  expect(lines.slice(-3)).toEqual(["at exit", "at exit", "destructor"]);
});

test("one program runs at a time", () => {
  expect(run("beside").result).toEqual(["ERR_OFFLOAD_PROGRAM", 2]);
});

test("libgomp's calls go to the plugin that is given, and another cannot follow", () => {
  const { code, result, stderr } = run("counted");
  expect([code, stderr]).toEqual([0, ""]);
  expect(result).toEqual([2, 1, 1, "ERR_OFFLOAD_PLUGIN"]);
});

test("a plugin whose devices share the host's memory is refused", () => {
  expect(run("shared").result).toEqual(["ERR_OFFLOAD_PLUGIN"]);
});

test.each(["ended", "waiting"])("process.exit() ends the process, whatever the program is at: %s", (what) => {
  const { code, lines, stderr } = run(what);
  expect([code, stderr]).toEqual([9, ""]);
  expect(lines).toEqual(OUTPUT);
});

test("an error that JavaScript does not catch ends it, too", () => {
  const { code, lines, stderr } = run("thrown");
  expect([code, lines]).toEqual([1, OUTPUT]);
  expect(stderr).toContain("Error: something else");
});

test("a worker that is ended leaves its program without a plugin, which libgomp says", () => {
  const { code, lines, stderr } = run("terminated");
  expect(code).toBe(1);
  expect(lines.slice(0, 3)).toEqual(OUTPUT);
  expect(stderr).toContain("libgomp: the GCN plugin's other half, in JavaScript, is gone");
});

test("what the plugin throws is a fatal error of libgomp's", () => {
  const { code, lines, stderr } = run("failing");
  expect([code, stderr]).toEqual([1, "\nlibgomp: no launches today\n"]);
  expect(lines).toEqual(["before the kernel", "at exit", "destructor"]);
});

test("a process has one libgomp", () => {
  const system = execFileSync("gcc-12", ["-print-file-name=libgomp.so.1"], { encoding: "utf8" }).trim();
  const copy = join(mkdtempSync(join(tmpdir(), "gcn-offload-libgomp-")), "libgomp.so.1");
  copyFileSync(system, copy);
  const { result } = run("another", copy);
  rmSync(dirname(copy), { recursive: true });
  expect(result).toEqual([2, "ERR_OFFLOAD_PROGRAM"]);
});

test("the event loop turns while the program runs", () => {
  expect(run("turning").result).toEqual([2, true]);
});
