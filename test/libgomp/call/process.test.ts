/** Processes that libgomp is open in: their ends, by libgomp and by themselves. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { build, root } from "../../cli/fixture.js";
import { calls } from "./fixture.js";

const script = fileURLToPath(new URL("../programs/call.mjs", import.meta.url));
const limit = 20_000;
let program = "";

beforeAll(async () => {
  build();
  program = (await calls("gfx906")).path;
}, 120_000);

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(what: string, onOutput?: (child: ChildProcess) => void): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--expose-gc", script, what, program], { cwd: root, timeout: limit });
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said.stdout += text;
      onOutput?.(child);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.stderr += text;
    });
    child.on("close", (code, signal) => resolve({ code, signal, ...said }));
  });
}

test.each([
  ["fatal", 1, null, /libgomp: Trying to update/],
  ["fault", null, "SIGABRT", /libgomp: .*memory access fault in kernel store\._omp_fn\.0/],
  ["trap", 1, null, /GCN fatal error/],
  ["exit", 3, null, /^$/],
  ["thrown", 1, null, /thrown in between/],
])("%s: the process ends, in time and with a message", async (what, code, signal, stderr) => {
  expect(await run(what)).toMatchObject({ code, signal, stderr: expect.stringMatching(stderr) });
});

test.each(["open", "open-own", "isolated-open", "endless", "endless-exit"])(
  "%s: a process ends with libgomp open in it",
  async (what) => {
    expect(await run(what)).toEqual({ code: 0, signal: null, stdout: "left open\n", stderr: "" });
  },
);

test("so does a worker, and another one may follow", async () => {
  expect(await run("workers")).toEqual({ code: 0, signal: null, stdout: "5,6,7\n5,6,7\n", stderr: "" });
});

test("what is mapped, or launched, stays, whoever forgets it, and goes when that is over", async () => {
  const stdout = "true,true,false,false\nfalse,false,false,false\n";
  expect(await run("forgotten")).toEqual({ code: 0, signal: null, stdout, stderr: "" });
});

test("an isolated libgomp does not outlive the process that has it, in a call without an end", async () => {
  let id = 0;
  const { signal } = await run("isolated", (child) => {
    const [first = ""] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(/\s+/);
    id = Number(first);
    setTimeout(() => child.kill("SIGKILL"), 200);
  });
  expect(signal).toBe("SIGKILL");
  expect(id).toBeGreaterThan(0);
  // stderr is the parent's pipe, so that its end has been waited for; the process's own takes a moment more.
  await expect.poll(() => isRunning(id), { timeout: 5000 }).toBe(false);
});

function isRunning(id: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${id}/status`, "utf8"));
  } catch {
    return false;
  }
}
