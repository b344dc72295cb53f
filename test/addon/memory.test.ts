/** Memory: views, who may look, what copies are allowed, and what keeps what alive. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NativeMemory } from "../../lib/hsa/native.js";
import { codeOf, type Machine, native, openMachine, runChild } from "./fixture.js";

let machine: Machine;
beforeAll(() => {
  machine = openMachine();
});
afterAll(() => native.shutDown());

test("a view is the memory itself, the same at each call, and empty after disposal", () => {
  const memory = machine.hostPool.allocate(4096);
  const view = memory.view();
  expect(memory.view()).toBe(view);
  expect(view.byteLength).toBe(4096);
  new Uint8Array(view).set([1, 2, 3], 100);
  const back = new Uint8Array(3);
  native.memoryCopy(back, memory.address + 100, 3);
  expect([...back]).toEqual([1, 2, 3]);
  const typed = new Uint32Array(view);
  memory.dispose();
  expect([view.byteLength, typed.length, typed[0]]).toEqual([0, 0, undefined]);
});

test("views stay where they are when somebody transfers them to another thread", () => {
  const memory = machine.hostPool.allocate(4096);
  const view = memory.view();
  try {
    structuredClone(view, { transfer: [view] }); // Node 20 copies, later ones throw
  } catch (error) {
    expect((error as Error).name).toBe("DataCloneError");
  }
  expect(view.byteLength).toBe(4096);
  expect(memory.view()).toBe(view);
  memory.dispose();
});

test("bytes that were moved into another ArrayBuffer live as long as that, disposed or not", async () => {
  const { code, signal, output } = await runChild(
    `
    native.open(options);
    const memory = native.agents()[0].pools()[0].allocate(4096);
    const view = memory.view();
    new Uint8Array(view).fill(5);
    let moved = view.transfer();
    memory.dispose();
    native.agents()[0].pools()[0].allocate(4096).view(); // would take the place of what is free
    console.log(view.byteLength, moved.byteLength, new Uint8Array(moved).every((byte) => byte === 5));`,
    ...(process.versions.node.startsWith("20.") ? ["--harmony-rab-gsab-transfer"] : []),
  );
  expect({ code, signal, output: output.trim().split("\n").at(-1) }).toEqual({
    code: 0,
    signal: null,
    output: "0 4096 true",
  });
});

test("a device's own memory is the host's only while a host processor is let in", () => {
  const memory = machine.localPool.allocate(4096);
  const access = machine.localPool.access(machine.cpu);
  expect(codeOf(() => memory.view())).toBe("ERR_HSA_NOT_HOST_ACCESSIBLE");
  if (access === "disallowed-by-default") {
    memory.allowAccess([machine.gpu, machine.cpu]);
    const view = memory.view();
    new Uint8Array(view).fill(9);
    memory.allowAccess([machine.gpu]);
    expect(view.byteLength).toBe(0);
    expect(codeOf(() => memory.view())).toBe("ERR_HSA_NOT_HOST_ACCESSIBLE");
    const back = new Uint8Array(4);
    native.memoryCopy(back, memory.address, 4);
    expect([...back]).toEqual([9, 9, 9, 9]);
  }
  memory.dispose();
});

test("host memory stays the host's when only a GPU is let in", () => {
  const memory = machine.hostPool.allocate(4096);
  const view = memory.view();
  memory.allowAccess([machine.gpu]);
  expect(memory.view()).toBe(view);
  expect(codeOf(() => memory.allowAccess([]))).toBe("ERR_OUT_OF_RANGE");
  memory.dispose();
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("%s bytes cannot be allocated", (bytes) => {
  expect(codeOf(() => machine.hostPool.allocate(bytes))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => machine.kernarg.allocate(bytes))).toBe("ERR_OUT_OF_RANGE");
});

test("more than there is cannot be allocated, and that leaves nothing behind", () => {
  const before = native.stats();
  expect(codeOf(() => machine.localPool.allocate(2 ** 50))).toMatch(/^ERR_HSA_(OUT_OF_RESOURCES|INVALID_ALLOCATION)$/);
  expect(codeOf(() => machine.hostPool.allocate("4096" as unknown as number))).toBe("ERR_INVALID_ARG_TYPE");
  expect(native.stats().memoryLive).toBe(before.memoryLive);
  expect(native.stats().allocations).toBe(before.allocations);
});

const sides: [string, (memory: NativeMemory) => unknown, string][] = [
  ["no address", () => undefined, "ERR_INVALID_ARG_TYPE"],
  ["a string", () => "4096", "ERR_INVALID_ARG_TYPE"],
  ["an ArrayBuffer", () => new ArrayBuffer(64), "ERR_INVALID_ARG_TYPE"],
  ["a bigint", (memory) => BigInt(memory.address), "ERR_INVALID_ARG_TYPE"],
  ["a view that is too short", () => new Uint8Array(63), "ERR_OUT_OF_RANGE"],
  ["the null address", () => 0, "ERR_OUT_OF_RANGE"],
  ["an address of nothing", () => 4096, "ERR_OUT_OF_RANGE"],
  ["an address that is not canonical", () => 2 ** 52, "ERR_OUT_OF_RANGE"],
  ["an address near the allocation's end", (memory) => memory.address + memory.byteLength - 63, "ERR_OUT_OF_RANGE"],
  ["a fraction", (memory) => memory.address + 0.5, "ERR_OUT_OF_RANGE"],
];

test.each(sides)("a copy from and to %s is an error", (_, make, code) => {
  const memory = machine.localPool.allocate(4096);
  const side = make(memory) as number;
  expect(codeOf(() => native.memoryCopy(side, memory.address, 64))).toBe(code);
  expect(codeOf(() => native.memoryCopy(memory.address, side, 64))).toBe(code);
  memory.dispose();
});

test("a copy from a detached view is an error", () => {
  const memory = machine.localPool.allocate(4096);
  const bytes = new Uint8Array(64);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  expect(codeOf(() => native.memoryCopy(memory.address, bytes, 64))).toBe("ERR_OUT_OF_RANGE");
  memory.dispose();
});

test("copies of every kind of view carry the view's own range", () => {
  const memory = machine.localPool.allocate(4096);
  const buffer = new ArrayBuffer(64);
  new Uint8Array(buffer).forEach((_, i, all) => {
    all[i] = i;
  });
  const views = [
    new Uint8Array(buffer, 8, 16),
    new Float64Array(buffer, 8, 2),
    new DataView(buffer, 8, 16),
    Buffer.from(buffer, 8, 16),
  ];
  for (const view of views) {
    native.memoryFill(memory.address, 0, 16);
    native.memoryCopy(memory.address, view, 16);
    const back = new Uint8Array(16);
    native.memoryCopy(back, memory.address, 16);
    expect([...back]).toEqual(Array.from({ length: 16 }, (_, i) => i + 8));
  }
  native.memoryCopy(memory.address, new Uint8Array(0), 0);
  memory.dispose();
});

test("fill takes 32-bit words of one allocation", () => {
  const memory = machine.localPool.allocate(4096);
  native.memoryFill(memory.address + 4, 0xdeadbeef, 2);
  const words = new Uint32Array(4);
  native.memoryCopy(words, memory.address, 16);
  expect([words[1], words[2]]).toEqual([0xdeadbeef, 0xdeadbeef]);
  native.memoryFill(memory.address, 1, 0);
  expect(codeOf(() => native.memoryFill(memory.address + 2, 1, 1))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => native.memoryFill(memory.address, 1, 1025))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => native.memoryFill(memory.address, -1, 1))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => native.memoryFill(memory.address, 2 ** 32, 1))).toBe("ERR_OUT_OF_RANGE");
  memory.dispose();
});

test("an asynchronous copy waits for its dependencies, which may be disposed meanwhile", async () => {
  const from = machine.hostPool.allocate(4096);
  const to = machine.localPool.allocate(4096);
  from.allowAccess([machine.gpu]);
  new Uint8Array(from.view()).fill(42);
  native.memoryFill(to.address, 0, 1024);
  const gate = native.createSignal(1);
  const done = native.createSignal(1);
  native.memoryAsyncCopy(to.address, machine.gpu, from.address, machine.cpu, 4096, [gate], done);
  const ended = new Promise((resolve) => done.waitAsync("lt", 1, resolve));
  expect(done.wait("lt", 1, 10e6)).toBe(1);
  const { handle } = gate;
  gate.store(0);
  gate.dispose();
  done.dispose();
  await ended;
  const back = new Uint8Array(4096);
  native.memoryCopy(back, to.address, 4096);
  expect(back.every((byte) => byte === 42)).toBe(true);
  expect(handle).toBeGreaterThan(0);
  from.dispose();
  to.dispose();
});

test("what an asynchronous copy is given is checked", () => {
  const memory = machine.localPool.allocate(4096);
  const done = native.createSignal(1);
  const copy = (to: number, from: number, bytes: number): string =>
    codeOf(() => native.memoryAsyncCopy(to, machine.gpu, from, machine.gpu, bytes, [], done));
  expect(copy(4096, memory.address, 16)).toBe("ERR_OUT_OF_RANGE");
  expect(copy(memory.address, memory.address + 4000, 97)).toBe("ERR_OUT_OF_RANGE");
  expect(copy(memory.address, memory.address, 0)).toBe("ERR_OUT_OF_RANGE");
  expect(
    codeOf(() =>
      native.memoryAsyncCopy(memory.address, machine.gpu, memory.address, machine.gpu, 8, undefined as never, done),
    ),
  ).toBe("ERR_INVALID_ARG_TYPE");
  expect(done.load()).toBe(1);
  memory.dispose();
  done.dispose();
});

test("locked bytes are the typed array's; resizable and empty ones are refused", () => {
  const bytes = new Uint8Array(10_000).fill(3);
  const locked = native.memoryLock(bytes, [machine.gpu]);
  expect(locked.byteLength).toBe(10_000);
  expect(native.pointerInfo(locked.address)).toMatchObject({ type: "locked", byteLength: 10_000 });
  expect(codeOf(() => locked.view())).toBe("ERR_HSA_NOT_HOST_ACCESSIBLE");
  const memory = machine.localPool.allocate(10_000);
  native.memoryCopy(memory.address, locked.address, 10_000);
  bytes.fill(0);
  native.memoryCopy(bytes, memory.address, 10_000);
  expect(bytes.every((byte) => byte === 3)).toBe(true);
  const { address } = locked;
  locked.dispose();
  memory.dispose();
  expect(native.pointerInfo(address).type).toBe("unknown");

  type Resizable = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  const resizable = new (ArrayBuffer as unknown as Resizable)(64, { maxByteLength: 128 });
  expect(codeOf(() => native.memoryLock(new Uint8Array(resizable), [machine.gpu]))).toBe("ERR_INVALID_ARG_VALUE");
  expect(codeOf(() => native.memoryLock(new Uint8Array(0), [machine.gpu]))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => native.memoryLock(new ArrayBuffer(8) as never, [machine.gpu]))).toBe("ERR_INVALID_ARG_TYPE");
});

test("registration takes host memory and gives it back", () => {
  const bytes = new Float32Array(1024);
  native.memoryRegister(bytes);
  native.memoryDeregister(bytes);
  expect(codeOf(() => native.memoryRegister(new Uint8Array(0)))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => native.memoryRegister({} as never))).toBe("ERR_INVALID_ARG_TYPE");
});

test("what HSA knows of an address", () => {
  const memory = machine.localPool.allocate(5000);
  const info = native.pointerInfo(memory.address + 100);
  expect(info).toMatchObject({ type: "hsa", agentBaseAddress: memory.address, owner: machine.gpu.index });
  expect(info.byteLength).toBeGreaterThanOrEqual(5000);
  expect(info.accessible).toContain(machine.gpu.index);
  memory.dispose();
  expect(native.pointerInfo(4096)).toMatchObject({ type: "unknown", byteLength: 0, owner: -1, accessible: [] });
  expect(codeOf(() => native.pointerInfo(-1))).toBe("ERR_OUT_OF_RANGE");
});

test("the collector frees what JavaScript has let go of, but not under a view that lives", async () => {
  const { code, signal, output } = await runChild(
    `
    native.open(options);
    const pool = native.agents()[0].pools()[0];
    const settle = async () => { for (let i = 0; i < 5; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); } };
    (async () => {
      let view = pool.allocate(4096).view();
      new Uint8Array(view).fill(5);
      const address = (() => { const memory = pool.allocate(1 << 20); memory.view(); return memory.address; })();
      for (let i = 0; i < 100; i++) { pool.allocate(4096).view(); native.createSignal(0); native.createCodeObjectReader(new Uint8Array(8)); }
      await settle();
      console.log(native.stats().memoryLive, native.stats().signalsLive, native.pointerInfo(address).type);
      console.log(new Uint8Array(view).every((byte) => byte === 5), view.byteLength);
      view = null;
      await settle();
      console.log("end");
    })();`,
    "--expose-gc",
  );
  expect({ code, signal, lines: output.trim().split("\n").slice(-3) }).toEqual({
    code: 0,
    signal: null,
    lines: ["0 0 unknown", "true 4096", "end"],
  });
});
