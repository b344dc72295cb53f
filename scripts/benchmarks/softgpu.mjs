// The software GPU's speed on the kernels of scripts/benchmarks/softgpu. See scripts/bench.
//
// Times are those of the host's threads by their own processor clocks, so that other programs disturb them little: one
// thread's time in dispatches, and one thread's on the same source compiled for this CPU. Of two threads there is only the
// wall clock.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, buildReduction, run } from "./softgpu/build.mjs";

const target = process.argv[2] ?? "gfx906";
const rounds = Number(process.argv[3] ?? 9);
const folder = mkdtempSync(join(tmpdir(), "gcn-offload-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

// Kernels of which each has its own goal.
const apart = new Set(["straight", "vector_add"]);
const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
const load = () => loadavg()[0].toFixed(1);

const kernels = build(target, folder);
const reduction = buildReduction(target, folder);
const here = dirname(fileURLToPath(import.meta.url));
const revision = execFileSync("git", ["-C", here, "describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
console.log(`${revision}, software ${target}, medians of ${rounds} rounds; load average ${load()} at the start\n`);

const one = run(target, 1, kernels.program, [kernels.object, rounds]);
if (reduction) one.push(...run(target, 1, reduction, [100_000, rounds]));
const results = one.filter(({ instructions }) => instructions !== undefined);
for (const result of results) {
  result.speed = (result.instructions / result.worker) * 1000;
  result.ratio = result.worker / result.native;
}
console.log("one thread       wave-instructions   million/s         ms   this CPU's ms     ratio");
for (const { name, instructions, speed, worker, native, ratio } of results) {
  const columns = [
    name.padEnd(16),
    String(instructions).padStart(18),
    speed.toFixed(1).padStart(11),
    (worker / 1e6).toFixed(2).padStart(10),
    (native / 1e6).toFixed(3).padStart(15),
    ratio.toFixed(2).padStart(9),
  ];
  console.log(columns.join(" "));
}
const mixed = results.filter(({ name }) => !apart.has(name));
console.log(
  `\nmixed set (all but ${[...apart].join(", ")}): geometric mean ${geometricMean(mixed.map(({ speed }) => speed)).toFixed(1)} million/s`,
);
console.log(`ratio to this CPU: geometric mean of all ${geometricMean(results.map(({ ratio }) => ratio)).toFixed(2)}`);

for (const { name, bytes, wall, worker, native } of one.filter(({ bytes }) => bytes !== undefined)) {
  const peer = name === "copy" ? "memcpy" : "memset";
  const times = `${(worker / 1e6).toFixed(2)} ms (by the wall clock ${(wall / 1e6).toFixed(2)})`;
  console.log(`${name} of ${bytes >> 20} MiB: ${times}, ${(worker / native).toFixed(2)} times ${peer}`);
}

console.log("\ntwo threads, by the wall clock, best rounds");
for (const name of ["straight", "matmul", "nbody"]) {
  const [alone] = run(target, 1, kernels.program, [kernels.object, rounds, name]);
  const [both] = run(target, 2, kernels.program, [kernels.object, rounds, name]);
  console.log(`${name.padEnd(16)} ${(alone.best / both.best).toFixed(2)} times as fast`);
}
console.log(`\nload average ${load()} at the end`);
