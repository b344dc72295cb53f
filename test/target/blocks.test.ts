/** Where a construct puts what is new: one block for all of it, each item aligned, small copies put together; private copies and tables. */
import { describe, expect, test } from "vitest";
import { MAP, targetData, targetEnterData } from "../../lib/target/index.js";
import { Host, integerItem, Lab } from "./fixture.js";

const KIB = 1024;

describe("one block for all that is new", () => {
  test("in the order of the list, each aligned as it says", () => {
    const lab = new Lab();
    const host = new Host(256);
    const items = [host.item(MAP.TO, 1, 3, 1), host.item(MAP.ALLOC, 16, 8, 16), host.item(MAP.FROM, 64, 5, 64)];
    const [first = 0, ...rest] = lab.words(items);
    expect(lab.plugin.allocations).toBe(1);
    expect(first % 64).toBe(0);
    expect(rest).toEqual([first + 16, first + 64]);
  });

  test.each([512, 4096, 65536])("an alignment to %i bytes, which is more than the plugin's own", (align) => {
    const lab = new Lab();
    const host = new Host(64);
    // The tests' plugin never gives such an address by itself: its addresses are odd multiples of 256 often enough.
    for (let i = 0; i < 5; i++) {
      lab.plugin.alloc(0, 1);
      expect(lab.words([host.item(MAP.TO, 0, 8, align), host.item(MAP.TO, 8, 8)]).map((word) => word % align)).toEqual([
        0, 8,
      ]);
    }
  });

  test("the same range twice in a list has one copy", () => {
    const lab = new Lab();
    const host = new Host(64);
    const [first = 0, second, third] = lab.words([
      host.item(MAP.TO, 0, 64),
      host.item(MAP.TO, 0, 64),
      host.item(MAP.TOFROM, 8, 8),
    ]);
    expect([second, third]).toEqual([first, first + 8]);
  });

  test("it is given back when the last of its ranges goes", () => {
    const lab = new Lab();
    const host = new Host(64);
    const region = targetData(lab.device, [host.item(MAP.TO, 0, 16), host.item(MAP.TO, 32, 16)]);
    const [other] = [targetData(lab.device, [host.item(MAP.ALLOC, 32, 16)])];
    region.end();
    expect([lab.device.table.size, lab.plugin.live]).toEqual([1, 1]);
    other.end();
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });

  test("each item of enter data has one of its own, which goes with it", () => {
    const lab = new Lab();
    const host = new Host(64);
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 16), host.item(MAP.TO, 32, 16)]);
    expect(lab.plugin.live).toBe(2);
  });

  test("of no bytes there is nothing to be found again", () => {
    const lab = new Lab();
    const host = new Host(64);
    lab.launch([host.item(MAP.TO, 8, 0), host.item(MAP.TO, 8, 8)]);
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });
});

describe("copies that lie near each other are one", () => {
  /** Sizes of the copies to the device of a data construct; `alloc` leaves a gap. */
  const copies = (...items: readonly (readonly ["to" | "alloc", number])[]): number[] => {
    const lab = new Lab();
    const host = new Host(items.reduce((sum, [, size]) => sum + size, 0));
    let offset = 0;
    const list = items.map(([kind, size]) => {
      offset += size;
      return host.item(kind === "to" ? MAP.TO : MAP.ALLOC, offset - size, size);
    });
    const region = targetData(lab.device, list);
    const copied = lab.copied().map(({ bytes }) => bytes);
    for (const [i, item] of list.entries()) {
      if (item.kind !== MAP.TO) continue;
      const at = item.address - host.base;
      expect(lab.plugin.at(region.addresses[i] as number, item.size)).toEqual(host.part(at, item.size));
    }
    region.end();
    return copied;
  };

  test("neighbours", () => expect(copies(["to", 8], ["to", 100], ["to", 3])).toEqual([111]));
  test("one alone", () => expect(copies(["to", 8])).toEqual([8]));
  test("a piece of 32 KiB is small", () => expect(copies(["to", 8], ["to", 32 * KIB])).toEqual([32 * KIB + 8]));
  test("a larger one is copied by itself", () =>
    expect(copies(["to", 8], ["to", 32 * KIB + 1]).sort()).toEqual([32 * KIB + 1, 8].sort()));
  test("a gap of less than 4 KiB is copied over", () =>
    expect(copies(["to", 8], ["alloc", 4 * KIB - 1], ["to", 8])).toEqual([4 * KIB + 15]));
  test("a gap of 4 KiB parts", () => expect(copies(["to", 8], ["alloc", 4 * KIB], ["to", 8])).toEqual([8, 8]));
  test("several together, a gap, several together", () =>
    expect(copies(["to", 8], ["to", 8], ["alloc", 5 * KIB], ["to", 4], ["to", 4])).toEqual([16, 8]));
});

