/** Launching: what is refused, what may overlap, and what it costs in calls. */
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Code, type Device, f32, i32, local, open, type Runtime, u32 } from "../../lib/index.js";
import { pattern } from "./fixture.js";

const bundle = readFileSync(new URL("../kernels/test.hsaco", import.meta.url));
const demo = readFileSync(new URL("../../scripts/kernels/demo.hsaco", import.meta.url));

let runtime: Runtime;
let gpu: Device;
let code: Code;
beforeAll(async () => {
  runtime = await open();
  gpu = runtime.device();
  code = await gpu.load(bundle);
});
afterAll(async () => {
  code.dispose();
  await runtime[Symbol.asyncDispose]();
});

const refusal = async (body: () => Promise<unknown> | unknown): Promise<{ code?: string; message: string }> => {
  try {
    await body();
  } catch (error) {
    return error as { code?: string; message: string };
  }
  throw new Error("nothing was refused");
};

describe("launches", () => {
  test("saxpy, awaited and synchronous", async () => {
    using saxpy = await gpu.load(demo);
    const n = 100_003;
    const x = Float32Array.from({ length: n }, (_, i) => i);
    using dx = gpu.upload(x);
    using dy = gpu.upload(new Float32Array(n).fill(1));
    const kernel = saxpy.kernel("saxpy");
    const done = await kernel.launch({ grid: n, workgroup: 256 }, u32(n), f32(2), dx, dy);
    expect(done.nanoseconds).toBeGreaterThan(0);
    kernel.launchSync({ grid: n, workgroup: 256 }, u32(n), f32(-1), dx, dy);
    expect(await dy.read(Float32Array)).toEqual(x.map((v) => 2 * v + 1 - v));
  });

  test("a thousand in flight on one queue end in order, none lost", async () => {
    using data = gpu.upload(new Uint32Array(64));
    const kernel = code.kernel("increment");
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        kernel.launch({ grid: 64, workgroup: 64 }, u32(64), data, u32(i)).then(() => order.push(i)),
      ),
    );
    expect(order).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(await data.read(Uint32Array)).toEqual(new Uint32Array(64).fill((999 * 1000) / 2));
  });

  test("awaiting leaves the event loop free", async () => {
    using out = gpu.alloc(4 * 256);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await code.kernel("spin").launch({ grid: 256, workgroup: 256 }, u32(2_000_000), out);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  test("short launches awaited one after the other let timers, files and immediates through", async () => {
    using demoCode = await gpu.load(demo);
    const kernel = demoCode.kernel("empty");
    const seen = { timer: false, file: false, immediate: false };
    setTimeout(() => {
      seen.timer = true;
    }, 5);
    setImmediate(() => {
      seen.immediate = true;
    });
    stat(new URL(import.meta.url)).then(() => {
      seen.file = true;
    });
    const until = performance.now() + 5000;
    while (!(seen.timer && seen.file && seen.immediate) && performance.now() < until)
      await kernel.launch({ grid: 64, workgroup: 64 });
    expect(seen).toEqual({ timer: true, file: true, immediate: true });
  });

  test("a kernel sees what the host stores while it runs", async () => {
    using flag = gpu.alloc(4, { kind: "host" });
    using out = gpu.alloc(4 * 64);
    const word = flag.view(Uint32Array);
    word[0] = 0;
    const launch = code.kernel("wait_for_host").launch({ grid: 64, workgroup: 64 }, flag, out);
    await new Promise((resolve) => setTimeout(resolve, 20));
    Atomics.store(word, 0, 77);
    await launch;
    expect(await out.read(Uint32Array)).toEqual(new Uint32Array(64).fill(77));
  });

  test("in the steady state a launch allocates nothing, creates no signal and is one native call", async () => {
    using data = gpu.upload(new Uint32Array(64));
    const kernel = code.kernel("increment");
    const launch = (): unknown => kernel.launchSync({ grid: 64, workgroup: 64 }, u32(64), data, u32(1));
    for (let i = 0; i < 10; i++) launch();
    const before = runtime.stats();
    for (let i = 0; i < 1000; i++) launch();
    const after = runtime.stats();
    expect(after.allocations - before.allocations).toBe(0);
    expect(after.signalsCreated - before.signalsCreated).toBe(0);
    expect(after.copies - before.copies).toBe(0);
    expect(after.dispatches - before.dispatches).toBe(1000);
    expect(after.nativeCalls - before.nativeCalls).toBeLessThanOrEqual(1001);
    for (let i = 0; i < 10; i++) await kernel.launch({ grid: 64, workgroup: 64 }, u32(64), data, u32(1));
    const base = runtime.stats();
    for (let i = 0; i < 1000; i++) await kernel.launch({ grid: 64, workgroup: 64 }, u32(64), data, u32(1));
    const end = runtime.stats();
    expect(end.allocations - base.allocations).toBe(0);
    expect(end.signalsCreated - base.signalsCreated).toBe(0);
    expect(end.nativeCalls - base.nativeCalls).toBeLessThanOrEqual(2001);
    expect((await data.read(Uint32Array))[0]).toBe(2020);
  });

  test("what a launch uses may be disposed of at once: it stays until the launch has ended", async () => {
    const out = gpu.alloc(4 * 256);
    const own = await gpu.load(bundle);
    const launch = own.kernel("spin").launch({ grid: 256, workgroup: 256 }, u32(100_000), out);
    out.dispose();
    own.dispose();
    await launch;
    expect((await refusal(() => own.kernel("spin"))).code).toBe("ERR_OFFLOAD_DISPOSED");
  });

  test("two GPUs at once, each with its own memory", async () => {
    const others = runtime.devices;
    await Promise.all(
      others.map(async (device, index) => {
        using own = await device.load(bundle);
        using data = device.alloc(4 * 5000);
        await own.kernel("iota").launch({ grid: 5000, workgroup: 256 }, u32(5000), data, u32(index + 1), u32(9));
        expect(await data.read(Uint32Array)).toEqual(Uint32Array.from({ length: 5000 }, (_, i) => i * (index + 1) + 9));
      }),
    );
    if (runtime.facts.software) expect(others.length).toBe(2);
  });

  test("buffers are written, read, filled and copied in parts", async () => {
    using buffer = gpu.upload(new Uint32Array(1000));
    await buffer.write(Uint32Array.of(1, 2, 3), 40);
    using copy = gpu.alloc(4000);
    await buffer.copyTo(copy);
    const got = await copy.read(Uint32Array);
    expect(Array.from(got.subarray(9, 14))).toEqual([0, 1, 2, 3, 0]);
    await copy.fill(u32(0x01010101));
    expect(await copy.read(Uint8Array)).toEqual(new Uint8Array(4000).fill(1));
  });

  test.each([1, 3, 4097, 1 << 20, (1 << 26) + 5])("%i bytes there and back through a buffer", async (size) => {
    const source = pattern(size, 77);
    using buffer = gpu.alloc(size);
    await buffer.write(source);
    expect(Buffer.compare(await buffer.read(Uint8Array), source)).toBe(0);
  });
});

