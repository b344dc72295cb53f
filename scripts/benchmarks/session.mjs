// What a launch costs: from C with nothing around it, ours with a session, and libgomp's; one agent, one code object, tables of several
// sizes. See scripts/bench.
//
// Each round goes through all rows, one after the other, so that a row's ratio is to the bare launch of its own round. libgomp's
// rows include its look-up of the variables and their reference counts; in ours only the stores into the table stand for that.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildImage, buildPrograms, run } from "./session/build.mjs";
import { libgomps } from "./session/libgomps.mjs";
import { cost, launcher, openOwn } from "./session/own.mjs";

const { values, positionals } = parseArgs({
  options: { libgomp: { type: "string", multiple: true, default: [] } },
  allowPositionals: true,
});
const rounds = Number(positionals[0] ?? 5);
if (!Number.isInteger(rounds) || rounds < 1 || positionals.length > 1) {
  console.error("usage: scripts/bench --launch [ROUNDS] [--libgomp DIRECTORY]…");
  process.exit(2);
}
const counts = [0, 4, 32, 500, 5000];

const folder = mkdtempSync(join(tmpdir(), "gcn-offload-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const load = () => loadavg()[0].toFixed(1);

const plugins = { merged: openOwn(false), "not merged": openOwn(true) };
const { facts } = plugins.merged.runtime;
const agent = plugins.merged.agent(0);
const config = facts.software ? facts.softwareConfig : null;
const image = buildImage(agent.facts.name, folder);
const programs = buildPrograms(facts.path, folder);

/** What a program of cost.c's found out, or how it failed. */
function measured(words, options) {
  const { output, failure } = run(config, words, options);
  return failure === undefined ? JSON.parse(output) : { failure };
}

const bare = { name: "C, bare", count: null, measure: () => measured([programs.bare, image]) };
/** Nanoseconds of one reading of the clock, as C finds it. */
let clock = 0;

const rows = [bare];
for (const [name, plugin] of Object.entries(plugins)) {
  plugin.initDevice(0);
  const fn = plugin.loadImage(0, readFileSync(image)).functions.find((candidate) => candidate.name === "empty");
  for (const count of counts) {
    const launch = launcher(plugin, fn, count);
    rows.push({ name: `session, ${name}`, count, measure: () => cost(plugin, launch, clock) });
  }
}
const peers = libgomps(values.libgomp)
  .map((libgomp) => {
    const { output, failure } = run(config, [programs.libgomp, "--release"], { libgomp });
    return { libgomp, release: Number(output), failure };
  })
  .sort((a, b) => a.release - b.release);
for (const { libgomp, release, failure } of peers) {
  if (failure !== undefined) continue;
  const options = { libgomp, countedHsa: programs.countedHsa };
  for (const count of counts) {
    const measure = () => measured([programs.libgomp, image, count], options);
    rows.push({ name: `libgomp, GCC ${release}`, count, measure });
  }
}

console.log(`${agent.facts.name}${facts.software ? ", software" : ""}, ${facts.path}`);
for (const { libgomp, release, failure } of peers) {
  console.log(failure ?? `libgomp of GCC ${release}: ${libgomp.where}`);
}
console.log(`medians of ${rounds} rounds; load average ${load()} at the start\n`);

for (const row of rows) row.results = [];
for (let round = 0; round < rounds; round++) {
  for (const row of rows) {
    // What has failed once is not tried again.
    if (row.failure !== undefined) continue;
    const result = row.measure();
    row.failure = result.failure;
    row.results.push(result);
    if (bare.failure !== undefined) throw new Error(`the bare launch ${bare.failure}`);
    clock = bare.results.at(-1).clock;
  }
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const columns = (name, count, ...cells) => {
  const widths = [9, 9, 9, 9, 17, 8, 7, 8, 13];
  const padded = cells.map((cell, i) => String(cell).padStart(widths[i] ?? 0));
  console.log(`${name.padEnd(20)} ${String(count).padStart(7)} ${padded.join(" ")}`.trimEnd());
};
const each = (number) => (number === undefined ? "" : number.toFixed(2));

columns(
  "launch",
  "entries",
  "host ns",
  "of bare",
  "total ns",
  "of bare",
  "rounds' ratios",
  "allocs",
  "copies",
  "signals",
  "native calls",
);
for (const row of rows) {
  if (row.failure !== undefined) {
    columns(row.name, row.count ?? "", row.failure);
    continue;
  }
  const host = row.results.map((result) => result.host);
  const total = row.results.map((result) => result.total);
  const ratios = total.map((value, i) => value / bare.results[i].total);
  const hostRatios = host.map((value, i) => value / bare.results[i].host);
  const { allocations, copies, signals, nativeCalls } = row.results[0];
  columns(
    row.name,
    row.count ?? "",
    median(host).toFixed(0),
    median(hostRatios).toFixed(2),
    median(total).toFixed(0),
    median(ratios).toFixed(2),
    `${Math.min(...ratios).toFixed(2)} … ${Math.max(...ratios).toFixed(2)}`,
    each(allocations),
    each(copies),
    each(signals),
    each(nativeCalls),
  );
}
console.log(`\nload average ${load()} at the end`);
for (const plugin of Object.values(plugins)) plugin.dispose();
