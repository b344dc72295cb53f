// The demonstration: saxpy, the five kernels of BabelStream, a tiled matrix product, and what an empty launch costs.
import { f32, f64, open, u32 } from "gcn-offload";

/** Work for a GPU takes longer on a CPU, so the software one gets less of it. */
const SIZES = {
  hardware: { saxpy: 1 << 24, stream: 1 << 25, rounds: 100, matmul: 1024, launches: 20_000 },
  software: { saxpy: 1 << 20, stream: 1 << 20, rounds: 10, matmul: 256, launches: 20_000 },
};
const GROUP = 256;
/** Empty launches in flight. */
const TOGETHER = 1000;
const rows = [];
let failures = 0;

const runtime = await open();
const gpu = runtime.device();
const sizes = gpu.software ? SIZES.software : SIZES.hardware;
const code = await gpu.load(new URL("kernels/demo.hsaco", import.meta.url));

console.log(`agent     ${gpu.isa}${gpu.software ? "   (a software GPU: simulated on the CPU)" : ""}`);
console.log(`chosen    ${runtime.choice.reason}`);
console.log(`runtime   ${runtime.facts.path} ${runtime.facts.versionMajor}.${runtime.facts.versionMinor}\n`);

try {
  await saxpy(sizes.saxpy, sizes.rounds);
  await stream(sizes.stream, sizes.rounds);
  await matmul(sizes.matmul);
  await emptyLaunches(sizes.launches);
} finally {
  await runtime[Symbol.asyncDispose]();
}
print(rows);
if (failures > 0) {
  console.log(`\n${failures} results are wrong`);
  process.exitCode = 1;
}

async function saxpy(n, rounds) {
  const kernel = code.kernel("saxpy");
  const x = Float32Array.from({ length: n }, (_, i) => i % 1000);
  const y = Float32Array.from({ length: n }, (_, i) => i % 777);
  const [deviceX, deviceY] = [gpu.upload(x), gpu.upload(y)];
  const run = () => kernel.launch({ grid: n, workgroup: GROUP }, u32(n), f32(3), deviceX, deviceY);
  const nanoseconds = await bestOf(rounds, run);
  const got = await deviceY.read(Float32Array);
  // Integers below 2^24: exact in f32, with one rounding or two.
  const exact = got.every((value, i) => value === 3 * rounds * x[i] + y[i]);
  report("saxpy", `${n} f32`, nanoseconds, 3 * 4 * n, exact);
  deviceX.dispose();
  deviceY.dispose();
}

/** BabelStream: `rounds` times copy, mul, add, triad, dot; the best time of each counts. */
async function stream(n, rounds) {
  const scalar = 0.4;
  const start = { a: 0.1, b: 0.2, c: 0 };
  const groups = 64;
  const [a, b, c] = [start.a, start.b, start.c].map((value) => gpu.upload(new Float64Array(n).fill(value)));
  const sums = gpu.alloc(8 * groups);
  const all = { grid: n, workgroup: GROUP };
  const steps = {
    copy: { arrays: 2, run: () => code.kernel("stream_copy").launch(all, u32(n), a, c) },
    mul: { arrays: 2, run: () => code.kernel("stream_mul").launch(all, u32(n), f64(scalar), b, c) },
    add: { arrays: 3, run: () => code.kernel("stream_add").launch(all, u32(n), a, b, c) },
    triad: { arrays: 3, run: () => code.kernel("stream_triad").launch(all, u32(n), f64(scalar), a, b, c) },
    dot: {
      arrays: 2,
      run: () => code.kernel("stream_dot").launch({ grid: groups * GROUP, workgroup: GROUP }, u32(n), a, b, sums),
    },
  };
  const best = Object.fromEntries(Object.keys(steps).map((name) => [name, Number.POSITIVE_INFINITY]));
  const gold = { ...start };
  for (let round = 0; round < rounds; round++) {
    for (const [name, { run }] of Object.entries(steps)) {
      const { nanoseconds } = await run();
      best[name] = Math.min(best[name], nanoseconds);
    }
    gold.c = gold.a;
    gold.b = scalar * gold.c;
    gold.c = gold.a + gold.b;
    gold.a = gold.b + scalar * gold.c;
  }
  // As BabelStream judges, for each array and each element: a hundred roundings from the value that the host computes.
  const near = (value, wanted) => Math.abs(value - wanted) <= Math.abs(wanted) * Number.EPSILON * 100;
  const right = {};
  for (const [name, buffer] of Object.entries({ a, b, c })) {
    right[name] = (await buffer.read(Float64Array)).every((value) => near(value, gold[name]));
  }
  const sum = (await sums.read(Float64Array)).reduce((total, value) => total + value, 0);
  const verified = {
    copy: right.c, // what copy put there went into mul, and from there into everything
    mul: right.b,
    add: right.c,
    triad: right.a,
    dot: Math.abs(sum / (n * gold.a * gold.b) - 1) < 1e-10,
  };
  for (const [name, { arrays }] of Object.entries(steps)) {
    report(`stream ${name}`, `${n} f64`, best[name], arrays * 8 * n, verified[name]);
  }
  for (const buffer of [a, b, c, sums]) buffer.dispose();
}

