// Compiles one test for a GPU, runs it on the software GPU, and judges what it did.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { COMPILERS } from "./suite.mjs";

/** Each device image brings a constructor and a destructor kernel of its own, which GCC's plugin launches. */
const LAUNCHES_OF_AN_IMAGE = 2;
/** What a program may print before it is cut off, in characters. */
const OUTPUT_LIMIT = 1 << 20;

/** The groups that run now: nobody else ends them when this process is told to end. */
const groups = new Set();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    for (const group of groups) process.kill(-group, "SIGKILL");
    process.exit(1);
  });
}

/** @returns {Promise<{ code: number | null, signal: string | null, output: string, timedOut: boolean, seconds: number }>} */
function execute(command, args, { cwd, env, seconds }) {
  return new Promise((resolve) => {
    const begun = performance.now();
    // A group of its own, so that a program that hangs ends with everything that it started; and one pipe for all that it
    // prints, since tests look at the order.
    const child = spawn("/bin/sh", ["-c", 'exec "$0" "$@" 2>&1', command, ...args], {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (child.pid !== undefined) groups.add(child.pid);
    let output = "";
    let timedOut = false;
    const keep = (data) => {
      if (output.length < OUTPUT_LIMIT) output += data;
    };
    child.stdout.on("data", keep);
    const timer = setTimeout(() => {
      timedOut = true;
      process.kill(-child.pid, "SIGKILL");
    }, seconds * 1000);
    const end = (code, signal) => {
      clearTimeout(timer);
      groups.delete(child.pid);
      resolve({ code, signal, output, timedOut, seconds: (performance.now() - begun) / 1000 });
    };
    child.on("error", (error) => {
      output += error.message;
      end(127, null);
    });
    child.on("close", end);
  });
}

/**
 * What makes a program a shared object. The GPU's code is position-independent in any case: told so, GCC 12 gives two functions with
 * exceptions the same labels.
 */
const SHARED = ["-shared", "-fPIC", "-foffload-options=amdgcn-amdhsa=-fno-PIC"];

/** The environment of a test: nothing of the caller's that libgomp reads. */
function cleanEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(OMP|GOMP|GOACC|ACC|GCN)_|^LD_PRELOAD$/.test(name)),
  );
}

/** The options by which GCC compiles for `target`; without the libraries' debug lines, which make each image thrice as big. */
const archOptions = (target) =>
  `-foffload-options=amdgcn-amdhsa=-march=${target === "gfx803" ? "fiji" : target} -Wl,--strip-debug`;

async function compile(test, { target, folder, seconds, plugin }) {
  const ours = plugin === "ours";
  const program = join(folder, `${test.id.replace(/[ /]/g, "_")}.${ours ? "so" : "exe"}`);
  const words = [...test.flags.slice(0, 2), "-w", ...test.flags.slice(2), ...(ours ? SHARED : [])];
  // Debian's linker drops libraries that nothing needs yet; GCC's own objects, which come last, need libgomp.
  const libraries = ["-Wl,--no-as-needed", "-lm"];
  // A folder for each Fortran program's modules: tests that are compiled at the same time share names of modules.
  const modules = `${program}.modules`;
  if (test.language === "fortran") words.push("-J", modules);
  const command = [
    COMPILERS[test.language],
    ...words,
    archOptions(target),
    ...test.sources,
    "-o",
    program,
    ...libraries,
  ];
  const record = `${program}.command`;
  const line = command.join("\n");
  if (existsSync(program) && existsSync(record) && readFileSync(record, "utf8") === line) return { program };
  mkdirSync(test.language === "fortran" ? modules : folder, { recursive: true });
  const [name, ...args] = command;
  const { code, output, timedOut } = await execute(name, args, { cwd: folder, env: cleanEnvironment(), seconds });
  if (code !== 0) return { failure: timedOut ? "the compiler does not end" : output.trim() };
  writeFileSync(record, line);
  return { program };
}

/** Whether the program brings a kernel: GCC lists the host's versions of all of them in a section. */
function hasKernels(program) {
  const sections = execFileSync("readelf", ["-SW", program], { encoding: "utf8", maxBuffer: 1 << 26 });
  const size = /\.gnu\.offload_funcs\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)/.exec(sections)?.[1] ?? "0";
  return Number.parseInt(size, 16) > 0;
}

/** What the software GPU did, from the file that counts.c wrote; null where the program could not write it. */
function readCounts(file) {
  if (!existsSync(file)) return null;
  const [dispatches, instructions, nanoseconds] = readFileSync(file, "utf8").trim().split(" ").map(Number);
  return {
    launches: Math.max(dispatches - LAUNCHES_OF_AN_IMAGE, 0),
    instructions,
    nanoseconds,
  };
}

/** Why the outcome is not the one that the test wants; "" where it is. */
function trouble(test, { code, signal, output, timedOut, seconds }) {
  if (timedOut) return `not ended after ${seconds.toFixed(0)} s`;
  const ended = signal ? `ended by ${signal}` : `exit status ${code}`;
  if ((code !== 0 || signal !== null) !== test.shouldFail) return ended;
  if (test.output && !new RegExp(test.output, "s").test(output)) return "prints something else";
  return "";
}

/**
 * @param {import("./suite.mjs").Test} test
 * @returns one of: not compiled, failed, passed (kernels ran), no kernel (there are none), host (none was launched)
 */
export async function judge(test, { root, target, folder, probe, seconds, plugin }) {
  const compiled = await compile(test, { target, folder, seconds: Math.max(seconds, 300), plugin });
  if (compiled.failure !== undefined) return { verdict: "not compiled", detail: compiled.failure };
  const counts = `${compiled.program}.counts`;
  rmSync(counts, { force: true });
  const how = { gcc: "exec", ours: "host" }[plugin];
  const counting = {
    gcc: { LD_PRELOAD: probe },
    ours: { NODE_OPTIONS: `--import ${join(root, "scripts/conformance/counts.mjs")}` },
  }[plugin];
  const exec = [join(root, "dist/cli/main.js"), how, "--gpu", target, "--", compiled.program];
  const outcome = await execute(process.execPath, exec, {
    cwd: dirname(compiled.program),
    env: { ...cleanEnvironment(), LC_ALL: "C", LANG: "C", ...test.env, ...counting, GCN_OFFLOAD_COUNTS: counts },
    seconds,
  });
  const work = readCounts(counts);
  const figures = { seconds: outcome.seconds, ...work };
  const wrong = trouble(test, outcome);
  if (wrong) return { verdict: "failed", detail: `${wrong}\n${outcome.output.slice(0, 2000)}`.trim(), ...figures };
  // A program that is meant to die may do so before anything is counted.
  const kernels = hasKernels(compiled.program);
  const launched = work ? work.launches > 0 : kernels && test.shouldFail;
  const verdict = launched ? "passed" : kernels ? "host" : "no kernel";
  return { verdict, detail: "", ...figures };
}
