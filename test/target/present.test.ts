/** Regions of which all is present, launched again and again by the same function: what one launch has found never misleads another. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressOf,
  MAP,
  type MapItem,
  target,
  targetEnterData,
  targetExitData,
  targetNowait,
} from "../../lib/target/index.js";
import { Host, integerItem, Lab, refusal } from "./fixture.js";
import type { Launch } from "./memory-plugin.js";

const SLOT = 32;
const SLOTS = 3;

type Step =
  | { readonly what: "enter"; readonly slot: number }
  | { readonly what: "exit"; readonly slot: number }
  | { readonly what: "launch"; readonly items: readonly (readonly [kind: number, slot: number, offset: number])[] };

const slot = fc.nat(SLOTS - 1);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ what: fc.constant("enter" as const), slot }),
    fc.record({ what: fc.constant("exit" as const), slot }),
    fc.record({
      what: fc.constant("launch" as const),
      items: fc.array(fc.tuple(fc.constantFrom(0, 1, 2, 3, 6, 13, 15, 19), slot, fc.constantFrom(0, 8)), {
        maxLength: 5,
      }),
    }),
  ),
  { minLength: 10, maxLength: 40 },
);

test.each(["session", "set"] as const)("every launch has the words of what is mapped then (tables: %s)", (tables) => {
  fc.assert(
    fc.property(steps, (list) => {
      const lab = new Lab({ tables });
      const host = new Host(SLOT * SLOTS);
      /** Of each slot: how often it has been entered. */
      const entered = new Array<number>(SLOTS).fill(0);
      let seen: number[] = [];
      let count = 0;
      const fn = lab.plugin.fn("f", ({ word }: Launch) => {
        seen = Array.from({ length: count }, (_, i) => word(i));
      });
      for (const step of list) {
        if (step.what === "enter") {
          targetEnterData(lab.device, [host.item(MAP.TO, step.slot * SLOT, SLOT)]);
          entered[step.slot] = (entered[step.slot] as number) + 1;
        } else if (step.what === "exit") {
          targetExitData(lab.device, [host.item(MAP.RELEASE, step.slot * SLOT, SLOT)]);
          entered[step.slot] = Math.max(0, (entered[step.slot] as number) - 1);
        } else {
          const there = ([kind, at]: (typeof step.items)[number]) => kind === 13 || kind === 15 || entered[at] !== 0;
          const taken = step.items.filter(there);
          const items = taken.map(([kind, at, offset]) =>
            kind === 13 ? integerItem(13, at) : host.item(kind, at * SLOT + offset, kind === 15 ? 0 : 8),
          );
          const expected = taken.map(([kind, at, offset]) => {
            const address = host.base + at * SLOT + offset;
            return kind === 13 ? at : entered[at] === 0 ? address : lab.onDevice(address);
          });
          count = items.length;
          target(lab.device, fn, items);
          expect(seen).toEqual(expected);
        }
      }
      const state = lab.state() as { readonly count: number }[];
      expect(state.map((each) => each.count)).toEqual(entered.filter((times) => times > 0));
      expect([lab.plugin.live, lab.plugin.stats().sessions]).toEqual([state.length, 0]);
    }),
    { numRuns: 400 },
  );
});

type Turn =
  | { readonly what: "enter" | "exit" | "delete"; readonly slot: number }
  | { readonly what: "begin"; readonly slots: readonly number[]; readonly value: number }
  | { readonly what: "end"; readonly which: number };

