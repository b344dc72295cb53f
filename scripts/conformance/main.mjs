// libgomp's own tests of offloading on the software GPU. See scripts/conformance-libgomp for the usage.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { judge } from "./execute.mjs";
import { FOLDERS, testsOf } from "./suite.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const build = join(root, "build/conformance");

const { values } = parseArgs({
  options: {
    target: { type: "string", default: "gfx906" },
    dir: { type: "string", multiple: true, default: Object.keys(FOLDERS) },
    jobs: { type: "string", default: "1" },
    filter: { type: "string", default: "" },
    timeout: { type: "string", default: "120" },
    thorough: { type: "boolean", default: false },
    plugin: { type: "string", default: "gcc" },
  },
});
for (const folder of values.dir) {
  if (!(folder in FOLDERS)) throw new Error(`--dir ${folder} is none of ${Object.keys(FOLDERS).join(", ")}`);
}

if (values.plugin !== "gcc" && values.plugin !== "ours") throw new Error("--plugin is gcc or ours");

/** Unpacks what the tests need of Debian's gcc-12-source, once. */
function unpack() {
  const from = "/usr/src/gcc-12";
  const tarball = readdirSync(from).find((name) => /^gcc-12.*\.tar\.xz$/.test(name));
  if (!tarball) throw new Error(`${from} has no tarball of GCC`);
  const name = tarball.replace(/-dfsg\.tar\.xz$/, "");
  const source = join(build, name);
  if (!existsSync(join(source, "complete"))) {
    mkdirSync(build, { recursive: true });
    // Some of libgomp's tests include one of the compiler's.
    const goacc = ["c-c++-common", "g++.dg", "gcc.dg", "gfortran.dg"].map((part) => `gcc/testsuite/${part}/goacc`);
    const parts = ["libgomp", "include", ...goacc].map((part) => `${name}/${part}`);
    execFileSync("tar", ["-xf", join(from, tarball), "-C", build, ...parts], { stdio: "inherit" });
    writeFileSync(join(source, "complete"), "");
  }
  return source;
}

/** The library that tells what the software GPU did for a program. */
function buildProbe() {
  const library = join(build, "counts.so");
  const source = join(root, "scripts/conformance/counts.c");
  execFileSync("gcc-12", ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", source, "-o", library]);
  return library;
}

/**
 * Failures whose cause is known to lie with the program or its compiler: the reason by test, or by test and target; by test
 * and `host`, why a program launches none of its kernels.
 */
const explained = JSON.parse(readFileSync(new URL("explained.json", import.meta.url), "utf8"));
const reasonFor = (test, host) => {
  const name = test.id.split(" ")[0];
  if (host) return explained[`${name} host`];
  return explained[`${name} ${values.target}`] ?? explained[name];
};

const source = unpack();
const context = {
  root,
  target: values.target,
  folder: join(build, values.target),
  probe: buildProbe(),
  seconds: Number(values.timeout),
  plugin: values.plugin,
};
const choice = { thorough: values.thorough, filter: new RegExp(values.filter) };
const folders = values.dir.map((folder) => ({ folder, ...testsOf(source, folder, choice) }));
const queue = folders.flatMap(({ tests }) => tests);
const results = [];
let begun = 0;

async function worker() {
  while (begun < queue.length) {
    const test = queue[begun++];
    const result = { id: test.id, folder: test.folder, ...(await judge(test, context)) };
    const bad = result.verdict === "failed" || result.verdict === "not compiled";
    const host = result.verdict === "host";
    if (bad || host)
      result.reason = bad && test.expectedFailure ? "the suite expects it to fail" : reasonFor(test, host);
    results.push(result);
    const why = result.reason ?? result.detail;
    const note = (bad || host) && why ? `: ${why.split("\n").slice(0, 3).join(" | ")}` : "";
    if (bad || host || result.seconds > 10) {
      const time = result.seconds === undefined ? "" : ` (${result.seconds.toFixed(1)} s)`;
      console.log(`${result.verdict}${result.reason ? ", explained" : ""}: ${test.id}${time}${note}`);
    }
  }
}
await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, worker));

const COLUMNS = ["programs", "passed", "no kernel", "host", "explained", "failed", "skipped"];
const rows = folders.map(({ folder, tests, skipped }) => {
  const mine = results.filter((result) => result.folder === folder);
  const bad = mine.filter(({ verdict }) => verdict === "failed" || verdict === "not compiled");
  const count = (verdict) => mine.filter((result) => result.verdict === verdict).length;
  const counted = bad.filter(({ reason }) => reason !== undefined).length;
  return [
    folder,
    tests.length,
    count("passed"),
    count("no kernel"),
    count("host"),
    counted,
    bad.length - counted,
    skipped.length,
  ];
});
const total = rows.reduce(
  (sum, row) => sum.map((value, i) => (i ? value + row[i] : value)),
  ["all", ...COLUMNS.map(() => 0)],
);
console.log(`\n${values.target}, ${values.plugin}`.padEnd(28) + COLUMNS.map((name) => name.padStart(10)).join(""));
for (const [name, ...cells] of [...rows, total]) {
  console.log(String(name).padEnd(27) + cells.map((cell) => String(cell).padStart(10)).join(""));
}
console.log(
  "passed: kernels ran on the device; no kernel: passed, and has none to run there; host: has one, and did not launch it;\n" +
    "explained: fails for a reason in scripts/conformance/explained.json; failed: does not compile, wrong status or output, or\n" +
    "no end in time; skipped: not for this GPU, as the test itself says.",
);
const slow = results.filter(({ instructions }) => instructions).sort((a, b) => b.nanoseconds - a.nanoseconds);
console.log("slowest on the device (seconds, million wave-instructions):");
for (const { id, nanoseconds, instructions } of slow.slice(0, 10)) {
  console.log(`  ${(nanoseconds / 1e9).toFixed(2).padStart(8)} ${(instructions / 1e6).toFixed(1).padStart(9)}  ${id}`);
}
const report = values.plugin === "gcc" ? values.target : `${values.target}.${values.plugin}`;
writeFileSync(join(build, `${report}.json`), `${JSON.stringify(results, null, 1)}\n`);
process.exit(total[6] > 0 ? 1 : 0);
