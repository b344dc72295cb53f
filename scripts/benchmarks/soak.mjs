// Launches an empty kernel very often in one process and watches its memory: nothing may grow with the number of launches.
// usage: scripts/soak [LAUNCHES]        default: 10 million; half of them synchronous, half awaited a thousand at a time
import { readFileSync } from "node:fs";
import { open } from "../../dist/index.js";

const total = Number(process.argv[2] ?? 10_000_000);
const batch = 1000;
// What a heap that is collected now and then may differ by, whatever the count.
const tolerance = 24 * 2 ** 20;

const runtime = await open();
const gpu = runtime.device();
const code = await gpu.load(readFileSync(new URL("../kernels/demo.hsaco", import.meta.url)));
const kernel = code.kernel("empty");
const shape = { grid: 64, workgroup: 64 };

async function round() {
  for (let i = 0; i < batch; i++) kernel.launchSync(shape);
  await Promise.all(Array.from({ length: batch }, () => kernel.launch(shape)));
}

const resident = () => process.memoryUsage().rss;
const start = performance.now();
const rounds = Math.ceil(total / (2 * batch));
const settle = Math.max(5, Math.min(50, rounds >> 2));
let base = 0;
let statsBase = runtime.stats();
let highest = 0;
for (let i = 0; i < rounds; i++) {
  await round();
  if (i === settle) {
    base = resident();
    statsBase = runtime.stats();
  }
  if (i > settle && i % 16 === 0) highest = Math.max(highest, resident());
  if (i % 500 === 499)
    console.log(`${(i + 1) * 2 * batch} launches, resident ${(resident() / 2 ** 20).toFixed(1)} MiB`);
}
highest = Math.max(highest, resident());
const end = runtime.stats();
const seconds = (performance.now() - start) / 1000;
const allocated = end.allocations - statsBase.allocations;
const signals = end.signalsCreated - statsBase.signalsCreated;
const growth = highest - base;
const flat = growth < tolerance && allocated === 0 && signals === 0;
console.log(
  `${rounds * 2 * batch} launches in ${seconds.toFixed(1)} s; after the first ${(settle + 1) * 2 * batch}: ` +
    `resident memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB at most, ${allocated} allocations, ${signals} signals created; ` +
    `flat: ${flat ? "yes" : "no"}`,
);
process.exit(flat ? 0 : 1);
