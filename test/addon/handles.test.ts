/** Handles: who may make them, what is taken for one, and what is left of one after disposal. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { NativeAgent, NativeExecutable, NativeMemory, NativeQueue, NativeSignal } from "../../lib/hsa/native.js";
import { BARRIER, codeOf, type Machine, native, openMachine } from "./fixture.js";

let machine: Machine;
let signal: NativeSignal;
let memory: NativeMemory;
let queue: NativeQueue;
let executable: NativeExecutable;
beforeAll(() => {
  machine = openMachine();
  signal = native.createSignal(1);
  memory = machine.hostPool.allocate(4096);
  queue = native.createQueue(machine.gpu, { size: 64 });
  executable = native.createExecutable("full", "default");
});
afterAll(() => native.shutDown());

/** One live handle of each class that can be disposed. */
const makers: Record<string, () => { dispose(): void; readonly disposed: boolean }> = {
  NativeSignal: () => native.createSignal(1),
  NativeMemory: () => machine.hostPool.allocate(4096),
  NativeQueue: () => native.createQueue(machine.gpu, { size: 64 }),
  NativeExecutable: () => native.createExecutable("full", "default"),
  NativeCodeObjectReader: () => native.createCodeObjectReader(new Uint8Array(64)),
};

test.each(Object.keys(makers))("%s cannot be made by JavaScript", (name) => {
  const handle = makers[name]?.();
  const Class = handle?.constructor as (new (...args: unknown[]) => object) & { readonly name: string };
  expect(Class.name).toBe(name);
  class Derived extends Class {}
  expect(codeOf(() => new Class())).toBe("ERR_ILLEGAL_CONSTRUCTOR");
  expect(codeOf(() => new Class(handle))).toBe("ERR_ILLEGAL_CONSTRUCTOR");
  expect(codeOf(() => new Derived())).toBe("ERR_ILLEGAL_CONSTRUCTOR");
  expect(codeOf(() => Reflect.construct(Class, [], Object))).toBe("ERR_ILLEGAL_CONSTRUCTOR");
  expect(() => (Class as unknown as () => void)()).toThrow();
  handle?.dispose();
});

test.each(Object.keys(makers))("%s: dispose is idempotent, and `disposed` tells", (name) => {
  const handle = makers[name]?.();
  expect(handle?.disposed).toBe(false);
  handle?.dispose();
  handle?.dispose();
  expect(handle?.disposed).toBe(true);
});

test("after disposal every use of a signal says so", () => {
  const gone = native.createSignal(1);
  gone.dispose();
  const calls: (() => unknown)[] = [
    () => gone.load(),
    () => gone.store(1),
    () => gone.add(1),
    () => gone.subtract(1),
    () => gone.exchange(1),
    () => gone.compareExchange(1, 2),
    () => gone.wait("eq", 1, 0),
    () => gone.waitAsync("eq", 1, () => {}),
    () => gone.dispatchTime(machine.gpu),
    () => gone.copyTime(),
    () => native.waitAny([signal, gone], ["eq", "eq"], [1, 1], 0),
    () => queue.submit(BARRIER, gone, true),
    () => queue.submitAndWait(BARRIER, gone),
  ];
  expect(calls.map(codeOf)).toEqual(calls.map(() => "ERR_HSA_DISPOSED"));
});

test("after disposal every use of memory, executables and readers says so", () => {
  const gone = machine.hostPool.allocate(4096);
  const code = native.createExecutable("full", "default");
  const reader = native.createCodeObjectReader(new Uint8Array(64));
  for (const handle of [gone, code, reader]) handle.dispose();
  const calls: (() => unknown)[] = [
    () => gone.view(),
    () => gone.allowAccess([machine.gpu]),
    () => code.freeze(),
    () => code.validate(),
    () => code.frozen(),
    () => code.symbol("a", machine.gpu),
    () => code.symbols(machine.gpu),
    () => code.defineVariable(machine.gpu, "a", 4096),
    () => executable.loadAgentCodeObject(machine.gpu, reader),
  ];
  expect(calls.map(codeOf)).toEqual(calls.map(() => "ERR_HSA_DISPOSED"));
});

