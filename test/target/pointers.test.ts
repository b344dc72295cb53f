/** Pointers in mapped memory: translated in the device's copy, by themselves, in descriptors, always, and attached. */
import { describe, expect, test } from "vitest";
import {
  MAP,
  type MapItem,
  map,
  targetData,
  targetEnterData,
  targetExitData,
  targetUpdate,
} from "../../lib/target/index.js";
import { Host, Lab, refusal } from "./fixture.js";

const DATA = 128;
/** Host memory whose pointer at 8 points to DATA. */
function pointing(to = DATA): Host {
  const host = new Host(256);
  host.setPointer(8, host.base + to);
  return host;
}

describe("a pointer by itself (POINTER)", () => {
  test.each([0, 16, -16])("points to where the mapped section begins, %i bytes of bias apart", (bias) => {
    const lab = new Lab();
    // The section begins `bias` bytes behind what the pointer points to.
    const host = pointing(DATA - bias);
    lab.launch([host.item(MAP.TO, DATA, 32), host.item(MAP.POINTER, 8, bias)], ({ word }) => {
      expect(lab.plugin.pointerAt(word(1))).toBe(word(0) - bias);
    });
    expect(host.pointer(8)).toBe(host.base + DATA - bias);
  });
  test("null stays null", () => {
    const lab = new Lab();
    const host = new Host(64);
    host.setPointer(8, 0);
    lab.launch([host.item(MAP.POINTER, 8, 0)], ({ word }) => expect(lab.plugin.pointerAt(word(0))).toBe(0));
  });
  test("to what is not mapped is refused", () => {
    const lab = new Lab();
    expect(refusal(() => lab.launch([pointing().item(MAP.POINTER, 8, 0)]))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });
  test.each([
    ["host", true],
    ["null", false],
  ] as const)("to a zero-length section that is not mapped: %s", (missing, isHost) => {
    const lab = new Lab({ missing });
    const host = pointing();
    lab.launch([host.item(30, 8, 0)], ({ word }) =>
      expect(lab.plugin.pointerAt(word(0))).toBe(isHost ? host.base + DATA : 0),
    );
  });
});

describe("a descriptor of pointers (TO_PSET)", () => {
  const descriptor = (host: Host, pointer: number = MAP.POINTER): MapItem[] => [
    host.item(MAP.TO, DATA, 32),
    host.item(MAP.TO_PSET, 0, 32),
    host.item(pointer, 8, 0),
  ];
  const onDevice = (lab: Lab, host: Host): number => lab.plugin.pointerAt(lab.onDevice(host.base + 8));

  test("is copied, its pointers translated", () => {
    const lab = new Lab();
    const host = pointing();
    lab.launch(descriptor(host), ({ word, memory }) => {
      expect(lab.plugin.pointerAt(word(1) + 8)).toBe(word(0));
      expect(memory(word(1) + 16, 16)).toEqual(host.part(16, 16));
      expect(memory(word(1), 8)).toEqual(host.part(0, 8));
    });
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });

  test("is not translated anew where it is there, unless it was null", () => {
    const lab = new Lab();
    const host = pointing();
    targetEnterData(lab.device, descriptor(host));
    const before = onDevice(lab, host);
    targetEnterData(lab.device, [host.item(MAP.TO, 200, 16)]);
    host.setPointer(8, host.base + 200);
    targetEnterData(lab.device, descriptor(host));
    expect(onDevice(lab, host)).toBe(before);
  });

  test("that was null when it was mapped follows when it is null no longer", () => {
    const lab = new Lab();
    const host = pointing();
    host.setPointer(8, 0);
    targetEnterData(lab.device, descriptor(host).slice(1));
    expect(onDevice(lab, host)).toBe(0);
    host.setPointer(8, host.base + DATA);
    lab.launch(descriptor(host), ({ word }) => expect(onDevice(lab, host)).toBe(word(0)));
    expect(lab.count(host.base + 8)).toBe(1);
  });

  test("is always translated where its pointers say so", () => {
    const lab = new Lab();
    const host = pointing();
    targetEnterData(lab.device, descriptor(host));
    targetEnterData(lab.device, [host.item(MAP.TO, 200, 16)]);
    host.setPointer(8, host.base + 200);
    lab.launch(descriptor(host, MAP.ALWAYS_POINTER));
    expect(onDevice(lab, host)).toBe(lab.onDevice(host.base + 200));
  });
});

describe("a pointer that is always translated (ALWAYS_POINTER)", () => {
  test("points to the item before it, `size` bytes less, each time", () => {
    const lab = new Lab();
    const host = pointing();
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 32)]);
    for (const bias of [0, 16]) {
      lab.launch([host.item(MAP.TO, DATA, 32), host.item(MAP.ALWAYS_POINTER, 8, bias)], ({ word }) => {
        expect(lab.plugin.pointerAt(lab.onDevice(host.base + 8))).toBe(word(0) - bias);
        expect(word(1)).toBe(0);
      });
    }
  });
  test("one behind another points to that other on the device", () => {
    const lab = new Lab();
    const host = pointing();
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 32)]);
    lab.launch(
      [host.item(MAP.TO, DATA, 32), host.item(MAP.ALWAYS_POINTER, 8, 0), host.item(MAP.ALWAYS_POINTER, 16, 0)],
      ({ word }) => {
        expect(lab.plugin.pointerAt(lab.onDevice(host.base + 8))).toBe(word(0));
        expect(lab.plugin.pointerAt(lab.onDevice(host.base + 16))).toBe(lab.onDevice(host.base + 8));
      },
    );
  });
  test("in memory that is not mapped, or only a part of it, is refused", () => {
    const lab = new Lab();
    const host = pointing();
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 12)]);
    const before = lab.state();
    const items = [host.item(MAP.TO, DATA, 32), host.item(MAP.ALWAYS_POINTER, 8, 0)];
    expect(refusal(() => lab.launch(items))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect(lab.state()).toEqual(before);
  });
});

