import { expect, test } from "vitest";
import { type Agent, PACKET_TYPE, packetHeader, type Queue } from "../../lib/hsa/index.js";
import { codeOf, useBench } from "./fixture.js";

const bench = useBench();
const queueOn = (agent: Agent = bench().gpu, size = 256): Queue => bench().runtime.createQueue(agent, { size });

test("a queue has the size that was asked for, and starts empty", () => {
  using queue = queueOn();
  expect(queue.size).toBe(256);
  expect(queue.loadReadIndex()).toBe(0);
  expect(queue.loadWriteIndex("acquire")).toBe(0);
});

test("barrier-and completes when all of its signals are zero", async () => {
  const { runtime } = bench();
  using queue = queueOn();
  using a = runtime.createSignal(1);
  using b = runtime.createSignal(1);
  using done = runtime.createSignal(1);
  queue.barrier("and", [a, b], done);
  expect(done.waitSync("lt", 1, 5_000_000)).toBe(1);
  a.store(0);
  expect(done.waitSync("lt", 1, 5_000_000)).toBe(1);
  b.store(0);
  expect(await done.wait("lt", 1)).toBe(0);
});

test("barrier-or completes when one of its signals is zero", async () => {
  const { runtime } = bench();
  using queue = queueOn();
  using a = runtime.createSignal(1);
  using b = runtime.createSignal(1);
  using done = runtime.createSignal(1);
  queue.barrier("or", [a, b], done);
  expect(done.waitSync("lt", 1, 5_000_000)).toBe(1);
  b.store(0);
  expect(await done.wait("lt", 1)).toBe(0);
});

test("a barrier over no signals completes by itself", () => {
  using queue = queueOn();
  using done = bench().runtime.createSignal(1);
  queue.barrier("and", [], done);
  expect(done.waitSync("lt", 1, 5_000_000_000)).toBe(0);
});

test("the barrier bit keeps packets in order; indices count them", () => {
  const { runtime } = bench();
  using queue = queueOn();
  using gate = runtime.createSignal(1);
  using first = runtime.createSignal(1);
  using second = runtime.createSignal(1);
  expect(queue.barrier("and", [gate], first)).toBe(0);
  expect(queue.barrier("and", [], second)).toBe(1);
  expect(second.waitSync("lt", 1, 10_000_000)).toBe(1);
  expect(queue.loadWriteIndex()).toBe(2);
  gate.store(0);
  expect(second.waitSync("lt", 1)).toBe(0);
  expect(first.load()).toBe(0);
  const deadline = performance.now() + 2000;
  while (queue.loadReadIndex("acquire") < 2 && performance.now() < deadline);
  expect(queue.loadReadIndex()).toBe(2);
});

test("a hundred thousand packets through a ring of 64 are all processed", { timeout: 60_000 }, () => {
  const { runtime } = bench();
  using queue = queueOn(bench().gpu, 64);
  const count = 100_000;
  using done = runtime.createSignal(count);
  queue.barrier("and", []);
  const header = packetHeader(PACKET_TYPE.BARRIER_AND, false);
  for (let i = 0; i < count; i++) queue.native.submit(header, done.native, false);
  expect(done.waitSync("lt", 1, 30_000_000_000)).toBe(0);
});

test("two queues do not wait for each other", () => {
  const { runtime } = bench();
  using blocked = queueOn();
  using free = queueOn();
  using gate = runtime.createSignal(1);
  using late = runtime.createSignal(1);
  using soon = runtime.createSignal(1);
  blocked.barrier("and", [gate], late);
  free.barrier("and", [], soon);
  expect(soon.waitSync("lt", 1, 5_000_000_000)).toBe(0);
  expect(late.load()).toBe(1);
  gate.store(0);
  expect(late.waitSync("lt", 1, 5_000_000_000)).toBe(0);
});

test("a signal that one queue completes lets another queue go on", () => {
  const { runtime, gpus } = bench();
  using here = queueOn();
  using there = queueOn(gpus.at(-1));
  using gate = runtime.createSignal(1);
  using middle = runtime.createSignal(1);
  using end = runtime.createSignal(1);
  there.barrier("and", [middle], end);
  here.barrier("and", [gate], middle);
  gate.store(0);
  expect(end.waitSync("lt", 1, 5_000_000_000)).toBe(0);
});

