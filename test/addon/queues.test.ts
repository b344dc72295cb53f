/** Queues: packets, rooms in the ring, launches that JavaScript awaits, errors. Barrier packets do for launches here. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NativeQueue, NativeSignal, QueueOptions } from "../../lib/hsa/native.js";
import { BARRIER, codeOf, layBarrier, type Machine, must, native, openMachine, PACKET, turn } from "./fixture.js";

let machine: Machine;
beforeAll(() => {
  machine = openMachine();
});
afterAll(() => native.shutDown());

const create = (options: Partial<QueueOptions> = {}): NativeQueue =>
  native.createQueue(machine.gpu, { size: 64, ...options });

/** A queue that stands before a closed gate. */
function gated(options: Partial<QueueOptions> = {}): { queue: NativeQueue; gate: NativeSignal } {
  const queue = create(options);
  const gate = native.createSignal(1);
  layBarrier(queue, [gate]);
  queue.submit(BARRIER, null, false);
  layBarrier(queue);
  return { queue, gate };
}

test("submit answers the packet's index, and the packet completes its signal", () => {
  const queue = create();
  const signal = native.createSignal(7);
  layBarrier(queue);
  expect(queue.submit(BARRIER, null, false)).toBe(0);
  expect(queue.submit(BARRIER, signal, true)).toBe(1);
  expect(signal.wait("lt", 1)).toBe(0);
  signal.store(3);
  expect(queue.submit(BARRIER, signal, false)).toBe(2);
  expect(signal.wait("lt", 3)).toBe(2);
  expect(queue.loadWriteIndex()).toBe(3);
  queue.dispose();
  signal.dispose();
});

test("a packet may name its completion signal itself", () => {
  const queue = create();
  const signal = native.createSignal(1);
  layBarrier(queue);
  new DataView(queue.packet).setBigUint64(56, BigInt(signal.handle), true);
  queue.submit(BARRIER, null, false);
  expect(signal.wait("lt", 1)).toBe(0);
  queue.dispose();
  signal.dispose();
});

test("a packet that names a signal which is none is refused before it reaches the ring", () => {
  const queue = create();
  const gone = native.createSignal(1);
  const { handle } = gone;
  gone.dispose();
  const packet = new DataView(queue.packet);
  for (const offset of [8, 40, 56]) {
    for (const wrong of [BigInt(handle), 0x1000n, 2n ** 64n - 1n]) {
      layBarrier(queue);
      packet.setBigUint64(offset, wrong, true);
      expect(codeOf(() => queue.submit(BARRIER, null, false))).toBe("ERR_HSA_INVALID_SIGNAL");
    }
  }
  expect(queue.loadWriteIndex()).toBe(0);
  queue.dispose();
});

test.each([
  ["INVALID", PACKET.invalid, "ERR_OUT_OF_RANGE"],
  ["more than 16 bits", 0x10003, "ERR_OUT_OF_RANGE"],
  ["negative", -1, "ERR_OUT_OF_RANGE"],
  ["a fraction", 3.5, "ERR_OUT_OF_RANGE"],
  ["NaN", Number.NaN, "ERR_OUT_OF_RANGE"],
  ["a string", "3", "ERR_INVALID_ARG_TYPE"],
  ["nothing", undefined, "ERR_INVALID_ARG_TYPE"],
])("a header that is %s is refused", (_, header, code) => {
  const queue = create({ onComplete: () => {} });
  const signal = native.createSignal(1);
  layBarrier(queue);
  const wrong = header as number;
  expect(codeOf(() => queue.submit(wrong, null, false))).toBe(code);
  expect(codeOf(() => queue.submitAsync(wrong, signal))).toBe(code);
  expect(codeOf(() => queue.submitAndWait(wrong, signal))).toBe(code);
  expect(queue.loadWriteIndex()).toBe(0);
  queue.dispose();
  signal.dispose();
});