async function matmul(n) {
  const TILE = 16;
  const a = Float32Array.from({ length: n * n }, (_, i) => ((i * 7) % 9) - 4);
  const b = Float32Array.from({ length: n * n }, (_, i) => ((i * 5) % 11) - 5);
  const [deviceA, deviceB, deviceC] = [gpu.upload(a), gpu.upload(b), gpu.alloc(4 * n * n)];
  const launch = { grid: [n, n], workgroup: [TILE, TILE] };
  const run = () => code.kernel("matmul").launch(launch, u32(n), deviceA, deviceB, deviceC);
  const nanoseconds = await bestOf(3, run);
  const got = await deviceC.read(Float32Array);
  const wanted = new Float32Array(n * n);
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < n; k++) {
      const left = a[row * n + k];
      for (let column = 0; column < n; column++) wanted[row * n + column] += left * b[k * n + column];
    }
  }
  const exact = got.every((value, i) => value === wanted[i]);
  report("matmul, tiled", `${n} x ${n} f32`, nanoseconds, null, exact, `${rate(2 * n ** 3, nanoseconds)} GFLOP/s`);
  for (const buffer of [deviceA, deviceB, deviceC]) buffer.dispose();
}

/** An empty kernel of one wave, launched one after another, and many at a time. */
async function emptyLaunches(count) {
  const kernel = code.kernel("empty");
  const one = { grid: 64, workgroup: 64 };
  for (let i = 0; i < 2000; i++) kernel.launchSync(one);
  const each = async (body) => {
    const begin = performance.now();
    await body();
    return ((performance.now() - begin) * 1e6) / count;
  };
  const sync = await each(() => {
    for (let i = 0; i < count; i++) kernel.launchSync(one);
  });
  const awaited = await each(async () => {
    for (let i = 0; i < count; i++) await kernel.launch(one);
  });
  const together = await each(async () => {
    for (let i = 0; i < count; i += TOGETHER) {
      await Promise.all(Array.from({ length: TOGETHER }, () => kernel.launch(one)));
    }
  });
  rows.push(["empty launch, blocking", `${count} times`, time(sync), "", ""]);
  rows.push(["empty launch, awaited", `${count} times`, time(awaited), "", ""]);
  rows.push(["empty launch, in flight", `${TOGETHER} at once`, time(together), "", ""]);
}

/** The shortest time that the device took, in nanoseconds. */
async function bestOf(rounds, run) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) best = Math.min(best, (await run()).nanoseconds);
  return best;
}

function report(name, size, nanoseconds, bytes, right, speed = `${rate(bytes, nanoseconds)} GB/s`) {
  if (!right) failures++;
  rows.push([name, size, time(nanoseconds), speed, right ? "verified" : "WRONG"]);
}

/** Things per nanosecond are thousand millions of them per second. */
function rate(things, nanoseconds) {
  const value = things / nanoseconds;
  return value.toFixed(value < 10 ? 2 : 0);
}

function time(nanoseconds) {
  return nanoseconds < 1e6 ? `${(nanoseconds / 1e3).toFixed(1)} µs` : `${(nanoseconds / 1e6).toFixed(2)} ms`;
}

function print(table) {
  const lines = [["kernel", "size", "time", "speed", "result"], ...table];
  const width = (column) => Math.max(...lines.map((line) => line[column].length));
  const widths = [0, 1, 2, 3, 4].map(width);
  for (const line of lines) {
    const cells = line.map((cell, i) => (i === 2 || i === 3 ? cell.padStart(widths[i]) : cell.padEnd(widths[i])));
    console.log(cells.join("  ").trimEnd());
  }
}
