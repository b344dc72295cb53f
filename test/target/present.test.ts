/** Regions of which all is present, launched again and again by the same function: what one launch has found never misleads another. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAP, type MapItem, target, targetEnterData, targetExitData } from "../../lib/target/index.js";
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
