/**
 * Structured and dynamic references (OpenACC 3.0, 2.6.7), on a device of buffers.
 *
 * Where this is not what libgomp does, on purpose:
 * - members of a struct that are entered again count one by one: libgomp gives one of them as many references as there are members, and
 *   lets the others go too early;
 * - of pointers and descriptors that are there already each counts, with whatever it was mapped; libgomp counts those that its list of the
 *   first construct has beside them, and ends the process where there is no such list (memory of acc_map_data, declared variables);
 * - a range that reaches out of what is mapped is refused on both sides, libgomp looks at its end only;
 * - what is copied out leaves attached pointers of the host alone.
 */
import { beforeEach, describe, expect, test } from "vitest";
import { clause, enterData, exitData } from "../../lib/openacc/index.js";
import { MAP } from "../../lib/target/index.js";
import { AccLab, Host, refusal, refused } from "./fixture.js";

let lab: AccLab;
let host: Host;
beforeEach(() => {
  lab = new AccLab();
  host = new Host(512);
});
const all = (): Uint8Array => host.bytes.subarray(0, 64);

describe("enter data and exit data", () => {
  test("each enter is one dynamic reference, each exit takes one, and the last copies back", async () => {
    const { acc } = lab;
    await acc.enterData([clause.copyin(all())]);
    expect(lab.counts(host.base)).toEqual([1, 1]);
    expect([...lab.there(host.base, 64)]).toEqual([...all()]);
    await acc.enterData([clause.create(all())]);
    expect(lab.counts(host.base)).toEqual([2, 2]);
    lab.there(host.base, 64).fill(9);
    await acc.exitData([clause.copyout(all())]);
    expect([lab.counts(host.base), host.bytes[0]]).toEqual([[1, 1], 101]);
    await acc.exitData([clause.copyout(all())]);
    expect([lab.counts(host.base), lab.plugin.live, host.bytes[63]]).toEqual([null, 0, 9]);
  });

  test("an item that is named twice counts twice", async () => {
    await lab.acc.enterData([clause.copyin(all()), clause.create(host.bytes.subarray(8, 16))]);
    expect(lab.counts(host.base)).toEqual([2, 2]);
    await lab.acc.exitData([clause.delete(all()), clause.delete(all())]);
    expect(lab.counts(host.base)).toBe(null);
  });

  test("only as much is copied back as is said", async () => {
    await lab.acc.enterData([clause.copyin(all())]);
    lab.there(host.base, 64).fill(9);
    await lab.acc.exitData([clause.copyout(host.bytes.subarray(16, 24))]);
    expect([...host.bytes.subarray(0, 64)].map((byte, i) => (byte === 9 ? i : -1)).filter((i) => i >= 0)).toEqual([
      16, 17, 18, 19, 20, 21, 22, 23,
    ]);
  });

  test("delete copies nothing", async () => {
    await lab.acc.enterData([clause.copyin(all())]);
    lab.copied();
    await lab.acc.exitData([clause.delete(all())]);
    expect([lab.copied(), lab.device.table.size]).toEqual([[], 0]);
  });

  test("finalize takes all dynamic references, and no structured ones", async () => {
    const { acc } = lab;
    for (let i = 0; i < 3; i++) await acc.enterData([clause.copyin(all())]);
    await acc.exitData([clause.delete(all())], { finalize: true });
    expect([lab.counts(host.base), lab.plugin.live]).toEqual([null, 0]);
    const region = acc.data([clause.copy(all())]);
    for (let i = 0; i < 3; i++) await acc.enterData([clause.copyin(all())]);
    expect(lab.counts(host.base)).toEqual([4, 3]);
    lab.there(host.base, 64).fill(9);
    await acc.exitData([clause.copyout(all())], { finalize: true });
    expect([lab.counts(host.base), host.bytes[0]]).toEqual([[1, 0], 101]);
    region.end();
    expect([lab.counts(host.base), host.bytes[0]]).toEqual([null, 9]);
  });

  test("an exit without a dynamic reference takes nothing from a data region", async () => {
    const region = lab.acc.data([clause.create(all())]);
    await lab.acc.exitData([clause.delete(all())]);
    await lab.acc.exitData([clause.delete(all())], { finalize: true });
    expect(lab.counts(host.base)).toEqual([1, 0]);
    region.end();
    expect(lab.counts(host.base)).toBe(null);
  });

  test("a dynamic reference outlives the data region that mapped the memory, and the other way round", async () => {
    const { acc } = lab;
    const region = acc.data([clause.copy(all())]);
    await acc.enterData([clause.copyin(all())]);
    lab.there(host.base, 64).fill(9);
    region.end();
    // Nobody copies back what somebody still holds.
    expect([lab.counts(host.base), host.bytes[0]]).toEqual([[1, 1], 101]);
    const second = acc.data([clause.copy(all())]);
    await acc.exitData([clause.copyout(all())]);
    expect([lab.counts(host.base), host.bytes[0]]).toEqual([[1, 0], 101]);
    second.end();
    expect([lab.counts(host.base), host.bytes[0]]).toEqual([null, 9]);
  });

  test("a data region counts every item of its list", () => {
    const region = lab.acc.data([clause.copy(all()), clause.present(host.bytes.subarray(0, 8)), clause.create(all())]);
    expect(lab.counts(host.base)).toEqual([3, 0]);
    region.end();
    expect(lab.counts(host.base)).toBe(null);
  });

  test("what is not there is passed over, and null", async () => {
    await lab.acc.exitData([clause.copyout(all()), clause.delete(all())]);
    await lab.acc.enterData([{ kind: MAP.TO, address: 0, size: 8, owner: null }]);
    expect([lab.copied(), lab.device.table.size]).toEqual([[], 0]);
  });

  test("each item of an enter has a block of its own, which goes with it", async () => {
    const [first, second] = [host.bytes.subarray(0, 16), host.bytes.subarray(32, 48)];
    await lab.acc.enterData([clause.copyin(first), clause.copyin(second)]);
    expect(lab.plugin.live).toBe(2);
    await lab.acc.exitData([clause.delete(first)]);
    expect([lab.plugin.live, lab.counts(host.base + 32)]).toEqual([1, [1, 1]]);
  });
});