describe("refusals, each before anything is written", () => {
  const buffer = () => gpu.upload(new Uint32Array(64));
  const shape = { grid: 64, workgroup: 64 };
  test("an unknown kernel names the near ones", async () => {
    const { code: name, message } = await refusal(() => code.kernel("incremnet"));
    expect(name).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
    expect(message).toContain("increment");
  });

  test("too few and too many arguments", async () => {
    using data = buffer();
    const kernel = code.kernel("increment");
    expect((await refusal(() => kernel.launch(shape, u32(64), data))).code).toBe("ERR_OFFLOAD_ARGUMENT_COUNT");
    expect((await refusal(() => kernel.launchSync(shape, u32(64), data, u32(1), u32(1)))).code).toBe(
      "ERR_OFFLOAD_ARGUMENT_COUNT",
    );
  });

  test("a scalar for a buffer, a buffer for a scalar, LDS for memory", async () => {
    using data = buffer();
    const kernel = code.kernel("increment");
    expect((await refusal(() => kernel.launch(shape, u32(64), u32(1), u32(1)))).code).toMatch(
      /^ERR_OFFLOAD_ARGUMENT_(KIND|SIZE)$/,
    );
    expect((await refusal(() => kernel.launch(shape, data, data, u32(1)))).code).toBe("ERR_OFFLOAD_ARGUMENT_KIND");
    expect((await refusal(() => kernel.launch(shape, u32(64), local(64), u32(1)))).code).toBe(
      "ERR_OFFLOAD_ARGUMENT_ADDRESS_SPACE",
    );
    expect((await refusal(() => kernel.launch(shape, 64 as never, data, u32(1)))).code).toMatch(
      /^ERR_(INVALID_ARG_TYPE|OFFLOAD_ARGUMENT_KIND)$/,
    );
  });

  test("an argument of another size names both sizes", async () => {
    using data = buffer();
    const { i64 } = await import("../../lib/index.js");
    const { code: name, message } = await refusal(() => code.kernel("increment").launch(shape, i64(64), data, u32(1)));
    expect(name).toBe("ERR_OFFLOAD_ARGUMENT_SIZE");
    expect(message).toMatch(/4/);
    expect(message).toMatch(/8/);
  });

  test.each([
    ["no work-items", { grid: 0, workgroup: 64 }, "ERR_OFFLOAD_GRID"],
    ["a fraction", { grid: 1.5, workgroup: 64 }, "ERR_OFFLOAD_GRID"],
    ["a workgroup over the limit", { grid: 4096, workgroup: 4096 }, "ERR_OFFLOAD_WORKGROUP"],
    ["no workgroup", { grid: 64, workgroup: 0 }, "ERR_OFFLOAD_WORKGROUP"],
    ["four dimensions", { grid: [1, 1, 1, 1] as never, workgroup: 1 }, "ERR_OFFLOAD_GRID"],
    ["more LDS than there is", { grid: 64, workgroup: 64, dynamicLds: 1 << 20 }, "ERR_OFFLOAD_LDS"],
  ])("%s", async (_, options, want) => {
    using data = buffer();
    expect((await refusal(() => code.kernel("increment").launch(options, u32(64), data, u32(1)))).code).toBe(want);
  });

  test("a workgroup that the kernel was not compiled for", async () => {
    using own = await gpu.load(demo);
    using data = buffer();
    expect(
      (await refusal(() => own.kernel("matmul").launch({ grid: [8, 8], workgroup: [8, 8] }, u32(8), data, data, data)))
        .code,
    ).toBe("ERR_OFFLOAD_WORKGROUP");
  });

  test("a disposed buffer, a disposed code object", async () => {
    const data = buffer();
    data.dispose();
    expect((await refusal(() => code.kernel("increment").launch(shape, u32(64), data, u32(1)))).code).toBe(
      "ERR_OFFLOAD_DISPOSED",
    );
    expect((await refusal(() => data.read(Uint32Array))).code).toBe("ERR_OFFLOAD_DISPOSED");
    const own = await gpu.load(bundle);
    const kernel = own.kernel("increment");
    own.dispose();
    using live = buffer();
    expect((await refusal(() => kernel.launch(shape, u32(64), live, u32(1)))).code).toBe("ERR_OFFLOAD_DISPOSED");
  });

  test("values outside of their type", () => {
    expect(() => i32(2 ** 31)).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    expect(() => u32(-1)).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    expect(() => i32("1" as never)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }));
  });

  test("memory that is not to be had", async () => {
    expect((await refusal(() => gpu.alloc(2 ** 45))).code).toMatch(/^ERR_OFFLOAD_OUT_OF_MEMORY$|^ERR_HSA_/);
    expect((await refusal(() => gpu.alloc(0))).code).toBe("ERR_OUT_OF_RANGE");
  });

  test("a device that is not there", async () => {
    expect((await refusal(() => runtime.device(99))).code).toBe("ERR_OFFLOAD_NO_DEVICE");
    expect((await refusal(() => runtime.device("gfx9999"))).code).toBe("ERR_OFFLOAD_NO_DEVICE");
  });
});