describe("attaching", () => {
  const pointer = (lab: Lab, host: Host): number => lab.plugin.pointerAt(lab.onDevice(host.base + 8));
  /** The struct at 0 of 32 bytes, and the data, are there. */
  function mapped(kind: number = MAP.TO): { readonly lab: Lab; readonly host: Host } {
    const lab = new Lab();
    const host = pointing();
    targetEnterData(lab.device, [host.item(kind, 0, 32), host.item(MAP.TO, DATA, 32)]);
    lab.copied();
    return { lab, host };
  }

  test("the device's copy gets the device's address, and has the host's again when the region is over", () => {
    const { lab, host } = mapped();
    lab.launch([host.item(MAP.ATTACH, 8, 0)], () => expect(pointer(lab, host)).toBe(lab.onDevice(host.base + DATA)));
    expect(pointer(lab, host)).toBe(host.base + DATA);
    expect(host.pointer(8)).toBe(host.base + DATA);
  });

  test("counts by itself: the first stores, the last restores, and those between copy nothing", () => {
    const { lab, host } = mapped();
    const attached = host.item(MAP.ATTACH, 8, 0);
    const regions = [1, 2, 3].map(() => targetData(lab.device, [attached]));
    expect(lab.copied().length).toBe(1);
    expect(lab.count(host.base)).toBe(1);
    regions[0]?.end();
    regions[2]?.end();
    expect(lab.copied()).toEqual([]);
    expect(pointer(lab, host)).toBe(lab.onDevice(host.base + DATA));
    regions[1]?.end();
    expect(lab.copied().length).toBe(1);
    expect(pointer(lab, host)).toBe(host.base + DATA);
  });

  test("with a bias, the section begins that much behind the pointer's target", () => {
    const lab = new Lab();
    const host = pointing(DATA - 48);
    lab.launch([host.item(MAP.TO, 0, 32), host.item(MAP.TO, DATA, 32), host.item(MAP.ATTACH, 8, 48)], ({ word }) =>
      expect(lab.plugin.pointerAt(word(0) + 8)).toBe(word(1) - 48),
    );
  });

  test("enter data of what is there attaches and allocates nothing", () => {
    const { lab, host } = mapped();
    const { bytes, allocations } = lab.plugin;
    for (let i = 0; i < 3; i++) targetEnterData(lab.device, [host.item(MAP.TO, 0, 32), host.item(MAP.ATTACH, 8, 0)]);
    expect([lab.plugin.bytes, lab.plugin.allocations]).toEqual([bytes, allocations]);
    expect(pointer(lab, host)).toBe(lab.onDevice(host.base + DATA));
  });

  test("exit data detaches first: as often as it was attached, or at once", () => {
    const { lab, host } = mapped();
    const attach = () => targetEnterData(lab.device, [host.item(MAP.ATTACH, 8, 0)]);
    attach();
    attach();
    targetExitData(lab.device, [host.item(MAP.DETACH, 8, 0)]);
    expect(pointer(lab, host)).toBe(lab.onDevice(host.base + DATA));
    targetExitData(lab.device, [host.item(MAP.DETACH, 8, 0)]);
    expect(pointer(lab, host)).toBe(host.base + DATA);
    attach();
    attach();
    targetExitData(lab.device, [host.item(MAP.FORCE_DETACH, 8, 0)]);
    expect(pointer(lab, host)).toBe(host.base + DATA);
  });

  test("an attached pointer is the device's own: neither updates nor copies touch it, on either side", () => {
    const { lab, host } = mapped();
    targetEnterData(lab.device, [host.item(MAP.ATTACH, 8, 0)]);
    const address = lab.onDevice(host.base + DATA);
    host.bytes.fill(3, 0, 8);
    host.bytes.fill(3, 16, 32);
    targetUpdate(lab.device, [host.item(MAP.TO, 0, 32)]);
    lab.launch([host.item(MAP.ALWAYS_TO, 0, 32)]);
    expect(pointer(lab, host)).toBe(address);
    expect([0, 16, 31].map((offset) => lab.plugin.at(lab.onDevice(host.base + offset), 1)[0])).toEqual([3, 3, 3]);
    lab.plugin.at(lab.onDevice(host.base + 16), 16).fill(4);
    targetUpdate(lab.device, [host.item(MAP.FROM, 0, 32)]);
    expect([host.bytes[0], host.pointer(8), host.bytes[16]]).toEqual([3, host.base + DATA, 4]);
  });

  test("an update that begins behind the struct's beginning leaves the same pointer alone", () => {
    const { lab, host } = mapped();
    targetEnterData(lab.device, [host.item(MAP.ATTACH, 8, 0)]);
    const address = lab.onDevice(host.base + DATA);
    targetUpdate(lab.device, [host.item(MAP.TO, 4, 16)]);
    expect(pointer(lab, host)).toBe(address);
  });

  test("what a region copies back has the host's pointer in it", () => {
    const lab = new Lab();
    const host = pointing();
    const items = [host.item(MAP.TOFROM, 0, 32), host.item(MAP.TO, DATA, 32), host.item(MAP.ATTACH, 8, 0)];
    lab.launch(items, ({ word }) => expect(lab.plugin.pointerAt(word(0) + 8)).toBe(word(1)));
    expect(host.pointer(8)).toBe(host.base + DATA);
    expect(lab.plugin.live).toBe(0);
  });

  test.each([
    ["a null pointer", MAP.ATTACH, 0, "ERR_OFFLOAD_ATTACH"],
    ["a pointer to what is not mapped", MAP.ATTACH, 200, "ERR_OFFLOAD_NOT_MAPPED"],
    ["a null pointer to a zero-length section", 82, 0, "ERR_OFFLOAD_ATTACH"],
  ])("of %s is refused", (_, kind, to, code) => {
    const { lab, host } = mapped();
    host.setPointer(8, to === 0 ? 0 : host.base + to);
    const before = lab.state();
    expect(refusal(() => lab.launch([host.item(MAP.TO, 220, 8), host.item(kind, 8, 0)]))).toBe(code);
    expect(lab.state()).toEqual(before);
  });

  test("of a zero-length section that is not mapped stores null", () => {
    const { lab, host } = mapped();
    host.setPointer(8, host.base + 200);
    lab.launch([host.item(82, 8, 0)], () => expect(pointer(lab, host)).toBe(0));
    expect(pointer(lab, host)).toBe(host.base + 200);
  });

  test("in memory that is not mapped does nothing", () => {
    const lab = new Lab();
    expect(lab.words([pointing().item(MAP.ATTACH, 8, 0)])).toEqual([0]);
    expect(lab.copied()).toEqual([]);
  });

  test("of several to be detached, one that cannot be leaves the others attached", () => {
    const lab = new Lab();
    const host = new Host(256);
    host.setPointer(8, host.base + 128);
    targetEnterData(lab.device, [host.item(MAP.TO, 128, 64), host.item(MAP.TO, 0, 28), host.item(MAP.ATTACH, 8, 0)]);
    const before = lab.state();
    // The second one's last four bytes are not mapped.
    const both = [host.item(MAP.DETACH, 8, 0), host.item(MAP.FORCE_DETACH, 24, 0)];
    expect(refusal(() => targetExitData(lab.device, both))).toBe("ERR_OFFLOAD_ATTACH");
    expect(lab.state()).toEqual(before);
  });

  test("detaching what is not attached is refused", () => {
    const { lab, host } = mapped();
    const detach = () => targetExitData(lab.device, [host.item(MAP.DETACH, 8, 0)]);
    expect(refusal(detach)).toBe("ERR_OFFLOAD_ATTACH");
    targetEnterData(lab.device, [host.item(MAP.ATTACH, 8, 0)]);
    detach();
    expect(refusal(detach)).toBe("ERR_OFFLOAD_ATTACH");
  });

  test("map.attach and map.detach name the pointer's eight bytes", () => {
    const { lab, host } = mapped();
    const eight = host.bytes.subarray(8, 16);
    targetEnterData(lab.device, [map.attach(eight)]);
    expect(pointer(lab, host)).toBe(lab.onDevice(host.base + DATA));
    targetExitData(lab.device, [map.detach(eight)]);
    expect(pointer(lab, host)).toBe(host.base + DATA);
  });
});
