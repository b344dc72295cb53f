/** The device memory routines (omp_target_alloc and its like), on two devices and the host. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressOf, map } from "../../../lib/target/index.js";
import { useRegions } from "./fixture.js";

const regions = useRegions();
const HOST = 2;
const counting = (size: number, first = 0) => Uint8Array.from({ length: size }, (_, i) => (i + first) & 0xff);

test("the host is the device behind the last", () => {
  expect([regions.omp.numDevices, regions.omp.memory.initialDevice]).toEqual([2, HOST]);
});

describe("memcpy", () => {
  test.each([0, 1, HOST])("to device %i and back, with offsets", (device) => {
    const { memory } = regions.omp;
    const at = memory.alloc(64, device);
    const place = device === HOST ? (memory.hostBuffer(at) as ArrayBuffer) : at;
    const source = counting(32);
    memory.memcpy({ at: place, device, offset: 16 }, { at: source, device: HOST, offset: 8 }, 24);
    const back = new Uint8Array(32);
    memory.memcpy({ at: back, device: HOST, offset: 4 }, { at: place, device, offset: 20 }, 10);
    expect(back).toEqual(Uint8Array.from(back, (_, i) => (i >= 4 && i < 14 ? i + 8 : 0)));
    memory.free(at, device);
  });

  test("from one device to the other, and within one", () => {
    const { memory } = regions.omp;
    const [a, b] = [memory.alloc(64, 0), memory.alloc(64, 1)];
    memory.memcpy({ at: a, device: 0 }, { at: counting(64), device: HOST }, 64);
    memory.memcpy({ at: a, device: 0, offset: 32 }, { at: a, device: 0 }, 16);
    memory.memcpy({ at: b, device: 1 }, { at: a, device: 0, offset: 24 }, 40);
    const back = new Uint8Array(40);
    memory.memcpy({ at: back, device: HOST }, { at: b, device: 1 }, 40);
    expect(back).toEqual(Uint8Array.from(back, (_, i) => (i < 8 ? 24 + i : i < 24 ? i - 8 : i + 24)));
    memory.free(a, 0);
    memory.free(b, 1);
  });

  test("beyond an allocation, of what is none, and of a host's address are refused", () => {
    const { memory } = regions.omp;
    const at = memory.alloc(64, 0);
    const host = counting(64);
    for (const copy of [
      () => memory.memcpy({ at, device: 0 }, { at: new Uint8Array(2 ** 23), device: HOST }, 2 ** 23),
      () => memory.memcpy({ at: host, device: HOST, offset: 60 }, { at, device: 0 }, 8),
      () => memory.memcpy({ at: host, device: 0 }, { at: host, device: HOST }, 8),
      () => memory.memcpy({ at, device: HOST }, { at: host, device: HOST }, 8),
      () => memory.memcpy({ at: 4096, device: 0 }, { at: host, device: HOST }, 8),
    ]) {
      expect(copy).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_ADDRESS" }));
    }
    expect(() => memory.memcpy({ at, device: 3 }, { at, device: 0 }, 8)).toThrow(/no device 3/);
    memory.free(at, 0);
  });
});

describe("memcpy_rect", () => {
  const sides = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3)), {
    minLength: 1,
    maxLength: 5,
  });

  test("boxes of one to five dimensions land where the indices say", () => {
    const { memory } = regions.omp;
    const most = 3 * 10 ** 5;
    const [from, to] = [memory.alloc(most, 0), memory.alloc(most, 1)];
    const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
    fc.assert(
      fc.property(sides, fc.integer({ min: 1, max: 3 }), (list, element) => {
        const volume = list.map(([size]) => size);
        const [so, de] = [list.map(([, offset]) => offset), list.map(([, , offset]) => offset)];
        const sd = list.map(([size, offset, , more]) => size + offset + more);
        const dd = list.map(([size, , offset, , more]) => size + offset + more);
        const source = counting(product(sd) * element, 1);
        const expected = new Uint8Array(product(dd) * element).fill(0xee);
        const index = (dimensions: readonly number[], at: readonly number[]) =>
          dimensions.reduce((sum, dimension, i) => sum * dimension + (at[i] as number), 0);
        for (let i = 0; i < product(volume); i++) {
          let rest = i;
          const at = [...volume].reverse().map((size) => {
            const own = rest % size;
            rest = Math.floor(rest / size);
            return own;
          });
          at.reverse();
          const [s, d] = [
            index(
              sd,
              at.map((own, k) => own + (so[k] as number)),
            ),
            index(
              dd,
              at.map((own, k) => own + (de[k] as number)),
            ),
          ];
          expected.set(source.subarray(s * element, (s + 1) * element), d * element);
        }
        memory.memcpy({ at: from, device: 0 }, { at: source, device: HOST }, source.length);
        memory.memset(to, 0xee, expected.length, 1);
        memory.memcpyRect(
          element,
          volume,
          { at: to, device: 1, offsets: de, dimensions: dd },
          { at: from, device: 0, offsets: so, dimensions: sd },
        );
        const got = new Uint8Array(expected.length);
        memory.memcpy({ at: got, device: HOST }, { at: to, device: 1 }, got.length);
        expect(got).toEqual(expected);
      }),
      { numRuns: 40 },
    );
    memory.free(from, 0);
    memory.free(to, 1);
  });

  test("that reach beyond a dimension, or have another number of them, are refused", () => {
    const { memory } = regions.omp;
    const side = (offsets: number[], dimensions: number[]) => ({
      at: new Uint8Array(64),
      device: HOST,
      offsets,
      dimensions,
    });
    const copy = (volume: number[], offsets: number[]) => () =>
      memory.memcpyRect(1, volume, side([0, 0], [8, 8]), side(offsets, [8, 8]));
    expect(copy([4, 4], [0, 5])).toThrow(/dimension 1 of the box ends at 9 of 8/);
    expect(copy([4], [0, 0])).toThrow(/1 dimensions has 2 offsets/);
    expect(copy([4, 4], [4, 4])).not.toThrow();
  });
});

test.each([0, 1])("memset of bytes, wherever they begin and end, on device %i", (device) => {
  const { memory } = regions.omp;
  const at = memory.alloc(64, device);
  for (const [start, size] of [
    [0, 64],
    [1, 1],
    [3, 10],
    [5, 59],
    [8, 8],
    [7, 0],
  ] as const) {
    memory.memset(at, 0x11, 64, device);
    memory.memset(at + start, 0xa5, size, device);
    const back = new Uint8Array(64);
    memory.memcpy({ at: back, device: HOST }, { at, device }, 64);
    expect(back).toEqual(Uint8Array.from(back, (_, i) => (i >= start && i < start + size ? 0xa5 : 0x11)));
  }
  memory.free(at, device);
});

describe("what is there", () => {
  test("by its first byte, on each device by itself; always on the host", () => {
    const { memory } = regions.omp;
    const data = new Uint8Array(64);
    using region = regions.omp.targetData([map.to(data.subarray(16, 48))], 1);
    const [address = 0] = region.addresses;
    const at = (offset: number, device: number) => memory.mappedAddress(data.subarray(offset), device);
    expect([15, 16, 47, 48].map((offset) => at(offset, 1))).toEqual([null, address, address + 31, null]);
    expect([0, 1, HOST].map((device) => memory.isPresent(data.subarray(20), device))).toEqual([false, true, true]);
    expect(at(16, HOST)).toBe(addressOf(data.buffer) + 16);
    expect([0, 1, HOST].map((device) => memory.isAccessible(data, device))).toEqual([false, false, true]);
  });
});

describe("associated memory", () => {
  test("is used by regions, and stays what it is", async () => {
    const { memory } = regions.omp;
    const to = new Int32Array(4);
    const at = memory.alloc(16, 0);
    memory.associate(to, at, 0);
    memory.associate(to, at, 0);
    expect(memory.mappedAddress(to.subarray(1), 0)).toBe(at + 4);
    await regions.target("fill", [map.firstprivate(3), map.firstprivate(4), map.from(to)], { teams: 1 });
    expect([...to]).toEqual([0, 0, 0, 0]);
    memory.memcpy({ at: to, device: HOST }, { at, device: 0 }, 16);
    expect([...to]).toEqual([3, 4, 5, 6]);
    memory.disassociate(to, 0);
    expect(memory.isPresent(to, 0)).toBe(false);
    memory.free(at, 0);
  });

  test("otherwise, of what is mapped, or with the host is refused", () => {
    const { memory } = regions.omp;
    const [data, other] = [new Uint8Array(64), new Uint8Array(64)];
    const at = memory.alloc(64, 0);
    memory.associate(data, at, 0);
    using _ = regions.omp.targetData([map.to(other)]);
    const code = (code: string) => expect.objectContaining({ code });
    expect(() => memory.associate(data, at + 8, 0)).toThrow(code("ERR_OFFLOAD_OVERLAP"));
    expect(() => memory.associate(other, at, 0)).toThrow(code("ERR_OFFLOAD_OVERLAP"));
    expect(() => memory.associate(other, at, HOST)).toThrow(code("ERR_OFFLOAD_NO_DEVICE"));
    expect(() => memory.disassociate(other, 0)).toThrow(code("ERR_OFFLOAD_NOT_MAPPED"));
    expect(() => memory.disassociate(data.subarray(8), 0)).toThrow(code("ERR_OFFLOAD_NOT_MAPPED"));
    memory.disassociate(data, 0);
    expect(() => memory.disassociate(data, 0)).toThrow(code("ERR_OFFLOAD_NOT_MAPPED"));
    memory.free(at, 0);
  });
});

test("memory is freed once, and null is nothing to free", () => {
  const { memory } = regions.omp;
  const before = regions.omp.plugin?.stats().bytes;
  for (const device of [0, HOST]) {
    const at = memory.alloc(128, device);
    memory.free(0, device);
    memory.free(at, device);
    expect(() => memory.free(at, device)).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_ADDRESS" }));
  }
  expect(regions.omp.plugin?.stats().bytes).toBe(before);
});
