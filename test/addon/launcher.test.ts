/** Launchers: functions that publish a queue's packet and wait, with all that stays the same checked beforehand. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NativeLauncher, NativeQueue, NativeSignal } from "../../lib/hsa/native.js";
import {
  BARRIER,
  codeOf,
  layBarrier,
  type Machine,
  must,
  native,
  openMachine,
  PACKET,
  runChild,
  turn,
} from "./fixture.js";

let machine: Machine;
beforeAll(() => {
  machine = openMachine();
});
afterAll(() => native.shutDown());

interface Bench {
  readonly queue: NativeQueue;
  readonly signals: readonly [NativeSignal, NativeSignal];
  /** Of barrier packets, with this time limit in nanoseconds. */
  launcher(timeout?: number): NativeLauncher;
  dispose(): void;
}
function bench(): Bench {
  const queue = native.createQueue(machine.gpu, { size: 64 });
  const signals = [native.createSignal(5), native.createSignal(-5)] as const;
  layBarrier(queue);
  return {
    queue,
    signals,
    launcher: (timeout) => queue.launcher(BARRIER, ...signals, timeout),
    dispose: () => {
      queue.dispose();
      for (const signal of signals) signal.dispose();
    },
  };
}
/** Lets the queue's next packet wait for a signal. */
function gate(queue: NativeQueue): NativeSignal {
  const closed = native.createSignal(1);
  layBarrier(queue, [closed]);
  return closed;
}
const millisecond = 1e6;
/** The packet processor moves on a moment after the packet's signal has told of its end. */
function readIndexOf(queue: NativeQueue, expected: number): number {
  const end = performance.now() + 1000;
  while (queue.loadReadIndex() < expected && performance.now() < end);
  return queue.loadReadIndex();
}

test("a launch publishes one packet, and is over when it returns true", () => {
  const { queue, launcher, dispose } = bench();
  const { launch } = launcher();
  for (let i = 1; i <= 200; i++) {
    expect(launch()).toBe(true);
    expect(queue.loadWriteIndex()).toBe(i);
    expect(readIndexOf(queue, i)).toBe(i);
  }
  dispose();
});

test("the signals take turns, and the one that is not in use is armed", () => {
  const { signals, launcher, dispose } = bench();
  const { launch } = launcher();
  const seen = Array.from({ length: 4 }, () => {
    launch();
    return signals.map((signal) => signal.load());
  });
  expect(seen).toEqual([
    [0, 1],
    [1, 0],
    [0, 1],
    [1, 0],
  ]);
  dispose();
});

test("the packet is the queue's, as it is at each launch", () => {
  const { queue, launcher, dispose } = bench();
  const { launch, wait } = launcher(20 * millisecond);
  expect(launch()).toBe(true);
  const closed = gate(queue);
  expect(launch()).toBe(false);
  expect(wait()).toBe(false);
  closed.store(0);
  expect(wait()).toBe(true);
  layBarrier(queue);
  expect(launch()).toBe(true);
  closed.dispose();
  dispose();
});

test("a launch that is not over in time is waited for by wait, which publishes nothing", () => {
  const { queue, launcher, dispose } = bench();
  const { launch, wait } = launcher(15 * millisecond);
  const closed = gate(queue);
  const start = performance.now();
  expect(launch()).toBe(false);
  expect(performance.now() - start).toBeGreaterThanOrEqual(14.5);
  for (let i = 0; i < 3; i++) expect(wait()).toBe(false);
  expect(performance.now() - start).toBeGreaterThanOrEqual(58);
  expect(queue.loadWriteIndex()).toBe(1);
  closed.store(0);
  expect(wait()).toBe(true);
  layBarrier(queue);
  // What comes after it is waited for by itself.
  for (let i = 0; i < 10; i++) if (!launch()) while (!wait());
  expect(queue.loadWriteIndex()).toBe(11);
  const again = gate(queue);
  expect(launch()).toBe(false);
  again.store(0);
  expect(wait()).toBe(true);
  for (const signal of [closed, again]) signal.dispose();
  dispose();
});

