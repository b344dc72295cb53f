/** The end of a device and of the plugin: what runs is waited for, all is freed, and what comes later is refused. */
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { OffloadError } from "../../../lib/errors.js";
import { HsaRuntime } from "../../../lib/hsa/index.js";
import { DEVICES, GPU, openTested, type TestedPlugin, testBut } from "../under-test.js";
import { Bench, codeOf, kernels, openPlugin, testedKernels } from "./fixture.js";

const code = testedKernels();
// A runtime that stays: its counters show what the plugins leave behind.
const witness = HsaRuntime.open({ device: DEVICES });
afterAll(() => witness.dispose());
const live = () => {
  const { memoryLive, queuesLive, signalsLive, executablesLive } = witness.stats();
  return { memoryLive, queuesLive, signalsLive, executablesLive };
};
let base: ReturnType<typeof live>;
beforeEach(() => {
  base = live();
});
afterEach(() => {
  expect(live()).toEqual(base);
});

const opened: TestedPlugin[] = [];
afterEach(() => {
  for (const plugin of opened.splice(0)) plugin.dispose();
});
function open(device = 0) {
  const plugin = openTested();
  opened.push(plugin);
  return new Bench(plugin, device, code);
}
const outcome = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "",
    (error: unknown) => (error instanceof OffloadError ? error.code : String(error)),
  );

test("the device's end waits for launches, and frees what is its own and its caller's", async () => {
  const bench = open();
  const { plugin } = bench;
  const log = bench.zeros(100);
  const host = new BigUint64Array(4);
  const one = plugin.asyncConstruct(0);
  const runs = Array.from({ length: 40 }, (_, i) =>
    outcome(bench.enqueue(i % 2 ? one : plugin.asyncConstruct(0), "append", [log, i, 50])),
  );
  const tasks = Array.from({ length: 10 }, (_, i) => outcome(bench.launch("append", [log, 100 + i, 50])));
  bench.run("append", [log, 1000, 0]);
  plugin.finiDevice(0);
  plugin.finiDevice(0);
  expect(new Set(await Promise.all([...runs, ...tasks]))).toEqual(new Set([""]));
  expect(plugin.stats()).toMatchObject({ sessions: 0, bytes: 0, cacheBytes: 0 });
  for (const call of [
    () => plugin.alloc(0, 8),
    () => plugin.dev2host(0, host, log),
    () => plugin.sessionStart(plugin.newSession(), 0),
    () => plugin.loadImage(0, code),
    () => plugin.unloadImage(bench.image),
    () => plugin.asyncConstruct(0),
  ]) {
    expect(await codeOf(call)).toBe("ERR_OFFLOAD_NO_DEVICE");
  }
  expect(await codeOf(() => plugin.asyncTest(one))).toBe("ERR_OFFLOAD_QUEUE");
  plugin.dispose();
});

test("a device can be begun anew, and nothing of its first life is taken for the second's", async () => {
  const bench = open();
  const { plugin } = bench;
  const memory = bench.zeros(4);
  const [allocated, set, started] = [plugin.newSession(), plugin.newSession(), plugin.newSession()];
  for (const session of [allocated, set, started]) plugin.sessionStart(session, 0);
  plugin.sessionAllocateTargetVarTable?.(allocated, 4);
  plugin.sessionSetTargetVarTable(set, null);
  const old = bench.fn("nothing");
  plugin.finiDevice(0);
  const anew = new Bench(plugin, 0, code);
  const fn = anew.fn("nothing");
  for (const call of [
    () => plugin.run(allocated, fn, {}),
    () => plugin.asyncRun(set, fn, {}),
    () => plugin.sessionAllocateTargetVarTable?.(started, 4),
  ]) {
    expect(await codeOf(call)).toBe("ERR_OFFLOAD_NO_DEVICE");
  }
  expect(plugin.stats().sessions).toBe(0);
  expect(await codeOf(() => plugin.free(0, memory))).toBe("ERR_OFFLOAD_ADDRESS");
  const session = plugin.newSession();
  plugin.sessionStart(session, 0);
  plugin.sessionSetTargetVarTable(session, null);
  expect(await codeOf(() => plugin.run(session, old, {}))).toBe("ERR_OFFLOAD_DISPOSED");
  anew.run("nothing");
  await anew.launch("nothing");
  plugin.dispose();
});

test("more than a ring holds, before a barrier that another queue waits for", async () => {
  const bench = open();
  const { plugin } = bench;
  const [flag, log] = [bench.zeros(2), bench.zeros(4)];
  // The one that waits comes first: its turn to be waited for does, too.
  const [waiting, gate, busy] = [plugin.asyncConstruct(0), plugin.asyncConstruct(0), plugin.asyncConstruct(0)];
  const runs = [outcome(bench.enqueue(gate, "wait_for_flag", [flag, flag + 8]))];
  for (let i = 0; i < 4200; i++) plugin.asyncSerialize(gate, busy);
  plugin.asyncSerialize(busy, waiting);
  runs.push(outcome(bench.enqueue(waiting, "append", [log, 1, 0])));
  bench.write(flag, 1);
  plugin.unloadImage(bench.image);
  expect(bench.read(log, 2)).toEqual([1, 1]);
  expect(await Promise.all(runs)).toEqual(["", ""]);
  plugin.dispose();
});

