/** Sections that are not contiguous: boxes of arrays of any number of dimensions, and lists made by iterators. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Box,
  MAP,
  map,
  targetData,
  targetEnterData,
  targetExitData,
  targetUpdate,
} from "../../lib/target/index.js";
import { Host, Lab, refusal } from "./fixture.js";

/** Which bytes of an array lie in a box: element by element, by their indices. */
function inside({ element, dimensions, offsets, volume }: Box): boolean[] {
  const count = dimensions.reduce((product, dimension) => product * dimension, 1);
  return Array.from({ length: count * element }, (_, byte) => {
    let rest = Math.floor(byte / element);
    let yes = true;
    for (let i = dimensions.length - 1; i >= 0; i--) {
      const [dimension, offset, size] = [dimensions[i], offsets[i], volume[i]] as [number, number, number];
      const index = rest % dimension;
      rest = Math.floor(rest / dimension);
      yes &&= index >= offset && index < offset + size;
    }
    return yes;
  });
}

/** A mapped array of as many bytes as the box's array has: 1 on the host, 2 on the device. */
function mapped(box: Box): { readonly lab: Lab; readonly host: Uint8Array; readonly device: Uint8Array } {
  const lab = new Lab();
  const host = new Uint8Array(inside(box).length).fill(1);
  const region = targetData(lab.device, [map.to(host)]);
  const device = lab.plugin.at(region.addresses[0] as number, host.length).fill(2);
  lab.copied();
  return { lab, host, device };
}

const boxes = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(), fc.nat()), { minLength: 1, maxLength: 5 })
  .chain((sides) =>
    fc.integer({ min: 1, max: 9 }).map((element) => {
      const dimensions = sides.map(([dimension]) => dimension);
      const offsets = sides.map(([dimension, offset]) => offset % (dimension + 1));
      const volume = sides.map(([dimension, , size], i) => size % (dimension - (offsets[i] as number) + 1));
      return { element, dimensions, offsets, volume };
    }),
  );

test("a box's bytes are copied, and no others: to the device and back", () => {
  fc.assert(
    fc.property(boxes, (box) => {
      const { lab, host, device } = mapped(box);
      const wanted = inside(box);
      targetUpdate(lab.device, [map.to(host, { box })]);
      expect([...device]).toEqual(wanted.map((yes) => (yes ? 1 : 2)));
      host.fill(1);
      device.fill(3);
      targetUpdate(lab.device, [map.from(host, { box })]);
      expect([...host]).toEqual(wanted.map((yes) => (yes ? 3 : 1)));
    }),
    { numRuns: 300 },
  );
});

test.each([
  [2, [10, 20], [3, 5], [4, 6]],
  [3, [6, 10, 20], [1, 3, 5], [2, 4, 6]],
])("a box of %i dimensions is one rectangular copy of the plugin's", (_, dimensions, offsets, volume) => {
  const box = { element: 4, dimensions, offsets, volume };
  const { lab, host } = mapped(box);
  targetUpdate(lab.device, [map.to(host, { box })]);
  expect(lab.plugin.boxes.map(({ size }) => size)).toEqual([[24, 4, dimensions.length === 3 ? 2 : 1]]);
  expect(lab.copied()).toEqual([]);
});

test("whole rows are one copy", () => {
  const box = { element: 8, dimensions: [9, 4, 5], offsets: [2, 0, 0], volume: [3, 4, 5] };
  const { lab, host } = mapped(box);
  targetUpdate(lab.device, [map.to(host, { box })]);
  expect([lab.plugin.boxes, lab.copied().map(({ bytes }) => bytes)]).toEqual([[], [480]]);
});

describe("where not all of the array is mapped", () => {
  const box = { element: 1, dimensions: [8, 16], offsets: [2, 4], volume: [3, 8] };

  test("the rows of the box are enough", () => {
    const lab = new Lab();
    const host = new Uint8Array(128).fill(1);
    targetEnterData(lab.device, [map.to(host.subarray(32, 80))]);
    host.fill(7);
    targetUpdate(lab.device, [map.to(host, { box })]);
    const [range] = [...lab.device.table];
    const sevens = [...lab.plugin.at(range?.address ?? 0, 48)].map((byte) => byte === 7);
    expect(sevens).toEqual(inside(box).slice(32, 80));
  });

  test("a part of them is refused, and nothing of it is passed over", () => {
    const lab = new Lab();
    const host = new Uint8Array(128);
    targetUpdate(lab.device, [map.to(host, { box })]);
    expect(refusal(() => targetUpdate(lab.device, [map.to(host, { box, present: true })]))).toBe(
      "ERR_OFFLOAD_NOT_MAPPED",
    );
    targetEnterData(lab.device, [map.to(host.subarray(32, 70))]);
    lab.copied();
    expect(refusal(() => targetUpdate(lab.device, [map.to(host, { box })]))).toBe("ERR_OFFLOAD_OVERLAP");
    expect([lab.copied(), lab.plugin.boxes]).toEqual([[], []]);
  });
});

