/** The command line as a user has it: the built program, in a process of its own. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const program = join(root, "dist", "cli", "main.js");
export const kernels = join(root, "test", "kernels", "test.hsaco");

const modified = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Builds the program where it is older than its sources; one test file at a time. */
export function build(): void {
  const sources = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const newest = Math.max(...sources.map((name) => modified(join(root, "lib", name))));
  const lock = join(root, "dist", ".lock");
  mkdirSync(join(root, "dist"), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      if (Date.now() - modified(lock) > 60_000) rmdirSync(lock);
    }
  }
  try {
    if (modified(program) < newest) execFileSync("npm", ["run", "--silent", "build:ts"], { cwd: root });
  } finally {
    rmdirSync(lock);
  }
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Called with the process's id once it has printed something. */
  readonly onOutput?: (pid: number) => void;
  /** Milliseconds after which the program is told to end. */
  readonly timeout?: number;
  /** Another build of the command line. */
  readonly program?: string;
}

export function gcnOffload(
  words: readonly string[],
  { env = {}, cwd = root, onOutput, timeout, program: main = program }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...words], {
      cwd,
      env: { ...process.env, GCN_OFFLOAD_DEVICE: "auto", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout,
    });
    let [stdout, stderr] = ["", ""];
    let told = false;
    child.stdout.on("data", (data: Buffer) => {
      stdout += data;
      if (!told) onOutput?.(child.pid as number);
      told = true;
    });
    child.stderr.on("data", (data: Buffer) => {
      stderr += data;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
