/** Items of one construct that are of the same memory, wholly or in part: what one does, those behind it find. */
import { describe, expect, test } from "vitest";
import { MAP, targetData, targetEnterData, targetExitData } from "../../lib/target/index.js";
import { Host, Lab, refusal } from "./fixture.js";

const IMPLICIT = 0x60;

describe("in one construct", () => {
  test("always to, behind an item that has mapped the same, is what the device gets", () => {
    const lab = new Lab();
    const host = new Host(128);
    const items = [host.item(MAP.TO, 64, 8), host.item(MAP.FROM, 0, 16), host.item(MAP.ALWAYS_TO, 0, 16)];
    lab.launch(items, ({ word, memory }) => expect(memory(word(1), 16)).toEqual(host.part(0, 16)));
  });

  test("a struct of which an item before it has mapped a part is refused, as one that was there before", () => {
    const lab = new Lab();
    const host = new Host(128);
    const items = [host.item(MAP.FROM, 16, 4), host.item(MAP.STRUCT, 0, 1), host.item(MAP.TO, 20, 4)];
    expect(refusal(() => lab.launch(items))).toBe("ERR_OFFLOAD_OVERLAP");
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });

  test("a descriptor that an item before it has mapped gets its pointers that are always translated", () => {
    const lab = new Lab();
    const host = new Host(128);
    const items = [host.item(MAP.TO, 32, 32), host.item(MAP.TO_PSET, 32, 32), host.item(MAP.ALWAYS_POINTER, 40, 0)];
    lab.launch(items, ({ word }) => expect(lab.plugin.pointerAt(word(1) + 8)).toBe(word(1)));
  });

  test("a descriptor's pointers are translated in their turn: a later item has the last word", () => {
    const lab = new Lab();
    const host = new Host(128);
    host.setPointer(8, host.base + 96);
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 16), host.item(MAP.TO, 96, 8)]);
    const items = [
      host.item(MAP.TO_PSET, 0, 16),
      host.item(MAP.ALWAYS_POINTER, 8, 0),
      host.item(MAP.TO, 64, 4),
      host.item(MAP.ALWAYS_POINTER, 8, 0),
    ];
    lab.launch(items, ({ word }) => expect(lab.plugin.pointerAt(word(0) + 8)).toBe(word(2)));
  });
});

test("an implicit map around what is there copies back the part that is there, to where it belongs", () => {
  const lab = new Lab();
  const host = new Host(128);
  const expected = host.bytes.slice();
  expected.fill(7, 24, 28);
  targetEnterData(lab.device, [host.item(MAP.TO, 24, 4)]);
  const region = targetData(lab.device, [host.item(MAP.TOFROM | IMPLICIT, 0, 64)]);
  lab.launch([host.item(MAP.TO, 24, 4)], ({ word, memory }) => memory(word(0), 4).fill(7));
  targetExitData(lab.device, [host.item(MAP.RELEASE, 24, 4)]);
  region.end();
  expect(host.bytes).toEqual(expected);
});

describe("exit data that would copy more back than is mapped", () => {
  test.each([
    ["from", MAP.FROM],
    ["always from", MAP.ALWAYS_FROM],
  ])("%s is refused, and nothing changes", (_, kind) => {
    const lab = new Lab();
    const host = new Host(128);
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 8), host.item(MAP.TO, 64, 8)]);
    const before = lab.state();
    const items = [host.item(MAP.RELEASE, 64, 8), host.item(kind, 0, 16)];
    expect(refusal(() => targetExitData(lab.device, items))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(lab.state()).toEqual(before);
  });

  test("is none while others hold the range: nothing is copied", () => {
    const lab = new Lab();
    const host = new Host(128);
    for (let i = 0; i < 2; i++) targetEnterData(lab.device, [host.item(MAP.TO, 0, 8)]);
    targetExitData(lab.device, [host.item(MAP.FROM, 0, 16)]);
    expect(lab.count(host.base)).toBe(1);
  });
});

describe("a pointer of which only a part is mapped", () => {
  test("is neither attached nor detached", () => {
    const lab = new Lab();
    const host = new Host(128);
    host.setPointer(8, host.base + 64);
    targetEnterData(lab.device, [host.item(MAP.TO, 12, 16), host.item(MAP.TO, 64, 8)]);
    const before = lab.state();
    expect(refusal(() => targetEnterData(lab.device, [host.item(MAP.ATTACH, 8, 0)]))).toBe("ERR_OFFLOAD_ATTACH");
    expect(refusal(() => targetExitData(lab.device, [host.item(MAP.DETACH, 8, 0)]))).toBe("ERR_OFFLOAD_ATTACH");
    expect(lab.state()).toEqual(before);
  });
});

test("detaching gives the device all 64 bits of what the host has there", () => {
  const lab = new Lab();
  const host = new Host(128);
  host.view.setBigUint64(8, 0xa5db_e81b_a5db_e81bn, true);
  targetEnterData(lab.device, [host.item(MAP.TO, 0, 16)]);
  // What is not mapped is attached as null.
  targetEnterData(lab.device, [host.item(MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION, 8, 0)]);
  targetExitData(lab.device, [host.item(MAP.DETACH, 8, 0)]);
  lab.launch([host.item(MAP.TO, 0, 16)], ({ word, memory }) => expect(memory(word(0), 16)).toEqual(host.part(0, 16)));
});
