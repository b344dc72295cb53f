// Workers with target regions of their own: each its own devices, its own memory table, its own tasks. On the built package.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { map, offload } from "../../../../dist/index.js";

const program = process.argv[2];
const FILL = "fill._omp_fn.0";

async function work(index) {
  const shared = new Int32Array(256);
  const result = new Int32Array(8);
  const omp = await offload(program, {
    device: "software:gfx906*2",
    environment: { OMP_DEFAULT_DEVICE: String(index % 2) },
  });
  try {
    const region = omp.targetData([map.to(shared)]);
    for (let round = 0; round < 50; round++) {
      await omp.target(FILL, [map.firstprivate(100 * index + round), map.firstprivate(8), map.from(result)], {
        teams: 1,
      });
      omp.targetSync(FILL, [map.firstprivate(0), map.firstprivate(256), map.from(shared)], { teams: 1 });
    }
    region.end();
    return { device: omp.defaultDevice, last: result[7], left: omp.device().table.size };
  } finally {
    await omp[Symbol.asyncDispose]();
  }
}

if (isMainThread) {
  const workers = Array.from(
    { length: 4 },
    (_, i) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: i + 1, argv: [program] });
        worker.once("message", resolve);
        worker.once("error", reject);
      }),
  );
  console.log(JSON.stringify(await Promise.all([work(0), ...workers])));
} else {
  parentPort.postMessage(await work(workerData));
}
