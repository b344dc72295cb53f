/**
 * A plugin library of this package's, called as libgomp would call it, from JavaScript's own thread: ForeignPlugin over the library, whose
 * calls a GcnPlugin in the same process answers. What goes in as a call of our contract must come out as the same call.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addon } from "../../lib/hsa/addon.js";
import { f32 } from "../../lib/index.js";
import { servePlugin } from "../../lib/libgomp/index.js";
import type { PluginFamily } from "../../lib/libgomp/plugin_library.js";
import { ForeignPlugin, GcnPlugin, type LoadedImage, type TargetFunction } from "../../lib/plugin/index.js";
import { flatten, map, TargetDevice, target, targetNowait } from "../../lib/target/index.js";
import { root } from "../cli/fixture.js";
import { type Program, program } from "../plugin/gcn/programs.js";
import { sessionSuite } from "../plugin/session-suite.js";

const folder = fileURLToPath(new URL("../plugin/foreign/programs", import.meta.url));

export function roundTrip(family: PluginFamily): void {
  let made: Program;
  let inner: GcnPlugin;
  let outer: ForeignPlugin;
  let image: LoadedImage;
  let gone: TargetFunction;

  beforeAll(async () => {
    made = await program("regions.c", "gfx906", [], folder);
    inner = GcnPlugin.open({ device: "software:gfx906*2" });
    servePlugin(inner);
    const library = join(root, "build", "Release", `libgomp-plugin-gcn-${family}.so`);
    addon().openPluginLibrary(library);
    outer = ForeignPlugin.open({ library });
    outer.initDevice(0);
    // GCC's plugins run images of their own release only; the inner one looks at the image itself.
    const source = { ...made.image, ...(family === 12 ? {} : { abi: "gcc-13" }) };
    const first = outer.loadImage(0, source);
    gone = region(first, "nothing");
    outer.unloadImage(first);
    image = outer.loadImage(0, source);
  }, 120_000);
  afterAll(() => {
    outer?.dispose();
    inner?.dispose();
  });

  const region = (of: LoadedImage, name: string): TargetFunction => {
    const found = of.functions.find((fn) => fn.name === `${name}._omp_fn.0`);
    if (found === undefined) throw new Error(`there is no region ${name}`);
    return found;
  };

  sessionSuite(
    `GcnPlugin behind the library for GCC ${family}`,
    () => ({
      plugin: outer,
      nothing: region(image, "nothing"),
      failing: gone,
      allocates: true,
      openacc: false,
    }),
    10,
  );

  test("the devices and the image are the inner plugin's", () => {
    expect(outer.getNumDevices()).toBe(inner.getNumDevices());
    expect(outer.capabilities).toBe(inner.capabilities);
    expect(image.variables).toMatchObject([{ size: 8, link: false }]);
    expect(image.functions.map(({ name }) => name)).toContain("copy._omp_fn.0");
  });

  test("memory is the inner plugin's: what one writes the other reads", () => {
    const before = inner.stats().bytes;
    const at = outer.alloc(0, 1000);
    expect(inner.stats().bytes).toBe(before + 1000);
    outer.host2dev(0, at, new Uint8Array(1000).fill(3));
    const bytes = new Uint8Array(1000);
    inner.dev2host(0, bytes, at);
    expect(bytes).toEqual(new Uint8Array(1000).fill(3));
    outer.memset(0, at + 10, 5, 20);
    inner.dev2host(0, bytes, at);
    expect(bytes).toEqual(new Uint8Array(1000).fill(3).fill(5, 10, 30));
    outer.free(0, at);
    expect(inner.stats().bytes).toBe(before);
  });

  test.each([3, 63, 64, 502])("a table of %i words arrives on the device", (count) => {
    const result = outer.alloc(0, 8 * count);
    const own: Readonly<Record<string, bigint>> = { to: BigInt(result), n: BigInt(count) };
    const table = outer.alloc(0, 8 * count);
    const words = BigUint64Array.from({ length: count }, (_, i) => 0x1234567800000000n + BigInt(i));
    for (const [i, name] of (made.tables.get("copy") ?? []).entries()) words[i] = own[name] ?? BigInt(table);
    outer.host2dev(0, table, words);
    const session = outer.newSession();
    outer.sessionStart(session, 0);
    outer.sessionSetTargetVarTable(session, table);
    outer.run(session, region(image, "copy"), { teams: 1 });
    const seen = new BigUint64Array(count);
    outer.dev2host(0, seen, result);
    expect(seen).toEqual(words);
    outer.free(0, table);
    outer.free(0, result);
  });

  test("target regions run, blocking and not", async () => {
    const device = new TargetDevice(outer, 0);
    const n = 1000;
    const x = Float32Array.from({ length: n }, (_, i) => i / 2);
    const results = Array.from({ length: 3 }, () => Float32Array.from({ length: n }, (_, i) => i));
    const items = (to: Float32Array) => {
      const own = { y: map.tofrom(to), x: map.to(x), a: map.firstprivate(f32(3)), n: map.firstprivate(n) };
      return flatten((made.tables.get("saxpy") ?? []).map((name) => own[name as keyof typeof own]));
    };
    const [first, ...others] = results as [Float32Array, ...Float32Array[]];
    target(device, region(image, "saxpy"), items(first));
    await Promise.all(others.map((to) => targetNowait(device, region(image, "saxpy"), items(to))));
    const expected = Float32Array.from({ length: n }, (_, i) => i + 3 * (i / 2));
    for (const result of results) expect(result).toEqual(expected);
  });

  test("what the inner plugin refuses is an error of the outer's", () => {
    expect(() => outer.free(0, 4096)).toThrow();
    expect(outer.canRun(region(image, "nothing"))).toBe(true);
  });
}
