/** Signals: values, orders, blocking and awaited waits. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MemoryOrder, SignalCondition } from "../../lib/hsa/native.js";
import { codeOf, type Machine, native, openMachine, turn } from "./fixture.js";

let machine: Machine;
beforeAll(() => {
  machine = openMachine();
});
afterAll(() => native.shutDown());

const orders: (MemoryOrder | undefined)[] = [undefined, "relaxed", "acquire", "release", "acq_rel"];

test.each(orders)("arithmetic with order %s", (order) => {
  const signal = native.createSignal(10);
  signal.add(5, order);
  expect(signal.load()).toBe(15);
  signal.subtract(20, order);
  expect(signal.load()).toBe(-5);
  expect(signal.exchange(7, order)).toBe(-5);
  expect(signal.compareExchange(8, 9, order)).toBe(7);
  expect(signal.load()).toBe(7);
  expect(signal.compareExchange(7, 9, order)).toBe(7);
  expect(signal.load("relaxed")).toBe(9);
  signal.store(-1, "relaxed");
  expect(signal.load("acquire")).toBe(-1);
  signal.dispose();
});

test.each([
  [0n, 0],
  [2n ** 53n - 1n, Number.MAX_SAFE_INTEGER],
  [-(2n ** 53n - 1n), Number.MIN_SAFE_INTEGER],
  [2n ** 53n, 2n ** 53n],
  [-(2n ** 53n), -(2n ** 53n)],
  [2n ** 63n - 1n, 2n ** 63n - 1n],
  [-(2n ** 63n), -(2n ** 63n)],
])("%s is read back as a number where that is exact, else as a bigint", (value, expected) => {
  const signal = native.createSignal(value);
  expect(signal.load()).toBe(expected);
  signal.store(0);
  signal.store(value);
  expect(signal.load()).toBe(expected);
  signal.dispose();
});

test.each([
  ["a fraction", 0.5, "ERR_OUT_OF_RANGE"],
  ["NaN", Number.NaN, "ERR_OUT_OF_RANGE"],
  ["infinity", Number.POSITIVE_INFINITY, "ERR_OUT_OF_RANGE"],
  ["an unsafe integer", 2 ** 53, "ERR_OUT_OF_RANGE"],
  ["a bigint of 65 bits", 2n ** 63n, "ERR_OUT_OF_RANGE"],
  ["a string", "1", "ERR_INVALID_ARG_TYPE"],
  ["null", null, "ERR_INVALID_ARG_TYPE"],
  ["nothing", undefined, "ERR_INVALID_ARG_TYPE"],
])("%s is no signal value", (_, value, code) => {
  const signal = native.createSignal(3);
  const wrong = value as number;
  const calls: (() => unknown)[] = [
    () => native.createSignal(wrong),
    () => signal.store(wrong),
    () => signal.add(wrong),
    () => signal.subtract(wrong),
    () => signal.exchange(wrong),
    () => signal.compareExchange(wrong, 1),
    () => signal.compareExchange(1, wrong),
    () => signal.wait("eq", wrong, 0),
    () => signal.waitAsync("eq", wrong, () => {}),
    () => native.waitAny([signal], ["eq"], [wrong], 0),
  ];
  expect(calls.map(codeOf)).toEqual(calls.map(() => code));
  expect(signal.load()).toBe(3);
  signal.dispose();
});

test("words that are no orders and no conditions are refused", () => {
  const signal = native.createSignal(3);
  expect(codeOf(() => signal.load("release" as "acquire"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(codeOf(() => signal.store(1, "acquire" as "release"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(codeOf(() => signal.add(1, "seq_cst" as "relaxed"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(codeOf(() => signal.add(1, 4 as unknown as "relaxed"))).toBe("ERR_INVALID_ARG_TYPE");
  expect(codeOf(() => signal.wait("gt" as "eq", 1, 0))).toBe("ERR_INVALID_ARG_VALUE");
  expect(codeOf(() => signal.wait("eq", 1, -1))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => signal.wait("eq", 1, Number.NaN))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => signal.wait("eq", 1, "1" as unknown as number))).toBe("ERR_INVALID_ARG_TYPE");
  expect(codeOf(() => signal.waitAsync("eq", 1, 7 as unknown as () => void))).toBe("ERR_INVALID_ARG_TYPE");
  signal.dispose();
});

const conditions: [SignalCondition, number, boolean][] = [
  ["eq", 5, true],
  ["eq", 4, false],
  ["ne", 4, true],
  ["ne", 5, false],
  ["lt", 6, true],
  ["lt", 5, false],
  ["gte", 5, true],
  ["gte", 6, false],
];

test.each(conditions)("a wait for %s %i on 5: holds is %s", async (condition, value, holds) => {
  const signal = native.createSignal(5);
  expect(signal.wait(condition, value, holds ? undefined : 1e6)).toBe(5);
  expect(native.waitAny([signal], [condition], [value], 1e6)).toBe(holds ? 0 : -1);
  let called = false;
  const wait = signal.waitAsync(condition, value, (seen) => {
    expect(seen).toBe(5);
    called = true;
  });
  for (let i = 0; i < 50 && !called; i++) await turn(holds ? 5 : 0);
  expect(called).toBe(holds);
  native.cancelWait(wait);
  signal.dispose();
});

test("a blocking wait ends when the time is up, not before", () => {
  const signal = native.createSignal(1);
  for (const milliseconds of [0, 3, 45]) {
    const start = performance.now();
    expect(signal.wait("eq", 0, milliseconds * 1e6)).toBe(1);
    const passed = performance.now() - start;
    expect(passed).toBeGreaterThanOrEqual(milliseconds - 0.5);
  }
  signal.dispose();
});

test("waitAny tells which, and refuses lists that do not fit together", () => {
  const signals = [1, 2, 3].map((value) => native.createSignal(value));
  expect(native.waitAny(signals, ["eq", "eq", "eq"], [0, 0, 3])).toBe(2);
  expect(native.waitAny(signals, ["eq", "lt", "eq"], [0, 9, 0])).toBe(1);
  expect(native.waitAny(signals, ["eq", "eq", "eq"], [0, 0, 0], 2e6)).toBe(-1);
  expect(codeOf(() => native.waitAny([], [], []))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => native.waitAny(signals, ["eq"], [0, 0, 0]))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => native.waitAny(signals, ["eq", "eq", "eq"], [0]))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => native.waitAny({ length: 1 } as never, ["eq"], [0]))).toBe("ERR_INVALID_ARG_TYPE");
  for (const signal of signals) signal.dispose();
});

test("a thousand awaited waits end each with its own value, in whatever order the signals fire", async () => {
  const signals = Array.from({ length: 1000 }, () => native.createSignal(0));
  const seen = Promise.all(signals.map((signal) => new Promise((resolve) => signal.waitAsync("gte", 1, resolve))));
  const order = signals.map((_, i) => (i * 377) % 1000);
  for (const i of order) signals[i]?.store(i + 1);
  expect(await seen).toEqual(signals.map((_, i) => i + 1));
  for (const signal of signals) signal.dispose();
});

test("a cancelled wait does not call back, not even when the signal has fired already", async () => {
  const signal = native.createSignal(0);
  let calls = 0;
  const count = (): void => {
    calls++;
  };
  const first = signal.waitAsync("eq", 1, count);
  native.cancelWait(first);
  native.cancelWait(first);
  const second = signal.waitAsync("eq", 1, count);
  signal.store(1);
  const end = performance.now() + 20;
  while (performance.now() < end); // the completion thread reports meanwhile, JavaScript has not heard
  native.cancelWait(second);
  await turn(30);
  expect(calls).toBe(0);
  native.cancelWait(123456);
  expect(codeOf(() => native.cancelWait(-1))).toBe("ERR_OUT_OF_RANGE");
  signal.dispose();
});

test("a signal may be disposed while somebody waits for it: the wait still ends", async () => {
  const agentSide = native.createQueue(machine.gpu, { size: 64 });
  const gate = native.createSignal(1);
  const done = native.createSignal(1);
  new DataView(agentSide.packet).setBigUint64(8, BigInt(gate.handle), true);
  agentSide.submit(3, done, true);
  const ended = new Promise((resolve) => done.waitAsync("lt", 1, resolve));
  done.dispose();
  gate.store(0);
  expect(await ended).toBe(0);
  agentSide.dispose();
  gate.dispose();
});

test("waits can be started from a wait's callback", async () => {
  const signal = native.createSignal(0);
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    const next = (value: number | bigint): void => {
      seen.push(value);
      if (seen.length === 5) {
        resolve();
        return;
      }
      signal.waitAsync("eq", Number(value) + 1, next);
      signal.add(1);
    };
    signal.waitAsync("eq", 0, next);
  });
  expect(seen).toEqual([0, 1, 2, 3, 4]);
  signal.dispose();
});

test("signals for the host alone and for an agent can be created", () => {
  for (const consumers of [[machine.cpu], [machine.gpu], [machine.cpu, machine.gpu]]) {
    const signal = native.createSignal(4, consumers);
    expect(signal.load()).toBe(4);
    // The host waits only for signals that it is a consumer of.
    if (consumers.includes(machine.cpu)) expect(signal.wait("eq", 4)).toBe(4);
    signal.dispose();
  }
});
