import { expect, test } from "vitest";
import type { Memory } from "../../lib/hsa/index.js";
import { codeOf, pattern, useBench } from "./fixture.js";

const bench = useBench();
const MiB = 1 << 20;

test.each([1, 2, 3, 4, 7, 8, 15, 16, 63, 64, 65, 255, 4095, 4096, 4097, 65537, MiB - 1, MiB + 3, 16 * MiB])(
  "hsa_memory_copy carries %i bytes to the device and back",
  (bytes) => {
    const { runtime } = bench();
    using device = bench()
      .localPool()
      .allocate(bytes + 64);
    const source = pattern(bytes, bytes);
    runtime.copySync(device.address, source, bytes);
    const back = new Uint8Array(bytes);
    runtime.copySync(back, device.address, bytes);
    expect(Buffer.compare(back, source)).toBe(0);
  },
);

test("256 MiB go to the device and come back whole", { timeout: 120_000 }, () => {
  const { runtime } = bench();
  const bytes = 256 * MiB;
  using device = bench().localPool().allocate(bytes);
  const source = new Uint8Array(bytes);
  new Uint32Array(source.buffer).forEach((_, i, words) => {
    words[i] = Math.imul(i, 2654435761);
  });
  runtime.copySync(device.address, source, bytes);
  const back = new Uint8Array(bytes);
  runtime.copySync(back, device.address, bytes);
  expect(Buffer.compare(back, source)).toBe(0);
});

test("a copy touches its own bytes alone, at any alignment of either side", () => {
  const { runtime } = bench();
  using device = bench().localPool().allocate(4096);
  for (const [to, from, bytes] of [
    [1, 0, 5],
    [3, 1, 64],
    [7, 13, 129],
    [64, 5, 1000],
  ] as const) {
    runtime.fillSync(device.address, 0xa5a5a5a5, 1024);
    const source = pattern(2048, to * 64 + from);
    runtime.copySync(device.address + to, source.subarray(from), bytes);
    const want = new Uint8Array(4096).fill(0xa5);
    want.set(source.subarray(from, from + bytes), to);
    const got = new Uint8Array(4096);
    runtime.copySync(got, device.address, 4096);
    expect(Buffer.compare(got, want)).toBe(0);
  }
});

test("a copy within the device", () => {
  const { runtime } = bench();
  using a = bench().localPool().allocate(MiB);
  using b = bench().localPool().allocate(MiB);
  const source = pattern(MiB, 9);
  runtime.copySync(a.address, source, MiB);
  runtime.copySync(b.address + 16, a.address + 4, MiB - 64);
  const got = new Uint8Array(MiB - 64);
  runtime.copySync(got, b.address + 16, MiB - 64);
  expect(Buffer.compare(got, source.subarray(4, MiB - 60))).toBe(0);
});

test.each([1, 63, 64, 1000, 1 << 18])("hsa_amd_memory_fill sets %i words and no more", (count) => {
  const { runtime } = bench();
  using device = bench()
    .localPool()
    .allocate(4 * count + 64);
  const before = pattern(4 * count + 64, 3);
  runtime.copySync(device.address, before, before.length);
  runtime.fillSync(device.address + 16, 0xdeadbeef, count);
  const got = new Uint8Array(before.length);
  runtime.copySync(got, device.address, got.length);
  const want = before.slice();
  new Uint32Array(want.buffer, 16, count).fill(0xdeadbeef);
  expect(Buffer.compare(got, want)).toBe(0);
});

test.each([1, 4, 100, 4096, 1_000_003, 64 * MiB])(
  "hsa_amd_memory_async_copy carries %i bytes host to device and back, and tells when",
  async (bytes) => {
    const { runtime, cpu, gpu } = bench();
    runtime.setCopyProfiling(true);
    using host = bench().hostPool().allocate(bytes);
    using back = bench().hostPool().allocate(bytes);
    host.allowAccess([gpu]);
    back.allowAccess([gpu]);
    using device = bench().localPool().allocate(bytes);
    const source = pattern(Math.min(bytes, MiB), bytes);
    const bytesOf = (memory: { view(): ArrayBuffer }) => new Uint8Array(memory.view(), 0, bytes);
    for (let at = 0; at < bytes; at += source.length) bytesOf(host).set(source.subarray(0, bytes - at), at);
    using there = runtime.createSignal(1);
    using andBack = runtime.createSignal(1);
    runtime.copy({ address: device.address, agent: gpu }, { address: host.address, agent: cpu }, bytes, there);
    runtime.copy({ address: back.address, agent: cpu }, { address: device.address, agent: gpu }, bytes, andBack, [
      there,
    ]);
    await andBack.wait("lt", 1);
    expect(Buffer.compare(bytesOf(back), bytesOf(host))).toBe(0);
    const time = andBack.copyTime();
    expect(time.end).toBeGreaterThan(time.start);
    expect(there.copyTime().end).toBeLessThanOrEqual(time.start);
  },
);

test("locked and registered memory cannot be transferred away", () => {
  const { runtime, gpu } = bench();
  const locked = new Uint8Array(64);
  using _ = runtime.lock(locked, [gpu]);
  const registered = new Uint8Array(64);
  runtime.register(registered);
  for (const { buffer } of [locked, registered]) {
    try {
      // Refused, or as in Node 20 the buffer is copied instead.
      structuredClone(buffer, { transfer: [buffer] });
    } catch {}
    expect(buffer.byteLength).toBe(64);
  }
  runtime.deregister(registered);
});

