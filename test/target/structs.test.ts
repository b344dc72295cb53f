/** Structs whose members are mapped: together, at their distances, found by each other, and gone together. */
import { describe, expect, test } from "vitest";
import { MAP, type MapItem, map, targetData, targetEnterData, targetExitData } from "../../lib/target/index.js";
import { Host, Lab, refusal } from "./fixture.js";

/** A struct at 16 of 64 bytes, with members at 8, 24 and 48 of it. */
const struct = (host: Host, members: readonly MapItem[], kind: number = MAP.STRUCT): MapItem[] => [
  host.item(kind, 16, members.length, 8),
  ...members,
];
const members = (host: Host, kind: number = MAP.TO): MapItem[] => [
  host.item(kind, 24, 8),
  host.item(kind, 40, 4),
  host.item(kind, 64, 8),
];

describe.each([
  ["STRUCT", MAP.STRUCT, false],
  ["STRUCT_UNORD, its members in any order", MAP.STRUCT_UNORD, true],
])("%s", (_, kind, reversed) => {
  const ordered = (items: MapItem[]): MapItem[] =>
    reversed ? [items[2], items[0], items[1]].map((item) => item as MapItem) : items;

  test("members keep their distances, and the struct's own word is that of its beginning", () => {
    const lab = new Lab();
    const host = new Host(128);
    const items = struct(host, ordered(members(host)), kind);
    lab.launch(items, ({ word, memory }) => {
      const base = word(0);
      expect(base % 8).toBe(0);
      for (const [i, item] of items.entries()) {
        expect(word(i) - base).toBe(item.address - (host.base + 16));
        if (i > 0) expect(memory(word(i), item.size)).toEqual(host.part(item.address - host.base, item.size));
      }
    });
    expect([lab.plugin.allocations, lab.plugin.live]).toEqual([1, 0]);
  });

  test("only what lies between the first member and the last has memory", () => {
    const lab = new Lab();
    const host = new Host(128);
    const region = targetData(lab.device, struct(host, ordered(members(host)), kind));
    // 48 bytes from the first member on, and what aligns the block to 8 bytes.
    expect(lab.plugin.bytes).toBe(48 + 7);
    region.end();
  });

  test("members are entered by themselves: what lies between them is not mapped", () => {
    const lab = new Lab();
    const host = new Host(128);
    const region = targetData(lab.device, struct(host, ordered(members(host)), kind));
    expect([...lab.device.table].map(({ start, end }) => [start - host.base, end - host.base])).toEqual([
      [24, 32],
      [40, 44],
      [64, 72],
    ]);
    region.end();
  });
});

test("the region's addresses are the device's, of the struct itself too", () => {
  const lab = new Lab();
  const host = new Host(128);
  const region = targetData(lab.device, struct(host, members(host)));
  const [base = 0, ...rest] = region.addresses;
  expect(rest.map((address) => address - base)).toEqual([8, 24, 48]);
  expect(base).toBe(lab.onDevice(host.base + 24) - 8);
  region.end();
});

describe("members of a struct are counted together", () => {
  test("one reference for all, and they go together", () => {
    const lab = new Lab();
    const host = new Host(128);
    targetEnterData(lab.device, struct(host, members(host)));
    expect([24, 40, 64].map((offset) => lab.count(host.base + offset))).toEqual([1, 1, 1]);
    targetExitData(lab.device, [host.item(MAP.RELEASE, 40, 4)]);
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });

  test("several of them in a list are one reference less, and each is copied back that says so", () => {
    const lab = new Lab();
    const host = new Host(128);
    host.bytes.fill(1);
    targetEnterData(lab.device, struct(host, members(host)));
    targetEnterData(lab.device, struct(host, members(host).slice(0, 1)));
    expect(lab.count(host.base + 64)).toBe(2);
    targetExitData(lab.device, [host.item(MAP.RELEASE, 24, 8), host.item(MAP.RELEASE, 64, 8)]);
    expect(lab.count(host.base + 64)).toBe(1);
    lab.plugin.at(lab.onDevice(host.base + 24), 48).fill(9);
    targetExitData(lab.device, [host.item(MAP.FROM, 24, 8), host.item(MAP.FROM, 64, 8)]);
    expect([24, 40, 64].map((offset) => host.bytes[offset])).toEqual([9, 1, 9]);
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });
});

describe("a struct of which something is mapped", () => {
  test("members that were mapped together are found", () => {
    const lab = new Lab();
    const host = new Host(128);
    targetEnterData(lab.device, struct(host, members(host)));
    const { allocations } = lab.plugin;
    const words = lab.words(struct(host, [host.item(MAP.TO, 24, 8), host.item(MAP.ALLOC, 64, 8)]));
    expect(words).toEqual([16, 24, 64].map((offset) => lab.onDevice(host.base + 24) - 24 + offset));
    expect(lab.plugin.allocations).toBe(allocations);
  });

  test("a member that was not mapped with them is refused", () => {
    const lab = new Lab();
    const host = new Host(128);
    targetEnterData(lab.device, struct(host, members(host).slice(0, 2)));
    const before = lab.state();
    expect(refusal(() => lab.launch(struct(host, members(host))))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(lab.state()).toEqual(before);
  });

  test("also one that has been mapped by itself", () => {
    const lab = new Lab();
    const host = new Host(128);
    targetEnterData(lab.device, [host.item(MAP.TO, 64, 8)]);
    targetEnterData(lab.device, struct(host, members(host).slice(0, 2)));
    expect(refusal(() => lab.launch(struct(host, members(host))))).toBe("ERR_OFFLOAD_OVERLAP");
  });

  test("also one of the same block, that does not lie where a member would", () => {
    const lab = new Lab();
    const host = new Host(128);
    const region = targetData(lab.device, [host.item(MAP.TO, 64, 8), ...struct(host, members(host).slice(0, 2))]);
    expect(lab.plugin.allocations).toBe(1);
    expect(refusal(() => lab.launch(struct(host, members(host))))).toBe("ERR_OFFLOAD_OVERLAP");
    region.end();
  });

  test("a member of no bytes belongs to what lies before it, or behind", () => {
    const lab = new Lab();
    const host = new Host(128);
    targetEnterData(lab.device, struct(host, [host.item(MAP.TO, 24, 8), host.item(MAP.TO, 32, 8)]));
    const [, first = 0, ...rest] = lab.words(
      struct(host, [host.item(MAP.TO, 24, 8), host.item(MAP.TO, 32, 0), host.item(MAP.TO, 40, 0)]),
    );
    expect(rest).toEqual([first + 8, first + 16]);
  });
});

test("map.struct: the same by typed arrays", () => {
  const lab = new Lab();
  const host = new Host(128);
  const [first, last] = [host.bytes.subarray(24, 32), host.bytes.subarray(64, 72)];
  lab.launch(map.struct(host.bytes.subarray(16), [map.to(first), map.from(last)]), ({ word, memory }) => {
    expect([word(1) - word(0), word(2) - word(0)]).toEqual([8, 48]);
    memory(word(2), 8).fill(9);
  });
  expect([...last]).toEqual(Array(8).fill(9));
});

test.each([0, 3, 1.5])("a struct of %d members with two items behind it is refused", (count) => {
  const lab = new Lab();
  const host = new Host(128);
  const items = [host.item(MAP.STRUCT, 16, count), ...members(host).slice(0, 2)];
  expect(refusal(() => lab.launch(items))).toBe("ERR_OFFLOAD_MAP_KIND");
  expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
});
