// What a target region costs whose variables are on the device already, by how many they are: ours, plain and planned, and libgomp's of
// the same code object on the same agent. See scripts/bench.
//
// In each round the rows of one number of variables follow each other, so that a row's ratio is to the system's libgomp's launch of its
// own round.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LaunchPlan, map, offload, target as targetFace } from "../../dist/index.js";
import { buildImage, buildPrograms, run } from "./session/build.mjs";
import { libgomps } from "./session/libgomps.mjs";
import { cost } from "./session/own.mjs";

const { values, positionals } = parseArgs({
  options: {
    counts: { type: "string", default: "1,4,16,64,256,1024,4096,10000" },
    libgomp: { type: "string", multiple: true, default: [] },
  },
  allowPositionals: true,
});
const rounds = Number(positionals[0] ?? 3);
const counts = values.counts.split(",").map(Number);
if (!Number.isInteger(rounds) || rounds < 1 || positionals.length > 1 || counts.some((n) => !Number.isInteger(n))) {
  console.error("usage: scripts/bench --map [ROUNDS] [--counts N,N…] [--libgomp DIRECTORY]…");
  process.exit(2);
}
const VARIABLE_BYTES = 64;
/** One team of one thread, as libgomp's launches ask for. */
const SHAPE = { teams: 1, threads: 1 };

const folder = mkdtempSync(join(tmpdir(), "gcn-offload-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const probe = await offload(new Uint8Array(0));
const { facts } = probe.plugin.runtime;
const agent = probe.plugin.agent(0);
probe.dispose();
const config = facts.software ? facts.softwareConfig : null;
const image = buildImage(agent.facts.name, folder);
const programs = buildPrograms(facts.path, folder);
/** The system's first. */
const peers = libgomps(values.libgomp).map((libgomp) => {
  const { output, failure } = run(config, [programs.libgomp, "--release"], { libgomp });
  return { libgomp, name: `libgomp, GCC ${failure ?? output.trim()}`, failure };
});
if (peers[0].failure !== undefined) throw new Error(`the system's libgomp ${peers[0].failure}`);

const omp = await offload(image);
const { plugin } = omp;
const device = omp.device();
const fn = plugin.loadImage(0, readFileSync(image)).functions.find(({ name }) => name === "empty");

/** Nanoseconds of one reading of the clock, as C finds it. */
let clock = 0;

function fromLibgomp(libgomp, count) {
  const options = { libgomp, countedHsa: programs.countedHsa };
  const { output, failure } = run(config, [programs.libgomp, image, count], options);
  if (failure !== undefined) return { failure };
  const result = JSON.parse(output);
  clock = result.clock;
  return result;
}

/** The rows of a number of variables, each mapped by itself, as compiled code maps arrays. */
function rowsOf(count) {
  const memory = new Uint8Array(count * VARIABLE_BYTES);
  const variables = Array.from({ length: count }, (_, i) =>
    memory.subarray(i * VARIABLE_BYTES, (i + 1) * VARIABLE_BYTES),
  );
  const items = variables.map((variable) => map.tofrom(variable));
  const launches = {
    "target, the mapping layer": () => targetFace.target(device, fn, items, SHAPE),
    "targetSync, the face": () => omp.targetSync("empty", items, SHAPE),
  };
  return {
    before: () => omp.enterData(variables.map((variable) => map.to(variable))),
    after: () => omp.exitData(variables.map((variable) => map.delete(variable))),
    rows: [
      ...peers.map(({ name, libgomp }) => ({ name, measure: () => fromLibgomp(libgomp, count) })),
      ...Object.entries(launches).map(([name, launch]) => ({ name, measure: () => cost(plugin, launch, clock) })),
      {
        name: "a launch plan",
        measure: () => {
          const plan = new LaunchPlan(device, fn, items, SHAPE);
          const result = cost(plugin, () => plan.launch(), clock);
          plan.dispose();
          return result;
        },
      },
    ].map((row) => ({ ...row, count, results: [] })),
  };
}

console.log(`${agent.facts.name}${facts.software ? ", software" : ""}, ${facts.path}`);
console.log(`medians of ${rounds} rounds; load average ${loadavg()[0].toFixed(1)} at the start\n`);

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
/** Some are of the thousandths. */
const ratio = (value) => (value < 0.1 ? value.toFixed(4) : value.toFixed(2));
const columns = (name, count, ...cells) => {
  const widths = [10, 7, 17, 10, 7, 7, 7, 8];
  console.log(
    `${name.padEnd(26)} ${String(count).padStart(6)} ${cells.map((cell, i) => cell.padStart(widths[i])).join(" ")}`,
  );
};
columns("launch", "maps", "total ns", "of its", "rounds' ratios", "host ns", "of its", "allocs", "copies", "calls");
for (const { before, after, rows } of counts.map(rowsOf)) {
  for (let round = 0; round < rounds; round++) {
    before();
    for (const row of rows) if (row.results.at(-1)?.failure === undefined) row.results.push(row.measure());
    after();
  }
  const [peer] = rows;
  for (const { name, count, results } of rows) {
    const { failure } = results.at(-1);
    if (failure !== undefined) {
      columns(name, count, failure);
      continue;
    }
    const ratios = (what) => results.map((result, i) => result[what] / peer.results[i][what]);
    const [total, host] = [ratios("total"), ratios("host")];
    const { allocations, copies, nativeCalls } = results.at(-1);
    columns(
      name,
      count,
      median(results.map((result) => result.total)).toFixed(0),
      ratio(median(total)),
      `${ratio(Math.min(...total))} … ${ratio(Math.max(...total))}`,
      median(results.map((result) => result.host)).toFixed(0),
      ratio(median(host)),
      allocations.toFixed(2),
      copies.toFixed(2),
      nativeCalls === undefined ? "" : nativeCalls.toFixed(2),
    );
  }
}
console.log(`\nload average ${loadavg()[0].toFixed(1)} at the end`);
omp.dispose();
