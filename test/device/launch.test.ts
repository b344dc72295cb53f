import { afterEach, beforeEach, expect, test } from "vitest";
import { DeviceError, f32, i32, type LaunchResult, OffloadError, type SoftwareFault } from "../../lib/index.js";
import { bundle, type Face, face, failureOf } from "./fixture.js";

let f: Face;
beforeEach(() => {
  f = face();
});
afterEach(() => f[Symbol.dispose]());

const ONE = { grid: 64, workgroup: 64 };
const launch = (options: object = {}): Promise<LaunchResult> =>
  f.code.kernel("increment").launch({ ...ONE, ...options }, i32(1), buffer(), f32(1));
let shared: ReturnType<Face["device"]["alloc"]> | undefined;
function buffer() {
  if (shared === undefined || shared.device !== f.device) shared = f.device.alloc(256);
  return shared;
}
const kernels = (): string[] => f.code.kernels;
/** The error of a promise that is expected to reject, and was made a while ago. */
const settle = (promises: readonly Promise<unknown>[]): Promise<readonly PromiseSettledResult<unknown>[]> =>
  Promise.allSettled(promises);
const reason = (result: PromiseSettledResult<unknown> | undefined): Error & { code?: string; cause?: unknown } => {
  if (result?.status !== "rejected") throw new Error(`it is ${result?.status}`);
  return result.reason as Error;
};

test("a launch resolves with its times", async () => {
  expect(await launch()).toEqual({ nanoseconds: 500, start: 0, end: 500 });
  expect(f.code.kernel("increment").launchSync(ONE, i32(1), buffer(), f32(1))).toEqual({
    nanoseconds: 750,
    start: 2000,
    end: 2750,
  });
});

test("launches complete in order, many at a time, also beyond the ring", async () => {
  const order: number[] = [];
  // The fake's ring holds 256 packets.
  f.native.outcome = () => (f.native.dispatched.length === 1 ? "hold" : "done");
  const all = Array.from({ length: 1000 }, (_, i) => launch().then(() => order.push(i)));
  expect(f.device.queue.stats.inFlight).toBe(1000);
  expect(f.native.queue.pending.length).toBe(256);
  f.native.queue.release();
  await Promise.all(all);
  expect(order).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(f.device.queue.stats).toMatchObject({ launched: 1000, completed: 1000, failed: 0, inFlight: 0, replaced: 0 });
});

test("a blocking launch goes behind those in flight", async () => {
  f.native.outcome = () => (f.native.dispatched.length === 1 ? "hold" : "done");
  const all = Array.from({ length: 300 }, () => launch());
  const held = f.native.queue;
  // The fake cannot block: what is in flight is released, as a device would in its own time.
  held.release();
  f.code.kernel("ids").launchSync(ONE, buffer());
  expect(f.native.dispatched.length).toBe(301);
  await Promise.all(all);
});

test("in the steady state an awaited launch makes one native call, and allocates and creates nothing", async () => {
  await Promise.all(Array.from({ length: 100 }, () => launch()));
  const before = f.device.stats();
  for (let i = 0; i < 50; i++) await launch();
  const burst = Array.from({ length: 100 }, () => launch());
  await Promise.all(burst);
  const after = f.device.stats();
  expect(after.native.nativeCalls - before.native.nativeCalls).toBe(150);
  expect(after.native.dispatches - before.native.dispatches).toBe(150);
  expect(after.native).toEqual({
    ...before.native,
    nativeCalls: after.native.nativeCalls,
    dispatches: after.native.dispatches,
  });
  expect(after.signals).toEqual(before.signals);
  expect(after.kernarg).toEqual(before.kernarg);
  expect(after.kernarg.blocksInUse).toBe(0);
});

test("in the steady state a blocking launch makes one native call", () => {
  const kernel = f.code.kernel("increment");
  kernel.launchSync(ONE, i32(1), buffer(), f32(1));
  const before = f.device.stats().native;
  for (let i = 0; i < 50; i++) kernel.launchSync(ONE, i32(1), buffer(), f32(1));
  const after = f.device.stats().native;
  expect(after).toEqual({ ...before, nativeCalls: before.nativeCalls + 50, dispatches: before.dispatches + 50 });
});

