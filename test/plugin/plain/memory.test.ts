/** Device memory: whatever bytes are copied arrive, and only those; what does not lie in an allocation is refused. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OffloadError } from "../../../lib/errors.js";
import { FOREIGN, GPU, openTested, testBut } from "../under-test.js";
import { Bench, codeOf, failureOf } from "./fixture.js";

const bench = new Bench(openTested());
const other = new Bench(bench.plugin, 1);
const { plugin } = bench;

/** What has been allocated, without what launches keep. */
const owned = (): number => plugin.stats().bytes - plugin.stats().cacheBytes;
let base: number;
beforeEach(() => {
  base = owned();
});
afterEach(() => {
  expect(owned()).toBe(base);
});

type Four = [number, number, number, number];
const SIZE = 4096;

test("any sequence of copies and fills, aligned or not, does what it does to an array", () => {
  const range = fc.tuple(fc.nat(SIZE), fc.nat(SIZE), fc.integer({ min: 0, max: 300 }));
  const step = fc.tuple(fc.constantFrom("to", "from", "within", "fill"), range, fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const [a, b] = [plugin.alloc(0, SIZE), plugin.alloc(0, SIZE)];
      plugin.memset(0, a, 1, SIZE);
      plugin.memset(0, b, 2, SIZE);
      const model = [new Uint8Array(SIZE).fill(1), new Uint8Array(SIZE).fill(2)] as const;
      for (const [kind, [x, y, length], value] of steps) {
        const count = Math.min(length, SIZE - x, SIZE - y);
        if (kind === "to") {
          const bytes = new Uint8Array(count + 3).map((_, i) => i * 7 + value).subarray(3);
          plugin.host2dev(0, a + x, bytes);
          model[0].set(bytes, x);
        } else if (kind === "from") {
          const bytes = new Uint8Array(count + 2).fill(9);
          plugin.dev2host(0, bytes.subarray(1, 1 + count), b + y);
          expect([...bytes]).toEqual([9, ...model[1].subarray(y, y + count), 9]);
        } else if (kind === "within") {
          plugin.dev2dev(0, b + y, a + x, count);
          model[1].set(model[0].subarray(x, x + count), y);
        } else {
          plugin.memset(0, b + x, value, count);
          model[1].fill(value, x, x + count);
        }
      }
      for (const [i, address] of [a, b].entries()) {
        const seen = new Uint8Array(SIZE);
        plugin.dev2host(0, seen, address);
        expect(Buffer.compare(seen, model[i] as Uint8Array)).toBe(0);
        plugin.free(0, address);
      }
    }),
    { numRuns: FOREIGN ? 15 : 60 },
  );
});

test("views of any kind are copied as the bytes that they show", () => {
  const address = plugin.alloc(0, 64);
  plugin.memset(0, address, 0, 64);
  const buffer = new ArrayBuffer(64);
  new Uint8Array(buffer).set(Array.from({ length: 64 }, (_, i) => i));
  plugin.host2dev(0, address, new DataView(buffer, 3, 5));
  plugin.host2dev(0, address + 16, new Uint16Array(buffer, 10, 2));
  const seen = new Float64Array(8);
  plugin.dev2host(0, seen, address);
  const expected = new Uint8Array(64);
  expected.set([3, 4, 5, 6, 7]);
  expected.set([10, 11, 12, 13], 16);
  expect(new Uint8Array(seen.buffer)).toEqual(expected);
  plugin.free(0, address);
});

test("0 bytes are allocated, at an address of their own, and freed", () => {
  const addresses = Array.from({ length: 10 }, () => plugin.alloc(0, 0));
  expect(new Set(addresses).size).toBe(10);
  for (const address of addresses) {
    expect(address).toBeGreaterThan(0);
    expect(address % 256).toBe(0);
    plugin.free(0, address);
  }
});

test("ranges of no bytes are copied anywhere", () => {
  const none = new Uint8Array(0);
  plugin.host2dev(0, 0, none);
  plugin.dev2host(0, none, 12345);
  plugin.dev2dev(0, 0, 0, 0);
  plugin.memset(0, 0, 0, 0);
});

