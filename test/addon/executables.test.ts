/** Code objects, executables, symbols, and one launch of a kernel with the addon's own means; then kernels that fault. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selectCodeObject } from "../../lib/codeobject/index.js";
import type { KernelSymbolInfo, NativeExecutable, NativeQueue, SystemEvent } from "../../lib/hsa/native.js";
import { KERNEL_DISPATCH, PACKET_TYPE, packetHeader } from "../../lib/hsa/packet.js";
import { codeOf, type Machine, must, native, openMachine, turn } from "./fixture.js";

let machine: Machine;
let object: Uint8Array;
let executable: NativeExecutable;
beforeAll(() => {
  machine = openMachine();
  const bundle = readFileSync(new URL("../kernels/test.hsaco", import.meta.url));
  object = selectCodeObject(bundle, must(machine.gpu.info().isas[0]));
  executable = load(object);
});
afterAll(() => native.shutDown());

function load(bytes: Uint8Array): NativeExecutable {
  const reader = native.createCodeObjectReader(bytes);
  const made = native.createExecutable("full", "default");
  made.loadAgentCodeObject(machine.gpu, reader);
  made.freeze();
  // Both may go now: what was loaded stands by itself.
  reader.dispose();
  return made;
}

function kernel(name: string): KernelSymbolInfo {
  const symbol = must(executable.symbol(`${name}.kd`, machine.gpu));
  if (symbol.type !== "kernel") throw new Error(`${name} is no kernel`);
  return symbol;
}

/** Lays a dispatch of 64 work-items into the queue's staging bytes. */
function layDispatch(queue: NativeQueue, name: string, kernarg: number): number {
  const { object: kernelObject, groupSize, privateSize } = kernel(name);
  const packet = new DataView(queue.packet);
  new Uint8Array(queue.packet).fill(0);
  packet.setUint16(KERNEL_DISPATCH.setup, 1, true);
  packet.setUint16(KERNEL_DISPATCH.workgroup_size_x, 64, true);
  packet.setUint16(KERNEL_DISPATCH.workgroup_size_y, 1, true);
  packet.setUint16(KERNEL_DISPATCH.workgroup_size_z, 1, true);
  packet.setUint32(KERNEL_DISPATCH.grid_size_x, 64, true);
  packet.setUint32(KERNEL_DISPATCH.grid_size_y, 1, true);
  packet.setUint32(KERNEL_DISPATCH.grid_size_z, 1, true);
  packet.setUint32(KERNEL_DISPATCH.private_segment_size, privateSize, true);
  packet.setUint32(KERNEL_DISPATCH.group_segment_size, groupSize, true);
  packet.setBigUint64(KERNEL_DISPATCH.kernel_object, BigInt(kernelObject), true);
  packet.setBigUint64(KERNEL_DISPATCH.kernarg_address, BigInt(kernarg), true);
  return packetHeader(PACKET_TYPE.KERNEL_DISPATCH, true);
}

test("symbols by name and by iteration are the same", () => {
  const all = executable.symbols(machine.gpu);
  expect(all.length).toBeGreaterThan(5);
  for (const each of all) {
    expect(executable.symbol(each.name, machine.gpu)).toEqual(each);
  }
  const found = kernel("fault_read");
  expect(found.kernargSize).toBeGreaterThanOrEqual(16);
  expect(found.object % 64).toBe(0);
  expect(executable.symbol("no such kernel", machine.gpu)).toBeNull();
  expect(executable.symbol("", machine.gpu)).toBeNull();
});

test("variables have an address that HSA knows, and a size", () => {
  const variables = executable.symbols(machine.gpu).filter((symbol) => symbol.type === "variable");
  expect(variables.length).toBeGreaterThan(0);
  for (const variable of variables) {
    expect(native.pointerInfo(variable.address).type).toBe("hsa");
    const bytes = new Uint8Array(variable.byteLength);
    native.memoryCopy(bytes, variable.address, variable.byteLength);
  }
});

test("a frozen executable takes nothing more", () => {
  const reader = native.createCodeObjectReader(object);
  expect(executable.frozen()).toBe(true);
  expect(executable.validate()).toBe(0);
  expect(codeOf(() => executable.loadAgentCodeObject(machine.gpu, reader))).toBe("ERR_HSA_FROZEN_EXECUTABLE");
  expect(codeOf(() => executable.freeze())).toBe("ERR_HSA_FROZEN_EXECUTABLE");
  expect(codeOf(() => executable.defineVariable(machine.gpu, "x", 4096))).toBe("ERR_HSA_FROZEN_EXECUTABLE");
  reader.dispose();
});

test("an executable that is not frozen says so, and a variable is defined once", () => {
  const open = native.createExecutable("full", "near", "");
  const memory = machine.localPool.allocate(4096);
  expect(open.frozen()).toBe(false);
  open.defineVariable(machine.gpu, "outside", memory.address);
  expect(codeOf(() => open.defineVariable(machine.gpu, "outside", memory.address))).toBe(
    "ERR_HSA_VARIABLE_ALREADY_DEFINED",
  );
  open.dispose();
  memory.dispose();
});

test.each([
  ["a profile that is none", () => native.createExecutable("half" as "full", "default"), "ERR_INVALID_ARG_VALUE"],
  ["a rounding that is none", () => native.createExecutable("full", 1 as unknown as "zero"), "ERR_INVALID_ARG_TYPE"],
  ["options with a NUL", () => native.createExecutable("full", "default", "a\0"), "ERR_INVALID_ARG_VALUE"],
  ["no bytes", () => native.createCodeObjectReader(new Uint8Array(0)), "ERR_OUT_OF_RANGE"],
  ["a string of bytes", () => native.createCodeObjectReader("ELF" as never), "ERR_INVALID_ARG_TYPE"],
])("%s is refused", (_, call, code) => {
  expect(codeOf(call)).toBe(code);
});