test("argument blocks in flight are not shared, and come back", async () => {
  f.native.outcome = () => (f.native.dispatched.length === 1 ? "hold" : "done");
  const all = Array.from({ length: 200 }, () => launch());
  const addresses = f.native.dispatched.map(({ packet }) => packet.getBigUint64(40, true));
  expect(new Set(addresses).size).toBe(200);
  for (const address of addresses) expect(address % 64n).toBe(0n);
  f.native.queue.release();
  await Promise.all(all);
  expect(f.device.stats().kernarg).toMatchObject({ chunks: 1, blocksInUse: 0 });
});

test("what a launch uses is kept until it is over", async () => {
  f.native.outcome = () => "hold";
  const used = f.device.alloc(64);
  const running = f.code.kernel("ids").launch(ONE, used);
  used.dispose();
  f.code.dispose();
  expect(used.disposed).toBe(true);
  expect(f.native.at(used.address).byteLength).toBe(64);
  expect(f.native.counters.executablesLive).toBe(1);
  f.native.queue.release();
  await running;
  expect(() => f.native.at(used.address)).toThrow("no memory");
  expect(f.native.counters.executablesLive).toBe(0);
});

test("a fault rejects the launch that ran with what is known, those behind it with why, and the device goes on", async () => {
  const owner = f.device.alloc(1000);
  f.native.outcome = () => (f.native.dispatched.length === 1 ? "hold" : "done");
  const running = [f.code.kernel("ids").launch(ONE, owner), launch()];
  f.native.queue.release({ status: 43, address: owner.address + 1000 + 24 });
  const [first, second] = await settle(running);
  const fault = reason(first) as DeviceError;
  expect(fault).toBeInstanceOf(DeviceError);
  expect(fault).toMatchObject({
    code: "ERR_OFFLOAD_MEMORY_FAULT",
    kernel: "ids",
    status: 43,
    address: owner.address + 1024,
  });
  expect(fault.message).toContain(`0x${(owner.address + 1024).toString(16)}`);
  expect(fault.message).toMatch(/24 bytes past the end of the buffer at 0x[0-9a-f]+ \(1000 bytes\)/);
  expect(reason(second)).toMatchObject({ code: "ERR_OFFLOAD_QUEUE_LOST", kernel: "increment", cause: fault });
  await launch();
  expect(f.native.queues.map(({ disposed }) => disposed)).toEqual([true, false]);
  expect(f.device.stats()).toMatchObject({ kernarg: { blocksInUse: 0 } });
  expect(f.device.queue.stats).toMatchObject({ completed: 1, failed: 2, replaced: 1 });
});

const seenFault: SoftwareFault = {
  sequence: 1,
  kind: "memory",
  text: "wave 0 at pc 0x7f0012: global_load_dword v0, v[0:1], off",
  gpu: 0,
  queue: null,
  trap: null,
  kernel: { object: 0x1000, dispatch: 0, name: "ids" },
  instruction: null,
  access: { address: 0x5018, write: false, lane: 7, nearest: null },
};

test("what the software GPU saw of the very queue is part of the error, its address before the event's page", async () => {
  f.native.outcome = () => "hold";
  const running = launch();
  f.native.lastFault = { ...seenFault, queue: f.native.queue.address };
  f.native.queue.release({ status: 43, address: 0x5000 });
  const error = await failureOf(() => running);
  expect(error).toMatchObject({ address: 0x5018, fault: f.native.lastFault, detail: seenFault.text });
  expect((error as DeviceError).message).toContain("global_load_dword");

  f.native.lastFault = { ...seenFault, queue: 12345 };
  const other = launch();
  f.native.queue.release({ status: 43, address: 0x6000 });
  expect(await failureOf(() => other)).toMatchObject({ address: 0x6000, fault: null, detail: null });
});

test("an instruction that the software GPU does not implement is told from an illegal one", async () => {
  f.native.outcome = () => "hold";
  const running = launch();
  f.native.lastFault = { ...seenFault, kind: "unsupported-instruction", access: null, queue: f.native.queue.address };
  f.native.queue.release({ status: 42 });
  expect(await failureOf(() => running)).toMatchObject({ code: "ERR_OFFLOAD_UNSUPPORTED_INSTRUCTION", status: 42 });
});