test("every call refuses a range that leaves its allocation, and has written nothing then", async () => {
  const [a, b] = [plugin.alloc(0, 256), plugin.alloc(0, 256)];
  plugin.memset(0, a, 7, 256);
  // The allocation's neighbour in the address space is nobody's, or somebody else's.
  const bytes = new Uint8Array(300).fill(1);
  const far = 1 << 20;
  for (const call of [
    () => plugin.host2dev(0, a, new Uint8Array(far)),
    () => plugin.host2dev(0, a + 200, new Uint8Array(far)),
    () => plugin.dev2host(0, new Uint8Array(far), a),
    () => plugin.dev2dev(0, b, a, far),
    () => plugin.dev2dev(0, a, b, far),
    () => plugin.memset(0, a, 1, far),
    () => plugin.memset(0, a + 255, 1, far),
    // To the byte.
    () => plugin.host2dev(0, a, bytes),
    () => plugin.host2dev(0, a + 255, bytes.subarray(0, 2)),
    () => plugin.dev2host(0, bytes, a),
    () => plugin.dev2dev(0, b, a, 257),
    () => plugin.memset(0, a + 1, 1, 256),
  ]) {
    const error = await failureOf(call);
    expect(error).toBeInstanceOf(OffloadError);
    expect(error.code).toBe("ERR_OFFLOAD_ADDRESS");
    expect(error.message).toContain(`device 0 (${GPU}, software)`);
  }
  const seen = new Uint8Array(256);
  plugin.dev2host(0, seen, a);
  expect(seen).toEqual(new Uint8Array(256).fill(7));
  for (const address of [a, b]) plugin.free(0, address);
});

test("every call refuses addresses that were never allocated, have been freed, or are another device's", async () => {
  // The runtime has small allocations lie in one block, which stays.
  const [alive, small, neighbour, freed] = [256, 64, 64, 2 ** 20].map((size) => plugin.alloc(0, size)) as Four;
  plugin.free(0, freed);
  plugin.free(0, small);
  const elsewhere = other.zeros(32);
  const bytes = new Uint8Array(16);
  for (const address of [8, 4096, 0x7000_0000_0000, 2 ** 48, freed, freed + 4096, small, small + 16, elsewhere]) {
    for (const call of [
      () => plugin.host2dev(0, address, bytes),
      () => plugin.dev2host(0, bytes, address),
      () => plugin.dev2dev(0, address, alive, 16),
      () => plugin.dev2dev(0, alive, address, 16),
      () => plugin.memset(0, address, 0, 16),
      () => plugin.free(0, address),
    ]) {
      expect(await codeOf(call)).toBe("ERR_OFFLOAD_ADDRESS");
    }
  }
  // In the middle of an allocation is no address to free.
  expect(await codeOf(() => plugin.free(0, alive + 16))).toBe("ERR_OFFLOAD_ADDRESS");
  plugin.free(0, neighbour);
  plugin.free(0, alive);
  expect(await codeOf(() => plugin.free(0, alive))).toBe("ERR_OFFLOAD_ADDRESS");
  plugin.free(1, elsewhere);
});

testBut("other variables", "an image's variables are copied, each by itself", async () => {
  const { address = 0, size = 0 } = bench.image.variables.find(({ name }) => name === "runs") ?? {};
  expect(size).toBe(4);
  plugin.host2dev(0, address, Uint32Array.of(40));
  bench.run("count_run");
  const seen = new Uint32Array(1);
  plugin.dev2host(0, seen, address);
  expect([...seen]).toEqual([41]);
  const call = () => plugin.dev2host(0, new Uint32Array(2), address);
  expect(await codeOf(call)).toBe("ERR_OFFLOAD_ADDRESS");
});

test("what is no number of bytes, no address, no view and no device is refused", async () => {
  const address = plugin.alloc(0, 16);
  const bytes = new Uint8Array(16);
  for (const [call, code] of [
    [() => plugin.alloc(0, -1), "ERR_OUT_OF_RANGE"],
    [() => plugin.alloc(0, 1.5), "ERR_OUT_OF_RANGE"],
    [() => plugin.alloc(0, Number.NaN), "ERR_OUT_OF_RANGE"],
    [() => plugin.alloc(0, "16" as never), "ERR_INVALID_ARG_TYPE"],
    [() => plugin.host2dev(0, -16, bytes), "ERR_OUT_OF_RANGE"],
    [() => plugin.host2dev(0, address, [1, 2] as never), "ERR_INVALID_ARG_TYPE"],
    [() => plugin.dev2host(0, null as never, address), "ERR_INVALID_ARG_TYPE"],
    [() => plugin.memset(0, address, 256, 16), "ERR_OUT_OF_RANGE"],
    [() => plugin.memset(0, address, -1, 16), "ERR_OUT_OF_RANGE"],
    [() => plugin.alloc(2, 16), "ERR_OFFLOAD_NO_DEVICE"],
    [() => plugin.alloc(-1, 16), "ERR_OUT_OF_RANGE"],
    [() => plugin.free(7, address), "ERR_OFFLOAD_NO_DEVICE"],
  ] as const) {
    expect(await codeOf(call)).toBe(code);
  }
  plugin.free(0, address);
});