testBut(
  "goes on after a fault",
  "a queue that waits for one whose kernel fails does not hold up the device's end",
  async () => {
    const bench = open();
    const { plugin } = bench;
    const log = bench.zeros(4);
    const [waiting, failing] = [plugin.asyncConstruct(0), plugin.asyncConstruct(0)];
    // It fails when everything has been sent.
    const flag = bench.zeros(2);
    void bench.enqueue(failing, "wait_for_flag", [flag, flag + 8]);
    const first = outcome(bench.enqueue(failing, "trap", [1]));
    plugin.asyncSerialize(failing, waiting);
    const second = outcome(bench.enqueue(waiting, "append", [log, 1, 0]));
    bench.write(flag, 1);
    plugin.finiDevice(0);
    expect([await first, await second]).toEqual(["ERR_OFFLOAD_EXCEPTION", ""]);
    plugin.dispose();
  },
);

test("launches behind a callback are refused at the device's end, and their module goes", async () => {
  const bench = open();
  const { plugin } = bench;
  const one = plugin.asyncConstruct(0);
  let called = false;
  plugin.asyncQueueCallback(one, () => {
    called = true;
  });
  const behind = outcome(bench.enqueue(one, "nothing", [1]));
  plugin.finiDevice(0);
  expect(await behind).toBe("ERR_OFFLOAD_DISPOSED");
  expect(called).toBe(true);
  expect(plugin.stats().sessions).toBe(0);
  plugin.dispose();
});

test("a launch behind a callback keeps its image until it is over", async () => {
  const bench = open();
  const { plugin } = bench;
  const log = bench.zeros(4);
  const one = plugin.asyncConstruct(0);
  plugin.asyncQueueCallback(one, () => {});
  const behind = outcome(bench.enqueue(one, "append", [log, 1, 0]));
  plugin.unloadImage(bench.image);
  expect(await codeOf(() => bench.run("nothing"))).toBe("ERR_OFFLOAD_DISPOSED");
  expect(await behind).toBe("");
  expect(bench.read(log, 2)).toEqual([1, 1]);
  expect(await codeOf(() => plugin.unloadImage(bench.image))).toBe("ERR_OFFLOAD_IMAGE");
  plugin.dispose();
});

test("copies under way are waited for at the device's end", async () => {
  const bench = open();
  const { plugin } = bench;
  const bytes = new Uint8Array(32 * 2 ** 20).fill(3);
  const back = new Uint8Array(bytes.length);
  const [area, source] = [plugin.alloc(0, bytes.length), plugin.alloc(0, bytes.length)];
  plugin.memset(0, source, 9, bytes.length);
  const one = plugin.asyncConstruct(0);
  plugin.asyncDev2host(one, back, source);
  const two = plugin.asyncConstruct(0);
  plugin.asyncHost2dev(two, area, bytes);
  // The copies begin in a turn of their own.
  for (let i = 0; i < 5; i++) await Promise.resolve();
  plugin.finiDevice(0);
  expect(back.every((byte) => byte === 9)).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  plugin.dispose();
});

test("a queue whose destruction is under way is waited for, too", async () => {
  const bench = open();
  const { plugin } = bench;
  const log = bench.zeros(4);
  const one = plugin.asyncConstruct(0);
  const run = outcome(bench.enqueue(one, "append", [log, 1, 2000]));
  const destroyed = outcome(plugin.asyncDestruct(one));
  plugin.finiDevice(0);
  expect(await run).toBe("");
  expect(await destroyed).toBe("");
  plugin.dispose();
});

test("everything is refused after the plugin's end, which may come twice", async () => {
  const bench = open();
  const { plugin } = bench;
  const session = plugin.newSession();
  plugin.sessionStart(session, 0);
  plugin.sessionAllocateTargetVarTable?.(session, 3);
  const one = plugin.asyncConstruct(0);
  plugin.dispose();
  plugin.dispose();
  for (const call of [
    () => plugin.getNumDevices(),
    () => plugin.initDevice(0),
    () => plugin.finiDevice(0),
    () => plugin.alloc(0, 8),
    () => plugin.free(0, 8),
    () => plugin.sessionStart(plugin.newSession(), 0),
    () => plugin.loadImage(0, code),
    () => plugin.asyncConstruct(0),
  ]) {
    expect(await codeOf(call)).toBe("ERR_OFFLOAD_DISPOSED");
  }
  expect(await codeOf(() => plugin.asyncTest(one))).toBe("ERR_OFFLOAD_QUEUE");
  plugin.sessionAbandon(session);
  expect(session.state).toBe("idle");
});

test("sessions and functions of another plugin are refused", async () => {
  const [mine, other] = [open(), new Bench(openPlugin({}, DEVICES), 0, kernels(GPU))];
  const foreign = other.plugin.newSession();
  expect(await codeOf(() => mine.plugin.sessionStart(foreign, 0))).toBe("ERR_OFFLOAD_SESSION_STATE");
  const session = mine.plugin.newSession();
  mine.plugin.sessionStart(session, 0);
  mine.plugin.sessionSetTargetVarTable(session, null);
  expect(await codeOf(() => mine.plugin.run(session, other.fn("nothing"), {}))).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
  expect(mine.plugin.canRun(other.fn("nothing"))).toBe(false);
  mine.plugin.sessionAbandon(session);
  const queue = other.plugin.asyncConstruct(0);
  expect(await codeOf(() => mine.plugin.asyncTest(queue))).toBe("ERR_OFFLOAD_QUEUE");
  expect(await codeOf(() => mine.plugin.unloadImage(other.image))).toBe("ERR_OFFLOAD_IMAGE");
  mine.plugin.dispose();
  // The other one's runtime is still there.
  other.run("nothing");
  other.plugin.dispose();
});
