// Empty launches from JavaScript and from C, in turns; the software GPU's speed on three kernels. See scripts/bench.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { f64, open, selectCodeObject, u32 } from "../../dist/index.js";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const launches = Number(process.argv[2] ?? 20_000);
const rounds = 5;
const batch = 1000;

const runtime = await open();
const gpu = runtime.device();
const folder = mkdtempSync(join(tmpdir(), "gcn-offload-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const spread = (values) => `${Math.min(...values).toFixed(2)} … ${Math.max(...values).toFixed(2)}`;

function buildPeer() {
  const program = join(folder, "launch");
  const rocm = process.env.ROCM_PATH ?? "/opt/rocm";
  const library = runtime.facts.path;
  execFileSync("cc", [
    ...["-O2", "-I", join(rocm, "include"), join(here, "launch.c"), join(here, "hsa_launch.c"), "-o", program],
    ...[library, `-Wl,-rpath,${dirname(library)}`],
  ]);
  return program;
}

const demo = readFileSync(join(root, "scripts/kernels/demo.hsaco"));
const object = join(folder, "demo.hsaco");
writeFileSync(object, selectCodeObject(demo, gpu.isa));
const peer = buildPeer();
const command = runtime.facts.software
  ? [process.execPath, [join(root, "dist/cli/main.js"), "exec", "--gpu", runtime.facts.softwareConfig, "--", peer]]
  : [peer, []];
const fromC = () =>
  JSON.parse(execFileSync(command[0], [...command[1], object, "empty", String(launches)], { encoding: "utf8" }));

const code = await gpu.load(demo);
const empty = code.kernel("empty");
const shape = { grid: 64, workgroup: 64 };

/** Nanoseconds per launch. */
async function timed(count, body) {
  const start = process.hrtime.bigint();
  await body(count);
  return Number(process.hrtime.bigint() - start) / count;
}
const sync = (count) => {
  for (let i = 0; i < count; i++) empty.launchSync(shape);
};
const awaited = async (count) => {
  for (let i = 0; i < count; i++) await empty.launch(shape);
};
const inFlight = async (count) => {
  for (let i = 0; i < count; i += batch) await Promise.all(Array.from({ length: batch }, () => empty.launch(shape)));
};

const c = { sync: [], inFlight: [] };
const js = { sync: [], awaited: [], inFlight: [] };
for (const warm of [sync, awaited, inFlight]) await warm(5000);
for (let round = 0; round < rounds; round++) {
  const peerTimes = fromC();
  c.sync.push(peerTimes.sync);
  c.inFlight.push(peerTimes.inFlight);
  js.sync.push(await timed(launches, sync));
  js.awaited.push(await timed(launches, awaited));
  js.inFlight.push(await timed(launches, inFlight));
}

console.log(`${gpu.label}, ${runtime.facts.path}; ${launches} launches a round, ${rounds} rounds, medians\n`);
console.log("empty launch                     ns   of C's    rounds' ratios");
const row = (name, own, of) => {
  const ratios = own.map((value, i) => value / of[i]);
  console.log(
    `${name.padEnd(28)} ${median(own).toFixed(0).padStart(6)} ${median(ratios).toFixed(2).padStart(8)}    ${spread(ratios)}`,
  );
};
row("C, synchronous", c.sync, c.sync);
row("JavaScript, synchronous", js.sync, c.sync);
row("JavaScript, awaited", js.awaited, c.sync);
row("C, 1000 in flight", c.inFlight, c.inFlight);
row("JavaScript, 1000 in flight", js.inFlight, c.inFlight);

const statistics = () => runtime.hsa.native.softwareStatistics();
if (statistics()) {
  const test = await gpu.load(readFileSync(join(root, "test/kernels/test.hsaco")));
  const n = 1 << 20;
  const a = gpu.upload(new Float64Array(n).fill(1));
  const b = gpu.upload(new Float64Array(n).fill(2));
  const out = gpu.alloc(8 * n);
  const size = 256;
  const kernels = {
    "spin (integer multiply and add)": () =>
      test.kernel("spin").launchSync({ grid: 64 * 256, workgroup: 256 }, u32(20_000), out),
    "stream_triad (f64, 2^20)": () =>
      code.kernel("stream_triad").launchSync({ grid: n, workgroup: 256 }, u32(n), f64(0.4), out, a, b),
    "matmul (f32, 256 x 256, LDS)": () =>
      code.kernel("matmul").launchSync({ grid: [size, size] }, u32(size), a, b, out),
  };
  console.log(
    `\nsoftware GPU, ${process.env.GCN_SOFTGPU_THREADS ?? "all"} threads   million wave-instructions a second   milliseconds   wave-instructions`,
  );
  for (const [name, run] of Object.entries(kernels)) {
    run();
    const speeds = [];
    const times = [];
    let count = 0;
    for (let round = 0; round < rounds; round++) {
      const before = statistics();
      const start = performance.now();
      run();
      const milliseconds = performance.now() - start;
      count = statistics().waveInstructions - before.waveInstructions;
      times.push(milliseconds);
      speeds.push(count / milliseconds / 1000);
    }
    console.log(
      `${name.padEnd(36)} ${median(speeds).toFixed(1).padStart(32)} ${median(times).toFixed(2).padStart(14)} ${String(count).padStart(19)}`,
    );
  }
}
process.exit(0);