describe.each(["session", "set"] as const)("a table of its own, or one that is set: %s", (tables) => {
  test("no items: no table, no memory", () => {
    const lab = new Lab({ tables });
    let place = "";
    lab.launch([], (launch) => (place = launch.place));
    expect([place, lab.plugin.allocations, lab.copied()]).toEqual(["none", 0, []]);
  });

  test.each([1, 2, 7, 8, 9, 64, 65, 1000])("%i words and their private copies do not touch each other", (count) => {
    const lab = new Lab({ tables });
    const host = new Host(64);
    const items = Array.from({ length: count }, (_, i) =>
      i % 3 === 0 ? host.item(MAP.FIRSTPRIVATE, i % 56, 3, 4) : integerItem(MAP.FIRSTPRIVATE_INT, i + 1),
    );
    lab.launch(items, ({ word, memory, place }) => {
      expect(place).toBe(tables);
      for (let i = 0; i < count; i++) {
        if (i % 3 !== 0) expect(word(i)).toBe(i + 1);
        else expect([...memory(word(i), 3)]).toEqual([...host.part(i % 56, 3)]);
        if (i % 3 === 0) expect(word(i) % 4).toBe(0);
      }
    });
    expect([lab.plugin.live, lab.plugin.bytes]).toEqual([0, 0]);
  });

  test("what a region does to its private copy stays there", () => {
    const lab = new Lab({ tables });
    const host = new Host(64);
    const before = host.part(0, 64);
    lab.launch([host.item(MAP.FIRSTPRIVATE, 0, 64)], ({ word, memory }) => memory(word(0), 64).fill(0));
    expect(host.bytes).toEqual(before);
  });
});

test("a table that is set lies in the block, aligned to 32 bytes, ahead of what is new, and all goes in one copy", () => {
  const lab = new Lab({ tables: "set" });
  const host = new Host(64);
  let table = 0;
  const items = [
    host.item(MAP.TO, 0, 8, 8),
    integerItem(MAP.FIRSTPRIVATE_INT, 5),
    host.item(MAP.FIRSTPRIVATE, 8, 8, 8),
  ];
  lab.launch(items, (launch) => {
    table = launch.table;
    expect([0, 1, 2].map(launch.word)).toEqual([table + 24, 5, table + 32]);
  });
  expect(table % 32).toBe(0);
  expect([lab.plugin.allocations, lab.copied().map(({ bytes }) => bytes)]).toEqual([1, [40]]);
});

describe("private copies with a table of the session's", () => {
  test.each([
    ["of 4096 bytes in all lie behind it", 4096, 8, 0],
    ["more are put into device memory", 4097, 8, 1],
    ["aligned as tables are lie behind it", 64, 16, 0],
    ["aligned to more are put into device memory", 64, 32, 1],
  ])("%s", (_, bytes, align, allocations) => {
    const lab = new Lab();
    const host = new Host(8192);
    lab.launch([integerItem(MAP.FIRSTPRIVATE_INT, 1), host.item(MAP.FIRSTPRIVATE, 0, bytes, align)], (launch) => {
      expect(launch.memory(launch.word(1), bytes)).toEqual(host.part(0, bytes));
      expect(launch.word(1) % align).toBe(0);
    });
    expect([lab.plugin.allocations, lab.copied().length]).toEqual([allocations, allocations]);
    expect(lab.plugin.live).toBe(0);
  });
});

test("a region of which all is present allocates nothing and copies nothing", () => {
  const lab = new Lab();
  const host = new Host(4096);
  targetEnterData(lab.device, [host.item(MAP.TO, 0, 4096)]);
  lab.copied();
  const { allocations } = lab.plugin;
  const items = Array.from({ length: 100 }, (_, i) => host.item(i % 4, 32 * i, 32));
  const small = [integerItem(MAP.FIRSTPRIVATE_INT, 3), host.item(MAP.FIRSTPRIVATE, 0, 8, 8)];
  for (let i = 0; i < 3; i++) lab.launch([...items, ...small, host.item(15, 64, 0), host.item(15, 5000, 0)]);
  expect([lab.plugin.allocations - allocations, lab.copied()]).toEqual([0, []]);
});

describe("a device that shares the host's memory", () => {
  test("gets the variables themselves, and nothing is mapped", () => {
    const lab = new Lab({ sharesMemory: true });
    const host = new Host(64);
    const array = new Int32Array(4);
    const items = [{ ...host.item(MAP.TOFROM, 0, 16), value: array }, host.item(MAP.TO, 16, 8)];
    let seen: readonly unknown[] = [];
    lab.launch(items, ({ variables }) => {
      seen = variables;
      (variables[0] as Int32Array)[0] = 5;
    });
    expect(seen).toEqual([array, host.base + 16]);
    expect(array[0]).toBe(5);
    const region = targetData(lab.device, items);
    expect(region.addresses).toEqual([host.base, host.base + 16]);
    targetEnterData(lab.device, items);
    expect([lab.plugin.allocations, lab.copied(), lab.device.table.size]).toEqual([0, [], 0]);
    region.end();
  });
});
