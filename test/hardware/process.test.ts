/** How processes end, and how many threads may be at it. Each case is a process of its own, on the built package. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly milliseconds: number;
}

const run = (script: string, ...args: string[]): Promise<Ended> => runFor(60_000, script, ...args);

/** Ended by force after so many milliseconds. */
function runFor(limit: number, script: string, ...args: string[]): Promise<Ended> {
  const start = performance.now();
  const path = fileURLToPath(new URL(`children/${script}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      output += data;
    });
    const killer = setTimeout(() => child.kill("SIGKILL"), limit);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(killer);
      resolve({ code, signal, output, milliseconds: performance.now() - start });
    });
  });
}

test.each(["exit", "exit-in-callback"])("%s with launches in flight, one of them endless", async (how) => {
  const { code, signal, output } = await run("exit.mjs", how);
  expect(output).toContain("ended");
  expect({ code, signal }).toEqual({ code: 0, signal: null });
});

test("an uncaught exception with launches in flight", async () => {
  const { code, signal, output } = await run("exit.mjs", "throw");
  expect(output).toContain("on purpose");
  expect({ code, signal }).toEqual({ code: 1, signal: null });
});

test("a signal with launches in flight", async () => {
  expect(await run("exit.mjs", "signal")).toMatchObject({ code: null, signal: "SIGTERM" });
});

test.each(["worker-return", "worker-throw", "worker-terminate"])("%s with launches in flight", async (how) => {
  const { code, signal, output } = await run("exit.mjs", how);
  expect(output).toContain("ended");
  expect({ code, signal }).toEqual({ code: 0, signal: null });
});

test("a process with nothing left to do ends by itself", async () => {
  const { code, output } = await run("idle.mjs");
  expect(output.trim().split("\n").at(-1)).toBe("3");
  expect(code).toBe(0);
});

test("sixteen workers launch at once", { timeout: 120_000 }, async () => {
  const { code, output } = await run("workers.mjs");
  expect(code).toBe(0);
  expect(JSON.parse(output.trim().split("\n").at(-1) ?? "")).toEqual(
    Array.from({ length: 16 }, (_, i) => 100 * (i + 2)),
  );
});

test.each(["launches", "sessions"])("a hundred thousand %s leave memory flat", { timeout: 130_000 }, async (form) => {
  const { code, output } = await runFor(120_000, "../../../scripts/benchmarks/soak.mjs", form, "100000");
  expect(output).toMatch(/flat: yes/);
  expect(code).toBe(0);
});