test("the bytes of a code object are copied: theirs may change", () => {
  const bytes = new Uint8Array(object);
  const reader = native.createCodeObjectReader(bytes);
  bytes.fill(0);
  const own = native.createExecutable("full", "default");
  own.loadAgentCodeObject(machine.gpu, reader);
  own.freeze();
  expect(own.symbol("fault_read.kd", machine.gpu)?.type).toBe("kernel");
  own.dispose();
  reader.dispose();
});

test("a kernel runs, its signal and its times are told", () => {
  const queue = native.createQueue(machine.gpu, { size: 64, profiling: true });
  const signal = native.createSignal(1);
  const words = machine.hostPool.allocate(4096);
  const kernarg = machine.kernarg.allocate(256);
  for (const memory of [words, kernarg]) memory.allowAccess([machine.gpu]);
  // fault_read(address, out): out[i] = *address, with an address that is good.
  const data = new Uint32Array(words.view());
  data[512] = 0xc0ffee;
  const block = new DataView(kernarg.view());
  block.setBigUint64(0, BigInt(words.address + 2048), true);
  block.setBigUint64(8, BigInt(words.address), true);
  const header = layDispatch(queue, "fault_read", kernarg.address);
  expect(queue.submitAndWait(header, signal)).toBe(true);
  expect([...data.subarray(0, 64)]).toEqual(Array.from({ length: 64 }, () => 0xc0ffee));
  const [start, end] = new Float64Array(queue.times);
  expect(must(end)).toBeGreaterThan(must(start));
  expect(signal.dispatchTime(machine.gpu)).toEqual({ start, end });
  for (const each of [queue, signal, words, kernarg]) each.dispose();
});

/** Runs a kernel that faults, with `arguments` as 64-bit words; answers what submitAndWait throws, and what the callbacks told. */
async function fault(
  name: string,
  ...words: number[]
): Promise<{ thrown: Record<string, unknown>; errors: unknown[]; events: SystemEvent[] }> {
  const errors: unknown[] = [];
  const events: SystemEvent[] = [];
  native.onSystemEvent((event) => events.push(event));
  const queue = native.createQueue(machine.gpu, { size: 64, onError: (status, code) => errors.push([status, code]) });
  const signal = native.createSignal(1);
  const kernarg = machine.kernarg.allocate(256);
  kernarg.allowAccess([machine.gpu]);
  const block = new DataView(kernarg.view());
  words.forEach((word, i) => {
    block.setBigUint64(8 * i, BigInt(word), true);
  });
  const header = layDispatch(queue, name, kernarg.address);
  let thrown: Record<string, unknown> = {};
  try {
    queue.submitAndWait(header, signal, 10e9);
  } catch (error) {
    thrown = error as Record<string, unknown>;
  }
  for (let i = 0; i < 200 && errors.length === 0; i++) await turn(5);
  queue.dispose();
  for (const each of [signal, kernarg]) each.dispose();
  native.onSystemEvent(null);
  return { thrown, errors, events };
}

test("a memory fault ends the wait with the address, and reaches the listener and the queue's callback", async () => {
  const out = machine.localPool.allocate(4096);
  const { thrown, errors, events } = await fault("fault_read", 0x7000_0000_0000, out.address);
  expect(thrown).toMatchObject({ code: "ERR_HSA_QUEUE_INACTIVE", status: 43, reason: "ERR_HSA_MEMORY_FAULT" });
  expect(Math.abs(Number(thrown.address) - 0x7000_0000_0000)).toBeLessThan(4096);
  expect(errors).toEqual([[43, "ERR_HSA_MEMORY_FAULT"]]);
  expect(events).toMatchObject([
    { type: "memory-fault", agent: machine.gpu.index, address: thrown.address, reasonMask: thrown.reasonMask },
  ]);
  if (native.softwareStatistics() !== null) {
    expect(native.softwareLastFault()).toMatchObject({
      kind: "memory",
      kernel: { name: "fault_read" },
      instruction: { function: "fault_read", wave: 0, workgroup: [0, 0, 0] },
      access: { address: 0x7000_0000_0000, write: false, lane: 0 },
    });
    expect(native.softwareLastFault(4096)).toBeNull();
  }
  out.dispose();
});

test("an illegal instruction ends the wait with the queue's own error", async () => {
  const out = machine.localPool.allocate(4096);
  const { thrown, errors, events } = await fault("fault_illegal", out.address);
  expect(thrown).toMatchObject({ code: "ERR_HSA_QUEUE_INACTIVE", status: 42, reason: "ERR_HSA_ILLEGAL_INSTRUCTION" });
  expect(errors).toEqual([[42, "ERR_HSA_ILLEGAL_INSTRUCTION"]]);
  expect(events).toEqual([]);
  out.dispose();
});

test("a new queue works after all that", () => {
  const queue = native.createQueue(machine.gpu, { size: 64 });
  const signal = native.createSignal(1);
  new Uint8Array(queue.packet).fill(0);
  expect(queue.submitAndWait(packetHeader(PACKET_TYPE.BARRIER_AND, true), signal)).toBe(true);
  queue.dispose();
  signal.dispose();
});

test("listeners of system events are functions or null", () => {
  expect(codeOf(() => native.onSystemEvent(1 as never))).toBe("ERR_INVALID_ARG_TYPE");
});
