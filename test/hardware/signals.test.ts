import { expect, test } from "vitest";
import { codeOf, useBench } from "./fixture.js";

const bench = useBench();

test("load and store, of every width that a signal has", () => {
  using signal = bench().runtime.createSignal(5);
  expect(signal.load()).toBe(5);
  for (const value of [0, 1, -1, 2 ** 31, -(2 ** 53) + 1, 2n ** 62n, -(2n ** 63n)]) {
    signal.store(value);
    expect(signal.load("acquire")).toBe(value);
    signal.store(value, "release");
    expect(signal.load("relaxed")).toBe(value);
  }
});

test.each(["relaxed", "acquire", "release", "acq_rel"] as const)("arithmetic with order %s", (order) => {
  using signal = bench().runtime.createSignal(10);
  signal.add(5, order);
  expect(signal.load()).toBe(15);
  signal.subtract(20, order);
  expect(signal.load()).toBe(-5);
  expect(signal.exchange(7, order)).toBe(-5);
  expect(signal.compareExchange(8, 9, order)).toBe(7);
  expect(signal.load()).toBe(7);
  expect(signal.compareExchange(7, 9, order)).toBe(7);
  expect(signal.load()).toBe(9);
});

test.each([
  ["eq", 3, 3],
  ["ne", 4, 3],
  ["lt", 4, 3],
  ["gte", 3, 3],
] as const)("a wait for %s %i ends at once when it holds", (condition, value, now) => {
  using signal = bench().runtime.createSignal(now);
  expect(signal.waitSync(condition, value)).toBe(now);
});

test("a blocking wait ends when its time is up", () => {
  using signal = bench().runtime.createSignal(1);
  const start = performance.now();
  expect(signal.waitSync("lt", 1, 20_000_000)).toBe(1);
  expect(performance.now() - start).toBeGreaterThan(15);
  expect(performance.now() - start).toBeLessThan(2000);
});

test("an awaited wait ends when the host stores the value, and the loop runs meanwhile", async () => {
  using signal = bench().runtime.createSignal(1);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  setTimeout(() => signal.store(-3), 30);
  expect(await signal.wait("lt", 0)).toBe(-3);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(2);
});

test("a thousand waits at once, each ended by its own signal", async () => {
  const { runtime } = bench();
  const signals = Array.from({ length: 1000 }, () => runtime.createSignal(1));
  const waits = signals.map((signal) => signal.wait("eq", 0));
  signals.forEach((signal, i) => {
    signal.store(i % 2 ? 0 : 2);
  });
  for (const signal of signals) signal.store(0);
  expect(await Promise.all(waits)).toEqual(Array(1000).fill(0));
  for (const signal of signals) signal.dispose();
});

test("an aborted wait rejects with the reason and leaves the signal as it is", async () => {
  using signal = bench().runtime.createSignal(1);
  const abort = new AbortController();
  const wait = signal.wait("eq", 0, { signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(wait).rejects.toThrow("enough");
  expect(signal.load()).toBe(1);
  await expect(signal.wait("eq", 0, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
});

test("wait_any names the one that holds, or none in time", () => {
  const { runtime } = bench();
  using a = runtime.createSignal(1);
  using b = runtime.createSignal(1);
  using c = runtime.createSignal(1);
  expect(runtime.waitAnySync([a, b, c], ["eq", "eq", "eq"], [0, 0, 0], 5_000_000)).toBe(-1);
  b.store(0);
  expect(runtime.waitAnySync([a, b, c], ["eq", "eq", "eq"], [0, 0, 0])).toBe(1);
  expect(runtime.waitAnySync([a, b, c], ["eq", "eq", "lt"], [0, 7, 2])).toBe(2);
});

test("a signal for some consumers only", () => {
  const { runtime, gpu, cpu } = bench();
  using signal = runtime.createSignal(1, [gpu, cpu]);
  signal.store(2);
  expect(signal.load()).toBe(2);
});

test("wrong values and disposed signals are refused by name", async () => {
  const { runtime } = bench();
  const signal = runtime.createSignal(0);
  expect(codeOf(() => signal.store("1" as unknown as number))).toBe("ERR_INVALID_ARG_TYPE");
  expect(codeOf(() => signal.store(1.5))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => signal.store(2n ** 63n))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => signal.waitSync("le" as "lt", 1))).toMatch(
    /^ERR_(INVALID_ARG_VALUE|INVALID_ARG_TYPE|OUT_OF_RANGE)$/,
  );
  expect(codeOf(() => runtime.waitAnySync([], [], []))).toMatch(/^ERR_/);
  expect(codeOf(() => runtime.waitAnySync([signal], ["eq"], []))).toMatch(/^ERR_/);
  signal.dispose();
  signal.dispose();
  expect(signal.disposed).toBe(true);
  expect(codeOf(() => signal.load())).toBe("ERR_HSA_DISPOSED");
  expect(codeOf(() => signal.waitSync("eq", 0, 1000))).toBe("ERR_HSA_DISPOSED");
  await expect(signal.wait("eq", 0)).rejects.toMatchObject({ code: "ERR_HSA_DISPOSED" });
});
