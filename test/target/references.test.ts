/** Reference counts of mapped memory: once for each construct, infinite for what has been associated; what goes, when, and what is copied. */
import { describe, expect, test } from "vitest";
import { MAP, OmpMemory, targetData, targetEnterData, targetExitData } from "../../lib/target/index.js";
import { MappedRange } from "../../lib/target/mapped_range.js";
import { Host, Lab, refusal } from "./fixture.js";

const lab = () => ({ lab: new Lab(), host: new Host(256) });

describe("a construct counts once", () => {
  test("however often it names a range, or parts of it", () => {
    const { lab: l, host } = lab();
    const items = [host.item(MAP.TO, 0, 64), host.item(MAP.TOFROM, 0, 64), host.item(MAP.TO, 16, 8)];
    const region = targetData(l.device, items);
    expect(l.count(host.base)).toBe(1);
    targetEnterData(l.device, items);
    expect(l.count(host.base)).toBe(2);
    targetExitData(l.device, [host.item(MAP.RELEASE, 0, 64), host.item(MAP.RELEASE, 16, 8)]);
    expect(l.count(host.base)).toBe(1);
    region.end();
    expect([l.device.table.size, l.plugin.live]).toEqual([0, 0]);
  });

  test("and another one counts again", () => {
    const { lab: l, host } = lab();
    for (let i = 1; i <= 3; i++) {
      targetEnterData(l.device, [host.item(MAP.TO, 0, 64)]);
      expect(l.count(host.base)).toBe(i);
    }
    l.launch([host.item(MAP.TO, 0, 64), host.item(MAP.TO, 128, 8)], () => expect(l.count(host.base)).toBe(4));
    expect(l.count(host.base)).toBe(3);
  });

  test("regions end in any order", () => {
    const { lab: l, host } = lab();
    const outer = targetData(l.device, [host.item(MAP.TOFROM, 0, 64)]);
    const inner = targetData(l.device, [host.item(MAP.TO, 0, 64)]);
    outer.end();
    expect(l.copied().filter(({ direction }) => direction === "from")).toEqual([]);
    l.plugin.at(inner.addresses[0] as number, 64).fill(9);
    inner.end();
    // The last one to go has no from.
    expect(host.bytes[0]).not.toBe(9);
    expect(l.plugin.live).toBe(0);
  });
});

describe("what goes is copied back", () => {
  test("once for each item that says so, also when one before it in the list does not", () => {
    const { lab: l, host } = lab();
    const items = [host.item(MAP.TO, 0, 64), host.item(MAP.FROM, 0, 32), host.item(MAP.FROM, 48, 8)];
    l.launch(items, ({ word, memory }) => memory(word(0), 64).fill(9));
    const nines = [...host.part(0, 64)].map((byte) => byte === 9);
    expect(nines).toEqual(Array.from({ length: 64 }, (_, i) => i < 32 || (i >= 48 && i < 56)));
    expect(l.plugin.live).toBe(0);
  });

  test("in the order of the list", () => {
    const { lab: l, host } = lab();
    const items = [host.item(MAP.FROM, 128, 8), host.item(MAP.TOFROM, 0, 16), host.item(MAP.FROM, 64, 24)];
    let words: number[] = [];
    l.launch(items, ({ word }) => (words = [0, 1, 2].map(word)));
    const back = l.copied().filter(({ direction }) => direction === "from");
    expect(back.map(({ address, bytes }) => [address, bytes])).toEqual(words.map((word, i) => [word, [8, 16, 24][i]]));
  });

  test("not what a failed region has mapped", () => {
    const { lab: l, host } = lab();
    const before = host.part(0, 64);
    const failing = () =>
      l.launch([host.item(MAP.TOFROM, 0, 64)], ({ word, memory }) => {
        memory(word(0), 64).fill(0);
        throw new Error("the region's own");
      });
    expect(failing).toThrow("the region's own");
    expect(host.bytes.subarray(0, 64)).toEqual(before);
    expect([l.plugin.live, l.device.table.size, l.plugin.stats().sessions]).toEqual([0, 0, 0]);
  });
});