describe("structs", () => {
  /** As compiled code enters and leaves two members. */
  const members = () => [host.item(MAP.STRUCT, 0, 2), host.item(MAP.TO, 0, 8), host.item(MAP.ALLOC, 16, 8)];
  const leave = (kind: number) => [host.item(kind, 0, 8), host.item(kind, 16, 8)];

  test("are mapped as one, and their members counted one by one", () => {
    enterData(lab.device, members());
    expect(lab.plugin.live).toBe(1);
    expect(lab.onDevice(host.base + 16) - lab.onDevice(host.base)).toBe(16);
    enterData(lab.device, members());
    expect([lab.counts(host.base), lab.counts(host.base + 16)]).toEqual([
      [2, 2],
      [2, 2],
    ]);
    exitData(lab.device, leave(MAP.RELEASE));
    expect([lab.counts(host.base), lab.counts(host.base + 16)]).toEqual([
      [1, 1],
      [1, 1],
    ]);
    exitData(lab.device, [host.item(MAP.DELETE, 0, 8)]);
    expect([lab.counts(host.base), lab.counts(host.base + 16)]).toEqual([null, [1, 1]]);
    exitData(lab.device, leave(MAP.FROM));
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });

  test("of which all is there count where it lies", () => {
    enterData(lab.device, [host.item(MAP.TO, 0, 24)]);
    enterData(lab.device, members());
    expect(lab.counts(host.base)).toEqual([3, 3]);
    exitData(lab.device, leave(MAP.RELEASE));
    expect(lab.counts(host.base)).toEqual([1, 1]);
  });

  test("of which only a part is there, or not together, are refused", () => {
    enterData(lab.device, [host.item(MAP.TO, 0, 8)]);
    const before = lab.state();
    expect(refusal(() => enterData(lab.device, members()))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(lab.state()).toEqual(before);
    enterData(lab.device, [host.item(MAP.TO, 16, 8)]);
    const apart = lab.state();
    expect(refusal(() => enterData(lab.device, members()))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(refusal(() => enterData(lab.device, members().slice(0, 2)))).toBe("ERR_OFFLOAD_MAP_KIND");
    expect(lab.state()).toEqual(apart);
  });
});

describe("descriptors and pointers behind data", () => {
  test("a descriptor counts for itself and for each of its pointers, and exit data takes them back", () => {
    host.setPointer(128, host.base);
    const list = [host.item(MAP.TO, 0, 64), host.item(MAP.TO_PSET, 128, 32), host.item(MAP.POINTER, 128, 0)];
    enterData(lab.device, list);
    expect([lab.counts(host.base), lab.counts(host.base + 128)]).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(lab.plugin.pointerAt(lab.onDevice(host.base + 128))).toBe(lab.onDevice(host.base));
    enterData(lab.device, list);
    expect([lab.counts(host.base), lab.counts(host.base + 128)]).toEqual([
      [2, 2],
      [4, 4],
    ]);
    const exit = [host.item(MAP.RELEASE, 0, 64), host.item(MAP.TO_PSET, 128, 32), host.item(MAP.POINTER, 128, 0)];
    exitData(lab.device, exit);
    expect(lab.counts(host.base + 128)).toEqual([2, 2]);
    exitData(lab.device, exit);
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });

  test("a group of data and its attached pointer counts the data alone", () => {
    host.setPointer(128, host.base);
    enterData(lab.device, [host.item(MAP.TO, 128, 8)]);
    const list = [host.item(MAP.TO, 0, 64), host.item(MAP.ATTACH, 128, 0)];
    enterData(lab.device, list);
    enterData(lab.device, list);
    expect([lab.counts(host.base), lab.counts(host.base + 128), lab.attached(host.base + 128)]).toEqual([
      [2, 2],
      [1, 1],
      2,
    ]);
    const exit = [host.item(MAP.FROM, 0, 64), host.item(MAP.DETACH, 128, 0)];
    exitData(lab.device, exit);
    expect([lab.counts(host.base), lab.attached(host.base + 128)]).toEqual([[1, 1], 1]);
    exitData(lab.device, exit);
    expect([lab.counts(host.base), lab.attached(host.base + 128)]).toEqual([null, 0]);
    expect(lab.plugin.pointerAt(lab.onDevice(host.base + 128))).toBe(host.base);
  });

  test("a pointer by itself has nothing that it stands behind", () => {
    for (const kind of [MAP.POINTER, MAP.ALWAYS_POINTER]) {
      expect(refusal(() => enterData(lab.device, [host.item(kind, 0, 0)]))).toBe("ERR_OFFLOAD_MAP_KIND");
    }
  });

  test("memory of mapData counts dynamically, with a pointer behind it as without", () => {
    host.setPointer(128, host.base);
    lab.acc.memory.mapData(all(), lab.acc.memory.malloc(64));
    enterData(lab.device, [host.item(MAP.TO, 128, 8)]);
    enterData(lab.device, [host.item(MAP.TO, 0, 64), host.item(MAP.ATTACH, 128, 0)]);
    expect(lab.counts(host.base)).toEqual([Number.POSITIVE_INFINITY, 1]);
    exitData(lab.device, [host.item(MAP.DELETE, 0, 64)]);
    expect(lab.counts(host.base)).toEqual([Number.POSITIVE_INFINITY, 0]);
  });
});

describe("a construct that is refused changes nothing", () => {
  beforeEach(() => {
    host.setPointer(128, host.base);
    enterData(lab.device, [host.item(MAP.TO, 0, 64), host.item(MAP.TO, 128, 16), host.item(MAP.ATTACH, 128, 0)]);
  });

  test.each<[string, readonly (readonly [number, number, number])[], string]>([
    ["beyond the end of what is mapped", [[MAP.TO, 32, 64]], "ERR_OFFLOAD_OVERLAP"],
    ["before the beginning of it", [[MAP.TO, 120, 16]], "ERR_OFFLOAD_OVERLAP"],
    ["present and not there", [[MAP.FORCE_PRESENT, 256, 8]], "ERR_OFFLOAD_NOT_MAPPED"],
    ["a pointer whose struct is not there", [[MAP.ATTACH, 256, 0]], "ERR_OFFLOAD_NOT_MAPPED"],
    ["a pointer to what is not there", [[MAP.ATTACH, 136, 0]], "ERR_OFFLOAD_NOT_MAPPED"],
    ["a kind of exit data", [[MAP.RELEASE, 256, 8]], "ERR_OFFLOAD_MAP_KIND"],
    ["a kind of exit data, of what is there", [[MAP.DELETE, 0, 64]], "ERR_OFFLOAD_MAP_KIND"],
    ["copy", [[MAP.TOFROM, 256, 8]], "ERR_OFFLOAD_MAP_KIND"],
    ["copyout", [[MAP.FROM, 0, 64]], "ERR_OFFLOAD_MAP_KIND"],
    ["no_create", [[MAP.IF_PRESENT, 256, 8]], "ERR_OFFLOAD_MAP_KIND"],
    ["firstprivate", [[MAP.FIRSTPRIVATE, 256, 8]], "ERR_OFFLOAD_MAP_KIND"],
    ["use_device", [[MAP.USE_DEVICE_PTR, 0, 8]], "ERR_OFFLOAD_MAP_KIND"],
  ])("enter data: %s", async (_what, last, code) => {
    host.setPointer(136, host.base + 400);
    const before = lab.state();
    const items = [
      host.item(MAP.TO, 0, 64),
      host.item(MAP.TO, 192, 8),
      host.item(MAP.ATTACH, 128, 0),
      ...last.map(([kind, offset, size]) => host.item(kind, offset, size)),
    ];
    expect(refusal(() => enterData(lab.device, items))).toBe(code);
    expect(lab.state()).toEqual(before);
    expect(await refused(() => lab.acc.enterData(items, { async: 1 }))).toBe(code);
    expect([lab.state(), lab.queue().pending]).toEqual([before, []]);
  });

  test.each<[string, readonly (readonly [number, number, number])[], string]>([
    ["more than is mapped", [[MAP.FROM, 0, 96]], "ERR_OFFLOAD_OVERLAP"],
    ["more than is mapped, of which references would be left", [[MAP.RELEASE, 0, 96]], "ERR_OFFLOAD_OVERLAP"],
    ["a pointer that is not attached", [[MAP.DETACH, 136, 0]], "ERR_OFFLOAD_ATTACH"],
    ["a pointer that is not there", [[MAP.DETACH, 256, 0]], "ERR_OFFLOAD_NOT_MAPPED"],
    ["a kind of enter data", [[MAP.TO, 0, 64]], "ERR_OFFLOAD_MAP_KIND"],
    ["a pointer detached twice", [[MAP.DETACH, 128, 0]], "ERR_OFFLOAD_ATTACH"],
  ])("exit data: %s", async (_what, last, code) => {
    const before = lab.state();
    lab.copied();
    const items = [
      host.item(MAP.DETACH, 128, 0),
      host.item(MAP.RELEASE, 128, 16),
      ...last.map(([kind, offset, size]) => host.item(kind, offset, size)),
    ];
    expect(refusal(() => exitData(lab.device, items))).toBe(code);
    expect([lab.state(), lab.copied()]).toEqual([before, []]);
    expect(await refused(() => lab.acc.exitData(items, { async: 1 }))).toBe(code);
    expect([lab.state(), lab.queue().pending]).toEqual([before, []]);
  });

  test.each([
    ["delete", () => clause.delete(all())],
    ["delete finalize", () => host.item(MAP.DELETE, 0, 64)],
    ["detach", () => clause.detach(host.bytes.subarray(128, 136))],
    ["detach finalize", () => host.item(MAP.FORCE_DETACH, 128, 8)],
  ])("data and compute constructs: %s, which is exit data's", async (_what, item) => {
    const before = lab.state();
    const items = [clause.copyin(host.bytes.subarray(192, 200)), item()];
    expect(refusal(() => lab.acc.data(items))).toBe("ERR_OFFLOAD_MAP_KIND");
    expect(refusal(() => lab.acc.data(items, { async: 1 }))).toBe("ERR_OFFLOAD_MAP_KIND");
    expect(await refused(() => lab.acc.parallel(lab.fn(), items))).toBe("ERR_OFFLOAD_MAP_KIND");
    expect(await refused(() => lab.acc.parallel(lab.fn(), items, { async: 1 }))).toBe("ERR_OFFLOAD_MAP_KIND");
    expect([lab.state(), lab.queue().pending]).toEqual([before, []]);
  });

  test("host_data: other items than use_device", () => {
    const before = lab.state();
    for (const item of [clause.copyin(all()), clause.present(all()), clause.attach(host.bytes.subarray(128, 136))]) {
      expect(refusal(() => lab.acc.hostData([clause.useDevice(all()), item]))).toBe("ERR_OFFLOAD_MAP_KIND");
    }
    expect(lab.state()).toEqual(before);
  });

  test("exit data of more than is left when an item before it has taken its part away", () => {
    enterData(lab.device, [host.item(MAP.TO, 200, 8), host.item(MAP.TO, 208, 8)]);
    const before = lab.state();
    const items = [host.item(MAP.RELEASE, 200, 8), host.item(MAP.RELEASE, 200, 16)];
    expect(refusal(() => exitData(lab.device, items))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(lab.state()).toEqual(before);
    exitData(lab.device, [host.item(MAP.RELEASE, 200, 8), host.item(MAP.RELEASE, 200, 8)]);
    expect([lab.counts(host.base + 200), lab.counts(host.base + 208)]).toEqual([null, [1, 1]]);
  });

  test("exit data, where other constructs have taken dynamic references away", () => {
    const [range] = [...lab.device.table];
    if (range !== undefined) range.count.value = 0.5;
    expect(refusal(() => exitData(lab.device, [host.item(MAP.RELEASE, 0, 64)]))).toBe("ERR_OFFLOAD_NOT_MAPPED");
  });

  test("no memory is left on the device", () => {
    const small = new AccLab({ bytes: 100 });
    const items = [host.item(MAP.TO, 0, 64), host.item(MAP.TO, 128, 64)];
    expect(refusal(() => enterData(small.device, items))).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
    expect([small.device.table.size, small.plugin.live]).toEqual([0, 0]);
  });
});

test("what is copied out leaves the host's own pointers alone where the device's are attached", () => {
  host.setPointer(72, host.base);
  enterData(lab.device, [host.item(MAP.TO, 0, 64), host.item(MAP.TO, 64, 24), host.item(MAP.ATTACH, 72, 0)]);
  lab.there(host.base + 64, 8).fill(9);
  lab.there(host.base + 80, 8).fill(9);
  exitData(lab.device, [host.item(MAP.FROM, 64, 24)]);
  expect([host.bytes[64], host.pointer(72), host.bytes[87]]).toEqual([9, host.base, 9]);
});
