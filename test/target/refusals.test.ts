/** Constructs that are refused: the error says why, and the memory table, the counts and the device's memory are as they were. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  addressOf,
  LaunchPlan,
  MAP,
  type MapItem,
  map,
  target,
  targetData,
  targetEnterData,
  targetExitData,
  targetNowait,
} from "../../lib/target/index.js";
import { Host, integerItem, Lab, refusal } from "./fixture.js";

let lab: Lab;
let host: Host;
beforeEach(() => {
  lab = new Lab();
  host = new Host(512);
  host.setPointer(104, host.base + 16);
  host.setPointer(112, host.base + 400);
  // A struct of two members at 96; 0 to 64 by itself, twice; a pointer attached at 104.
  targetEnterData(
    lab.device,
    [host.item(MAP.TO, 0, 64), host.item(MAP.STRUCT, 96, 2), host.item(MAP.TO, 96, 16)].concat(
      host.item(MAP.TO, 112, 8),
    ),
  );
  targetEnterData(lab.device, [host.item(MAP.TO, 0, 64), host.item(MAP.ATTACH, 104, 0)]);
});

const constructs: readonly [string, (items: readonly MapItem[]) => unknown][] = [
  ["target", (items) => lab.launch(items)],
  ["target data", (items) => targetData(lab.device, items)],
  ["target enter data", (items) => targetEnterData(lab.device, items)],
];

/** What is wrong comes last: everything before it has to be taken back. */
const good = (): MapItem[] => [
  host.item(MAP.TO, 0, 64),
  host.item(MAP.TOFROM, 200, 40),
  host.item(MAP.ALWAYS_TO, 8, 8),
  host.item(MAP.STRUCT, 96, 1),
  host.item(MAP.TO, 96, 8),
  host.item(MAP.TO, 300, 8),
  host.item(MAP.ATTACH, 104, 0),
  integerItem(MAP.FIRSTPRIVATE_INT, 4),
];

const wrong: readonly [string, () => MapItem[], string][] = [
  ["a map that begins before what is mapped", () => [host.item(MAP.TO, 90, 20)], "OVERLAP"],
  ["a map that ends behind what is mapped", () => [host.item(MAP.TO, 32, 64)], "OVERLAP"],
  ["a map that holds what is mapped", () => [host.item(MAP.TO, 80, 200)], "OVERLAP"],
  ["a map that overlaps one of the same list", () => [host.item(MAP.TO, 180, 40)], "OVERLAP"],
  ["force of what is mapped", () => [host.item(MAP.FORCE_TO, 0, 64)], "OVERLAP"],
  ["present of what is not", () => [host.item(MAP.FORCE_PRESENT, 400, 8)], "NOT_MAPPED"],
  ["always present of what is not", () => [host.item(MAP.ALWAYS_PRESENT_TO, 400, 8)], "NOT_MAPPED"],
  [
    "a struct's member that was not mapped with it",
    () => [host.item(MAP.STRUCT, 96, 2), host.item(MAP.TO, 96, 8), host.item(MAP.TO, 120, 8)],
    "OVERLAP",
  ],
  ["attaching a pointer to what is not mapped", () => [host.item(MAP.ATTACH, 112, 0)], "NOT_MAPPED"],
  ["a pointer to what is not mapped", () => [host.item(MAP.POINTER, 112 + 208, 0)], "NOT_MAPPED"],
  ["a range behind its buffer's end", () => [host.item(MAP.TO, 500, 13)], "HOST_MEMORY"],
  ["a range ahead of its buffer", () => [host.item(MAP.TO, -8, 8)], "HOST_MEMORY"],
  ["a private copy of what is behind the buffer's end", () => [host.item(MAP.FIRSTPRIVATE, 508, 8)], "HOST_MEMORY"],
  ["a copy of memory without a buffer", () => [{ ...host.item(MAP.TO, 440, 8), owner: null }], "HOST_MEMORY"],
  ["an unknown kind", () => [host.item(77, 440, 8)], "MAP_KIND"],
  ["a kind of exit data", () => [host.item(MAP.RELEASE, 440, 8)], "MAP_KIND"],
  [
    "more than the device has",
    () => [{ kind: MAP.ALLOC, address: 2 ** 44, size: 2 ** 31, owner: null }],
    "OUT_OF_MEMORY",
  ],
];