test("the next launch is refused until the last one is over", () => {
  const { queue, launcher, dispose } = bench();
  const { launch, wait } = launcher(0);
  const closed = gate(queue);
  expect(launch()).toBe(false);
  expect(codeOf(launch)).toBe("ERR_INVALID_STATE");
  expect(queue.loadWriteIndex()).toBe(1);
  closed.store(0);
  while (!wait());
  layBarrier(queue);
  if (!launch()) while (!wait());
  expect(queue.loadWriteIndex()).toBe(2);
  closed.dispose();
  dispose();
});

test("without a launch under way there is nothing to wait for", () => {
  const { queue, launcher, dispose } = bench();
  const { launch, wait } = launcher();
  expect(codeOf(wait)).toBe("ERR_INVALID_STATE");
  launch();
  expect(codeOf(wait)).toBe("ERR_INVALID_STATE");
  expect(queue.loadWriteIndex()).toBe(1);
  dispose();
});

test.each([
  ["a header of the type INVALID", [PACKET.invalid], "ERR_OUT_OF_RANGE"],
  ["a header beyond 16 bits", [0x10003], "ERR_OUT_OF_RANGE"],
  ["a header that is no number", ["3"], "ERR_INVALID_ARG_TYPE"],
  ["no header", [], "ERR_INVALID_ARG_TYPE"],
  ["no signals", [BARRIER], "ERR_INVALID_ARG_TYPE"],
  ["one signal", [BARRIER, 0], "ERR_INVALID_ARG_TYPE"],
  ["a second signal that is none", [BARRIER, 0, {}], "ERR_INVALID_ARG_TYPE"],
  ["a negative time limit", [BARRIER, 0, 1, -1], "ERR_OUT_OF_RANGE"],
  ["a time limit that is NaN", [BARRIER, 0, 1, Number.NaN], "ERR_OUT_OF_RANGE"],
  ["a time limit that is no number", [BARRIER, 0, 1, "1"], "ERR_INVALID_ARG_TYPE"],
  ["the same signal twice", [BARRIER, 0, 0], "ERR_INVALID_ARG_VALUE"],
] as const)("a launcher with %s is refused", (_, given, code) => {
  const { queue, signals, dispose } = bench();
  // Small numbers in the signals' places stand for them.
  const args = given.map((value, i) => ((i === 1 || i === 2) && typeof value === "number" ? signals[value] : value));
  const make = queue.launcher.bind(queue) as (...values: unknown[]) => unknown;
  expect(codeOf(() => make(...args))).toBe(code);
  expect(queue.loadWriteIndex()).toBe(0);
  dispose();
});

test("disposed signals and queues are refused, when the launcher is made and when it launches", () => {
  const first = bench();
  first.signals[1].dispose();
  expect(codeOf(() => first.launcher())).toBe("ERR_HSA_DISPOSED");
  first.queue.dispose();
  expect(codeOf(() => first.launcher())).toBe("ERR_HSA_DISPOSED");
  first.dispose();

  for (const which of [0, 1]) {
    const { queue, signals, launcher, dispose } = bench();
    const { launch, wait } = launcher();
    launch();
    must(signals[which]).dispose();
    expect(codeOf(launch)).toBe("ERR_HSA_DISPOSED");
    expect(codeOf(wait)).toBe("ERR_HSA_DISPOSED");
    expect(queue.loadWriteIndex()).toBe(1);
    dispose();
  }

  const last = bench();
  const { launch, wait } = last.launcher();
  launch();
  last.queue.dispose();
  expect(codeOf(launch)).toBe("ERR_HSA_DISPOSED");
  expect(codeOf(wait)).toBe("ERR_HSA_DISPOSED");
  last.dispose();
});

