// Launches an empty kernel very often in one process and watches its memory: nothing may grow with the number of launches.
// usage: soak.mjs launches|sessions [LAUNCHES]   (see scripts/soak)
// Half of them are synchronous, half awaited: a thousand at a time, of sessions as many as find their blocks in the plugin's cache.
import { readFileSync } from "node:fs";
import { open } from "../../dist/index.js";
import { GcnPlugin } from "../../dist/plugin/index.js";

const [form = "launches", count] = process.argv.slice(2);
const total = Number(count ?? (form === "sessions" ? 1_000_000 : 10_000_000));
if (!["launches", "sessions"].includes(form) || !Number.isInteger(total) || total < 1) {
  console.error("usage: soak.mjs launches|sessions [LAUNCHES]");
  process.exit(2);
}
const batch = 1000;
// What a heap that is collected now and then may differ by, whatever the count.
const tolerance = 24 * 2 ** 20;
const codeObject = readFileSync(new URL("../kernels/demo.hsaco", import.meta.url));

/** Launches of the kernel as it is. */
async function launches() {
  const runtime = await open();
  const code = await runtime.device().load(codeObject);
  const kernel = code.kernel("empty");
  const shape = { grid: 64, workgroup: 64 };
  return {
    now: () => kernel.launchSync(shape),
    later: () => kernel.launch(shape),
    together: batch,
    stats: () => runtime.stats(),
  };
}

/** The plugin's sessions, with tables of several sizes in their kernel-argument blocks; those that are awaited go to four queues in turn. */
async function sessions() {
  const plugin = GcnPlugin.open();
  plugin.initDevice(0);
  const empty = plugin.loadImage(0, codeObject).functions.find(({ name }) => name === "empty");
  const queues = Array.from({ length: 4 }, () => plugin.asyncConstruct(0));
  const sizes = [0, 1, 4, 32, 64, 65, 500];
  const session = plugin.newSession();
  const attributes = { grid: [64], workgroup: [64] };
  let turn = 0;
  const begun = (one) => {
    plugin.sessionStart(one, 0);
    plugin.sessionAllocateTargetVarTable(one, sizes[turn++ % sizes.length]).words[0] = turn;
    return one;
  };
  return {
    now: () => plugin.run(begun(session), empty, attributes),
    later: () => {
      const one = begun(plugin.newSession());
      if (turn % 100 === 0) plugin.asyncSerialize(queues[0], queues[1 + (turn % 3)]);
      return turn % 5 === 0
        ? plugin.asyncRun(one, empty, attributes)
        : plugin.openaccAsyncExec(one, empty, [1, 1, 1], queues[turn % 4]);
    },
    together: 50,
    stats: () => plugin.stats(),
  };
}

const { now, later, together, stats } = await (form === "sessions" ? sessions() : launches());

async function round() {
  for (let i = 0; i < batch; i++) now();
  for (let i = 0; i < batch; i += together) await Promise.all(Array.from({ length: together }, later));
}

const resident = () => process.memoryUsage().rss;
const start = performance.now();
const rounds = Math.ceil(total / (2 * batch));
const settle = Math.max(5, Math.min(50, rounds >> 2));
let base = 0;
let statsBase = stats();
let highest = 0;
for (let i = 0; i < rounds; i++) {
  await round();
  if (i === settle) {
    base = resident();
    statsBase = stats();
  }
  if (i > settle && i % 16 === 0) highest = Math.max(highest, resident());
  if (i % 500 === 499)
    console.log(`${(i + 1) * 2 * batch} launches, resident ${(resident() / 2 ** 20).toFixed(1)} MiB`);
}
highest = Math.max(highest, resident());
const end = stats();
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
