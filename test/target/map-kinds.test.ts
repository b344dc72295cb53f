/**
 * What each map kind does with memory that is on the device already, and with memory that is not: copies in both directions, and the
 * table's word. The numbers are those of compiled code (include/gomp-constants.h of GCC 12 to 17), the effects OpenMP's.
 */
import { describe, expect, test } from "vitest";
import { MAP, map, targetData, targetEnterData } from "../../lib/target/index.js";
import { kindOf } from "../../lib/target/map_kind.js";
import { Host, integerItem, Lab, refusal } from "./fixture.js";

/** Kind, copies to and from the device where the memory is new, and where it is present; an error's code where it is refused. */
type Effect = readonly [to: boolean, from: boolean] | "OVERLAP" | "NOT_MAPPED";
const NONE = [false, false] as const;
const TO = [true, false] as const;
const FROM = [false, true] as const;
const BOTH = [true, true] as const;
const kinds: readonly [name: string, kind: number, absent: Effect, present: Effect][] = [
  ["alloc", 0, NONE, NONE],
  ["to", 1, TO, NONE],
  ["from", 2, FROM, NONE],
  ["tofrom", 3, BOTH, NONE],
  ["implicit tofrom", 3 | 0x60, BOTH, NONE],
  ["present", 6, "NOT_MAPPED", NONE],
  ["always to", 17, TO, TO],
  ["always from", 18, FROM, FROM],
  ["always tofrom", 19, BOTH, BOTH],
  ["force alloc", 128, NONE, "OVERLAP"],
  ["force to", 129, TO, "OVERLAP"],
  ["force from", 130, FROM, "OVERLAP"],
  ["force tofrom", 131, BOTH, "OVERLAP"],
  ["always present to", 149, "NOT_MAPPED", TO],
  ["always present from", 150, "NOT_MAPPED", FROM],
  ["always present tofrom", 151, "NOT_MAPPED", BOTH],
];
const UNWRITTEN = 0xee;

describe.each(kinds)("%s", (_, kind, absent, present) => {
  test("of memory that is not mapped", () => {
    const lab = new Lab();
    const host = new Host(64);
    const before = host.part(0, 64);
    const items = [host.item(kind, 8, 40, 8)];
    if (typeof absent === "string") {
      expect(refusal(() => lab.launch(items))).toBe(`ERR_OFFLOAD_${absent}`);
      expect(lab.plugin.live).toBe(0);
      return;
    }
    const [to, from] = absent;
    lab.launch(items, ({ word, memory }) => {
      const bytes = memory(word(0), 40);
      expect([...bytes]).toEqual(to ? [...host.part(8, 40)] : Array(40).fill(UNWRITTEN));
      bytes.fill(7);
    });
    const after = from ? before.map((byte, i) => (i >= 8 && i < 48 ? 7 : byte)) : before;
    expect(host.bytes).toEqual(after);
    expect(lab.copied().map(({ direction }) => direction)).toEqual([...(to ? ["to"] : []), ...(from ? ["from"] : [])]);
    expect([lab.plugin.live, lab.device.table.size]).toEqual([0, 0]);
  });

  test("of a part of memory that is present", () => {
    const lab = new Lab();
    const host = new Host(64);
    const region = targetData(lab.device, [host.item(MAP.TO, 0, 64)]);
    const [address = 0] = region.addresses;
    const before = host.bytes.fill(1).slice();
    lab.copied();
    const allocations = lab.plugin.allocations;
    const items = [host.item(kind, 8, 40)];
    if (typeof present === "string") {
      expect(refusal(() => lab.launch(items))).toBe(`ERR_OFFLOAD_${present}`);
      region.end();
      return;
    }
    const [to, from] = present;
    lab.launch(items, ({ word, memory }) => {
      expect(word(0)).toBe(address + 8);
      expect(memory(address, 64).every((byte, i) => (byte === 1) === (to && i >= 8 && i < 48))).toBe(true);
      memory(address, 64).fill(7);
    });
    expect(host.bytes).toEqual(from ? before.map((byte, i) => (i >= 8 && i < 48 ? 7 : byte)) : before);
    expect(lab.plugin.allocations).toBe(allocations);
    region.end();
    expect(lab.plugin.live).toBe(0);
  });
});

describe("values that stand in the table as they are", () => {
  test.each([0, 1, 0xdead_beef_cafe, 2 ** 53 - 1])(
    "a firstprivate integer, %i, costs no memory and no copy",
    (value) => {
      const lab = new Lab();
      expect(lab.words([integerItem(13, value)])).toEqual([value]);
      expect([lab.plugin.allocations, lab.copied()]).toEqual([0, []]);
    },
  );
  test.each([-1, -5, -(2 ** 40)])(
    "one below zero, %i, is its 64 bits, whether something else is mapped or not",
    (value) => {
      const lab = new Lab();
      const host = new Host(8);
      const bits: bigint[] = [];
      const items = [map.firstprivate(value)];
      for (const list of [items, [...items, host.item(MAP.TO, 0, 8)]]) {
        lab.launch(list, ({ table, memory }) => {
          const word = memory(table, 8);
          bits.push(new DataView(word.buffer, word.byteOffset, 8).getBigInt64(0, true));
        });
      }
      expect(bits).toEqual([BigInt(value), BigInt(value)]);
    },
  );
  test.each(kinds)("null stays null: %s", (_, kind) => {
    const lab = new Lab();
    expect(lab.words([integerItem(kind, 0)])).toEqual([0]);
    expect(lab.plugin.allocations).toBe(0);
  });
});

