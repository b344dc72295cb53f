import { afterEach, beforeEach, expect, test } from "vitest";
import { type Buffer as DeviceBuffer, f32, i16, OffloadError, open, u32 } from "../../lib/index.js";
import { bundle, type Face, face, failureOf } from "./fixture.js";

let f: Face;
beforeEach(() => {
  f = face();
});
afterEach(() => f[Symbol.dispose]());

const numbers = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

test.each([1, 3, 4096, 65536, 65537, 4 * 1024 * 1024 + 1, 9 * 1024 * 1024])(
  "%i bytes go there and come back",
  async (bytes) => {
    const data = numbers(bytes);
    for (const kind of ["device", "host"] as const) {
      using buffer = f.device.upload(data, { kind });
      expect(Buffer.compare(await buffer.read(), data)).toBe(0);
      expect(Buffer.compare(buffer.readSync(), data)).toBe(0);
      data.reverse();
      await buffer.write(data);
      expect(Buffer.compare(await buffer.read(), data)).toBe(0);
    }
  },
);

test("typed reads, ranges and offsets", async () => {
  using buffer = f.device.upload(new Float32Array([1, 2, 3, 4]));
  expect(await buffer.read(Float32Array)).toEqual(new Float32Array([1, 2, 3, 4]));
  expect(await buffer.read(Float32Array, { offset: 4, byteLength: 8 })).toEqual(new Float32Array([2, 3]));
  expect(buffer.readSync(Float64Array, { offset: 8 }).length).toBe(1);
  await buffer.write(new Float32Array([9]), 12);
  buffer.writeSync(new Float32Array([8]), 0);
  expect([...(await buffer.read(Float32Array))]).toEqual([8, 2, 3, 9]);
});

test.each(["device", "host"] as const)("fills %s memory with bytes and with typed values", async (kind) => {
  using buffer = f.device.alloc(300_000, { kind });
  await buffer.fill(0xab);
  expect((await buffer.read()).every((byte) => byte === 0xab)).toBe(true);
  await buffer.fill(f32(1.5));
  expect((await buffer.read(Float32Array)).every((value) => value === 1.5)).toBe(true);
  await buffer.fill(i16(-2), { offset: 2, byteLength: 131_074 });
  const words = await buffer.read(Int16Array);
  expect([...new Set(words.subarray(1, 1 + 65537))]).toEqual([-2]);
  expect([words[0], words[1 + 65537], words[2 + 65537]]).toEqual([0, 0, 0x3fc0]);
});

test("copies between buffers, between kinds, between devices, and within one", async () => {
  const data = numbers(1000);
  const other = f.runtime.device(1);
  for (const from of ["device", "host"] as const) {
    for (const to of [f.device.alloc(1000), f.device.alloc(1000, { kind: "host" }), other.alloc(1000)]) {
      using source = f.device.upload(data, { kind: from });
      await source.copyTo(to);
      expect(await to.read()).toEqual(data);
      await source.copyTo(to, { offset: 10, byteLength: 20, targetOffset: 500 });
      expect((await to.read()).subarray(500, 520)).toEqual(data.subarray(10, 30));
    }
  }
  using self = f.device.upload(data);
  await self.copyTo(self, { offset: 0, byteLength: 900, targetOffset: 100 });
  expect((await self.read()).subarray(100)).toEqual(data.subarray(0, 900));
});

test("copies use the same host memory and signals again", async () => {
  using buffer = f.device.alloc(1024);
  await buffer.write(numbers(1024));
  const before = f.device.stats();
  for (let i = 0; i < 20; i++) {
    await buffer.write(numbers(1024));
    await buffer.read();
  }
  const after = f.device.stats();
  expect(after.staging).toEqual(before.staging);
  expect(after.signals).toEqual(before.signals);
  expect(after.native.allocations).toBe(before.native.allocations);
});

test("a read waits for the launches that use the buffer", async () => {
  using buffer = f.device.upload(new Uint32Array(64));
  f.native.outcome = () => "hold";
  const running = f.code.kernel("ids").launch({ grid: 64, workgroup: 64 }, buffer);
  const reading = buffer.read(Uint32Array);
  await new Promise((resolve) => setTimeout(resolve, 10));
  f.native.at(buffer.address).setUint32(0, 77, true);
  f.native.queue.release();
  expect((await reading)[0]).toBe(77);
  await running;
});

test("a buffer that is disposed during a copy lives until the copy is over", async () => {
  const data = numbers(9 * 1024 * 1024);
  const buffer = f.device.upload(data);
  const reading = buffer.read();
  buffer.dispose();
  expect(Buffer.compare(await reading, data)).toBe(0);
  expect(f.device.stats().buffers).toBe(0);
});

