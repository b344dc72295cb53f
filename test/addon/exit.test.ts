/** How envs end: threads, processes, with work in flight and without. None of it may hang or crash. */
import { expect, test } from "vitest";
import { runChild } from "./fixture.js";

async function ends(script: string, ...flags: string[]): Promise<string> {
  const { code, signal, output } = await runChild(script, ...flags);
  expect({ code, signal, output }).toMatchObject({ code: 0, signal: null });
  return output.trim().split("\n").at(-1) ?? "";
}

/** Runs the body in so many workers at once; each answers with a message. The prelude's names are there. */
const inWorkers = (count: number, body: string, then = ""): string => `
  const { Worker } = require("node:worker_threads");
  const source = ${JSON.stringify(`
    const { parentPort, workerData } = require("node:worker_threads");
    const native = require(workerData.ADDON);
    const { options, BARRIER } = workerData;
    const gpuOf = eval(workerData.gpuOf);
    const blockedQueue = eval(workerData.blockedQueue);
    native.open(options);
    ${body}`)};
  const workerData = { ADDON, options, BARRIER, gpuOf: "(" + gpuOf + ")", blockedQueue: "(" + blockedQueue + ")" };
  const results = Array.from({ length: ${count} }, () => new Promise((resolve, reject) => {
    const worker = new Worker(source, { eval: true, workerData });
    let message;
    worker.on("message", (value) => { message = value; ${then} });
    worker.on("error", reject);
    worker.on("exit", (code) => resolve({ code, message }));
  }));
`;

test("a process that has opened the runtime and is idle ends by itself", async () => {
  expect(
    await ends(`native.open(options); native.createSignal(0); native.agents()[0].pools()[0].allocate(64).view();
      native.onSystemEvent(() => {}); native.createQueue(gpuOf(), { size: 64, onError: () => {}, onComplete: () => {} });
      console.log("idle");`),
  ).toBe("idle");
});

test("a wait in flight keeps the process alive, until it ends or is cancelled", async () => {
  expect(
    await ends(`native.open(options);
      const signal = native.createSignal(0);
      signal.waitAsync("eq", 1, () => {
        const wait = native.createSignal(0).waitAsync("eq", 1, () => console.log("never"));
        setTimeout(() => { native.cancelWait(wait); console.log("cancelled"); }, 20);
      });
      setTimeout(() => signal.store(1), 50).unref();
      // A thread that stores: the timer above does not keep the process.
      process.once("exit", () => console.log("exit"));
      setTimeout(() => {}, 60);`),
  ).toBe("exit");
});

test("an awaited launch keeps the process and its queue alive, though nobody holds the queue", async () => {
  expect(
    await ends(
      `native.open(options);
      const gate = native.createSignal(1);
      (() => {
        const queue = native.createQueue(gpuOf(), { size: 64, onComplete: (count) => console.log("reported", count) });
        new DataView(queue.packet).setBigUint64(8, BigInt(gate.handle), true);
        queue.submitAsync(BARRIER, native.createSignal(1));
      })();
      gc();
      setTimeout(() => { gc(); gate.store(0); }, 30);`,
      "--expose-gc",
    ),
  ).toBe("reported 1");
});

const inFlight = `
  native.open(options);
  const { queue } = blockedQueue();
  const memory = native.agents()[0].pools()[0].allocate(1 << 20);
  memory.view();
  for (let i = 0; i < 20; i++) queue.submitAsync(BARRIER, native.createSignal(1));
  for (let i = 0; i < 20; i++) native.createSignal(1).waitAsync("eq", 0, () => {});
`;

test.each([
  ["process.exit", "process.exit(0);"],
  ["process.exit, later", "setTimeout(() => process.exit(0), 50);"],
  [
    "process.exit in a wait's callback",
    `const s = native.createSignal(0); s.waitAsync("eq", 0, () => process.exit(0));`,
  ],
  ["process.reallyExit", "process.reallyExit(0);"],
  ["shutDown", "native.shutDown();"],
  ["shutDown in a wait's callback", `const s = native.createSignal(0); s.waitAsync("eq", 0, () => native.shutDown());`],
  ["disposing the queue and cancelling", "native.shutDown(); native.open(options); blockedQueue().queue.dispose();"],
])("%s with work in flight", async (_, how) => {
  await ends(`${inFlight} ${how}`);
});