test("write indices can be reserved, stored and read back", () => {
  using queue = queueOn();
  expect(queue.addWriteIndex(0)).toBe(0);
  queue.storeWriteIndex(0, "release");
  expect(queue.loadWriteIndex("relaxed")).toBe(0);
});

test("profiling can be switched", () => {
  using queue = queueOn();
  queue.setProfiling(true);
  queue.setProfiling(false);
  expect(queue.disposed).toBe(false);
});

test("an inactive queue takes no packet any more", () => {
  using queue = queueOn();
  queue.inactivate();
  expect(codeOf(() => queue.barrier("and", []))).toBe("ERR_HSA_QUEUE_INACTIVE");
});

test("a full ring is an error when nothing makes room in time", () => {
  const { runtime } = bench();
  using queue = queueOn(bench().gpu, 64);
  using gate = runtime.createSignal(1);
  queue.barrier("and", [gate]);
  const header = packetHeader(PACKET_TYPE.BARRIER_AND, true);
  const submitOne = () => queue.submit(header, null, 20_000_000);
  for (let i = 1; i < 64; i++) submitOne();
  expect(codeOf(submitOne)).toBe("ERR_HSA_QUEUE_FULL");
  gate.store(0);
  using done = runtime.createSignal(1);
  queue.barrier("and", [], done);
  expect(done.waitSync("lt", 1, 5_000_000_000)).toBe(0);
});

test("an invalid packet reaches the queue's error callback, and other queues go on", async () => {
  const { runtime, gpu } = bench();
  let report: (code: string) => void = () => {};
  const failed = new Promise<string>((resolve) => {
    report = resolve;
  });
  // In a variable of its own: a queue that nothing refers to goes with the next garbage collection.
  using broken = runtime.createQueue(gpu, { size: 64, onError: (_, code) => report(code) });
  new Uint8Array(broken.native.packet).fill(0);
  broken.packet.setUint16(2, 3, true);
  broken.native.submit(7 /* no packet type has this number */, null, false);
  expect(await failed).toMatch(/^ERR_HSA_(INVALID_PACKET_FORMAT|ERROR|EXCEPTION|INVALID_ARGUMENT)/);
  using other = queueOn();
  using done = runtime.createSignal(1);
  other.barrier("and", [], done);
  expect(done.waitSync("lt", 1, 5_000_000_000)).toBe(0);
});

test.each([
  ["not a power of two", { size: 100 }],
  ["zero", { size: 0 }],
  ["over the agent's limit", { size: 2 ** 30 }],
  ["a string", { size: "64" as unknown as number }],
])("a queue whose size is %s is refused", (_, options) => {
  expect(codeOf(() => bench().runtime.createQueue(bench().gpu, options))).toMatch(/^ERR_/);
});

test("a queue on a host processor is refused", () => {
  expect(codeOf(() => bench().runtime.createQueue(bench().cpu, { size: 64 }))).toMatch(/^ERR_HSA_/);
});

test("a disposed queue is refused at every use, and its packet is detached", () => {
  const queue = queueOn();
  const { packet } = queue.native;
  queue.dispose();
  queue.dispose();
  expect(packet.byteLength).toBe(0);
  expect(codeOf(() => queue.native.submit(1, null, false))).toBe("ERR_HSA_DISPOSED");
  expect(codeOf(() => queue.loadReadIndex())).toBe("ERR_HSA_DISPOSED");
});

test("a queue that waits for ever can be destroyed", () => {
  const { runtime } = bench();
  using gate = runtime.createSignal(1);
  const queue = queueOn();
  queue.barrier("and", [gate]);
  const start = performance.now();
  queue.dispose();
  expect(performance.now() - start).toBeLessThan(1000);
});

test("sixty queues come and go", () => {
  for (let round = 0; round < 3; round++) {
    const queues = Array.from({ length: 20 }, () => queueOn(bench().gpu, 64));
    using done = bench().runtime.createSignal(20);
    for (const queue of queues) {
      queue.barrier("and", []);
      queue.native.submit(packetHeader(PACKET_TYPE.BARRIER_AND, true), done.native, false);
    }
    expect(done.waitSync("lt", 1, 5_000_000_000)).toBe(0);
    for (const queue of queues) queue.dispose();
  }
});
