/** Boxes of bytes between arrays on the device and on the host, against the same loops over plain arrays. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { OffloadError } from "../../../lib/errors.js";
import type { RectangularCopy, RectangularPlace } from "../../../lib/plugin/plugin.js";
import { FOREIGN, openTested } from "../under-test.js";
import { Bench, failureOf } from "./fixture.js";

const bench = new Bench(openTested());
const { plugin } = bench;

type Three = readonly [number, number, number];
/** An array in three dimensions: bytes of a row, rows of a plane, planes. */
interface Shape {
  readonly extent: Three;
  readonly offset: Three;
}
const bytesIn = ({ extent: [x, y, z] }: Shape): number => x * y * z;

/** The box copied byte by byte. */
function copyByHand(to: Uint8Array, a: Shape, from: Uint8Array, b: Shape, [width, height, depth]: Three): void {
  const at = ({ extent, offset }: Shape, x: number, y: number, z: number): number =>
    offset[0] + x + extent[0] * (offset[1] + y + extent[1] * (offset[2] + z));
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) to[at(a, x, y, z)] = from[at(b, x, y, z)] as number;
}

const shapeFor = ([width, height, depth]: Three): fc.Arbitrary<Shape> =>
  fc.tuple(fc.nat(5), fc.nat(3), fc.nat(2), fc.nat(5), fc.nat(3), fc.nat(2)).map(([x, y, z, right, below, behind]) => ({
    extent: [x + width + right, y + height + below, z + depth + behind],
    offset: [x, y, z],
  }));
const size = fc.oneof(
  fc.tuple(fc.nat(9), fc.nat(5), fc.constant(1)),
  fc.tuple(fc.nat(9), fc.nat(4), fc.nat(3)),
) as fc.Arbitrary<Three>;
const job = size.chain((box) => fc.tuple(fc.constant(box), shapeFor(box), shapeFor(box)));

const pattern = (count: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => i * 31 + seed);
const place = (at: number | Uint8Array, { extent, offset }: Shape): RectangularPlace => ({
  at,
  offset,
  rowPitch: extent[0],
  planePitch: extent[1],
});

test.each([
  ["host to device", false, true],
  ["device to host", true, false],
  ["device to device", true, true],
  ["host to host", false, false],
])("%s, in two dimensions and three", (_, fromDevice, toDevice) => {
  fc.assert(
    fc.property(job, ([box, a, b]) => {
      const [to, from] = [pattern(bytesIn(a), 1), pattern(bytesIn(b), 100)];
      const expected = to.slice();
      copyByHand(expected, a, from, b, box);
      // One byte more on each side, so that arrays are there where their size is nothing.
      const devices = [to, from].map((bytes, i) => {
        if (![toDevice, fromDevice][i]) return null;
        const address = plugin.alloc(0, bytes.length + 1);
        plugin.host2dev(0, address, bytes);
        return address;
      });
      plugin.memcpyRect(0, {
        size: box,
        destination: place(devices[0] ?? to, a),
        source: place(devices[1] ?? from, b),
      });
      if (devices[0] != null) plugin.dev2host(0, to, devices[0]);
      for (const address of devices) if (address !== null) plugin.free(0, address as number);
      expect([...to]).toEqual([...expected]);
    }),
    { numRuns: FOREIGN ? 15 : 60 },
  );
});

test("a box that leaves its array is refused before a byte is written", async () => {
  const device = plugin.alloc(0, 64);
  plugin.memset(0, device, 5, 64);
  const host = new Uint8Array(64).fill(6);
  const whole = { offset: [0, 0, 0], rowPitch: 8, planePitch: 8 } as const;
  const boxes: readonly (readonly [string, RectangularCopy])[] = [
    [
      "rows longer than the pitch",
      { size: [9, 2, 1], destination: { at: device, ...whole }, source: { at: host, ...whole } },
    ],
    [
      "more rows than a plane has",
      { size: [1, 9, 2], destination: { at: device, ...whole }, source: { at: host, ...whole } },
    ],
    [
      "a host array that ends before",
      { size: [8, 9, 1], destination: { at: device, ...whole }, source: { at: host, ...whole } },
    ],
    [
      "a device array that ends before, in its last row",
      { size: [8, 8, 1], destination: { at: device, ...whole, offset: [0, 1, 0] }, source: { at: host, ...whole } },
    ],
    [
      "a device array that ends before, as a source",
      { size: [8, 8, 1], destination: { at: host, ...whole }, source: { at: device, ...whole, offset: [0, 1, 0] } },
    ],
    [
      "an address that nobody has allocated",
      { size: [8, 8, 1], destination: { at: host, ...whole }, source: { at: 4096, ...whole } },
    ],
  ];
  for (const [what, box] of boxes) {
    const error = await failureOf(() => plugin.memcpyRect(0, box));
    expect(error, what).toBeInstanceOf(OffloadError);
    expect(error.code, what).toBe("ERR_OFFLOAD_ADDRESS");
    const seen = new Uint8Array(64);
    plugin.dev2host(0, seen, device);
    expect(seen, what).toEqual(new Uint8Array(64).fill(5));
    expect(host, what).toEqual(new Uint8Array(64).fill(6));
  }
  plugin.free(0, device);
});

test("a box that is none is refused", async () => {
  const host = new Uint8Array(64);
  const whole = { at: host, offset: [0, 0, 0], rowPitch: 8, planePitch: 8 } as const;
  for (const [box, code] of [
    [{ size: [-1, 1, 1], destination: whole, source: whole }, "ERR_OUT_OF_RANGE"],
    [{ size: [1, 1], destination: whole, source: whole }, "ERR_INVALID_ARG_TYPE"],
    [{ size: [1, 1, 1], destination: { ...whole, offset: [0, 0] }, source: whole }, "ERR_INVALID_ARG_TYPE"],
    [{ size: [1, 1, 1], destination: whole, source: { ...whole, offset: [0, -1, 0] } }, "ERR_OUT_OF_RANGE"],
    [{ size: [1, 1, 1], destination: { ...whole, rowPitch: 0.5 }, source: whole }, "ERR_OUT_OF_RANGE"],
    [{ size: [1, 1, 1], destination: { ...whole, at: "there" }, source: whole }, "ERR_INVALID_ARG_TYPE"],
  ] as const) {
    expect((await failureOf(() => plugin.memcpyRect(0, box as never))).code).toBe(code);
  }
});
