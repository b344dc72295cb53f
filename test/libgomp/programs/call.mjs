// Calls the real libgomp in this process: node call.mjs WHAT PROGRAM. What it has to tell are lines of output.
import { readFileSync, writeSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { libgomp, map, plugin } from "../../../dist/index.js";

const [what, program] = isMainThread ? process.argv.slice(2) : workerData;
const say = (text) => writeSync(1, `${text}\n`);
const device = "software:gfx906*2";

async function opened(options = {}, register = {}) {
  const gomp = await libgomp.open({ device, ...options });
  await gomp.register(readFileSync(program), register);
  return gomp;
}
const fill = (to) => [map.firstprivate(5), map.firstprivate(to.length), map.from(to)];
const spin = (gomp) => gomp.target("spin._omp_fn.0", [map.to(Int32Array.of(1))]);

const RUNS = {
  async fatal() {
    const gomp = await opened();
    const bytes = new Uint8Array(64);
    await gomp.enterData([map.to(bytes.subarray(0, 32))]);
    await gomp.update([map.to(bytes.subarray(16, 48))]);
  },
  async fault() {
    await (await opened()).target("store._omp_fn.0", [map.firstprivate(16)]);
  },
  async trap() {
    await (await opened()).target("trap._omp_fn.0", []);
  },
  // What is open ends with the process.
  async open() {
    const gomp = await opened();
    const to = new Int32Array(3);
    await gomp.targetData([map.tofrom(to)]);
    await gomp.target("fill._omp_fn.0", fill(to), { nowait: true });
    say("left open");
  },
  // A launch that does not end.
  async endless() {
    const gomp = await opened();
    await gomp.target("spin._omp_fn.0", [map.to(Int32Array.of(1))], { nowait: true });
    say("left open");
  },
  async "endless-exit"() {
    await RUNS.endless();
    process.exit(0);
  },
  async "open-own"() {
    const gomp = await opened({ plugin: plugin.GcnPlugin.open({ device }), device: undefined });
    const to = new Int32Array(3);
    await gomp.targetData([map.tofrom(to)]);
    await gomp.target("fill._omp_fn.0", fill(to));
    say("left open");
  },
  async exit() {
    spin(await opened());
    setTimeout(() => process.exit(3), 200);
  },
  async thrown() {
    spin(await opened());
    setTimeout(() => {
      throw new Error("thrown in between");
    }, 200);
  },
  // A worker ends with libgomp open in it, and another begins.
  async workers() {
    if (!isMainThread) {
      const gomp = await opened();
      const to = new Int32Array(3);
      await gomp.target("fill._omp_fn.0", fill(to));
      parentPort.postMessage([...to].join());
      return;
    }
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: [what, program] });
        worker.on("message", say);
        worker.on("error", reject);
        worker.on("exit", resolve);
      });
    }
  },
  async isolated() {
    const gomp = await opened({ isolate: true });
    say("open");
    await spin(gomp);
  },
  async "isolated-open"() {
    await opened({ isolate: true });
    say("left open");
  },
  // Nobody holds on to what is mapped, or launched, but libgomp itself, and that only as long as it has to.
  async forgotten() {
    const gomp = await opened();
    const collect = async () => {
      for (let i = 0; i < 3; i++) {
        global.gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const made = async (use) => {
      const memory = new Int32Array(1 << 16);
      await use(memory);
      return new WeakRef(memory.buffer);
    };
    const weak = [
      await made((memory) => gomp.enterData([map.to(memory)])),
      await made((memory) => gomp.target("fill._omp_fn.0", fill(memory), { nowait: true })),
      await made((memory) => gomp.target("fill._omp_fn.0", fill(memory))),
      await made((memory) => gomp.enterData([map.to(memory)], { device: 99 })),
    ];
    const there = () => weak.map((each) => each.deref() !== undefined).join();
    await collect();
    say(there());
    await (async () => gomp.exitData([map.delete(new Int32Array(weak[0].deref()))]))();
    await gomp.taskwait();
    await collect();
    say(there());
    await gomp.dispose();
  },
};
await RUNS[what]();
