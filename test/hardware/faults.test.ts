/** Kernels that go wrong: an error each, with what a person needs to find the cause, and the device goes on. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Code, type Device, DeviceError, open, type Runtime, u32, u64 } from "../../lib/index.js";

const bundle = readFileSync(new URL("../kernels/test.hsaco", import.meta.url));

let runtime: Runtime;
let gpu: Device;
let code: Code;
beforeAll(async () => {
  runtime = await open();
  gpu = runtime.device();
});
beforeEach(async () => {
  code = await gpu.load(bundle);
});
afterAll(async () => {
  await runtime[Symbol.asyncDispose]();
});

const shape = { grid: 64, workgroup: 64 };

async function failure(launch: Promise<unknown>): Promise<DeviceError> {
  try {
    await launch;
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error("the launch did not fail");
}

/** The device still works: a launch on what queue it now has gives the right result. */
async function stillWorks(): Promise<void> {
  using data = gpu.upload(new Uint32Array(64));
  using own = await gpu.load(bundle);
  await own.kernel("increment").launch(shape, u32(64), data, u32(5));
  expect(await data.read(Uint32Array)).toEqual(new Uint32Array(64).fill(5));
}

test.each([
  ["a low address", 0x1000],
  ["an address that nothing owns", 0x7000_0000_0000],
])("reading %s names the kernel and the address", async (_, address) => {
  using out = gpu.alloc(256);
  const error = await failure(code.kernel("fault_read").launch(shape, u64(address), out));
  expect(error.code).toBe("ERR_OFFLOAD_MEMORY_FAULT");
  expect(error.kernel).toBe("fault_read");
  expect(error.message).toContain("fault_read");
  expect(error.address).not.toBeNull();
  expect(Math.abs((error.address ?? 0) - address)).toBeLessThan(4096);
  await stillWorks();
});

test("writing just past a buffer's pages is told, with the buffer as the neighbour", async () => {
  const buffer = gpu.alloc(4096);
  const error = await failure(
    code.kernel("fault_write").launch({ grid: 1, workgroup: 1 }, u64(buffer.address + (1 << 30) * 64), u32(1)),
  );
  expect(error.code).toBe("ERR_OFFLOAD_MEMORY_FAULT");
  buffer.dispose();
  await stillWorks();
});

test("a fault in a synchronous launch is thrown", async () => {
  using out = gpu.alloc(256);
  let thrown: unknown;
  try {
    code.kernel("fault_read").launchSync(shape, u64(0x1000), out);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(DeviceError);
  expect((thrown as DeviceError).code).toBe("ERR_OFFLOAD_MEMORY_FAULT");
  await stillWorks();
});

test("an illegal instruction names itself", async () => {
  using out = gpu.alloc(256);
  const error = await failure(code.kernel("fault_illegal").launch(shape, out));
  expect(error.code).toBe("ERR_OFFLOAD_ILLEGAL_INSTRUCTION");
  expect(error.kernel).toBe("fault_illegal");
  if (gpu.software) expect(error.detail).toMatch(/0x[0-9a-f]+/);
  await stillWorks();
});

test("a trap is an exception of the kernel", async () => {
  using out = gpu.alloc(256);
  const error = await failure(code.kernel("fault_trap").launch(shape, out));
  expect(error.code).toMatch(/^ERR_OFFLOAD_(EXCEPTION|ILLEGAL_INSTRUCTION|DEVICE)$/);
  expect(error.kernel).toBe("fault_trap");
  await stillWorks();
});

test("launches behind a failed one are told why they did not run", async () => {
  using out = gpu.alloc(256);
  using data = gpu.upload(new Uint32Array(64));
  const bad = failure(code.kernel("fault_read").launch(shape, u64(0x1000), out));
  const behind = failure(code.kernel("increment").launch(shape, u32(64), data, u32(1)));
  expect((await bad).code).toBe("ERR_OFFLOAD_MEMORY_FAULT");
  expect((await behind).code).toBe("ERR_OFFLOAD_QUEUE_LOST");
  expect((await behind).kernel).toBe("increment");
  await stillWorks();
});

test("a launch that never ends is given up through its AbortSignal", async () => {
  using out = gpu.alloc(256);
  const abort = new AbortController();
  const launch = code.kernel("endless").launch({ ...shape, signal: abort.signal }, out);
  setTimeout(() => abort.abort(new Error("waited long enough")), 50);
  const start = performance.now();
  await expect(launch).rejects.toThrow("waited long enough");
  expect(performance.now() - start).toBeLessThan(5000);
  await stillWorks();
});

test("an abort before the launch launches nothing", async () => {
  using out = gpu.upload(new Uint32Array(64));
  const launch = code.kernel("endless").launch({ ...shape, signal: AbortSignal.abort(new Error("never mind")) }, out);
  await expect(launch).rejects.toThrow("never mind");
  expect(await out.read(Uint32Array)).toEqual(new Uint32Array(64));
});

test("a timeout, awaited and synchronous", async () => {
  using out = gpu.alloc(256);
  const awaited = await failure(code.kernel("endless").launch({ ...shape, timeout: 50 }, out));
  expect(awaited.code).toBe("ERR_OFFLOAD_TIMEOUT");
  expect(() => code.kernel("endless").launchSync({ ...shape, timeout: 50 }, out)).toThrow(
    expect.objectContaining({ code: "ERR_OFFLOAD_TIMEOUT" }),
  );
  await stillWorks();
});

test("twenty faults in a row leave the device usable", { timeout: 60_000 }, async () => {
  using out = gpu.alloc(256);
  for (let i = 0; i < 20; i++) {
    const kind =
      i % 2
        ? code.kernel("fault_illegal").launch(shape, out)
        : code.kernel("fault_read").launch(shape, u64(0x1000), out);
    await failure(kind);
  }
  await stillWorks();
});