describe.each(constructs)("%s", (_, construct) => {
  test.each(wrong)("%s", (__, items, code) => {
    host.setPointer(320, host.base + 440);
    const state = lab.state();
    const { bytes, live } = lab.plugin;
    const device = lab.plugin.at(lab.onDevice(host.base), 64).slice();
    expect(refusal(() => construct([...good(), ...items()]))).toBe(`ERR_OFFLOAD_${code}`);
    expect(lab.state()).toEqual(state);
    expect([lab.plugin.bytes, lab.plugin.live, lab.plugin.stats().sessions, lab.plugin.runs]).toEqual([
      bytes,
      live,
      0,
      0,
    ]);
    expect(lab.plugin.at(lab.onDevice(host.base), 64)).toEqual(device);
    // The same list without what is wrong is taken.
    expect(refusal(() => construct(good()))).toBe("not refused");
  });
});

describe("exit data", () => {
  test.each<[string, () => MapItem[], string]>([
    [
      "detaching twice what is attached once",
      () => [host.item(MAP.DETACH, 104, 0), host.item(MAP.DETACH, 104, 0)],
      "ATTACH",
    ],
    ["detaching what is not attached", () => [host.item(MAP.DETACH, 104, 0), host.item(MAP.DETACH, 96, 0)], "ATTACH"],
    ["detaching where nothing ever was", () => [host.item(MAP.FORCE_DETACH, 0, 0)], "ATTACH"],
    ["always from a range of which a part is mapped", () => [host.item(MAP.ALWAYS_FROM, 32, 64)], "OVERLAP"],
    ["an item that maps", () => [host.item(MAP.TO, 0, 64)], "MAP_KIND"],
  ])("%s", (_, items, code) => {
    const state = lab.state();
    const device = lab.plugin.at(lab.onDevice(host.base + 96), 24).slice();
    const list = [host.item(MAP.RELEASE, 0, 64), ...items(), host.item(MAP.DELETE, 96, 16)];
    expect(refusal(() => targetExitData(lab.device, list))).toBe(`ERR_OFFLOAD_${code}`);
    expect(lab.state()).toEqual(state);
    expect(lab.plugin.at(lab.onDevice(host.base + 96), 24)).toEqual(device);
  });

  test("from a range of which a part is mapped, when an item before it deletes it", () => {
    const state = lab.state();
    const list = [host.item(MAP.DELETE, 0, 64), host.item(MAP.FROM, 32, 64)];
    expect(refusal(() => targetExitData(lab.device, list))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(lab.state()).toEqual(state);
  });

  test("detaching what is only in part in mapped memory, behind one that could be detached", () => {
    const state = lab.state();
    const list = [host.item(MAP.FORCE_DETACH, 104, 0), host.item(MAP.FORCE_DETACH, 108, 0)];
    expect(refusal(() => targetExitData(lab.device, list))).toBe("ERR_OFFLOAD_ATTACH");
    expect(lab.state()).toEqual(state);
  });

  test("from a range of which a part is mapped: refused where it would be copied", () => {
    targetEnterData(lab.device, [host.item(MAP.TO, 200, 16)]);
    const state = lab.state();
    const list = [host.item(MAP.FROM, 192, 16)];
    expect(refusal(() => targetExitData(lab.device, list))).toBe("ERR_OFFLOAD_OVERLAP");
    expect(lab.state()).toEqual(state);
  });
});

describe("a device whose copies fail", () => {
  test.each(constructs)("to it, in %s: nothing has been mapped", (_, construct) => {
    const state = lab.state();
    const { live } = lab.plugin;
    lab.plugin.failing = { to: true };
    expect(() =>
      construct([host.item(MAP.ALLOC, 300, 8), host.item(MAP.TO, 0, 64), host.item(MAP.TO, 200, 40)]),
    ).toThrow("the copy to the device fails");
    expect([lab.state(), lab.plugin.live, lab.plugin.stats().sessions]).toEqual([state, live, 0]);
  });

  test("from it: everything has been unmapped all the same, and the first failure is told", () => {
    const state = lab.state();
    const { live } = lab.plugin;
    const from = [host.item(MAP.TOFROM, 200, 8), host.item(MAP.TOFROM, 240, 8), host.item(MAP.TO, 0, 64)];
    const fails = "the copy from the device fails";
    lab.plugin.failing = { from: true };
    expect(() => lab.launch(from)).toThrow(fails);
    const region = targetData(lab.device, from);
    expect(() => region.end()).toThrow(fails);
    expect(region.ended).toBe(true);
    targetEnterData(lab.device, from);
    const exits = [host.item(MAP.FROM, 200, 8), host.item(MAP.FROM, 240, 8), host.item(MAP.RELEASE, 0, 64)];
    expect(() => targetExitData(lab.device, exits)).toThrow(fails);
    expect([lab.state(), lab.plugin.live, lab.plugin.stats().sessions]).toEqual([state, live, 0]);
  });
});

describe("buffers that cannot be mapped", () => {
  test("resizable and growable ones", () => {
    const resizable = new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer)(8, {
      maxByteLength: 16,
    });
    const growable = new (SharedArrayBuffer as unknown as new (bytes: number, options: object) => SharedArrayBuffer)(
      8,
      {
        maxByteLength: 16,
      },
    );
    for (const buffer of [resizable, growable]) {
      expect(refusal(() => map.to(buffer))).toBe("ERR_OFFLOAD_HOST_MEMORY");
      expect(() => map.to(buffer)).toThrow(/resizable/);
    }
  });

  test("detached ones, also when that comes after the map clause", () => {
    const array = new Uint8Array(64);
    const item = map.to(array);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expect(refusal(() => lab.launch([item]))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    expect(() => targetData(lab.device, [item])).toThrow(/detached/);
    const gone = new Uint8Array(8);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(refusal(() => map.to(gone))).toBe("ERR_OFFLOAD_HOST_MEMORY");
  });

  test("one that is mapped cannot be transferred", () => {
    const array = new Uint8Array(64).fill(5);
    const region = targetData(lab.device, [map.tofrom(array)]);
    try {
      // Refused, or as in Node 20 the buffer is copied instead.
      structuredClone(array.buffer, { transfer: [array.buffer] });
    } catch {}
    expect(array.length).toBe(64);
    lab.plugin.at(region.addresses[0] as number, 64).fill(9);
    region.end();
    expect([...array]).toEqual(Array(64).fill(9));
  });

  test("what is no memory", () => {
    for (const value of [5, "text", null, undefined, [1, 2], {}]) {
      expect(refusal(() => map.to(value as unknown as Uint8Array))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    }
  });

  test("an empty array is no error: it has no bytes, and its address is null", () => {
    const empty = () => new Uint8Array(0);
    expect(
      lab.words([map.to(empty()), map.firstprivate(empty()), map.zeroLength(empty()), map.to(empty().buffer)]),
    ).toEqual([0, 0, 0, 0]);
    expect(refusal(() => lab.launch([map.to(host.bytes.subarray(512))]))).toBe("not refused");
  });
});

describe("clauses that make no sense", () => {
  test.each<[string, () => unknown, string | RegExp]>([
    ["an option that there is not", () => map.to(host.bytes, { alway: true } as object), /no option "alway".*"always"/],
    ["always alloc", () => map.alloc(host.bytes, { always: true }), /copies nothing/],
    ["an alignment that is no power of two", () => map.to(host.bytes, { align: 24 }), /power of two/],
    ["an alignment of 0", () => map.to(host.bytes, { align: 0 }), /align/],
    ["firstprivate of a fraction", () => map.firstprivate(1.5), /f32\(\) or f64\(\)/],
    ["firstprivate of what is no value", () => map.firstprivate("text" as unknown as number), /not "text"/],
    ["firstprivate of nothing", () => map.firstprivate(null as unknown as number), /not null/],
  ])("%s", (_, clause, message) => expect(clause).toThrow(message));
});

describe("a launch plan", () => {
  const plan = (...items: MapItem[]) =>
    new LaunchPlan(
      lab.device,
      lab.plugin.fn("f", () => {}),
      items,
    );

  test("of what is not mapped, of work at each launch, of what cannot run", () => {
    const state = lab.state();
    expect(refusal(() => plan(host.item(MAP.TO, 400, 8)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect(refusal(() => plan(host.item(MAP.TO, 32, 64)))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    for (const kind of [
      MAP.ALWAYS_TO,
      MAP.FORCE_TO,
      MAP.STRUCT,
      MAP.ATTACH,
      MAP.USE_DEVICE_PTR,
      MAP.BOX,
      MAP.RELEASE,
    ]) {
      expect(refusal(() => plan(host.item(kind, 0, 8)))).toBe("ERR_OFFLOAD_MAP_KIND");
    }
    const cannot = lab.plugin.fn("cannot run", () => {});
    expect(refusal(() => new LaunchPlan(lab.device, cannot, []))).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
    expect(lab.state()).toEqual(state);
  });

  test("whose item has gone says which, launches nothing, and launches again when it is back", () => {
    const items = [host.item(MAP.TO, 0, 8), host.item(MAP.TO, 200, 8)];
    targetEnterData(lab.device, [host.item(MAP.TO, 200, 40)]);
    const words: number[][] = [];
    const fn = lab.plugin.fn("f", ({ word }) => words.push([word(0), word(1)]));
    const made = new LaunchPlan(lab.device, fn, items);
    made.launch();
    targetExitData(lab.device, [host.item(MAP.DELETE, 200, 40)]);
    expect(() => made.launch()).toThrow(/item 1 of the plan for f is not mapped/);
    expect(refusal(() => made.launch())).toBe("ERR_OFFLOAD_NOT_MAPPED");
    targetEnterData(lab.device, [host.item(MAP.TO, 192, 64)]);
    made.launch();
    expect(words).toEqual([words[0], [lab.onDevice(host.base), lab.onDevice(host.base + 200)]]);
    expect(lab.plugin.stats().sessions).toBe(0);
  });

  test("keeps its items, whatever becomes of the list", () => {
    const seen: number[] = [];
    const items = [host.item(MAP.TO, 0, 8)];
    const fn = lab.plugin.fn("f", ({ word }) => seen.push(word(0)));
    const made = new LaunchPlan(lab.device, fn, items);
    items.pop();
    targetExitData(lab.device, [host.item(MAP.DELETE, 0, 64)]);
    targetEnterData(lab.device, [host.item(MAP.TO, 0, 64)]);
    made.launch();
    expect(seen).toEqual([lab.onDevice(host.base)]);
  });

  test("that has been disposed", () => {
    const made = plan(host.item(MAP.TO, 0, 8));
    made.dispose();
    expect(refusal(() => made.launch())).toBe("ERR_OFFLOAD_DISPOSED");
    made.dispose();
  });
});

test("a launch that the plugin refuses gives its session back for the next one", async () => {
  const elsewhere = Object.assign(
    lab.plugin.fn("f", () => {}),
    { device: 1 },
  );
  const items = [host.item(MAP.TO, 192, 64)];
  const before = lab.state();
  for (let times = 0; times < 2; times++) {
    expect(refusal(() => target(lab.device, elsewhere, items))).toBe("ERR_OFFLOAD_SESSION_DEVICE");
    await expect(targetNowait(lab.device, elsewhere, items)).rejects.toMatchObject({
      code: "ERR_OFFLOAD_SESSION_DEVICE",
    });
  }
  expect([lab.state(), lab.plugin.stats().sessions]).toEqual([before, 0]);
  lab.launch(items);
});

test("addressOf is the same as long as the buffer lives", () => {
  expect(addressOf(host.buffer)).toBe(host.base);
  expect(addressOf(host.bytes.subarray(8).buffer)).toBe(host.base);
});