test("the other arguments of a submission are checked too", () => {
  const queue = create();
  const signal = native.createSignal(1);
  layBarrier(queue);
  expect(codeOf(() => queue.submit(BARRIER, signal, 1 as unknown as boolean))).toBe("ERR_INVALID_ARG_TYPE");
  expect(codeOf(() => queue.submit(BARRIER, signal, true, -1))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => queue.submit(BARRIER, signal, true, "1" as unknown as number))).toBe("ERR_INVALID_ARG_TYPE");
  expect(codeOf(() => queue.submitAndWait(BARRIER, signal, Number.NaN))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => queue.submitAsync(BARRIER, signal))).toBe("ERR_INVALID_STATE");
  expect(signal.load()).toBe(1);
  queue.dispose();
  signal.dispose();
});

test.each([
  ["no options", undefined, "ERR_INVALID_ARG_TYPE"],
  ["no size", {}, "ERR_INVALID_ARG_TYPE"],
  ["size 0", { size: 0 }, "ERR_OUT_OF_RANGE"],
  ["a size beyond 32 bits", { size: 2 ** 32 }, "ERR_OUT_OF_RANGE"],
  ["a size that is no power of two", { size: 65 }, "ERR_HSA_INVALID_ARGUMENT"],
  ["a type that is none", { size: 64, type: "many" }, "ERR_INVALID_ARG_VALUE"],
  ["a callback that is none", { size: 64, onError: 1 }, "ERR_INVALID_ARG_TYPE"],
  ["another callback that is none", { size: 64, onComplete: {} }, "ERR_INVALID_ARG_TYPE"],
  ["profiling that is no boolean", { size: 64, profiling: 1 }, "ERR_INVALID_ARG_TYPE"],
  ["a private segment size that is none", { size: 64, privateSegmentSize: -1 }, "ERR_OUT_OF_RANGE"],
])("a queue with %s is refused", (_, options, code) => {
  const before = native.stats().queuesLive;
  expect(codeOf(() => native.createQueue(machine.gpu, options as QueueOptions))).toBe(code);
  expect(native.stats().queuesLive).toBe(before);
});

test("a full ring makes submissions wait, then fail; no slot is lost by that", () => {
  const { queue, gate } = gated();
  const done = native.createSignal(1);
  for (let i = 1; i < 64; i++) queue.submit(BARRIER, null, false);
  const start = performance.now();
  expect(codeOf(() => queue.submit(BARRIER, null, false, 15e6))).toBe("ERR_HSA_QUEUE_FULL");
  expect(performance.now() - start).toBeGreaterThan(14);
  expect(codeOf(() => queue.submit(BARRIER, null, false, 0))).toBe("ERR_HSA_QUEUE_FULL");
  expect(codeOf(() => queue.submitAndWait(BARRIER, done, 0))).toBe("ERR_HSA_QUEUE_FULL");
  expect(queue.loadWriteIndex()).toBe(64);
  gate.store(0);
  expect(queue.submitAndWait(BARRIER, done)).toBe(true);
  expect(queue.loadWriteIndex()).toBe(65);
  queue.dispose();
  gate.dispose();
  done.dispose();
});

test("submitAndWait answers false when the time is up; the packet completes later all the same", () => {
  const { queue, gate } = gated();
  const done = native.createSignal(1);
  const start = performance.now();
  expect(queue.submitAndWait(BARRIER, done, 25e6)).toBe(false);
  expect(performance.now() - start).toBeGreaterThanOrEqual(24.5);
  expect(done.load()).toBe(1);
  gate.store(0);
  expect(done.wait("lt", 1)).toBe(0);
  queue.dispose();
  gate.dispose();
  done.dispose();
});