test("a copy under way when the device goes ends first, and says so", async () => {
  const reading = f.device.alloc(9 * 1024 * 1024).read();
  const small = f.device.alloc(16).write(new Uint8Array(16));
  f.runtime.dispose();
  for (const copy of [reading, small]) expect((await failureOf(() => copy)).code).toBe("ERR_OFFLOAD_DISPOSED");
  expect(f.native.counters).toMatchObject({ memoryLive: 0, signalsLive: 0 });
});

test("a copy that fails on the device is an error, and the next one works", async () => {
  using buffer = f.device.alloc(9 * 1024 * 1024);
  f.native.copyResult = -1;
  expect(await failureOf(() => buffer.read())).toMatchObject({
    code: "ERR_HSA_ERROR",
    message: expect.stringContaining("copy failed"),
  });
  expect(await failureOf(() => buffer.readSync())).toMatchObject({ code: "ERR_HSA_ERROR" });
  f.native.copyResult = 0;
  await buffer.read();
});

test("memory exhausted is an error that says how much was asked for, and memory that is freed can be had again", async () => {
  const kept = f.device.alloc(60 * 1024 * 1024);
  const error = await failureOf(() => f.device.alloc(8 * 1024 * 1024));
  expect(error).toBeInstanceOf(OffloadError);
  expect(error.code).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
  expect(error.message).toMatch(/8 MiB cannot be had of device 0 \(gfx906, software\)'s device memory/);
  kept.dispose();
  expect(f.device.stats().bufferBytes).toBe(0);
});

test("views are the memory itself, and go with it", async () => {
  const buffer = f.device.alloc(64, { kind: "host" });
  const view = buffer.view(Uint32Array);
  view[3] = 12345;
  expect((await buffer.read(Uint32Array))[3]).toBe(12345);
  expect(buffer.view(Uint32Array, { offset: 12, byteLength: 4 })[0]).toBe(12345);
  const hidden = await failureOf(() => f.device.alloc(64).view());
  expect(hidden.code).toBe("ERR_OFFLOAD_MEMORY_KIND");
  expect(hidden.message).toContain('kind: "host"');
});

test("a variable of the code object is memory that goes with it", async () => {
  const memory = f.device.alloc(64);
  f.native.symbols = {
    counter: {
      type: "variable",
      name: "counter",
      linkage: "program",
      address: memory.address,
      byteLength: 4,
      alignment: 4,
      constant: false,
    },
  };
  const counter = f.code.variable("counter");
  await counter.write(new Uint32Array([41]));
  expect((await counter.read(Uint32Array))[0]).toBe(41);
  expect((await failureOf(() => f.code.variable("countr"))).message).toContain('did you mean "counter"');
  f.code.dispose();
  expect((await failureOf(() => counter.read())).code).toBe("ERR_OFFLOAD_DISPOSED");
});

test("sizes, ranges and kinds are checked", async () => {
  const buffer = f.device.alloc(10);
  const host = f.device.alloc(12, { kind: "host" });
  const other = f.runtime.device(1).alloc(8);
  const cases: readonly [() => unknown, string][] = [
    [() => f.device.alloc(0), "ERR_OUT_OF_RANGE"],
    [() => f.device.alloc(1.5), "ERR_OUT_OF_RANGE"],
    [() => f.device.alloc("1" as never), "ERR_INVALID_ARG_TYPE"],
    [() => f.device.alloc(1, { kind: "vram" as never }), "ERR_OFFLOAD_MEMORY_KIND"],
    [() => f.device.alloc(1, { knd: "host" } as never), "ERR_INVALID_ARG_VALUE"],
    [() => f.device.upload([1, 2] as never), "ERR_INVALID_ARG_TYPE"],
    [() => buffer.read(Float32Array), "ERR_OUT_OF_RANGE"],
    [() => buffer.read(Array as never), "ERR_INVALID_ARG_TYPE"],
    [() => buffer.read(Uint8Array, { offset: 11 }), "ERR_OUT_OF_RANGE"],
    [() => buffer.read(Uint8Array, { offset: 5, byteLength: 6 }), "ERR_OUT_OF_RANGE"],
    [() => buffer.write(new Uint8Array(11)), "ERR_OUT_OF_RANGE"],
    [() => buffer.write(new Uint8Array(1), -1), "ERR_OUT_OF_RANGE"],
    [() => buffer.write(detached()), "ERR_INVALID_ARG_VALUE"],
    [() => f.device.upload(new Uint8Array(0)), "ERR_OUT_OF_RANGE"],
    [() => f.device.alloc(1, { kind: "constructor" as never }), "ERR_OFFLOAD_MEMORY_KIND"],
    [() => buffer.read(Uint8Array, 4 as never), "ERR_INVALID_ARG_TYPE"],
    [() => buffer.read(Uint8Array, { ofset: 4 } as never), "ERR_INVALID_ARG_VALUE"],
    [() => buffer.readSync(Uint8Array, null as never), "ERR_INVALID_ARG_TYPE"],
    [() => buffer.view(null as never), "ERR_INVALID_ARG_TYPE"],
    [() => host.view(Uint32Array, { offset: 2, byteLength: 4 }), "ERR_OUT_OF_RANGE"],
    [() => buffer.fill(256), "ERR_OUT_OF_RANGE"],
    [() => buffer.fill(u32(1)), "ERR_OUT_OF_RANGE"],
    [() => buffer.copyTo({} as never), "ERR_INVALID_ARG_TYPE"],
    [() => buffer.copyTo(f.device.alloc(9)), "ERR_OUT_OF_RANGE"],
    [() => f.runtime.device(2), "ERR_OFFLOAD_NO_DEVICE"],
    [() => f.runtime.device("gfx90a"), "ERR_OFFLOAD_NO_DEVICE"],
    [() => f.runtime.device({} as never), "ERR_INVALID_ARG_TYPE"],
    [() => f.device.load("/no/such/file"), "ENOENT"],
    [() => f.device.load(new Uint8Array(100)), "ERR_CODE_OBJECT_FORMAT"],
    [() => f.device.load(bundle, { variables: { nothing: 4096 } }), "ERR_OFFLOAD_UNKNOWN_VARIABLE"],
    [() => f.device.load(bundle, { variables: 4096 as never }), "ERR_INVALID_ARG_TYPE"],
    [() => f.device.load(bundle, { variables: { nothing: "4096" as never } }), "ERR_INVALID_ARG_TYPE"],
    [() => f.device.load(bundle, { variables: { nothing: -1 } }), "ERR_OUT_OF_RANGE"],
    [() => f.device.load(bundle, { variables: { nothing: other } }), "ERR_OFFLOAD_ARGUMENT_DEVICE"],
    [() => f.device.loadSync(detached()), "ERR_INVALID_ARG_VALUE"],
    [() => f.code.kernel(undefined as never), "ERR_INVALID_ARG_TYPE"],
    [() => f.code.variable(7 as never), "ERR_INVALID_ARG_TYPE"],
    [() => open({ device: 1 as never }), "ERR_INVALID_ARG_TYPE"],
    [() => open({ library: [] as never }), "ERR_INVALID_ARG_TYPE"],
  ];
  for (const [body, code] of cases) expect((await failureOf(body)).code, String(body)).toBe(code);
  expect(f.runtime.device("gfx906")).toBe(f.device);
  expect(f.runtime.device(1).index).toBe(1);
  expect((await failureOf(() => f.runtime.device("gfx90a"))).message).toContain(
    "device 0 (gfx906, software), device 1",
  );
});

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

type Resizable = ArrayBuffer & { resize(bytes: number): void };
const resizable = (bytes: number): Resizable =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, { maxByteLength: bytes });