const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.oneof(
    fc.record({ what: fc.constantFrom("enter" as const, "exit" as const, "delete" as const), slot }),
    fc.record({
      what: fc.constant("begin" as const),
      slots: fc.array(slot, { minLength: 1, maxLength: 4 }),
      value: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({ what: fc.constant("end" as const), which: fc.nat(3) }),
  ),
  { minLength: 10, maxLength: 40 },
);

/** A slot's memory on the device, from when it is mapped until nobody holds it. */
interface Held {
  count: number;
  value: number;
}

test.each(["session", "set"] as const)(
  "regions that do not block hold what was present, once each, and copy it back when nobody else does (tables: %s)",
  async (tables) => {
    await fc.assert(
      fc.asyncProperty(turns, async (list) => {
        const lab = new Lab({ tables });
        const host = new Host(SLOT * SLOTS);
        host.bytes.fill(0);
        const expected = new Array<number>(SLOTS).fill(0);
        const slots = new Array<Held | null>(SLOTS).fill(null);
        const running: { readonly end: () => Promise<void> }[] = [];
        const release = (held: Held, at: number, all = false): boolean => {
          if (slots[at] !== held) return false;
          held.count = all ? 0 : held.count - 1;
          if (held.count > 0) return false;
          slots[at] = null;
          return true;
        };

        const fn = lab.plugin.fn("f", async ({ word, memory }) => {
          const [go, taken] = starting.shift() as Starting;
          // The private copy is the value of when the region began, wherever it lies.
          const value = memory(word(taken.length), 4)[0] as number;
          const places = taken.map((_, i) => word(i));
          await go;
          for (const [i, { alive }] of taken.entries()) if (alive()) memory(places[i] as number, 8).fill(value);
        });
        type Starting = readonly [go: Promise<void>, taken: readonly { readonly alive: () => boolean }[]];
        const starting: Starting[] = [];

        function begin(taken: readonly number[], value: number): void {
          let go = (): void => {};
          const gate = new Promise<void>((resolve) => {
            go = resolve;
          });
          const held = [...new Set(taken)].map((at) => [at, slots[at] as Held] as const);
          for (const [, each] of held) each.count++;
          const of = new Map(held);
          starting.push([gate, taken.map((at) => ({ alive: () => slots[at] === of.get(at) }))]);
          const items = taken.map((at) => host.item(MAP.TOFROM, at * SLOT, 8));
          const own = Uint8Array.of(value, 0, 0, 0);
          const done = targetNowait(lab.device, fn, [
            ...items,
            { kind: MAP.FIRSTPRIVATE, address: addressOf(own.buffer), size: 4, owner: own.buffer },
          ]);
          own.fill(0);
          running.push({
            end: async () => {
              for (const [at, each] of held) if (slots[at] === each) each.value = value;
              go();
              await done;
              for (const [at, each] of held) if (release(each, at)) expected[at] = each.value;
            },
          });
        }

        for (const turn of list) {
          if (turn.what === "enter") {
            const { slot: at } = turn;
            targetEnterData(lab.device, [host.item(MAP.TO, at * SLOT, SLOT)]);
            const there = slots[at] ?? { count: 0, value: expected[at] as number };
            there.count++;
            slots[at] = there;
          } else if (turn.what === "exit" || turn.what === "delete") {
            const { slot: at } = turn;
            targetExitData(lab.device, [host.item(turn.what === "exit" ? MAP.RELEASE : MAP.DELETE, at * SLOT, SLOT)]);
            const there = slots[at] ?? null;
            if (there !== null) release(there, at, turn.what === "delete");
          } else if (turn.what === "begin") {
            const taken = turn.slots.filter((at) => slots[at] !== null);
            if (taken.length > 0) begin(taken, turn.value);
          } else if (turn.what === "end") {
            await running.splice(turn.which, 1)[0]?.end();
          }
        }
        for (const { end } of running) await end();
        expect(Array.from({ length: SLOTS }, (_, at) => host.bytes[at * SLOT])).toEqual(expected);
        const state = lab.state() as { readonly count: number }[];
        expect(state.map(({ count }) => count)).toEqual(slots.flatMap((held) => (held === null ? [] : [held.count])));
        expect([lab.plugin.live, lab.plugin.stats().sessions]).toEqual([state.length, 0]);
      }),
      { numRuns: 300 },
    );
  },
);

test("private copies of a present region have the launch's values, and cost nothing", () => {
  const lab = new Lab();
  const host = new Host(4096);
  targetEnterData(lab.device, [host.item(MAP.TO, 0, 64)]);
  lab.copied();
  const { allocations } = lab.plugin;
  const seen: number[][] = [];
  const fn = lab.plugin.fn("f", ({ word, memory }) => {
    seen.push([word(0) - lab.onDevice(host.base), ...memory(word(1), 3), ...memory(word(2), 1)]);
    expect(word(2) % 16).toBe(0);
  });
  const items = [
    host.item(MAP.TO, 0, 64),
    host.item(MAP.FIRSTPRIVATE, 100, 3),
    host.item(MAP.FIRSTPRIVATE, 200, 16, 16),
  ];
  for (const value of [1, 2]) {
    host.bytes.fill(value, 100);
    target(lab.device, fn, items);
  }
  expect(seen).toEqual([1, 2].map((value) => [0, value, value, value, value]));
  expect([lab.plugin.allocations, lab.copied()]).toEqual([allocations, []]);
});

describe("the same items again", () => {
  function mapped(): { readonly lab: Lab; readonly host: Host; readonly items: MapItem[] } {
    const lab = new Lab();
    const host = new Host(128);
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 64)]);
    return { lab, host, items: [host.item(MAP.TO, 0, 8), host.item(MAP.FROM, 8, 8)] };
  }

  test("when one of them has been unmapped are mapped by the region, and go with it", () => {
    const { lab, host, items } = mapped();
    const fn = lab.plugin.fn("f", ({ word, memory }) => memory(word(1), 8).fill(9));
    target(lab.device, fn, items);
    expect(host.bytes[8]).not.toBe(9);
    targetExitData(lab.device, [host.item(MAP.DELETE, 0, 64)]);
    target(lab.device, fn, items);
    expect([...host.part(8, 8)]).toEqual(Array(8).fill(9));
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });

  test("when what they lie in has become shorter are refused", () => {
    const { lab, host, items } = mapped();
    const fn = lab.plugin.fn("f", () => {});
    target(lab.device, fn, items);
    targetExitData(lab.device, [host.item(MAP.DELETE, 0, 64)]);
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 12)]);
    expect(refusal(() => target(lab.device, fn, items))).toBe("ERR_OFFLOAD_OVERLAP");
  });

  test("and what is unmapped while the region runs is there until it is over", () => {
    const { lab, host, items } = mapped();
    const fn = lab.plugin.fn("f", ({ word, memory }) => {
      targetExitData(lab.device, [host.item(MAP.DELETE, 0, 64)]);
      expect(lab.device.table.size).toBe(0);
      memory(word(0), 64).fill(1);
    });
    target(lab.device, fn, items);
    expect(lab.plugin.live).toBe(0);
  });

  test("one region within another: memory waits for both", () => {
    const { lab, host, items } = mapped();
    const inner = lab.plugin.fn("inner", () => targetExitData(lab.device, [host.item(MAP.DELETE, 0, 64)]));
    const outer = lab.plugin.fn("outer", ({ word, memory }) => {
      target(lab.device, inner, items);
      memory(word(0), 64).fill(1);
    });
    target(lab.device, outer, items);
    expect(lab.plugin.live).toBe(0);
  });

  test("a failed region leaves everything as it was, and the next one runs", () => {
    const { lab, items } = mapped();
    let failing = true;
    const fn = lab.plugin.fn("f", () => {
      if (failing) throw new Error("on purpose");
    });
    const before = lab.state();
    expect(() => target(lab.device, fn, items)).toThrow("on purpose");
    failing = false;
    target(lab.device, fn, items);
    expect(lab.state()).toEqual(before);
    expect([lab.plugin.stats().sessions, lab.plugin.runs]).toEqual([0, 2]);
  });
});