describe.each([
  ["a zero-length section", 15, 0],
  ["if present", 11, 16],
])("%s", (_, kind, size) => {
  test.each([
    [undefined, true],
    ["host" as const, true],
    ["null" as const, false],
  ])("of what is not mapped: the host's address as since GCC 14, or null as before (%s)", (missing, isHost) => {
    const lab = new Lab(missing === undefined ? {} : { missing });
    const host = new Host(32);
    expect(lab.words([host.item(kind, 8, size)])).toEqual([isHost ? host.base + 8 : 0]);
    expect([lab.plugin.allocations, lab.device.table.size]).toEqual([0, 0]);
  });

  test("of what is mapped: the device's address", () => {
    const lab = new Lab();
    const host = new Host(64);
    const region = targetData(lab.device, [host.item(MAP.TO, 16, 32)]);
    const [address = 0] = region.addresses;
    expect(lab.words([host.item(kind, 16, size), host.item(kind, 32, size)])).toEqual([address, address + 16]);
    region.end();
  });
});

test("a zero-length section just behind a mapped range is not mapped", () => {
  const lab = new Lab();
  const host = new Host(64);
  const region = targetData(lab.device, [host.item(MAP.TO, 16, 32)]);
  expect(lab.words([host.item(15, 48, 0)])).toEqual([host.base + 48]);
  region.end();
});

test("what is missing takes its pointer with it: if present, and a pointer behind it", () => {
  const lab = new Lab();
  const host = new Host(64);
  host.setPointer(0, host.base + 16);
  expect(lab.words([host.item(11, 16, 16), host.item(4, 0, 0)])).toEqual([host.base + 16, 0]);
  expect(lab.plugin.allocations).toBe(0);
});

test("the words stand in argument order, whatever their kinds", () => {
  const lab = new Lab();
  const host = new Host(256);
  targetEnterData(lab.device, [host.item(MAP.TO, 0, 64)]);
  const [present] = lab.device.table;
  const words = lab.words([
    integerItem(13, 5),
    host.item(MAP.TO, 128, 8),
    host.item(MAP.ALLOC, 32, 8),
    integerItem(3, 0),
    host.item(15, 200, 0),
    host.item(MAP.FROM, 136, 8),
    integerItem(13, 9),
  ]);
  expect(words.filter((_, i) => i !== 1 && i !== 5)).toEqual([5, (present?.address ?? 0) + 32, 0, host.base + 200, 9]);
  // The two new ones lie one behind the other, in the order of the list.
  expect((words[5] as number) - (words[1] as number)).toBe(8);
});

test("an implicit map may also hold what is mapped; an explicit one may not", () => {
  const lab = new Lab();
  const host = new Host(64);
  const region = targetData(lab.device, [host.item(MAP.TO, 16, 16)]);
  const [address = 0] = region.addresses;
  // The word is what the item's own address would be.
  expect(lab.words([host.item(3 | 0x60, 8, 40)])).toEqual([address - 8]);
  expect(refusal(() => lab.launch([host.item(3, 8, 40)]))).toBe("ERR_OFFLOAD_OVERLAP");
  // Both hold it, and neither holds the other: refused in any form.
  expect(refusal(() => lab.launch([host.item(3 | 0x60, 24, 40)]))).toBe("ERR_OFFLOAD_OVERLAP");
  region.end();
});

test("of an implicit map that reaches beyond what is mapped, what is there is copied back", () => {
  const lab = new Lab();
  const host = new Host(64);
  host.bytes.fill(1);
  const region = targetData(lab.device, [host.item(MAP.TO, 16, 16)]);
  lab.launch([host.item(3 | 0x60, 8, 40)], ({ word, memory }) => {
    memory(word(0) + 8, 16).fill(9);
    // So that the region's reference is the last.
    region.end();
  });
  expect([...host.bytes]).toEqual(Array.from({ length: 64 }, (_, i) => (i >= 16 && i < 32 ? 9 : 1)));
  expect(lab.plugin.live).toBe(0);
});

test("always to, without a buffer of the item's own, copies from the one that was mapped", () => {
  const lab = new Lab();
  const host = new Host(64);
  const region = targetData(lab.device, [host.item(MAP.TO, 0, 64)]);
  host.bytes.fill(7);
  lab.launch([{ ...host.item(MAP.ALWAYS_TO, 8, 8), owner: null }], ({ word, memory }) =>
    expect([...memory(word(0), 8)]).toEqual(Array(8).fill(7)),
  );
  region.end();
});

test("the alignment stands in the high byte, and does not change the kind", () => {
  for (const kind of [0, 3, 19, 28, 80, 131, 209]) expect(kindOf(kind + 12 * 256)).toBe(kind);
  expect(kindOf(0x63)).toBe(3);
});
