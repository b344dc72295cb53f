/**
 * OpenACC's memory routines on a device of buffers, and on one that shares the host's memory.
 *
 * Where this is not what libgomp does, on purpose:
 * - malloc throws where there is no memory left, and C answers null;
 * - hostptr is right for every variable of a block, where libgomp adds the variable's offset in place of subtracting it;
 * - mapData refuses device memory of which any byte is mapped, libgomp only where all of it lies in one mapped block; unmapData knows what
 *   mapData has mapped from what was mapped otherwise for ever;
 * - updates do not reach beyond what is mapped, and copy no attached pointers.
 */
import { beforeEach, describe, expect, test } from "vitest";
import { clause, OpenAcc, update } from "../../lib/openacc/index.js";
import { HostPlugin, type TargetFunction } from "../../lib/plugin/index.js";
import { MAP, map, OmpMemory, TargetDevice, targetEnterData, targetExitData } from "../../lib/target/index.js";
import { AccLab, Host, refusal, refused } from "./fixture.js";

let lab: AccLab;
let host: Host;
beforeEach(() => {
  lab = new AccLab();
  host = new Host(512);
});
const part = (offset: number, bytes: number): Uint8Array => host.bytes.subarray(offset, offset + bytes);

describe("device memory", () => {
  test("malloc, copies in both directions, free", () => {
    const { memory } = lab.acc;
    const there = memory.malloc(64);
    memory.memcpyToDevice(there, part(0, 64));
    const back = new Uint8Array(64);
    memory.memcpyFromDevice(back, there);
    expect(back).toEqual(part(0, 64));
    memory.memcpyFromDevice(back.subarray(0, 4), there + 60);
    expect(back.subarray(0, 4)).toEqual(part(60, 4));
    memory.free(there);
    expect(lab.plugin.live).toBe(0);
  });

  test("is copied on the device, at once and in a queue", async () => {
    const { memory } = lab.acc;
    const [from, to] = [memory.malloc(64), memory.malloc(64)];
    memory.memcpyToDevice(from, part(0, 64));
    memory.memcpyDevice(to + 8, from, 8);
    expect([...lab.plugin.at(to + 8, 8)]).toEqual([...part(0, 8)]);
    const later = memory.memcpyDeviceAsync(to, from + 32, 8, 1);
    expect([...lab.plugin.at(to, 8)]).not.toEqual([...part(32, 8)]);
    await lab.queue().run();
    await later;
    expect([...lab.plugin.at(to, 8)]).toEqual([...part(32, 8)]);
    memory.memcpyDevice(to, from, 0);
    for (const bytes of [-1, 0.5]) expect(refusal(() => memory.memcpyDevice(to, from, bytes))).toBe("ERR_OUT_OF_RANGE");
    expect(await refused(() => memory.memcpyDeviceAsync(to, from, -1, 1))).toBe("ERR_OUT_OF_RANGE");
    expect(lab.queue().pending).toEqual([]);
  });

  test("is freed only where malloc gave it, and once", async () => {
    const { memory } = lab.acc;
    const own = memory.malloc(64);
    const mapped = memory.copyin(part(0, 64));
    void memory.updateSelfAsync(part(0, 64), 1);
    memory.delete(part(0, 64));
    // It is no longer mapped, and its queue still needs it.
    for (const address of [mapped, own + 8, 4096, own - 64]) {
      expect(refusal(() => memory.free(address))).toBe("ERR_OFFLOAD_ADDRESS");
    }
    expect([-1, 0.5].map((address) => refusal(() => memory.free(address)))).toEqual(Array(2).fill("ERR_OUT_OF_RANGE"));
    await lab.queue().run();
    memory.mapData(part(0, 8), own + 56);
    expect(refusal(() => memory.free(own))).toBe("ERR_OFFLOAD_ADDRESS");
    memory.unmapData(part(0, 8));
    memory.free(own);
    expect(refusal(() => memory.free(own))).toBe("ERR_OFFLOAD_ADDRESS");
    expect(lab.plugin.live).toBe(0);
  });

  test("of no bytes is null, and null is freed without effect", () => {
    expect([lab.acc.memory.malloc(0), lab.plugin.live]).toEqual([0, 0]);
    lab.acc.memory.free(0);
  });

  test("that is not to be had", () => {
    const { memory } = new AccLab({ bytes: 100 }).acc;
    expect(refusal(() => memory.malloc(101))).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
  });

  test("is not freed while something is mapped there", () => {
    const { memory } = lab.acc;
    const own = memory.malloc(64);
    memory.mapData(part(0, 32), own + 32);
    expect(refusal(() => memory.free(own + 32))).toBe("ERR_OFFLOAD_ADDRESS");
    const mapped = memory.copyin(part(64, 64));
    expect(refusal(() => memory.free(mapped))).toBe("ERR_OFFLOAD_ADDRESS");
    memory.unmapData(part(0, 32));
    memory.free(own);
    memory.delete(part(64, 64));
    expect(lab.plugin.live).toBe(0);
  });
});

