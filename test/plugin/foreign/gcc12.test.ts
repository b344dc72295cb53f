/** Debian's libgomp-plugin-gcn.so.1 of GCC 12 as our plugin: on the same runtime and software GPU as GcnPlugin, in one process with it. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { f32, libgomp } from "../../../lib/index.js";
import {
  ForeignPlugin,
  GcnPlugin,
  type LoadedImage,
  type OffloadPlugin,
  type TargetFunction,
} from "../../../lib/plugin/index.js";
import {
  flatten,
  map,
  TargetDevice,
  target,
  targetData,
  targetEnterData,
  targetExitData,
  targetNowait,
  targetUpdate,
} from "../../../lib/target/index.js";
import { type Program, program } from "../gcn/programs.js";
import { sessionSuite } from "../session-suite.js";

const DEVICE = "software:gfx906*2";
const folder = fileURLToPath(new URL("programs", import.meta.url));
let made: Program;
let foreign: ForeignPlugin;
let image: LoadedImage;
/** Of an image that is no longer loaded. */
let gone: TargetFunction;

beforeAll(async () => {
  made = await program("regions.c", "gfx906", [], folder);
  // What was refused has not kept the library.
  expect(() => ForeignPlugin.open({ device: "software:gfx1" })).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^ERR_HSA_/) }),
  );
  foreign = ForeignPlugin.open({ device: DEVICE });
  foreign.initDevice(0);
  const first = foreign.loadImage(0, made.image);
  gone = region(first, "nothing");
  foreign.unloadImage(first);
  image = foreign.loadImage(0, made.image);
}, 120_000);
afterAll(() => foreign?.dispose());

function region(of: LoadedImage, name: string): TargetFunction {
  const found = of.functions.find((fn) => fn.name === `${name}._omp_fn.0`);
  if (found === undefined) throw new Error(`there is no region ${name}`);
  return found;
}

sessionSuite(
  "GCC 12's gcn",
  () => ({ plugin: foreign, nothing: region(image, "nothing"), failing: gone, allocates: true, openacc: false }),
  10,
);

test("it is told by its symbols, and has the devices of the runtime that is open", () => {
  expect(foreign).toMatchObject({ family: 12, version: 1, name: "gcn" });
  expect(foreign.getNumDevices()).toBe(2);
  expect(image.variables).toMatchObject([{ name: "total", size: 8, link: false }]);
  expect(image.icvs).toBeNull();
});

test.each([0, 1, 3, 63, 64, 65, 502, 503, 504, 5000])("a table of %i words arrives on the device", (count) => {
  const session = foreign.newSession();
  foreign.sessionStart(session, 0);
  if (count < 3) {
    const address = count === 0 ? null : foreign.alloc(0, 8 * count);
    foreign.sessionSetTargetVarTable(session, address);
    foreign.run(session, region(image, "nothing"), { teams: 1 });
    if (address !== null) foreign.free(0, address);
    return;
  }
  const table = foreign.alloc(0, 8 * count);
  const result = foreign.alloc(0, 8 * count);
  // The region copies its own table, the three words that it is given among it.
  const own: Readonly<Record<string, bigint>> = { to: BigInt(result), from: BigInt(table), n: BigInt(count) };
  const words = BigUint64Array.from({ length: count }, (_, i) => 0x1234567800000000n + BigInt(i));
  const order = made.tables.get("copy") ?? [];
  expect([...order].sort()).toEqual(["from", "n", "to"]);
  for (const [i, name] of order.entries()) words[i] = own[name] as bigint;
  foreign.host2dev(0, table, words);
  foreign.sessionSetTargetVarTable(session, table);
  foreign.run(session, region(image, "copy"), { teams: 1 });
  const seen = new BigUint64Array(count);
  foreign.dev2host(0, seen, result);
  expect(seen).toEqual(words);
  foreign.free(0, table);
  foreign.free(0, result);
});

test("what it has not is made up for: bytes are set and boxes copied", () => {
  const at = foreign.alloc(0, 4096);
  foreign.memset(0, at, 7, 4096);
  foreign.memset(0, at + 100, 9, 8);
  foreign.dev2dev(0, at + 200, at + 100, 8);
  foreign.memcpyRect(0, {
    size: [2, 2, 1],
    destination: { at, offset: [0, 0, 0], rowPitch: 4, planePitch: 2 },
    source: { at: Uint8Array.of(1, 2, 3, 4), offset: [0, 0, 0], rowPitch: 2, planePitch: 2 },
  });
  const bytes = new Uint8Array(4096);
  foreign.dev2host(0, bytes, at);
  const expected = new Uint8Array(4096).fill(7);
  expected.set([1, 2]);
  expected.set([3, 4], 4);
  expected.fill(9, 100, 108).fill(9, 200, 208);
  expect(bytes).toEqual(expected);
  foreign.free(0, at);
});

test("an image's end waits for launches that do not block, and they end", async () => {
  const session = foreign.newSession();
  foreign.sessionStart(session, 0);
  foreign.sessionSetTargetVarTable(session, null);
  const over = foreign.asyncRun(session, region(image, "nothing"), { teams: 1 });
  foreign.unloadImage(image);
  await over;
  expect(session.state).toBe("idle");
  image = foreign.loadImage(0, made.image);
});