test("launches that JavaScript awaits are reported in batches, in order, each once", async () => {
  const batches: number[] = [];
  let total = 0;
  let finish = (): void => {};
  const queue = create({
    size: 1024,
    onComplete: (count, times) => {
      expect(times.length).toBeGreaterThanOrEqual(2 * count);
      batches.push(count);
      total += count;
      if (total >= 3000) finish();
    },
  });
  layBarrier(queue);
  const signals = Array.from({ length: 3000 }, () => native.createSignal(0));
  const all = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const indices = signals.map((signal) => queue.submitAsync(BARRIER, signal));
  await all;
  expect(indices).toEqual(signals.map((_, i) => i));
  expect(total).toBe(3000);
  expect(batches.length).toBeLessThan(1500);
  await turn(10);
  expect(total).toBe(3000);
  queue.dispose();
  for (const signal of signals) signal.dispose();
});

test("with profiling each launch has its times", async () => {
  const reports: number[][] = [];
  const queue = create({ profiling: true, onComplete: (count, times) => reports.push([...times.slice(0, 2 * count)]) });
  const signal = native.createSignal(1);
  layBarrier(queue);
  queue.submitAsync(BARRIER, signal);
  while (reports.length === 0) await turn(1);
  expect(must(reports[0])).toHaveLength(2);
  queue.submitAndWait(BARRIER, signal);
  const [start, end] = new Float64Array(queue.times);
  expect(must(end)).toBeGreaterThanOrEqual(must(start));
  queue.setProfiling(false);
  queue.submitAndWait(BARRIER, signal);
  expect([...new Float64Array(queue.times)]).toEqual([0, 0]);
  expect(codeOf(() => queue.setProfiling(1 as unknown as boolean))).toBe("ERR_INVALID_ARG_TYPE");
  queue.dispose();
  signal.dispose();
});

test("disposing a queue drops what was not reported, and signals of packets in it may go before and after", async () => {
  let reports = 0;
  const { queue, gate } = gated({ onComplete: () => reports++ });
  const signals = Array.from({ length: 20 }, () => native.createSignal(1));
  for (const signal of signals) queue.submitAsync(BARRIER, signal);
  for (const signal of signals.slice(0, 10)) signal.dispose();
  gate.dispose();
  queue.dispose();
  for (const signal of signals.slice(10)) signal.dispose();
  await turn(20);
  expect(reports).toBe(0);
});

test("a signal that is disposed while its packet is in flight is not handed out again before the packet is through", () => {
  const { queue, gate } = gated();
  const doomed = native.createSignal(1);
  const { handle } = doomed;
  queue.submit(BARRIER, doomed, true);
  doomed.dispose();
  const others = Array.from({ length: 300 }, () => native.createSignal(1));
  expect(others.map((signal) => signal.handle)).not.toContain(handle);
  gate.store(0);
  const after = native.createSignal(1);
  queue.submitAndWait(BARRIER, after);
  expect(others.every((signal) => signal.load() === 1)).toBe(true);
  for (const signal of [...others, after, gate]) signal.dispose();
  queue.dispose();
});

test("the same signal through several queues is held until each is through with it", () => {
  const first = gated();
  const second = gated();
  const signal = native.createSignal(2);
  const { handle } = signal;
  first.queue.submit(BARRIER, signal, false);
  second.queue.submit(BARRIER, signal, false);
  signal.dispose();
  first.queue.dispose();
  const held = Array.from({ length: 100 }, () => native.createSignal(0));
  expect(held.map((each) => each.handle)).not.toContain(handle);
  second.gate.store(0);
  second.queue.dispose();
  for (const each of [...held, first.gate, second.gate]) each.dispose();
});

/** A packet of a type that no packet processor knows: the queue reports an error. */
const UNKNOWN = 7;