test("locked host memory is the host's bytes, under the agent's address", () => {
  const { runtime, gpu } = bench();
  const bytes = pattern(100_000, 5);
  const locked = runtime.lock(bytes, [gpu]);
  using device = bench().localPool().allocate(bytes.length);
  expect(runtime.pointerInfo(locked.address).type).toBe("locked");
  runtime.copySync(device.address, locked.address, bytes.length);
  const got = new Uint8Array(bytes.length);
  runtime.copySync(got, device.address, got.length);
  expect(Buffer.compare(got, bytes)).toBe(0);
  locked.dispose();
  expect(runtime.pointerInfo(locked.address === 0 ? 1 : device.address).type).toBe("hsa");
});

test("registered host memory is copied like any other", () => {
  const { runtime } = bench();
  const bytes = pattern(70_000, 6);
  runtime.register(bytes);
  using device = bench().localPool().allocate(bytes.length);
  runtime.copySync(device.address, bytes, bytes.length);
  runtime.deregister(bytes);
  const got = new Uint8Array(bytes.length);
  runtime.copySync(got, device.address, got.length);
  expect(Buffer.compare(got, bytes)).toBe(0);
});

test("pointer info names the allocation, its owner and who may reach it", () => {
  const { runtime, gpu } = bench();
  using device = bench().localPool().allocate(10_000);
  const info = runtime.pointerInfo(device.address + 5000);
  expect(info.type).toBe("hsa");
  expect(info.agentBaseAddress).toBe(device.address);
  expect(info.byteLength).toBeGreaterThanOrEqual(10_000);
  expect(info.owner).toBe(gpu.index);
  expect(runtime.pointerInfo(64).type).toBe("unknown");
});

test("access follows agents_allow_access", () => {
  const { runtime, gpus } = bench();
  using host = bench().hostPool().allocate(4096);
  host.allowAccess(gpus);
  const { accessible } = runtime.pointerInfo(host.address);
  for (const gpu of gpus) expect(accessible).toContain(gpu.index);
});

test("a view is the memory itself, the same at each call, and detached by disposal", () => {
  const { runtime, gpu } = bench();
  const host = bench().hostPool().allocate(4096);
  host.allowAccess([gpu]);
  const view = host.view();
  expect(view).toBeInstanceOf(ArrayBuffer);
  expect(view.byteLength).toBe(4096);
  expect(host.view()).toBe(view);
  runtime.fillSync(host.address, 0x01020304, 1024);
  expect(new Uint32Array(view)[1023]).toBe(0x01020304);
  host.dispose();
  expect(view.byteLength).toBe(0);
});

test("region allocations have views too", () => {
  using block = bench().kernargRegion().allocate(256);
  expect(block.address % 16).toBe(0);
  new Uint8Array(block.view()).fill(7);
  expect(block.byteLength).toBe(256);
});

test("an allocation that cannot be had is refused, and smaller ones still come", () => {
  const pool = bench().localPool();
  expect(codeOf(() => pool.allocate(2 ** 50))).toMatch(/^ERR_HSA_(OUT_OF_RESOURCES|INVALID_ALLOCATION)$/);
  using small = pool.allocate(4096);
  expect(small.address).toBeGreaterThan(0);
});

test("memory that runs out is an error, and what is given back can be had again", () => {
  const pool = bench().localPool();
  const piece = 2 ** 30;
  const held: Memory[] = [];
  let refusal: string | undefined;
  const most = Math.ceil(pool.info.size / piece) + 1;
  for (let i = 0; i < most && refusal === undefined; i++) refusal = codeOf(() => held.push(pool.allocate(piece)));
  expect(refusal).toBe("ERR_HSA_OUT_OF_RESOURCES");
  for (const memory of held) memory.dispose();
  using again = pool.allocate(piece);
  expect(again.byteLength).toBe(piece);
});

test.each([
  ["no bytes", () => bench().localPool().allocate(0)],
  ["a negative size", () => bench().localPool().allocate(-1)],
  ["half a byte", () => bench().localPool().allocate(1.5)],
  [
    "text",
    () =>
      bench()
        .localPool()
        .allocate("4096" as unknown as number),
  ],
  ["a fill of an unaligned address", () => bench().runtime.fillSync(3, 0, 1)],
  ["a copy longer than its source", () => bench().runtime.copySync(4096, new Uint8Array(8), 9)],
  ["a copy longer than its destination", () => bench().runtime.copySync(new Uint8Array(8), 4096, 9)],
  ["a copy from nowhere", () => bench().runtime.copySync(4096, undefined as unknown as number, 1)],
])("%s is refused before the runtime sees it", (_, body) => {
  expect(codeOf(body)).toMatch(/^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE|INVALID_ARG_VALUE|HSA_INVALID_ARGUMENT)$/);
});

test("disposed memory is an error at every use, and disposal may be repeated", () => {
  const memory = bench().localPool().allocate(4096);
  memory.dispose();
  memory.dispose();
  expect(memory.disposed).toBe(true);
  expect(codeOf(() => memory.view())).toBe("ERR_HSA_DISPOSED");
  expect(codeOf(() => memory.allowAccess([bench().gpu]))).toBe("ERR_HSA_DISPOSED");
});