test.each(["device", "host"] as const)("bytes that go away while %s memory is written are an error", async (kind) => {
  using buffer = f.device.alloc(9 * 1024 * 1024, { kind });
  for (const leave of [
    (bytes: Resizable) => void structuredClone(bytes, { transfer: [bytes] }),
    (bytes: Resizable) => bytes.resize(5 * 1024 * 1024),
  ]) {
    for (const form of [
      (bytes: Resizable) => bytes,
      (bytes: Resizable) => new Uint8Array(bytes, 0, bytes.byteLength),
    ]) {
      // A launch that uses the buffer delays the copy.
      f.native.outcome = () => "hold";
      const running = f.code.kernel("ids").launch({ grid: 64, workgroup: 64 }, buffer);
      const bytes = resizable(buffer.byteLength);
      const writing = failureOf(() => buffer.write(form(bytes)));
      leave(bytes);
      f.native.queue.release();
      await running;
      expect((await writing).code).toBe("ERR_OFFLOAD_HOST_MEMORY");
    }
  }
});

test("options whose getters dispose the buffer find it disposed", async () => {
  const calls: readonly ((buffer: DeviceBuffer, range: object) => unknown)[] = [
    (buffer, range) => buffer.read(Uint8Array, range),
    (buffer, range) => buffer.readSync(Uint8Array, range),
    (buffer, range) => buffer.view(Uint8Array, range),
    (buffer, range) => buffer.fill(1, range),
    (buffer, range) => buffer.copyTo(f.device.alloc(64), range),
    (buffer, range) => f.device.alloc(64).copyTo(buffer, range),
  ];
  for (const call of calls) {
    for (const key of ["offset", "byteLength"]) {
      const buffer = f.device.alloc(64, { kind: "host" });
      const range = Object.defineProperty({}, key, { enumerable: true, get: () => void buffer.dispose() });
      expect((await failureOf(() => call(buffer, range))).code, String(call)).toBe("ERR_OFFLOAD_DISPOSED");
    }
  }
  const options = Object.defineProperty({}, "kind", { enumerable: true, get: () => void f.runtime.dispose() });
  expect((await failureOf(() => f.device.alloc(64, options))).code).toBe("ERR_OFFLOAD_DISPOSED");
});
