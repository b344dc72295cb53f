// Sixteen workers at once, each with its own runtime, code object and buffers, launching and checking.
import { readFileSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { open, u32 } from "../../../dist/index.js";

if (isMainThread) {
  const sums = await Promise.all(
    Array.from(
      { length: 16 },
      (_, index) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { workerData: index });
          worker.once("message", resolve);
          worker.once("error", reject);
        }),
    ),
  );
  console.log(JSON.stringify(sums));
} else {
  const runtime = await open();
  const gpu = runtime.device(workerData % runtime.devices.length);
  const code = await gpu.load(readFileSync(new URL("../../kernels/test.hsaco", import.meta.url)));
  const data = gpu.upload(new Uint32Array(1000));
  const kernel = code.kernel("increment");
  for (let round = 0; round < 100; round++) {
    await Promise.all([
      kernel.launch({ grid: 1000, workgroup: 256 }, u32(1000), data, u32(workerData)),
      kernel.launch({ grid: 1000, workgroup: 256 }, u32(1000), data, u32(1)),
    ]);
    kernel.launchSync({ grid: 1000, workgroup: 256 }, u32(1000), data, u32(1));
  }
  const got = await data.read(Uint32Array);
  parentPort.postMessage(got.every((value) => value === got[0]) ? got[0] : -1);
}