test("a queue that fails ends the wait, and takes no more launches", async () => {
  const errors: number[] = [];
  const queue = native.createQueue(machine.gpu, { size: 64, onError: (status) => errors.push(status) });
  const signals = [native.createSignal(1), native.createSignal(1)] as const;
  new Uint8Array(queue.packet).fill(0);
  // A type that no packet processor knows.
  const { launch, wait } = queue.launcher(7, ...signals);
  let thrown: { code?: string; status?: number; reason?: string } = {};
  try {
    launch();
  } catch (error) {
    thrown = error as typeof thrown;
  }
  expect(thrown.code).toBe("ERR_HSA_QUEUE_INACTIVE");
  expect(thrown.reason).toMatch(/^ERR_HSA_/);
  expect(codeOf(launch)).toBe("ERR_HSA_QUEUE_INACTIVE");
  expect(codeOf(wait)).toBe("ERR_HSA_QUEUE_INACTIVE");
  while (errors.length === 0) await turn(1);
  expect(errors).toEqual([thrown.status]);
  queue.dispose();
  for (const signal of signals) signal.dispose();

  const inactive = bench();
  const stopped = inactive.launcher();
  inactive.queue.inactivate();
  expect(codeOf(stopped.launch)).toBe("ERR_HSA_QUEUE_INACTIVE");
  inactive.dispose();
});

test("a packet that names a signal which is none is refused, and a launch without that goes", () => {
  const { queue, launcher, dispose } = bench();
  const { launch } = launcher();
  new DataView(queue.packet).setBigUint64(8, 0x1000n, true);
  expect(codeOf(launch)).toBe("ERR_HSA_INVALID_SIGNAL");
  layBarrier(queue);
  expect(launch()).toBe(true);
  expect(queue.loadWriteIndex()).toBe(1);
  dispose();
});

test("a launch is one native call, and nothing else", () => {
  const { launcher, dispose } = bench();
  const { launch } = launcher();
  launch();
  const before = native.stats();
  for (let i = 0; i < 100; i++) launch();
  const { nativeCalls, dispatches } = before;
  expect(native.stats()).toEqual({ ...before, nativeCalls: nativeCalls + 100, dispatches: dispatches + 100 });
  dispose();
});

test("waits are measured where that is asked for", () => {
  const { queue, launcher, dispose } = bench();
  const { launch, wait } = launcher(5 * millisecond);
  launch();
  expect(native.stats().waitNanoseconds).toBe(0);
  native.measureWaits(true);
  const closed = gate(queue);
  launch();
  native.measureWaits(false);
  const { waitNanoseconds } = native.stats();
  expect(waitNanoseconds).toBeGreaterThan(4.5 * millisecond);
  wait();
  expect(native.stats().waitNanoseconds).toBe(waitNanoseconds);
  closed.store(0);
  while (!wait());
  closed.dispose();
  dispose();
});

test("the functions keep queue and signals, and are collected with them", async () => {
  const { code, signal, output } = await runChild(
    `
    native.open(options);
    const made = [];
    function make() {
      const queue = native.createQueue(gpuOf(), { size: 64 });
      const signals = [native.createSignal(1), native.createSignal(1)];
      const { launch } = queue.launcher(BARRIER, ...signals);
      made.push(new WeakRef(queue), new WeakRef(signals[0]), new WeakRef(signals[1]), new WeakRef(launch));
      return launch;
    }
    const collect = async () => {
      for (let i = 0; i < 5; i++) { global.gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
    };
    (async () => {
      // One of the two functions is enough, and nobody holds the queue or the signals.
      let launch = make();
      await collect();
      for (let i = 0; i < 100; i++) if (!launch()) throw new Error("not over");
      if (made.some((each) => each.deref() === undefined)) throw new Error("collected while in use");
      launch = null;
      await collect();
      if (made.some((each) => each.deref() !== undefined)) throw new Error("kept for ever");
      for (let i = 0; i < 50; i++) make()();
      await collect();
      const { queuesLive, signalsLive } = native.stats();
      console.log(made.filter((each) => each.deref() !== undefined).length, queuesLive, signalsLive);
      // The process ends with launchers alive.
      globalThis.left = make();
      globalThis.left();
    })();`,
    "--expose-gc",
  );
  expect({ code, signal, output: output.trim() }).toEqual({ code: 0, signal: null, output: "0 0 0" });
});
