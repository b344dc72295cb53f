/** libgomp's device memory routines, on two devices and the host, which is number 2; and pointers that lie in host memory. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { f32, map } from "../../../lib/index.js";
import type { LibgompMemory } from "../../../lib/libgomp/index.js";
import { addressOf } from "../../../lib/target/index.js";
import { codeOf, Gomp } from "./fixture.js";

const HOST = 2;
let gomp: Gomp;
let memory: LibgompMemory;

beforeAll(async () => {
  gomp = await Gomp.open("gfx906");
  memory = gomp.libgomp.memory;
}, 120_000);
afterAll(() => gomp?.libgomp.dispose());

const counting = (size: number) => Uint8Array.from({ length: size }, (_, i) => i + 1);

test.each([0, 1, HOST])("memcpy to device %i and back, with offsets", async (device) => {
  const at = await memory.alloc(64, device);
  await memory.memcpy({ at, device, offset: 16 }, { at: counting(32), device: HOST, offset: 8 }, 24);
  const back = new Uint8Array(32);
  await memory.memcpy({ at: back, device: HOST, offset: 4 }, { at, device, offset: 20 }, 10);
  expect(back).toEqual(back.map((_, i) => (i >= 4 && i < 14 ? i + 9 : 0)));
  await memory.free(at, device);
});

test("memcpy from one device to the other", async () => {
  const [a, b] = [await memory.alloc(64, 0), await memory.alloc(64, 1)];
  await memory.memcpy({ at: a, device: 0 }, { at: counting(64), device: HOST }, 64);
  const status = await codeOf(memory.memcpy({ at: b, device: 1 }, { at: a, device: 0, offset: 24 }, 40));
  // GCC 12 has no way between devices but through the host.
  expect(status).toBe("ERR_OFFLOAD_ADDRESS");
  await memory.free(a, 0);
  await memory.free(b, 1);
});

test("memcpy_rect: a box of two dimensions, and one of three", async () => {
  const device = await memory.alloc(256, 0);
  const source = counting(60);
  await memory.memcpyRect(
    1,
    [2, 3],
    { at: device, device: 0, offsets: [1, 2], dimensions: [4, 8] },
    { at: source, device: HOST, offsets: [3, 4], dimensions: [6, 10] },
  );
  const back = new Uint8Array(32);
  await memory.memcpyRect(
    1,
    [2, 3],
    { at: back, device: HOST, offsets: [1, 2], dimensions: [4, 8] },
    { at: device, device: 0, offsets: [1, 2], dimensions: [4, 8] },
  );
  const inBox = (i: number) => Math.floor(i / 8) >= 1 && Math.floor(i / 8) < 3 && i % 8 >= 2 && i % 8 < 5;
  expect(back).toEqual(
    back.map((_, i) => (inBox(i) ? (source[(Math.floor(i / 8) + 2) * 10 + (i % 8) + 2] as number) : 0)),
  );
  const words = Uint32Array.from({ length: 24 }, (_, i) => i * 1000);
  const cube = { dimensions: [2, 3, 4], offsets: [0, 1, 1] } as const;
  await memory.memcpyRect(4, [2, 2, 2], { at: device, device: 0, ...cube }, { at: words, device: HOST, ...cube });
  const result = new Uint32Array(24);
  await memory.memcpyRect(4, [2, 2, 2], { at: result, device: HOST, ...cube }, { at: device, device: 0, ...cube });
  const inCube = (i: number) => Math.floor(i / 4) % 3 >= 1 && i % 4 >= 1 && i % 4 < 3;
  expect(result).toEqual(result.map((_, i) => (inCube(i) ? i * 1000 : 0)));
  await memory.free(device, 0);
});

test("copies that do not fit, or are refused, reject", async () => {
  const at = await memory.alloc(64, 0);
  const bytes = counting(8);
  for (const copy of [
    () => memory.memcpy({ at, device: 0 }, { at: bytes, device: HOST }, 9),
    () => memory.memcpy({ at: bytes, device: HOST, offset: 5 }, { at, device: 0 }, 4),
    () => memory.memcpy({ at, device: 7 }, { at: bytes, device: HOST }, 8),
    () =>
      memory.memcpyRect(
        1,
        [2],
        { at, device: 0, offsets: [0, 0], dimensions: [4, 4] },
        { at: bytes, device: HOST, offsets: [0], dimensions: [8] },
      ),
    () =>
      memory.memcpyRect(
        1,
        [4],
        { at, device: 0, offsets: [0], dimensions: [8] },
        { at: bytes, device: HOST, offsets: [6], dimensions: [8] },
      ),
  ]) {
    expect(await codeOf(copy())).toBe("ERR_OFFLOAD_ADDRESS");
  }
  expect(await codeOf(memory.alloc(64, 7))).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
  await memory.free(0, 0);
  await memory.free(at, 0);
});

test("associated memory is mapped until it is disassociated, and regions work in it", async () => {
  const to = new Int32Array(4);
  const at = await memory.alloc(16, 0);
  await memory.associate(to, at, 0);
  expect([await memory.isPresent(to, 0), await memory.isPresent(to, 1)]).toEqual([true, false]);
  await gomp.target("fill", { to: map.from(to), n: map.firstprivate(4), value: map.firstprivate(9) });
  expect(to[0]).toBe(0);
  await memory.memcpy({ at: to, device: HOST }, { at, device: 0 }, 16);
  expect([...to]).toEqual([9, 10, 11, 12]);
  expect(await codeOf(memory.associate(to, at + 4, 0))).toBe("ERR_OFFLOAD_OVERLAP");
  expect(await codeOf(memory.associate(to, at, HOST))).toBe("ERR_OFFLOAD_OVERLAP");
  await memory.disassociate(to, 0);
  expect(await memory.isPresent(to, 0)).toBe(false);
  expect(await codeOf(memory.disassociate(to, 0))).toBe("ERR_OFFLOAD_NOT_MAPPED");
  await memory.free(at, 0);
});

test("all is present on the host", async () => {
  expect(await memory.isPresent(new Uint8Array(4), HOST)).toBe(true);
});

test("what this release has not is an error that names it", async () => {
  const bytes = new Uint8Array(4);
  for (const [name, call] of [
    ["omp_get_mapped_ptr", () => memory.mappedAddress(bytes, 0)],
    ["omp_target_is_accessible", () => memory.isAccessible(bytes, 0)],
    ["omp_target_memset", () => memory.memset(4096, 0, 4, 0)],
  ] as const) {
    expect(gomp.libgomp.has(name)).toBe(false);
    await expect(call()).rejects.toMatchObject({ code: "ERR_OFFLOAD_LIBGOMP", message: expect.stringContaining(name) });
  }
});

describe("pointers in host memory", () => {
  const N = 100;
  const data = Float32Array.from({ length: N }, (_, i) => i);
  const struct = new BigInt64Array([BigInt(N), BigInt(addressOf(data.buffer))]);
  const maps = () => [map.firstprivate(f32(3)), map.to(struct), map.tofrom(data), map.attach(struct.subarray(1))];

  test("are attached on the device, and the host's own again afterwards", async () => {
    const before = struct.slice();
    await gomp.libgomp.target("scale_vector._omp_fn.0", maps());
    expect(data).toEqual(Float32Array.from({ length: N }, (_, i) => 3 * i));
    expect(struct).toEqual(before);
  });
});