describe("memory that is none of the host's", () => {
  const mistakes: readonly (readonly [string, () => Uint8Array])[] = [
    ["a number", () => 64 as never],
    ["an array", () => [1, 2] as never],
    ["null", () => null as never],
    ["a detached array", detached],
    ["one of a resizable buffer", resizable],
  ];
  function detached(): Uint8Array {
    const array = new Uint8Array(8);
    // It is no other when its address is known already.
    clause.copyin(array);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    return array;
  }
  function resizable(): Uint8Array {
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
    return new Uint8Array(new Resizable(8, { maxByteLength: 16 }));
  }

  test.each(mistakes)("is refused by each routine and each clause: %s", async (_what, make) => {
    const { memory } = lab.acc;
    const there = memory.malloc(64);
    const before = lab.state();
    const wrong = make();
    const calls = [
      "copyin",
      "create",
      "copyout",
      "copyoutFinalize",
      "delete",
      "deleteFinalize",
      "updateDevice",
      "updateSelf",
      "attach",
      "detach",
      "detachFinalize",
    ] as const;
    for (const call of calls) {
      expect([call, refusal(() => memory[call](wrong))]).toEqual([call, "ERR_OFFLOAD_HOST_MEMORY"]);
      expect([call, await refused(() => memory[`${call}Async`](wrong, 1))]).toEqual([call, "ERR_OFFLOAD_HOST_MEMORY"]);
    }
    expect(refusal(() => memory.memcpyToDevice(there, wrong))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    expect(await refused(() => memory.memcpyToDeviceAsync(there, wrong, 1))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    expect(refusal(() => memory.memcpyFromDevice(wrong, there))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    expect(await refused(() => memory.memcpyFromDeviceAsync(wrong, there, 1))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    expect(refusal(() => memory.mapData(wrong, there))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    expect(refusal(() => memory.unmapData(wrong))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    for (const make of Object.values(clause)) {
      if (make === clause.deviceptr) continue;
      const made = refusal(() => (make as (memory: Uint8Array) => unknown)(wrong));
      // A number has no size as a private copy.
      expect(["ERR_OFFLOAD_HOST_MEMORY", "ERR_OFFLOAD_MAP_KIND"]).toContain(made);
    }
    expect([lab.state(), lab.copied()]).toEqual([before, []]);
  });

  test("is refused as a pointer where it has other than eight bytes", () => {
    lab.acc.memory.copyin(part(64, 64));
    host.setPointer(72, host.base + 64);
    for (const bytes of [0, 4, 16]) {
      expect(refusal(() => lab.acc.memory.attach(part(72, bytes)))).toBe("ERR_OFFLOAD_ATTACH");
      expect(refusal(() => clause.attach(part(72, bytes)))).toBe("ERR_OFFLOAD_ATTACH");
      expect(refusal(() => clause.detach(part(72, bytes)))).toBe("ERR_OFFLOAD_ATTACH");
    }
    expect(refusal(() => clause.attach(part(72, 8), 0.5))).toBe("ERR_OUT_OF_RANGE");
    expect(lab.attached(host.base + 72)).toBe(0);
  });

  test("addresses are whole numbers, and not negative", () => {
    const { memory } = lab.acc;
    for (const address of [-1, 0.5, Number.NaN, 2 ** 60]) {
      const calls = [
        () => clause.deviceptr(address),
        () => map.isDevicePtr(address),
        () => memory.memcpyToDevice(address, part(0, 8)),
        () => memory.memcpyFromDevice(part(0, 8), address),
        () => memory.memcpyDevice(address, address, 8),
        () => memory.malloc(address),
      ];
      for (const call of calls) expect(refusal(call)).toBe("ERR_OUT_OF_RANGE");
    }
    expect(refusal(() => clause.deviceptr("4096" as never))).toBe("ERR_INVALID_ARG_TYPE");
  });

  test("is nothing to copy where it is empty", () => {
    const there = lab.acc.memory.malloc(8);
    lab.acc.memory.memcpyToDevice(there, part(0, 0));
    lab.acc.memory.memcpyFromDevice(new Uint8Array(0), there);
    expect(lab.copied()).toEqual([]);
  });
});

describe("copyin and create", () => {
  test("answer where the memory is on the device, now and when it is there", () => {
    const { memory } = lab.acc;
    const there = memory.copyin(part(0, 64));
    expect([...lab.plugin.at(there, 64)]).toEqual([...part(0, 64)]);
    lab.copied();
    expect(memory.copyin(part(8, 8))).toBe(there + 8);
    expect(memory.create(part(0, 64))).toBe(there);
    expect([lab.copied(), lab.counts(host.base)]).toEqual([[], [3, 3]]);
  });

  test("copyout and delete take one reference, their finalizing forms all", () => {
    const { memory } = lab.acc;
    for (let i = 0; i < 3; i++) memory.create(part(0, 64));
    lab.there(host.base, 64).fill(9);
    memory.copyout(part(0, 64));
    memory.delete(part(0, 64));
    expect([lab.counts(host.base), host.bytes[0]]).toEqual([[1, 1], 101]);
    memory.copyin(part(0, 64));
    memory.copyoutFinalize(part(0, 64));
    expect([lab.counts(host.base), host.bytes[0]]).toEqual([null, 9]);
    memory.copyin(part(0, 64));
    memory.copyin(part(0, 64));
    memory.deleteFinalize(part(0, 64));
    expect([lab.counts(host.base), lab.plugin.live]).toEqual([null, 0]);
  });

  test("what is not there is passed over", () => {
    const { memory } = lab.acc;
    for (const call of ["copyout", "copyoutFinalize", "delete", "deleteFinalize"] as const) memory[call](part(0, 64));
    expect(lab.copied()).toEqual([]);
  });

  test("of no bytes, and of more than is mapped, are refused", () => {
    const { memory } = lab.acc;
    memory.copyin(part(16, 16));
    const before = lab.state();
    expect(refusal(() => memory.copyin(part(0, 0)))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    expect(refusal(() => memory.create(new Uint8Array(0)))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    expect(refusal(() => memory.copyin(part(24, 16)))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(refusal(() => memory.create(part(8, 16)))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(refusal(() => memory.copyout(part(24, 16)))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(refusal(() => memory.delete(part(8, 64)))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(lab.state()).toEqual(before);
  });
});

describe("what is where", () => {
  test("deviceptr, hostptr and isPresent", () => {
    const { memory } = lab.acc;
    const region = lab.acc.data([clause.copyin(part(0, 64)), clause.create(part(128, 64))]);
    const [first = 0, second = 0] = region.addresses;
    expect(memory.deviceptr(part(8, 1))).toBe(first + 8);
    expect([memory.hostptr(first + 8), memory.hostptr(second + 63)]).toEqual([host.base + 8, host.base + 191]);
    expect([memory.deviceptr(part(64, 8)), memory.hostptr(1), memory.hostptr(second + 64)]).toEqual([null, null, null]);
    const present = ([offset, bytes]: readonly [number, number]) => memory.isPresent(part(offset, bytes));
    expect(
      (
        [
          [0, 64],
          [8, 8],
          [128, 64],
        ] as const
      ).map(present),
    ).toEqual([true, true, true]);
    expect(
      (
        [
          [0, 65],
          [64, 8],
          [120, 16],
          [0, 0],
          [0, 192],
        ] as const
      ).map(present),
    ).toEqual(Array(5).fill(false));
    region.end();
    expect(present([0, 64])).toBe(false);
  });
});

describe("mapData", () => {
  test("maps to memory of the program's own, without copies, references or an end", async () => {
    const { acc } = lab;
    const own = acc.memory.malloc(64);
    acc.memory.mapData(part(0, 64), own);
    expect([lab.copied(), lab.onDevice(host.base), lab.counts(host.base)]).toEqual([[], own, [Infinity, 0]]);
    const region = acc.data([clause.copy(part(0, 64))]);
    region.end();
    await acc.enterData([clause.copyin(part(0, 64))]);
    await acc.exitData([clause.copyout(part(0, 64))], { finalize: true });
    expect([lab.copied(), lab.counts(host.base)]).toEqual([[], [Infinity, 0]]);
    acc.memory.updateDevice(part(0, 64));
    expect([...lab.plugin.at(own, 64)]).toEqual([...part(0, 64)]);
    acc.memory.unmapData(part(0, 64));
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 1]);
    acc.memory.free(own);
  });

  test("is refused where one of the two is mapped, for no bytes, and for null", () => {
    const { memory } = lab.acc;
    const [own, other] = [memory.malloc(64), memory.malloc(64)];
    memory.mapData(part(0, 64), own);
    const before = lab.state();
    expect(refusal(() => memory.mapData(part(32, 64), other))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(refusal(() => memory.mapData(part(128, 64), own))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(refusal(() => memory.mapData(part(128, 8), own + 56))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(refusal(() => memory.mapData(part(128, 0), other))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    expect(refusal(() => memory.mapData(part(128, 64), 0))).toBe("ERR_OFFLOAD_ADDRESS");
    expect(refusal(() => memory.mapData(part(128, 65), other))).toBe("ERR_OFFLOAD_ADDRESS");
    expect(refusal(() => memory.mapData(part(128, 8), other + 57))).toBe("ERR_OFFLOAD_ADDRESS");
    expect(refusal(() => memory.mapData(part(128, 8), 0.5))).toBe("ERR_OUT_OF_RANGE");
    expect(lab.state()).toEqual(before);
  });

  test("only what it has mapped is unmapped, and only as a whole", () => {
    const { memory } = lab.acc;
    memory.mapData(part(0, 64), memory.malloc(64));
    memory.copyin(part(128, 64));
    new OmpMemory([lab.device]).associate(part(256, 64), memory.malloc(64), 0);
    const before = lab.state();
    expect(refusal(() => memory.unmapData(part(64, 8)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect(refusal(() => memory.unmapData(part(8, 8)))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(refusal(() => memory.unmapData(part(128, 64)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect(refusal(() => memory.unmapData(part(256, 64)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect(lab.state()).toEqual(before);
    memory.unmapData(part(0, 8));
    expect(refusal(() => memory.unmapData(part(0, 64)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
  });
});

describe("update", () => {
  test("copies a section, either way, and changes no reference", async () => {
    const { acc } = lab;
    acc.memory.copyin(part(0, 64));
    lab.copied();
    part(8, 4).fill(7);
    await acc.update([clause.device(part(8, 4))]);
    expect([...lab.there(host.base + 7, 6)].map((byte) => byte === 7)).toEqual([false, true, true, true, true, false]);
    lab.there(host.base, 64).fill(9);
    await acc.update([clause.self(part(60, 4))]);
    expect([...part(59, 6)].map((byte) => byte === 9)).toEqual([false, true, true, true, true, false]);
    acc.memory.updateSelf(part(0, 1));
    expect(host.bytes[0]).toBe(9);
    expect([lab.copied().length, lab.counts(host.base)]).toEqual([3, [1, 1]]);
  });

  test("of what is not there is refused, without any of its copies; with ifPresent it is passed over", async () => {
    const { acc } = lab;
    acc.memory.copyin(part(0, 64));
    lab.copied();
    const list = [clause.device(part(0, 64)), clause.self(part(128, 64))];
    expect(await refused(() => acc.update(list))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect(lab.copied()).toEqual([]);
    await acc.update([...list, clause.device(part(32, 64))], { ifPresent: true });
    expect(lab.copied().map(({ bytes }) => bytes)).toEqual([64]);
    expect(refusal(() => acc.memory.updateDevice(part(128, 8)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect(refusal(() => acc.memory.updateSelf(part(32, 64)))).toBe("ERR_OFFLOAD_OVERLAP");
    update(lab.device, [{ kind: MAP.FORCE_TO, address: 0, size: 8, owner: null }]);
    expect(refusal(() => update(lab.device, [host.item(MAP.ALLOC, 0, 8)]))).toBe("ERR_OFFLOAD_MAP_KIND");
  });

  test("leaves attached pointers as they are on both sides", () => {
    const { memory } = lab.acc;
    memory.copyin(part(0, 64));
    host.setPointer(72, host.base);
    memory.copyin(part(64, 24));
    memory.attach(part(72, 8));
    part(64, 8).fill(7);
    memory.updateDevice(part(64, 24));
    expect(lab.plugin.pointerAt(lab.onDevice(host.base + 72))).toBe(lab.onDevice(host.base));
    expect(lab.there(host.base + 64, 1)[0]).toBe(7);
    lab.there(host.base + 80, 8).fill(9);
    memory.updateSelf(part(64, 24));
    expect([host.pointer(72), host.bytes[80]]).toEqual([host.base, 9]);
  });

  test("sets the pointer behind what it has copied to the device, and only then", () => {
    const { memory } = lab.acc;
    memory.copyin(part(0, 64));
    memory.create(part(128, 8));
    const pointed = () => lab.plugin.pointerAt(lab.onDevice(host.base + 128));
    const before = pointed();
    const pointer = host.item(MAP.ALWAYS_POINTER, 128, 0);
    update(lab.device, [host.item(MAP.FROM, 0, 8), pointer, host.item(MAP.TO, 256, 8), pointer]);
    expect(pointed()).toBe(before);
    update(lab.device, [host.item(MAP.FORCE_TO, 8, 8), pointer]);
    expect(pointed()).toBe(lab.onDevice(host.base + 8));
    const lost = host.item(MAP.ALWAYS_POINTER, 256, 0);
    expect(refusal(() => update(lab.device, [host.item(MAP.TO, 0, 8), lost]))).toBe("ERR_OFFLOAD_NOT_MAPPED");
  });
});

describe("attach and detach", () => {
  const pointed = (): number => lab.plugin.pointerAt(lab.onDevice(host.base + 72));
  beforeEach(() => {
    host.setPointer(72, host.base + 16);
    lab.acc.memory.copyin(part(64, 24));
  });

  test("count each pointer for itself, and touch no reference", () => {
    const { memory } = lab.acc;
    memory.copyin(part(0, 64));
    memory.attach(part(72, 8));
    memory.attach(part(72, 8));
    expect([pointed(), lab.attached(host.base + 72)]).toEqual([lab.onDevice(host.base + 16), 2]);
    expect([lab.counts(host.base), lab.counts(host.base + 72)]).toEqual([
      [1, 1],
      [1, 1],
    ]);
    memory.detach(part(72, 8));
    expect([pointed(), lab.attached(host.base + 72)]).toEqual([lab.onDevice(host.base + 16), 1]);
    memory.detach(part(72, 8));
    expect([pointed(), lab.attached(host.base + 72)]).toEqual([host.base + 16, 0]);
    memory.attach(part(72, 8));
    memory.attach(part(72, 8));
    memory.detachFinalize(part(72, 8));
    expect([pointed(), lab.attached(host.base + 72)]).toEqual([host.base + 16, 0]);
  });

  test("by clauses of enter and exit data", async () => {
    const { acc } = lab;
    await acc.enterData([clause.copyin(part(0, 64)), clause.attach(part(72, 8)), clause.attach(part(72, 8))]);
    expect(lab.attached(host.base + 72)).toBe(2);
    await acc.exitData([clause.detach(part(72, 8))]);
    expect(lab.attached(host.base + 72)).toBe(1);
    await acc.enterData([clause.attach(part(72, 8))]);
    await acc.exitData([clause.detach(part(72, 8))], { finalize: true });
    expect([lab.attached(host.base + 72), pointed()]).toEqual([0, host.base + 16]);
  });

  test("are refused where there is nothing to attach, to, or to detach", () => {
    const { memory } = lab.acc;
    host.setPointer(80, 0);
    const before = lab.state();
    expect(refusal(() => memory.attach(part(256, 8)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect(refusal(() => memory.attach(part(72, 8)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect(refusal(() => memory.attach(part(80, 8)))).toBe("ERR_OFFLOAD_ATTACH");
    expect(refusal(() => memory.detach(part(256, 8)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    for (const call of ["detach", "detachFinalize"] as const) {
      expect(refusal(() => memory[call](part(72, 8)))).toBe("ERR_OFFLOAD_ATTACH");
    }
    expect(lab.state()).toEqual(before);
    memory.copyin(part(0, 64));
    memory.attach(part(72, 8));
    expect(refusal(() => memory.detach(part(80, 8)))).toBe("ERR_OFFLOAD_ATTACH");
    expect(lab.attached(host.base + 72)).toBe(1);
  });
});

describe("host_data", () => {
  test("has the device's addresses; what is not there is refused, or is the host's own", () => {
    const { acc } = lab;
    acc.memory.copyin(part(0, 64));
    {
      using there = acc.hostData([clause.useDevice(part(8, 8))]);
      expect(there.addresses).toEqual([lab.onDevice(host.base + 8)]);
    }
    expect(refusal(() => acc.hostData([clause.useDevice(part(128, 8))]))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    using own = acc.hostData([clause.useDevice(part(128, 8))], { ifPresent: true });
    expect([own.addresses, lab.counts(host.base)]).toEqual([[host.base + 128], [1, 1]]);
  });
});

test("OpenMP's references and OpenACC's are of one table", () => {
  const item = host.item(MAP.TO, 0, 64);
  targetEnterData(lab.device, [item]);
  lab.acc.memory.copyin(part(0, 64));
  expect(lab.counts(host.base)).toEqual([2, 1]);
  lab.acc.memory.deleteFinalize(part(0, 64));
  expect(lab.counts(host.base)).toEqual([1, 0]);
  lab.acc.memory.copyin(part(0, 64));
  targetExitData(lab.device, [host.item(MAP.RELEASE, 0, 64)]);
  expect(lab.counts(host.base)).toEqual([1, 1]);
  lab.acc.memory.delete(part(0, 64));
  expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
});

describe("a device that shares the host's memory", () => {
  const plugin = new HostPlugin();
  const acc = new OpenAcc(new TargetDevice(plugin, 0));

  test("has everything present at its own address", async () => {
    const { memory } = acc;
    expect([memory.copyin(part(0, 64)), memory.create(part(8, 8))]).toEqual([host.base, host.base + 8]);
    expect([memory.deviceptr(part(8, 8)), memory.hostptr(host.base), memory.isPresent(part(0, 8))]).toEqual([
      host.base + 8,
      host.base,
      true,
    ]);
    memory.updateDevice(part(0, 8));
    memory.attach(part(0, 8));
    memory.detach(part(0, 8));
    memory.copyout(part(0, 64));
    memory.mapData(part(0, 8), host.base);
    memory.unmapData(part(0, 8));
    expect(refusal(() => memory.mapData(part(0, 8), 4096))).toBe("ERR_OFFLOAD_ADDRESS");
    await acc.enterData([clause.copyin(part(0, 8))], { async: 1 });
    await acc.update([clause.self(part(0, 8))]);
    await acc.exitData([clause.copyout(part(0, 8))], { async: 1, wait: 1 });
    expect(acc.device.table.size).toBe(0);
  });

  test("allocates of the host's, and copies there", () => {
    const { memory } = acc;
    const there = memory.malloc(64);
    memory.memcpyToDevice(there + 8, part(0, 8));
    const back = new Uint8Array(8);
    memory.memcpyFromDevice(back, there + 8);
    expect(back).toEqual(part(0, 8));
    expect(refusal(() => memory.memcpyToDevice(there + 60, part(0, 8)))).toBe("ERR_OFFLOAD_ADDRESS");
    memory.free(there);
    expect(refusal(() => memory.free(there))).toBe("ERR_OFFLOAD_ADDRESS");
    expect(refusal(() => memory.memcpyFromDevice(back, there))).toBe("ERR_OFFLOAD_ADDRESS");
  });

  test("copies in a queue's order", async () => {
    const [image, seen] = [new HostPlugin(), new Uint8Array(8)];
    const local = new OpenAcc(new TargetDevice(image, 0));
    const own = local.memory.malloc(8);
    const buffer = local.memory.hostBuffer(own) as ArrayBuffer;
    const addresses: unknown[] = [];
    const fill = ([address]: readonly unknown[]): void => {
      addresses.push(address);
      new Uint8Array(buffer).fill(9);
    };
    const [fn] = image.loadImage(0, { fill }).functions as [TargetFunction];
    const source = part(0, 8).slice();
    void local.memory.memcpyToDeviceAsync(own, source, 1);
    source.fill(3);
    void local.memory.memcpyFromDeviceAsync(part(16, 8), own, 1);
    void local.parallel(fn, [clause.deviceptr(own)], { async: 1 });
    const done = local.memory.memcpyFromDeviceAsync(seen, own, 1);
    expect([seen[0], new Uint8Array(buffer)[0]]).toEqual([0, 0]);
    await done;
    expect([seen[0], host.bytes[16], addresses]).toEqual([9, 3, [own]]);
    const other = local.memory.malloc(8);
    local.memory.memcpyDevice(other, own, 8);
    local.memory.memcpyFromDevice(seen, other);
    expect(await refused(() => local.memory.memcpyToDeviceAsync(1, source, 1))).toBe("ERR_OFFLOAD_ADDRESS");
    expect(refusal(() => local.memory.memcpyDevice(other, 1, 8))).toBe("ERR_OFFLOAD_ADDRESS");
    expect(refusal(() => local.memory.malloc(2 ** 52))).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
    await local[Symbol.asyncDispose]();
  });

  test("runs regions with the host's variables, and those of a queue in its order", async () => {
    const x = new Float64Array([1, 2]);
    const image = plugin.loadImage(0, {
      twice: ([array]: readonly unknown[]) => {
        for (const [i, value] of (array as Float64Array).entries()) (array as Float64Array)[i] = 2 * value;
      },
    });
    const [fn] = image.functions;
    if (fn === undefined) throw new Error("there is no function");
    acc.parallelSync(fn, [clause.copy(x)]);
    const later = acc.parallel(fn, [clause.copy(x)], { async: 3 });
    expect([...x]).toEqual([2, 4]);
    await later;
    expect([...x]).toEqual([4, 8]);
  });
});
