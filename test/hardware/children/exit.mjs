// Ends with work in flight, in the way that the first argument names. "worker-…": the work is a worker thread's.
import { readFileSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { open, u32 } from "../../../dist/index.js";

const [, , how] = isMainThread ? process.argv : [null, null, workerData];
const bundle = readFileSync(new URL("../../kernels/test.hsaco", import.meta.url));

async function begin() {
  const runtime = await open();
  const gpu = runtime.device();
  const code = await gpu.load(bundle);
  const out = gpu.alloc(256);
  const endless = code.kernel("endless").launch({ grid: 64, workgroup: 64 }, out);
  endless.catch(() => {});
  const spins = Array.from({ length: 100 }, () =>
    code
      .kernel("spin")
      .launch({ grid: 64, workgroup: 64 }, u32(1000), out)
      .catch(() => {}),
  );
  return { runtime, gpu, code, out, spins };
}

if (!isMainThread) {
  const state = await begin();
  parentPort.postMessage("begun");
  if (how === "worker-return") process.exit(0);
  if (how === "worker-throw") throw new Error("on purpose");
  setInterval(() => state, 1000); // worker-terminate: the main thread ends it
} else if (how.startsWith("worker-")) {
  const worker = new Worker(new URL(import.meta.url), { workerData: how });
  worker.on("error", (error) => {
    if (error.message !== "on purpose") throw error;
  });
  await new Promise((resolve) => worker.once("message", resolve));
  if (how === "worker-terminate") await worker.terminate();
  else await new Promise((resolve) => worker.once("exit", resolve));
  if (how !== "worker-terminate") {
    // The process goes on without the worker, and can still launch.
    const runtime = await open();
    const gpu = runtime.device();
    const code = await gpu.load(bundle);
    const data = gpu.upload(new Uint32Array(64));
    await code.kernel("increment").launch({ grid: 64, workgroup: 64 }, u32(64), data, u32(3));
    if ((await data.read(Uint32Array))[63] !== 3) process.exit(9);
  }
  console.log("ended");
  process.exit(0);
} else {
  await begin();
  console.log("ended");
  if (how === "exit") process.exit(0);
  if (how === "throw") throw new Error("on purpose");
  if (how === "exit-in-callback") setImmediate(() => process.exit(0));
  if (how === "signal") process.kill(process.pid, "SIGTERM");
}
