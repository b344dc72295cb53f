/**
 * The real libgomp as an executor: oracle.c under its GCN plugin, on ROCr and the software GPU. Many sequences run in one process; one that
 * ends it (a crash, an assertion, a hang) ends there, and the others go on in a new one.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { oracleEnvironment } from "./environment.js";
import type { Executor, Run } from "./executor.js";
import { cached, here, probeImage } from "./image.js";
import { type DeviceCell, ENDINGS, type SeenWord, type Step, type Trace } from "./observation.js";
import { textOf } from "./operation.js";

/** Device memory is never given out twice, and there is as much as so many sequences take (arena_hsa.c). */
const SEQUENCES_OF_PROCESS = 200;

/** What it says of every target region once its table of functions has been damaged, by an earlier sequence. */
const DAMAGED = "cannot be used for offloading";

function build(): { readonly program: string; readonly runtime: string } {
  const warnings = ["-O2", "-Wall", "-Wextra"];
  const source = join(here, "oracle.c");
  const program = cached("oracle", [source, join(here, "probe.h")], ["gcc-12", ...warnings], (output) => {
    execFileSync("gcc-12", [...warnings, "-o", output, source, "-lgomp"]);
  });
  const library = join(here, "arena_hsa.c");
  const rocm = process.env.ROCM_PATH ?? "/opt/rocm";
  const folders = existsSync(join(rocm, "include", "hsa"))
    ? [`-I${rocm}/include`, `-L${rocm}/lib`, `-Wl,-rpath,${rocm}/lib`]
    : [];
  const words = ["cc", ...warnings, "-shared", "-fPIC", ...folders];
  const runtime = cached("arena_hsa.so", [library], words, (output) => {
    execFileSync("cc", [...words.slice(1), "-o", output, library, "-lhsa-runtime64"]);
  });
  return { program, runtime };
}

export class RealLibgomp implements Executor {
  readonly #gpu: string;
  constructor(gpu: string) {
    this.#gpu = gpu;
  }

  async *run(runs: readonly Run[]): AsyncGenerator<Trace> {
    for (let done = 0; done < runs.length; ) {
      const batch = runs.slice(done, done + SEQUENCES_OF_PROCESS);
      let count = 0;
      for await (const trace of this.#process(batch)) {
        // Again, in a new process.
        if (count > 0 && trace.steps.some(({ outcome }) => outcome.includes(DAMAGED))) break;
        yield trace;
        count++;
      }
      if (count === 0) throw new Error("the oracle executes nothing");
      done += count;
    }
  }

  async *#process(runs: readonly Run[]): AsyncGenerator<Trace> {
    const { program, runtime } = build();
    const child = spawn(program, [probeImage(this.#gpu)], {
      env: oracleEnvironment(this.#gpu, { HSA_RUNTIME_LIB: runtime, OMP_TARGET_OFFLOAD: "MANDATORY" }),
      stdio: ["pipe", "pipe", "pipe"],
    });
    const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
    let complaints = "";
    child.stderr.on("data", (data: Buffer) => {
      complaints += data.toString();
    });
    // A process that ends early reads no more.
    child.stdin.on("error", () => {});
    child.stdin.end(
      runs
        .map(({ sequence, operations }, i) => [`s ${i} ${sequence.seed}`, ...operations.map(textOf)].join("\n"))
        .join("\n")
        .concat("\n"),
    );
    try {
      yield* this.#traces(child.stdout, () => complaints);
    } finally {
      // Whoever has seen enough reads no further.
      child.kill();
      await closed;
    }
  }

  async *#traces(output: Readable, complaints: () => string): AsyncGenerator<Trace> {
    let trace: { hostBase: number; deviceBegin: number; deviceEnd: number; steps: Step[] } | null = null;
    let ended = false;
    for await (const line of createInterface({ input: output })) {
      if (line.startsWith("s ") || line === "end") {
        if (trace !== null) yield trace;
        ended = line === "end";
        const [hostBase = 0, deviceBegin = 0, deviceEnd = 0] = line
          .split(" ")
          .slice(2)
          .map((word) => Number.parseInt(word, 16));
        trace = { hostBase, deviceBegin, deviceEnd, steps: [] };
      } else {
        trace?.steps.push(stepOf(line.slice(line.indexOf(" ") + 1)));
      }
    }
    if (ended) return;
    const last = trace?.steps[trace.steps.length - 1];
    if (trace === null || !ENDINGS.test(last?.outcome ?? "")) throw new Error(`the oracle failed: ${complaints()}`);
    yield trace;
  }
}

const hexadecimal = (text: string): number => Number.parseInt(text, 16);

/** "ok; cell=value …; cell@address=value …; word/bytes/target …" of oracle.c. */
function stepOf(line: string): Step {
  const [, end] = /;((?:assert|crash|hang|abort).*)$/.exec(line) ?? [];
  if (end !== undefined) return { ...NOTHING, outcome: end };
  const [outcome = "", host = "", device = "", extra = ""] = line.split(";");
  if (outcome.startsWith("fatal")) return { ...NOTHING, outcome };
  if (!line.includes(";", outcome.length + 1)) return { ...NOTHING, outcome, releases: host.trim() };
  const words: SeenWord[] = [];
  const pointers: number[] = [];
  for (const word of extra.split(" ").filter(Boolean)) {
    const [value = "", bytes, target] = word.split("/");
    if (bytes === undefined) pointers.push(hexadecimal(value));
    else
      words.push({
        word: value,
        bytes: Uint8Array.from(Buffer.from(bytes, "hex")),
        target: target === undefined ? null : hexadecimal(target),
      });
  }
  return {
    outcome,
    host: cells(host, hexadecimal),
    device: cells(device, hexadecimal2),
    words,
    pointers,
    releases: "",
  };
}

const NOTHING: Step = { outcome: "", host: new Map(), device: new Map(), words: [], pointers: [], releases: "" };

function cells<T>(text: string, value: (text: string, address: string) => T): Map<number, T> {
  const all = new Map<number, T>();
  for (const word of text.split(" ").filter(Boolean)) {
    const [, cell, address = "", held = ""] = /^(\d+)(?:@([0-9a-f]+))?=([0-9a-f]+)$/.exec(word) ?? [];
    all.set(Number(cell), value(held, address));
  }
  return all;
}
const hexadecimal2 = (held: string, address: string): DeviceCell => ({
  address: hexadecimal(address),
  value: hexadecimal(held),
});