test("attached pointers in a box are left alone", () => {
  const lab = new Lab();
  const host = new Host(256);
  host.setPointer(40, host.base + 128);
  targetEnterData(lab.device, [host.item(MAP.TO, 0, 128), host.item(MAP.TO, 128, 64)]);
  targetEnterData(lab.device, [host.item(MAP.ATTACH, 40, 0)]);
  host.bytes.fill(7, 0, 40);
  const box = { element: 8, dimensions: [4, 4], offsets: [0, 0], volume: [2, 3] };
  targetUpdate(lab.device, [map.to(host.bytes.subarray(0, 128), { box })]);
  expect(lab.plugin.pointerAt(lab.onDevice(host.base + 40))).toBe(lab.onDevice(host.base + 128));
  expect([...lab.plugin.at(lab.onDevice(host.base + 32), 8)]).toEqual(Array(8).fill(7));
});

test("a map list may be an iterator: of rows, of what a generator yields, of groups", () => {
  const lab = new Lab();
  const rows = Array.from({ length: 8 }, (_, i) => new Uint8Array(16).fill(i));
  function* even() {
    for (const [i, row] of rows.entries()) if (i % 2 === 0) yield map.to(row);
  }
  targetEnterData(lab.device, [...even()]);
  for (const row of rows) row.fill(9);
  targetUpdate(lab.device, [...even()].slice(1));
  const first = [...lab.device.table].map(({ address }) => lab.plugin.at(address, 1)[0]);
  expect(first.sort()).toEqual([0, 9, 9, 9]);
});

describe("a box is refused", () => {
  const array = new Uint8Array(64);
  const good: Box = { element: 1, dimensions: [8, 8], offsets: [1, 1], volume: [2, 2] };
  test.each<[string, Partial<Box>, string]>([
    ["that reaches beyond a dimension", { volume: [2, 8] }, "ERR_OFFLOAD_ADDRESS"],
    ["whose array is larger than its memory", { element: 2 }, "ERR_OFFLOAD_ADDRESS"],
    ["of another number of dimensions than its offsets", { offsets: [1] }, "ERR_OFFLOAD_ADDRESS"],
    ["of no dimensions", { dimensions: [], offsets: [], volume: [] }, "ERR_OFFLOAD_ADDRESS"],
    ["of elements without bytes", { element: 0 }, "ERR_OUT_OF_RANGE"],
    ["with an offset below 0", { offsets: [-1, 1] }, "ERR_OUT_OF_RANGE"],
    ["with a fraction", { volume: [1.5, 1] }, "ERR_OUT_OF_RANGE"],
  ])("%s", (_, wrong, code) => expect(refusal(() => map.to(array, { box: { ...good, ...wrong } }))).toBe(code));

  test("with an option that there is not", () => {
    const wrong = { ...good, elements: 1 };
    expect(() => map.to(array, { box: wrong })).toThrow(/no option "elements".*did you mean "element"/);
  });

  test("by everything but an update", () => {
    const lab = new Lab();
    expect(refusal(() => map.alloc(array, { box: good }))).toBe("ERR_OFFLOAD_MAP_KIND");
    expect(refusal(() => map.tofrom(array, { box: good }))).toBe("ERR_OFFLOAD_MAP_KIND");
    const items = [map.to(array, { box: good })];
    const constructs = [
      () => lab.launch(items),
      () => targetData(lab.device, items),
      () => targetEnterData(lab.device, items),
      () => targetExitData(lab.device, items),
    ];
    for (const construct of constructs) expect(refusal(construct)).toBe("ERR_OFFLOAD_MAP_KIND");
    targetEnterData(lab.device, [map.to(array)]);
    const before = lab.state();
    for (const construct of constructs) expect(refusal(construct)).toBe("ERR_OFFLOAD_MAP_KIND");
    expect(lab.state()).toEqual(before);
  });
});