test("what it cannot do is refused", () => {
  const refused = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  expect(refused(() => foreign.loadImage(0, made.image))).toBe("ERR_OFFLOAD_IMAGE");
  expect(refused(() => foreign.alloc(1, 8))).toBe("ERR_OFFLOAD_NO_DEVICE");
  expect(refused(() => foreign.free(0, 4096))).toBe("ERR_OFFLOAD_ADDRESS");
  expect(refused(() => ForeignPlugin.open({ library: "libgomp-plugin-none.so.1" }))).toBe("ERR_OFFLOAD_PLUGIN");
  // Another owner of the same devices.
  expect(() => ForeignPlugin.open({ device: DEVICE })).toThrow(/open in this process already.* dispose of it first/);
});

test("a session's table is nobody else's to free, or to copy to", () => {
  const session = foreign.newSession();
  foreign.sessionStart(session, 0);
  const { address } = foreign.sessionAllocateTargetVarTable(session, 4) as { address: number };
  const refused = expect.objectContaining({ code: "ERR_OFFLOAD_ADDRESS" });
  expect(() => foreign.free(0, address)).toThrow(refused);
  expect(() => foreign.host2dev(0, address, new Uint8Array(8))).toThrow(refused);
  foreign.sessionAbandon(session);
});

test("libgomp is not opened beside it, which would have the same devices", async () => {
  await expect(libgomp.open({ device: DEVICE })).rejects.toMatchObject({
    code: "ERR_OFFLOAD_PLUGIN",
    message: expect.stringContaining("a ForeignPlugin is open in this process"),
  });
  await using isolated = await libgomp.open({ device: DEVICE, isolate: true });
  expect(await isolated.numDevices()).toBe(2);
});

/** The same on both, side by side. */
describe.each(["foreign", "gcn"] as const)("target regions on the %s plugin", (which) => {
  const N = 1000;
  let plugin: OffloadPlugin;
  let own: GcnPlugin | undefined;
  let device: TargetDevice;
  let on: LoadedImage;
  beforeAll(() => {
    if (which === "gcn") {
      own = GcnPlugin.open({ device: DEVICE, environment: {} });
      plugin = own;
      plugin.initDevice(0);
      on = plugin.loadImage(0, made.image);
    } else {
      plugin = foreign;
      on = image;
    }
    device = new TargetDevice(plugin, 0);
  });
  afterAll(() => own?.dispose());

  const x = () => Float32Array.from({ length: N }, (_, i) => i / 2);
  const y = () => Float32Array.from({ length: N }, (_, i) => i);
  const expected = Float32Array.from({ length: N }, (_, i) => i + 3 * (i / 2));
  const items = (from: Float32Array, to: Float32Array) => {
    const own = { y: map.tofrom(to), x: map.to(from), a: map.firstprivate(f32(3)), n: map.firstprivate(N) };
    const order = made.tables.get("saxpy") ?? [];
    return flatten(order.map((name) => own[name as keyof typeof own]));
  };

  test("a region maps, computes and copies back", () => {
    const [from, to] = [x(), y()];
    target(device, region(on, "saxpy"), items(from, to));
    expect(to).toEqual(expected);
    expect([...device.table]).toEqual([]);
  });

  test("regions that do not block end in their own time", async () => {
    const results = [y(), y(), y()];
    const from = x();
    const under = results.map((to) => targetNowait(device, region(on, "saxpy"), items(from, to)));
    await Promise.all(under);
    for (const to of results) expect(to).toEqual(expected);
  });

  test("data stays on the device until it is updated, or its region ends", () => {
    const [from, to] = [x(), y()];
    const data = targetData(device, flatten([map.to(from), map.tofrom(to)]));
    target(device, region(on, "saxpy"), items(from, to));
    expect(to).toEqual(y());
    targetUpdate(device, flatten([map.from(to)]));
    expect(to).toEqual(expected);
    to.fill(0);
    targetUpdate(device, flatten([map.to(to)]));
    target(device, region(on, "saxpy"), items(from, to));
    data.end();
    expect(to).toEqual(Float32Array.from({ length: N }, (_, i) => 3 * (i / 2)));
    targetEnterData(device, flatten([map.to(to)]));
    target(device, region(on, "saxpy"), items(from, to));
    targetExitData(device, flatten([map.from(to)]));
    expect(to).toEqual(Float32Array.from({ length: N }, (_, i) => 6 * (i / 2)));
  });

  test("a device variable keeps its value from launch to launch", () => {
    const [{ address } = { address: 0 }] = on.variables;
    // A variable of the device's is in the table all the same, by its address there.
    const own: Readonly<Record<string, bigint>> = { total: BigInt(address), by: 1n };
    const words = BigUint64Array.from(made.tables.get("count") ?? [], (name) => own[name] as bigint);
    const table = plugin.alloc(0, words.byteLength);
    plugin.host2dev(0, table, words);
    const session = plugin.newSession();
    for (let launch = 0; launch < 2; launch++) {
      plugin.sessionStart(session, 0);
      plugin.sessionSetTargetVarTable(session, table);
      plugin.run(session, region(on, "count"), { teams: 1 });
    }
    plugin.free(0, table);
    const total = new BigInt64Array(1);
    plugin.dev2host(0, total, address);
    expect(total[0]).toBe(42n);
  });
});