test("copies under way end before their memory goes: with shutDown, a worker, and the process", async () => {
  const copy = `const MB = 1 << 20;
    const [cpu] = native.agents();
    const memory = cpu.pools().find((pool) => pool.info().segment === "global" && pool.info().flags === 2);
    const bytes = [0, 1].map(() => memory.allocate(64 * MB));
    for (const each of bytes) each.allowAccess([gpuOf()]);
    const signals = Array.from({ length: 8 }, () => native.createSignal(1));
    for (const signal of signals) {
      native.memoryAsyncCopy(bytes[1].address, gpuOf(), bytes[0].address, gpuOf(), 64 * MB, [], signal);
    }`;
  const output = await runChild(`native.open(options);
    { ${copy} } native.shutDown(); native.open(options);
    ${inWorkers(1, `${copy} process.exit(0);`)}
    Promise.all(results).then(() => { ${copy} console.log("copying"); process.exit(0); });`);
  expect(output).toEqual({ code: 0, signal: null, output: "copying\n" });
});

test("an uncaught exception with work in flight is reported as such", async () => {
  const { code, signal, output } = await runChild(`${inFlight} throw new Error("on purpose");`);
  expect(output).toContain("on purpose");
  expect({ code, signal }).toEqual({ code: 1, signal: null });
});

test("what a callback throws is an uncaught exception, and the others are called all the same", async () => {
  expect(
    await ends(`native.open(options);
      const seen = [];
      process.on("uncaughtException", (error) => seen.push(error.message));
      const signals = [0, 1, 2].map(() => native.createSignal(0));
      let calls = 0;
      for (const signal of signals) signal.waitAsync("eq", 1, () => { calls++; throw new Error("thrown " + calls); });
      for (const signal of signals) signal.store(1);
      process.on("exit", () => console.log(JSON.stringify([calls, seen])));`),
  ).toBe('[3,["thrown 1","thrown 2","thrown 3"]]');
});

test("the runtime can be opened from a callback that has shut it down", async () => {
  expect(
    await ends(`native.open(options);
      const signal = native.createSignal(0);
      signal.waitAsync("eq", 0, () => {
        native.shutDown();
        native.open(options);
        const fresh = native.createSignal(0);
        fresh.waitAsync("eq", 0, (value) => console.log("fresh", value));
      });`),
  ).toBe("fresh 0");
});

test("sixteen workers launch at once, each with its own handles, and leave in good order", async () => {
  expect(
    await ends(`native.open(options);
      ${inWorkers(
        16,
        `const queue = native.createQueue(gpuOf(), { size: 64 });
         const signal = native.createSignal(1);
         let done = 0;
         for (let i = 0; i < 200; i++) if (queue.submitAndWait(BARRIER, signal)) done++;
         parentPort.postMessage([done, native.stats().dispatches, native.stats().signalsLive]);`,
      )}
      Promise.all(results).then((all) => {
        const right = all.every(({ code, message }) => code === 0 && JSON.stringify(message) === "[200,200,1]");
        console.log(right ? "right" : JSON.stringify(all), native.stats().dispatches);
      });`),
  ).toBe("right 0");
});

test("workers alone may use the runtime, one after the other: the last one's end closes it", async () => {
  const body = `const signal = native.createSignal(1);
    const queue = native.createQueue(gpuOf(), { size: 64 });
    parentPort.postMessage(queue.submitAndWait(BARRIER, signal));`;
  expect(
    await ends(`(async () => {
      for (let i = 0; i < 4; i++) {
        ${inWorkers(2, body)}
        const all = await Promise.all(results);
        if (!all.every(({ message }) => message === true)) throw new Error(JSON.stringify(all));
      }
      console.log("four times two");
    })();`),
  ).toBe("four times two");
});

test.each([
  ["ends", "process.exit(0);"],
  ["is terminated", `parentPort.postMessage("now"); setInterval(() => {}, 1000);`],
  ["throws", `process.on("uncaughtException", () => process.exit(0)); throw new Error("on purpose");`],
])("a worker %s with work in flight, and the main thread goes on", async (_, how) => {
  expect(
    await ends(`native.open(options);
      const queue = native.createQueue(gpuOf(), { size: 64 });
      const signal = native.createSignal(1);
      ${inWorkers(3, inFlight.replace("native.open(options);", "") + how, "worker.terminate();")}
      Promise.all(results).then(() => {
        new Uint8Array(queue.packet).fill(0);
        console.log("goes on", queue.submitAndWait(BARRIER, signal));
      });`),
  ).toBe("goes on true");
});

test("the process exits while workers have work in flight", async () => {
  expect(
    await ends(`native.open(options); blockedQueue();
      ${inWorkers(4, `${inFlight.replace("native.open(options);", "")} parentPort.postMessage("now"); setInterval(() => {}, 1000);`, "arrived();")}
      let count = 0;
      function arrived() { if (++count === 4) { console.log("leaving"); process.exit(0); } }
      void results;`),
  ).toBe("leaving");
});