test("a queue's error ends a blocking wait, reaches onError once, and closes the queue", async () => {
  const errors: [number, string][] = [];
  const queue = create({ onError: (status, code) => errors.push([status, code]) });
  const signal = native.createSignal(1);
  new Uint8Array(queue.packet).fill(0);
  let thrown: { code?: string; status?: number; reason?: string } = {};
  try {
    queue.submitAndWait(UNKNOWN, signal);
  } catch (error) {
    thrown = error as typeof thrown;
  }
  expect(thrown.code).toBe("ERR_HSA_QUEUE_INACTIVE");
  expect(thrown.reason).toMatch(/^ERR_HSA_/);
  while (errors.length === 0) await turn(1);
  await turn(20);
  expect(errors).toEqual([[thrown.status, thrown.reason]]);
  layBarrier(queue);
  expect(codeOf(() => queue.submit(BARRIER, signal, true))).toBe("ERR_HSA_QUEUE_INACTIVE");
  expect(codeOf(() => queue.submitAndWait(BARRIER, signal))).toBe("ERR_HSA_QUEUE_INACTIVE");
  expect(codeOf(() => signal.wait("lt", 1))).toBe("ERR_HSA_QUEUE_INACTIVE");
  expect(codeOf(() => native.waitAny([signal], ["lt"], [1]))).toBe("ERR_HSA_QUEUE_INACTIVE");
  queue.dispose();
  const other = create();
  layBarrier(other);
  expect(other.submitAndWait(BARRIER, signal)).toBe(true);
  other.dispose();
  signal.dispose();
});

test("launches that had finished before an error are reported before it, and none after", async () => {
  const events: (number | string)[] = [];
  const queue = create({ onComplete: (count) => events.push(count), onError: (_, code) => events.push(code) });
  const signals = Array.from({ length: 12 }, () => native.createSignal(1));
  layBarrier(queue);
  for (const signal of signals.slice(0, 10)) queue.submitAsync(BARRIER, signal);
  queue.submitAsync(UNKNOWN, must(signals[10]));
  queue.submitAsync(BARRIER, must(signals[11]));
  while (typeof events.at(-1) !== "string") await turn(1);
  await turn(20);
  expect(events.filter((event) => typeof event === "string")).toHaveLength(1);
  expect(typeof events.at(-1)).toBe("string");
  expect(events.reduce<number>((sum, event) => sum + (typeof event === "number" ? event : 0), 0)).toBe(10);
  queue.dispose();
  for (const signal of signals) signal.dispose();
});

test("an inactivated queue takes no packets", () => {
  const queue = create();
  layBarrier(queue);
  queue.inactivate();
  expect(codeOf(() => queue.submit(BARRIER, null, false))).toBe("ERR_HSA_QUEUE_INACTIVE");
  queue.dispose();
});

test("indices can be read and moved with every order", () => {
  const queue = create();
  for (const order of [undefined, "relaxed", "acquire", "release", "acq_rel"] as const) queue.addWriteIndex(0, order);
  expect(queue.addWriteIndex(3)).toBe(0);
  expect(queue.loadWriteIndex("relaxed")).toBe(3);
  queue.storeWriteIndex(0, "relaxed");
  expect(queue.loadWriteIndex("acquire")).toBe(0);
  expect(queue.loadReadIndex("relaxed")).toBe(0);
  expect(codeOf(() => queue.addWriteIndex(-1))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => queue.storeWriteIndex(0.5))).toBe("ERR_OUT_OF_RANGE");
  queue.dispose();
});

test("the counters tell what launches cost: one native call each, nothing allocated", async () => {
  const queue = create({ onComplete: () => {} });
  const signal = native.createSignal(1);
  layBarrier(queue);
  const before = native.stats();
  for (let i = 0; i < 100; i++) queue.submitAndWait(BARRIER, signal);
  const after = native.stats();
  expect(after).toEqual({ ...before, nativeCalls: before.nativeCalls + 100, dispatches: before.dispatches + 100 });
  queue.dispose();
  signal.dispose();
  expect(native.stats()).toMatchObject({ queuesLive: before.queuesLive - 1, signalsLive: before.signalsLive - 1 });
});
