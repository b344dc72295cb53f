/** Data regions, and updates of ranges. */
import { describe, expect, test } from "vitest";
import { MAP, map, targetData, targetEnterData, targetUpdate } from "../../lib/target/index.js";
import { MappedRange } from "../../lib/target/mapped_range.js";
import { Host, Lab, refusal } from "./fixture.js";

describe("a data region", () => {
  test("ends once, and by itself with `using`", () => {
    const lab = new Lab();
    const host = new Host(64);
    {
      using region = targetData(lab.device, [host.item(MAP.TOFROM, 0, 64)]);
      expect([region.ended, lab.device.table.size]).toEqual([false, 1]);
      lab.plugin.at(region.addresses[0] as number, 64).fill(9);
    }
    expect([...host.bytes]).toEqual(Array(64).fill(9));
    expect(lab.plugin.live).toBe(0);
    const region = targetData(lab.device, [host.item(MAP.TO, 0, 64)]);
    region.end();
    expect(region.ended).toBe(true);
    expect(refusal(() => region.end())).toBe("ERR_OFFLOAD_DISPOSED");
    region[Symbol.dispose]();
  });

  test("ends at the end of an asynchronous block too", async () => {
    const lab = new Lab();
    const host = new Host(64);
    {
      await using _ = targetData(lab.device, [host.item(MAP.TO, 0, 64)]);
    }
    expect(lab.plugin.live).toBe(0);
  });

  test("that is over leaves alone what has been unmapped under it", () => {
    const lab = new Lab();
    const host = new Host(64);
    host.bytes.fill(1);
    const region = targetData(lab.device, [host.item(MAP.TOFROM, 0, 32), host.item(MAP.TOFROM, 32, 32)]);
    lab.plugin.at(region.addresses[0] as number, 64).fill(9);
    const [first] = [...lab.device.table];
    lab.device.removeRange(first as NonNullable<typeof first>);
    region.end();
    expect([host.bytes[0], host.bytes[32], lab.plugin.live]).toEqual([1, 9, 0]);
  });
});

describe("device pointers (use_device_ptr, use_device_addr)", () => {
  test("of what was mapped before, and of what this construct maps", () => {
    const lab = new Lab();
    const host = new Host(256);
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 64)]);
    const region = targetData(lab.device, [
      map.useDevicePtr(host.bytes.subarray(8)),
      map.to(host.bytes.subarray(128, 192)),
      map.useDevicePtr(host.bytes.subarray(136)),
      map.useDeviceAddr(host.bytes.subarray(128)),
    ]);
    const [first, second = 0, third, fourth] = region.addresses;
    expect([first, third, fourth]).toEqual([lab.onDevice(host.base + 8), second + 8, second]);
    expect(second).toBe(lab.onDevice(host.base + 128));
    region.end();
  });

  test("of what is not mapped: refused, or the host's own", () => {
    const lab = new Lab();
    const host = new Host(64);
    const [pointer, address] = [map.useDevicePtr(host.bytes), map.useDeviceAddr(host.bytes)];
    const other = new Host(64);
    for (const before of [[], [other.item(MAP.TO, 0, 64)]]) {
      expect(refusal(() => targetData(lab.device, [...before, pointer]))).toBe("ERR_OFFLOAD_NOT_MAPPED");
      expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
      const region = targetData(lab.device, [...before, address]);
      expect(region.addresses.at(-1)).toBe(host.base);
      region.end();
    }
  });

  test("of the end of what is mapped: the address behind it", () => {
    const lab = new Lab();
    const host = new Host(128);
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 64)]);
    const region = targetData(lab.device, [host.item(MAP.USE_DEVICE_PTR, 64, 0)]);
    expect(region.addresses).toEqual([lab.onDevice(host.base) + 64]);
    region.end();
  });
});

describe("update", () => {
  function mapped(): { readonly lab: Lab; readonly host: Host; readonly device: Uint8Array } {
    const lab = new Lab();
    const host = new Host(128);
    targetEnterData(lab.device, [host.item(MAP.TO, 32, 64)]);
    lab.copied();
    return { lab, host, device: lab.plugin.at(lab.onDevice(host.base + 32), 64) };
  }
  const update = (lab: Lab, ...items: Parameters<typeof targetUpdate>[1]) => targetUpdate(lab.device, items);

  test("copies just the section, either way", () => {
    const { lab, host, device } = mapped();
    host.bytes.fill(7);
    update(lab, map.to(host.bytes.subarray(40, 44)));
    expect([...device.subarray(7, 13)].map((byte) => byte === 7)).toEqual([false, true, true, true, true, false]);
    device.fill(9);
    update(lab, map.from(host.bytes.subarray(90, 96)));
    expect([...host.bytes].map((byte, i) => (byte === 9 ? i : -1)).filter((i) => i >= 0)).toEqual([
      90, 91, 92, 93, 94, 95,
    ]);
    expect(lab.copied().map(({ bytes }) => bytes)).toEqual([4, 6]);
  });

  test("changes no reference", () => {
    const { lab, host } = mapped();
    const before = lab.state();
    update(lab, host.item(MAP.TO, 32, 64), host.item(MAP.FROM, 32, 64));
    expect(lab.state()).toEqual(before);
  });

  test("passes over what is not mapped, and what is empty", () => {
    const { lab, host } = mapped();
    update(
      lab,
      map.to(host.bytes.subarray(0, 32)),
      map.from(host.bytes.subarray(96)),
      map.to(host.bytes.subarray(0, 0)),
    );
    expect(lab.copied()).toEqual([]);
  });

  test.each([
    [16, 32],
    [80, 32],
    [0, 128],
  ])("of [%i, +%i), of which only a part is mapped, is refused", (offset, size) => {
    const { lab, host } = mapped();
    expect(refusal(() => update(lab, host.item(MAP.TO, offset, size)))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(lab.copied()).toEqual([]);
  });

  test("with present: copies, and is refused where the memory is not", () => {
    const { lab, host, device } = mapped();
    host.bytes.fill(7);
    update(lab, map.to(host.bytes.subarray(32, 96), { present: true }));
    expect([...device]).toEqual(Array(64).fill(7));
    device.fill(9);
    update(lab, map.from(host.bytes.subarray(32, 96), { present: true }));
    expect(host.bytes[95]).toBe(9);
    for (const clause of [map.to, map.from]) {
      const absent = clause(host.bytes.subarray(0, 16), { present: true });
      expect(refusal(() => update(lab, absent))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    }
  });

  test("needs a buffer on the host's side: the item's own, or the one that was mapped", () => {
    const { lab, host, device } = mapped();
    host.bytes.fill(7);
    update(lab, { ...host.item(MAP.TO, 32, 8), owner: null });
    expect(device[0]).toBe(7);
    const place = { block: null, address: lab.plugin.alloc(0, 16) };
    lab.device.table.add(new MappedRange(host.base, host.base + 16, null, place, Number.POSITIVE_INFINITY));
    expect(refusal(() => update(lab, { ...host.item(MAP.TO, 0, 8), owner: null }))).toBe("ERR_OFFLOAD_HOST_MEMORY");
  });
});