test.each([
  [42, "ERR_OFFLOAD_ILLEGAL_INSTRUCTION"],
  [41, "ERR_OFFLOAD_MEMORY_FAULT"],
  [0x1016, "ERR_OFFLOAD_EXCEPTION"],
  [0x1008, "ERR_OFFLOAD_LAUNCH_RESOURCES"],
  [0x1009, "ERR_OFFLOAD_DEVICE"],
])("status %i of the queue is %s, awaited or blocking", async (status, code) => {
  f.native.outcome = () => ({ status });
  expect(await failureOf(() => launch())).toMatchObject({ code, status, kernel: "increment" });
  expect(await failureOf(() => f.code.kernel("ids").launchSync(ONE, buffer()))).toMatchObject({
    code,
    status,
    kernel: "ids",
  });
  f.native.outcome = () => "done";
  await launch();
});

test("launches that finished before the fault have finished", async () => {
  f.native.outcome = () => (f.native.dispatched.length === 3 ? { status: 42 } : "done");
  const results = await settle([launch(), launch(), launch()]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
});

test("a launch behind one whose fault is not yet known shares its fate", async () => {
  f.native.outcome = () => (f.native.dispatched.length === 1 ? { status: 43, address: 16 } : "done");
  const results = await settle([launch(), launch()]);
  expect(reason(results[0])).toMatchObject({ code: "ERR_OFFLOAD_MEMORY_FAULT", address: 16, owner: "a null pointer" });
  expect(reason(results[1])).toMatchObject({ code: "ERR_OFFLOAD_QUEUE_LOST", cause: reason(results[0]) });
  await launch();
  expect(f.native.queues.length).toBe(2);
});

test("a queue that ended while nothing was in flight is replaced unnoticed", async () => {
  await launch();
  f.native.queue.inactivate();
  await launch();
  expect(f.native.queues.map(({ disposed }) => disposed)).toEqual([true, false]);
});

test("a blocking launch that waits in vain for one before it runs out of time, and so does that one", async () => {
  f.native.outcome = () => "hold";
  const first = launch();
  const error = (await failureOf(() => {
    f.code.kernel("ids").launchSync({ ...ONE, timeout: 5 }, buffer());
  })) as DeviceError;
  expect(error.code).toBe("ERR_OFFLOAD_TIMEOUT");
  expect(reason((await settle([first]))[0]).code).toBe("ERR_OFFLOAD_QUEUE_LOST");
});

test("an aborted launch rejects with the signal's reason and its queue is replaced", async () => {
  f.native.outcome = () => "hold";
  const controller = new AbortController();
  const [running, behind] = [launch({ signal: controller.signal }), launch()];
  controller.abort(new Error("enough"));
  const results = await settle([running, behind]);
  expect(reason(results[0]).message).toBe("enough");
  expect(reason(results[1])).toMatchObject({ code: "ERR_OFFLOAD_QUEUE_LOST", cause: { message: "enough" } });
  f.native.outcome = () => "done";
  await launch();
  expect(f.native.queues.map(({ disposed }) => disposed)).toEqual([true, false]);
});

test("a launch that is aborted while another runs lets that one finish", async () => {
  f.native.outcome = () => "hold";
  const controller = new AbortController();
  const running = launch();
  const waiting = launch({ signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  expect(f.native.queues.length).toBe(1);
  f.native.queue.release();
  await running;
  expect(f.native.queues[0]?.disposed).toBe(true);
  f.native.outcome = () => "done";
  await launch();
});

test("one signal aborts a thousand launches, with one listener", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error): number => warnings.push(warning);
  process.on("warning", warned);
  f.native.outcome = () => "hold";
  const controller = new AbortController();
  const all = Array.from({ length: 1000 }, () => launch({ signal: controller.signal }));
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(new Error("enough"));
  const results = await settle(all);
  expect(new Set(results.map((result) => reason(result).message))).toEqual(new Set(["enough"]));
  expect(warnings).toEqual([]);
  expect(f.device.queue.stats).toMatchObject({ inFlight: 0, failed: 1000, replaced: 1 });
  expect(f.device.stats().kernarg.blocksInUse).toBe(0);
  process.off("warning", warned);
});

test("a signal that has aborted already stops the launch before it begins", async () => {
  await expect(launch({ signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
  expect(f.native.dispatched).toEqual([]);
  expect(f.device.stats().kernarg.blocksInUse).toBe(0);
});

test("a launch that never ends runs into its timeout", async () => {
  f.native.outcome = () => "hold";
  const error = await failureOf(() => launch({ timeout: 20 }));
  expect(error).toMatchObject({ code: "ERR_OFFLOAD_TIMEOUT", kernel: "increment" });
  expect(error.message).toContain("did not end within 20 ms");
  f.native.outcome = () => "done";
  await launch({ timeout: 1000 });
});

test("time starts anew while the queue makes progress", async () => {
  f.native.outcome = () => "hold";
  const all = Array.from({ length: 6 }, () => launch({ timeout: 120 }));
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    f.native.queue.release();
  }
  await Promise.all(all);
});

test("a launch without a limit that hangs is found out by the one behind it that has one", async () => {
  f.native.outcome = () => "hold";
  const hung = f.code.kernel("endless").launch(ONE, buffer());
  const results = await settle([hung, launch({ timeout: 20 })]);
  expect(reason(results[1])).toMatchObject({
    code: "ERR_OFFLOAD_TIMEOUT",
    message: expect.stringContaining("kernel endless ran before it"),
  });
  expect(reason(results[0])).toMatchObject({ code: "ERR_OFFLOAD_QUEUE_LOST" });
});

test("a blocking launch that never ends throws after its timeout", async () => {
  f.native.outcome = () => "hold";
  expect(await failureOf(() => f.code.kernel("ids").launchSync({ ...ONE, timeout: 5 }, buffer()))).toMatchObject({
    code: "ERR_OFFLOAD_TIMEOUT",
  });
  f.native.outcome = () => "done";
  f.code.kernel("ids").launchSync(ONE, buffer());
  expect(f.device.stats().kernarg.blocksInUse).toBe(0);
});

test("queues of one device run beside each other", async () => {
  using second = f.device.createQueue();
  f.native.outcome = ({ grid }) => (grid[0] === 128 ? "hold" : "done");
  const held = launch({ grid: 128 });
  await launch({ queue: second });
  f.native.queues[0]?.release();
  await held;
  const foreign = f.runtime.device(1).queue;
  expect((await failureOf(() => launch({ queue: foreign }))).code).toBe("ERR_OFFLOAD_ARGUMENT_DEVICE");
});

test("idle() waits for what is in flight, however it ends", async () => {
  f.native.outcome = () => "hold";
  const running = launch();
  let idle = false;
  const waiting = f.device.idle().then(() => {
    idle = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(idle).toBe(false);
  f.native.queue.release();
  await Promise.all([running, waiting]);
  await f.device.idle();
});

test("disposal ends what is in flight, and everything says so afterwards", async () => {
  f.native.outcome = () => "hold";
  const running = launch();
  const { device, code } = f;
  const kernel = code.kernel("ids");
  const memory = f.device.alloc(64);
  f.runtime.dispose();
  f.runtime.dispose();
  expect(reason((await settle([running]))[0]).code).toBe("ERR_OFFLOAD_DISPOSED");
  expect(f.native.counters).toMatchObject({
    memoryLive: expect.any(Number),
    queuesLive: 0,
    executablesLive: 0,
    signalsLive: 0,
  });
  for (const body of [
    () => f.runtime.device(),
    () => device.alloc(64),
    () => device.load("x"),
    () => device.createQueue(),
    () => code.kernel("ids"),
    () => kernel.launch(ONE, memory),
    () => kernel.launchSync(ONE, memory),
    () => memory.read(),
    () => memory.view(),
  ]) {
    const error = await failureOf(body);
    expect(error).toBeInstanceOf(OffloadError);
    expect(error.code).toBe("ERR_OFFLOAD_DISPOSED");
  }
});

test("misspelled options name the near ones", async () => {
  expect((await failureOf(() => launch({ workgroop: 4 }))).message).toContain(
    'launch\'s options has no option "workgroop" (did you mean "workgroup"?)',
  );
  expect((await failureOf(() => launch({ timeout: 0 }))).code).toBe("ERR_OUT_OF_RANGE");
  expect((await failureOf(() => launch({ timeout: "1s" }))).code).toBe("ERR_INVALID_ARG_TYPE");
  expect((await failureOf(() => launch({ queue: {} }))).code).toBe("ERR_INVALID_ARG_TYPE");
});

test("an unknown kernel names the near ones, or what there is", async () => {
  expect((await failureOf(() => f.code.kernel("incrment"))).message).toBe(
    'there is no kernel "incrment" (did you mean "increment"?)',
  );
  const error = await failureOf(() => f.code.kernel("zzzzzz"));
  expect(error.code).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
  expect(error.message).toContain(`${kernels().slice(0, 8).join(", ")}, … (${kernels().length} in all)`);
});

test("more LDS than there is is refused before the launch", async () => {
  const error = await failureOf(() => f.code.kernel("lds_reverse").launch({ ...ONE, dynamicLds: 62 * 1024 }, buffer()));
  expect(error.code).toBe("ERR_OFFLOAD_LDS");
  expect(error.message).toMatch(/66 KiB of LDS \(4 KiB of its own\); gfx906 has 64 KiB/);
  expect(f.native.dispatched).toEqual([]);
});

test("where no queue can be had the launch says so and holds nothing", async () => {
  const create = f.native.createQueue.bind(f.native);
  f.native.createQueue = () => {
    throw Object.assign(new Error("x"), { code: "ERR_HSA_OUT_OF_RESOURCES", status: 0x1008, call: "hsa_queue_create" });
  };
  for (const body of [() => launch(), () => f.code.kernel("ids").launchSync(ONE, buffer())]) {
    expect(await failureOf(body)).toMatchObject({
      name: "HsaError",
      code: "ERR_HSA_OUT_OF_RESOURCES",
      call: "hsa_queue_create",
    });
  }
  expect(f.device.stats().kernarg.blocksInUse).toBe(0);
  expect(buffer().uses).toBe(0);
  f.native.createQueue = create;
  await launch();
});

test("each option is read once, and what its getter disposes is found disposed", async () => {
  const given: Readonly<Record<string, unknown>> = ONE;
  const reading = (key: string, act: () => void) =>
    Object.defineProperty({ ...ONE }, key, {
      enumerable: true,
      get() {
        act();
        return given[key];
      },
    });
  for (const key of ["grid", "workgroup", "dynamicLds", "stack", "signal", "timeout", "queue"]) {
    let reads = 0;
    await f.code.kernel("ids").launch(
      reading(key, () => reads++),
      buffer(),
    );
    expect(reads, key).toBe(1);
    const code = f.device.loadSync(bundle);
    const kernel = code.kernel("ids");
    const disposing = reading(key, () => code.dispose());
    expect((await failureOf(() => kernel.launch(disposing, buffer()))).code, key).toBe("ERR_OFFLOAD_DISPOSED");
  }
  const ids = f.code.kernel("ids");
  const arguments_ = buffer();
  const grid = new Proxy([64], {
    get(target, key) {
      f.runtime.dispose();
      return Reflect.get(target, key);
    },
  });
  const late = await failureOf(() => ids.launch({ grid, workgroup: 64 } as never, arguments_));
  expect(late.code).toBe("ERR_OFFLOAD_DISPOSED");
  expect(f.native.counters).toMatchObject({ queuesLive: 0, executablesLive: 0, signalsLive: 0 });
});

test("what is no signal, and a proxy of a buffer, are refused before the launch", async () => {
  const signal = { aborted: false, throwIfAborted() {}, addEventListener() {}, removeEventListener() {} };
  expect((await failureOf(() => launch({ signal }))).code).toBe("ERR_INVALID_ARG_TYPE");
  const proxy = new Proxy(buffer(), {});
  expect((await failureOf(() => f.code.kernel("ids").launch(ONE, proxy))).code).toBe("ERR_INVALID_ARG_TYPE");
  expect(f.native.dispatched.length).toBe(0);
  expect(f.device.stats().kernarg.blocksInUse).toBe(0);
});