test("after disposal every use of a queue says so, and its staging bytes are gone", () => {
  const gone = native.createQueue(machine.gpu, { size: 64, onComplete: () => {} });
  const { packet, times } = gone;
  gone.dispose();
  const calls: (() => unknown)[] = [
    () => gone.submit(BARRIER, null, false),
    () => gone.submitAsync(BARRIER, signal),
    () => gone.submitAndWait(BARRIER, signal),
    () => gone.loadReadIndex(),
    () => gone.loadWriteIndex(),
    () => gone.storeWriteIndex(0),
    () => gone.addWriteIndex(1),
    () => gone.setProfiling(true),
    () => gone.inactivate(),
  ];
  expect(calls.map(codeOf)).toEqual(calls.map(() => "ERR_HSA_DISPOSED"));
  expect([packet.byteLength, times.byteLength]).toEqual([0, 0]);
});

/** Everything that is no handle of the class that a call wants: also such handles of other classes, and what looks like one. */
const impostors: [string, () => unknown][] = [
  ["undefined", () => undefined],
  ["null", () => null],
  ["a number", () => 4096],
  ["an object", () => ({})],
  ["an array", () => []],
  ["a function", () => () => {}],
  ["another class's handle", () => memory],
  ["an object that inherits from a handle", () => Object.create(signal as object)],
  ["a proxy of a handle", () => new Proxy(signal as object, {})],
  ["another addon's kind of object", () => new (globalThis.TextDecoder as new () => object)()],
  ["a structured clone of a handle", () => structuredClone({ ...signal })],
];

test.each(impostors)("%s is taken for no signal", (_, make) => {
  const impostor = make() as NativeSignal;
  expect(codeOf(() => queue.submitAndWait(BARRIER, impostor))).toBe("ERR_INVALID_ARG_TYPE");
  expect(codeOf(() => native.waitAny([impostor], ["eq"], [0], 0))).toBe("ERR_INVALID_ARG_TYPE");
  if (impostor !== null) expect(codeOf(() => queue.submit(BARRIER, impostor, true))).toBe("ERR_INVALID_ARG_TYPE");
});

test.each(impostors)("%s is taken for no agent", (_, make) => {
  const impostor = make() as NativeAgent;
  const calls: (() => unknown)[] = [
    () => native.createQueue(impostor, { size: 64 }),
    () => memory.allowAccess([impostor]),
    () => machine.hostPool.access(impostor),
    () => signal.dispatchTime(impostor),
    () => executable.symbols(impostor),
    () => native.memoryLock(new Uint8Array(8), [impostor]),
    () => native.createSignal(0, [impostor]),
  ];
  expect(calls.map(codeOf)).toEqual(calls.map(() => "ERR_INVALID_ARG_TYPE"));
});

test("methods know their `this`", () => {
  const { load } = signal;
  const { submit } = queue;
  const disposed = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(signal), "disposed");
  for (const impostor of [undefined, {}, memory, queue, Object.create(signal as object)]) {
    expect(() => load.call(impostor as NativeSignal)).toThrow(TypeError);
    expect(() => disposed?.get?.call(impostor)).toThrow(TypeError);
    if (impostor !== queue) expect(() => submit.call(impostor as NativeQueue, BARRIER, null, false)).toThrow(TypeError);
  }
});

test("what a handle says of itself cannot be changed", () => {
  const before = { ...signal };
  expect(() => {
    (signal as { handle: number }).handle = 1;
  }).toThrow(TypeError);
  expect(signal.handle).toBe(before.handle);
  expect(Object.keys(memory).sort()).toEqual(["address", "byteLength", "hostAddress"]);
});
