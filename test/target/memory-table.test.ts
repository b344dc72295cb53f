/** The device memory table against a list that is searched from end to end, and its cost by the comparisons that it makes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MappedRange } from "../../lib/target/mapped_range.js";
import { MemoryTable } from "../../lib/target/memory_table.js";
import { refusal } from "./fixture.js";

const range = (start: number, end: number): MappedRange =>
  new MappedRange(start, end, null, { block: null, address: 1 });

/** The comparison of target.c's splay tree: two ranges are the same where they overlap; empty ones where they are the same, or inside. */
const same = (start: number, end: number, other: MappedRange): boolean =>
  start < other.end && end > other.start && !(start === end && start === other.start);

class List {
  readonly ranges: MappedRange[] = [];
  find(start: number, end: number): MappedRange | null {
    return this.ranges.filter((other) => same(start, end, other)).sort((a, b) => a.start - b.start)[0] ?? null;
  }
}

const address = fc.integer({ min: 1000, max: 1400 });
const operations = fc.array(
  fc.oneof(
    fc.record({ what: fc.constant("add" as const), start: address, size: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ what: fc.constant("remove" as const), start: address, size: fc.constant(1) }),
    fc.record({ what: fc.constant("find" as const), start: address, size: fc.integer({ min: 0, max: 20 }) }),
  ),
  { maxLength: 200 },
);

test("finds what a list finds, whatever has been added and removed", () => {
  fc.assert(
    fc.property(operations, (list) => {
      const [table, model] = [new MemoryTable(), new List()];
      let removals = 0;
      for (const { what, start, size } of list) {
        const found = model.find(start, start + size);
        expect(table.find(start, start + size)).toBe(found);
        if (what === "add" && found === null) {
          const added = range(start, start + size);
          table.add(added);
          model.ranges.push(added);
        } else if (what === "remove" && found !== null) {
          table.remove(found);
          model.ranges.splice(model.ranges.indexOf(found), 1);
          removals++;
          expect(found.alive).toBe(false);
        } else if (what === "find") {
          // gomp_map_lookup and gomp_map_0len_lookup.
          const end = start + size;
          const [at, behind] = [model.find(start, start + 1), model.find(start - 1, start)];
          expect(table.lookup(start, end)).toBe(size > 0 ? found : (at ?? behind));
          expect(table.lookupZeroLength(start, end)).toBe(size > 0 ? found : at);
        }
      }
      expect([...table]).toEqual(model.ranges.sort((a, b) => a.start - b.start));
      expect([table.size, table.removals]).toEqual([model.ranges.length, removals]);
    }),
    { numRuns: 300 },
  );
});

/** In an order that is neither rising nor falling, the same each time. */
function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  let seed = 12345;
  for (let i = count - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const j = seed % (i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** A range whose bounds count how often they are looked at. */
let looks = 0;
class Counted {
  alive = true;
  readonly #start: number;
  constructor(start: number) {
    this.#start = start;
  }
  get start(): number {
    looks++;
    return this.#start;
  }
  get end(): number {
    looks++;
    return this.#start + 32;
  }
}
const countedRange = (start: number): MappedRange => new Counted(start) as unknown as MappedRange;

function counted(count: number): { readonly perFind: number; readonly perAdd: number; readonly perRemove: number } {
  const table = new MemoryTable();
  const order = shuffled(count);
  const ranges = order.map((i) => countedRange(64 * i + 64));
  const steps = (work: () => void): number => {
    looks = 0;
    work();
    return looks / count;
  };
  const perAdd = steps(() => {
    for (const each of ranges) table.add(each);
  });
  // A look-up in the middle of a range, one in a gap, and one that begins just there.
  const perFind = steps(() => {
    for (const i of order) table.find(64 * i + 70, 64 * i + 80);
    for (const i of order) table.find(64 * i + 96, 64 * i + 120);
    for (const i of order) table.find(64 * i + 64, 64 * i + 96);
  });
  expect(table.size).toBe(count);
  const perRemove = steps(() => {
    for (const each of ranges) table.remove(each);
  });
  expect([table.size, [...table]]).toEqual([0, []]);
  return { perFind, perAdd, perRemove };
}

test("a hundred times as many ranges cost a few more steps for each, not a hundred times as many", () => {
  const [few, many] = [counted(1000), counted(100_000)];
  // Binary search: log2(100) is less than 7, for two bounds and three look-ups.
  for (const what of ["perFind", "perAdd", "perRemove"] as const)
    expect(many[what]).toBeLessThan(few[what] + 3 * 2 * 7);
  expect(many.perFind).toBeLessThan(3 * 2 * Math.log2(100_000) + 10);
});

describe("a table of 100,000 ranges", () => {
  test("in random order: each is found, none beside them, and they are in order", () => {
    const table = new MemoryTable();
    const order = shuffled(100_000);
    for (const i of order) table.add(range(64 * i + 64, 64 * i + 96));
    const misses = order.filter((i) => table.find(64 * i + 95, 64 * i + 96)?.start !== 64 * i + 64);
    const phantoms = order.filter((i) => table.find(64 * i + 96, 64 * i + 128) !== null);
    expect([misses, phantoms]).toEqual([[], []]);
    const starts = [...table].map(({ start }) => start);
    expect(starts).toEqual(Array.from(starts, (_, i) => 64 * i + 64));
    for (const i of order) if (i % 2 === 0) table.remove(table.find(64 * i + 64, 64 * i + 65) as MappedRange);
    expect(order.filter((i) => (table.find(64 * i + 64, 64 * i + 96) === null) !== (i % 2 === 0))).toEqual([]);
  });
});

test("a range is taken out once", () => {
  const table = new MemoryTable();
  const once = range(10, 20);
  table.add(once);
  table.remove(once);
  expect(refusal(() => table.remove(once))).toBe("ERR_OFFLOAD_NOT_MAPPED");
  expect(refusal(() => new MemoryTable().remove(once))).toBe("ERR_OFFLOAD_NOT_MAPPED");
});