describe("exit data", () => {
  /** Two references, device bytes 9; answers whether the host's have been copied back, and the references left. */
  const exit = (times: number, ...kinds: number[]): [copied: boolean, count: number] => {
    const { lab: l, host } = lab();
    host.bytes.fill(1);
    for (let i = 0; i < times; i++) targetEnterData(l.device, [host.item(MAP.TO, 0, 64)]);
    l.plugin.at(l.onDevice(host.base), 64).fill(9);
    targetExitData(
      l.device,
      kinds.map((kind) => host.item(kind, 0, kind === 15 || kind === 31 ? 0 : 64)),
    );
    const result: [boolean, number] = [host.bytes[63] === 9, l.count(host.base)];
    if (result[1] === 0) expect([l.plugin.live, l.device.table.size]).toEqual([0, 0]);
    return result;
  };

  test.each([
    ["release", MAP.RELEASE, [false, 1], [false, 0]],
    ["from", MAP.FROM, [false, 1], [true, 0]],
    ["always from", MAP.ALWAYS_FROM, [true, 1], [true, 0]],
    ["delete", MAP.DELETE, [false, 0], [false, 0]],
    ["release of a zero-length section", 15, [false, 1], [false, 0]],
    ["delete of a zero-length section", 31, [false, 0], [false, 0]],
  ])("%s, of two references and of the last", (_, kind, ofTwo, ofOne) => {
    expect(exit(2, kind)).toEqual(ofTwo);
    expect(exit(1, kind)).toEqual(ofOne);
  });

  test("release and from in one list: copied, whichever comes first", () => {
    expect(exit(1, MAP.RELEASE, MAP.FROM)).toEqual([true, 0]);
    expect(exit(1, MAP.FROM, MAP.RELEASE)).toEqual([true, 0]);
    expect(exit(2, MAP.FROM, MAP.FROM)).toEqual([false, 1]);
  });

  test("from a part copies the part, and all of the range goes", () => {
    const { lab: l, host } = lab();
    host.bytes.fill(1);
    targetEnterData(l.device, [host.item(MAP.TO, 0, 64)]);
    l.plugin.at(l.onDevice(host.base), 64).fill(9);
    targetExitData(l.device, [host.item(MAP.FROM, 8, 4)]);
    expect([...host.part(7, 6)]).toEqual([1, 9, 9, 9, 9, 1]);
    expect(l.plugin.live).toBe(0);
  });

  test.each([MAP.RELEASE, MAP.FROM, MAP.ALWAYS_FROM, MAP.DELETE, 15, 31, MAP.DETACH, MAP.FORCE_DETACH])(
    "of what is not mapped does nothing (kind %i)",
    (kind) => {
      const { lab: l, host } = lab();
      targetExitData(l.device, [host.item(kind, 0, 8)]);
      expect([l.copied(), l.device.table.size]).toEqual([[], 0]);
    },
  );

  test.each([
    MAP.ALLOC,
    MAP.TO,
    MAP.TOFROM,
    MAP.FORCE_PRESENT,
    MAP.ALWAYS_TO,
    MAP.STRUCT,
    MAP.ATTACH,
    MAP.FIRSTPRIVATE,
  ])("takes no item that maps (kind %i)", (kind) => {
    const { lab: l, host } = lab();
    targetEnterData(l.device, [host.item(MAP.TO, 0, 64)]);
    const before = l.state();
    expect(refusal(() => targetExitData(l.device, [host.item(MAP.RELEASE, 0, 64), host.item(kind, 0, 8)]))).toBe(
      "ERR_OFFLOAD_MAP_KIND",
    );
    expect(l.state()).toEqual(before);
  });
});

describe("memory that has been associated", () => {
  test("stays, whatever is released, deleted or mapped", () => {
    const { lab: l, host } = lab();
    const address = l.plugin.alloc(0, 256);
    const memory = new OmpMemory([l.device]);
    memory.associate(host.buffer, address, 0);
    for (let i = 0; i < 3; i++) targetExitData(l.device, [host.item(MAP.DELETE, 0, 256), host.item(MAP.RELEASE, 0, 8)]);
    expect(l.words([host.item(MAP.TOFROM, 16, 16)])).toEqual([address + 16]);
    targetData(l.device, [host.item(MAP.TO, 0, 256)]).end();
    expect(l.count(host.base)).toBe(Number.POSITIVE_INFINITY);
    expect(l.copied()).toEqual([]);
    memory.disassociate(host.buffer, 0);
    expect([l.device.table.size, l.plugin.live]).toEqual([0, 1]);
  });

  test("is copied where it is always to be", () => {
    const { lab: l, host } = lab();
    const address = l.plugin.alloc(0, 256);
    new OmpMemory([l.device]).associate(host.buffer, address, 0);
    l.launch([host.item(MAP.ALWAYS_TOFROM, 0, 16)], ({ memory }) => {
      expect(memory(address, 16)).toEqual(host.part(0, 16));
      memory(address, 16).fill(9);
    });
    expect([...host.part(14, 3)].map((byte) => byte === 9)).toEqual([true, true, false]);
  });
});

describe("a declare target link variable", () => {
  test("gets the address of what is mapped in its place, and is found again afterwards", () => {
    const { lab: l, host } = lab();
    const pointer = l.plugin.alloc(0, 8);
    const place = { block: null, address: pointer };
    l.device.table.add(new MappedRange(host.base, host.base + 64, host.buffer, place, Number.POSITIVE_INFINITY, true));
    for (let i = 0; i < 2; i++) {
      l.launch([host.item(MAP.TOFROM, 0, 64)], ({ word, memory }) => {
        expect(l.plugin.pointerAt(pointer)).toBe(word(0));
        expect(memory(word(0), 64)).toEqual(host.part(0, 64));
        memory(word(0), 1)[0] = i;
      });
      expect(host.bytes[0]).toBe(i);
      expect([...l.device.table].map(({ isLink }) => isLink)).toEqual([true]);
    }
    expect(l.plugin.live).toBe(1);
  });
});
