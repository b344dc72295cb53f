// Runs programs in this process: node in_process.mjs WHAT PROGRAM. Prints what comes of it as one line of JSON behind the
// programs' own output.
import { writeSync } from "node:fs";
import { parentPort, Worker } from "node:worker_threads";
import { libgomp, plugin } from "../../../dist/index.js";

const [what, program] = process.argv.slice(2);
const say = (value) => writeSync(1, `${JSON.stringify(value)}\n`);
const codeOf = (promise) =>
  promise.then(
    (status) => status,
    ({ code }) => code,
  );

/** Does something when the plugin has been asked to `call` so often, in a turn of the event loop of its own. */
function after(times, call, act) {
  const own = plugin.GcnPlugin.prototype[call];
  let calls = 0;
  plugin.GcnPlugin.prototype[call] = function (...words) {
    if (++calls === times) setTimeout(act);
    return own.apply(this, words);
  };
}

const RUNS = {
  // Twice, and something else in between.
  async twice() {
    const first = await libgomp.runHostProgram(program);
    const missing = await codeOf(libgomp.runHostProgram("nowhere.so"));
    return [first, missing, await libgomp.runHostProgram(program)];
  },
  // Two at a time.
  async beside() {
    const first = libgomp.runHostProgram(program);
    return [await codeOf(libgomp.runHostProgram(program)), await first];
  },
  // A plugin that counts.
  async counted() {
    const own = plugin.GcnPlugin.open({ output: { write: (text) => writeSync(1, text) } });
    const calls = {};
    const counting = new Proxy(own, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...words) => {
          calls[name] = (calls[name] ?? 0) + 1;
          return value.apply(target, words);
        };
      },
    });
    const status = await libgomp.runHostProgram(program, [], { plugin: counting });
    const another = await codeOf(libgomp.runHostProgram(program, [], { plugin: own }));
    return [status, calls.loadImage, calls.run, another];
  },
  async shared() {
    return [await codeOf(libgomp.runHostProgram(program, [], { plugin: new plugin.HostPlugin() }))];
  },
  // JavaScript ends the process while the program asks for one thing after the other.
  async ended() {
    after(20, "run", () => process.exit(9));
    await libgomp.runHostProgram(program, ["again"]);
  },
  // And while it waits for a kernel that does not end.
  async waiting() {
    after(1, "asyncRun", () => process.exit(9));
    await libgomp.runHostProgram(program, ["endless"]);
  },
  // JavaScript ends by an error of its own.
  async thrown() {
    after(20, "run", () => {
      throw new Error("something else");
    });
    await libgomp.runHostProgram(program, ["again"]);
  },
  // A worker runs the program, and is ended.
  async terminated() {
    const worker = new Worker(new URL(import.meta.url), { argv: ["told", program] });
    worker.once("message", () => worker.terminate());
    // The process ends; by itself this does not.
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  async told() {
    after(20, "run", () => parentPort.postMessage("now"));
    await libgomp.runHostProgram(program, ["again"]);
  },
  // A plugin whose launches fail.
  async failing() {
    const own = plugin.GcnPlugin.open();
    const run = () => {
      throw new Error("no launches today");
    };
    const failing = new Proxy(own, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        return name === "run" ? run : typeof value === "function" ? value.bind(target) : value;
      },
    });
    return [await codeOf(libgomp.runHostProgram(program, [], { plugin: failing }))];
  },
  // Another libgomp than the first program's.
  async another() {
    const first = await libgomp.runHostProgram(program);
    return [first, await codeOf(libgomp.runHostProgram(program, [], { libgomp: process.argv[4] }))];
  },
  // The event loop turns while the program runs.
  async turning() {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const status = await libgomp.runHostProgram(program, ["wait"]);
    clearInterval(timer);
    return [status, turns > 10];
  },
};
say(await RUNS[what]());
