/** Images by the ABI of GCC 13 and later: how it is recognised, and what kernels find in their arguments. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { GcnModule, LaunchAttributes } from "../../../lib/plugin/index.js";
import { compile } from "../../codeobject/toolchain.js";
import { openLab, targets } from "./fixture.js";

const KIB = 1024;
const defaults = openLab();
const small = openLab({ GCN_HEAP_SIZE: `${64 * KIB}`, GCN_STACK_SIZE: "4096", GCN_TEAM_ARENA_SIZE: "8192" });
const source = readFileSync(new URL("programs/abi.c", import.meta.url), "utf8");

const objects = new Map<string, Uint8Array>();
function object(cpu: string, ...defines: readonly string[]): Uint8Array {
  const key = [cpu, ...defines].join(" ");
  const made = objects.get(key) ?? compile(source, { cpu, version: 4, flags: defines.map((define) => `-D${define}`) });
  objects.set(key, made);
  return made;
}
const release = (version: string): string => `RELEASE="${version}"`;

type Plugin = typeof defaults.plugin;
/** Launches with these words as the table. */
function launch(
  plugin: Plugin,
  module: GcnModule,
  name: string,
  words: readonly number[],
  attributes: LaunchAttributes | "openacc",
): void {
  const fn = module.functions.find((each) => each.name.startsWith(name));
  if (fn === undefined) throw new Error(`${name} is not in the image`);
  const session = plugin.newSession();
  plugin.sessionStart(session, module.device);
  const table = plugin.sessionAllocateTargetVarTable(session, words.length);
  table?.words.set(new Uint32Array(BigUint64Array.from(words, BigInt).buffer));
  if (attributes === "openacc") plugin.openaccExec(session, fn, [3, 2, 0]);
  else plugin.run(session, fn, attributes);
}

describe("the release is found from the object", () => {
  test.each([
    [[release("13.2.0")], "gcc-13", "compiled by GCC 13.2.0", false],
    [[release("14.2.0"), "ICVS"], "gcc-13", "compiled by GCC 14.2.0", true],
    [[release("16.1.0")], "gcc-13", "compiled by GCC 16.1.0", true],
    [[release("17.0.0")], "gcc-13", "compiled by GCC 17.0.0", true],
    [["ICVS"], "gcc-13", "it has __gomp_additional_icvs", false],
  ])("%j: %s", (defines, abi, evidence, sharesLds) => {
    const module = defaults.plugin.loadImage(1, object("gfx906", ...defines));
    expect(module.image.abi).toEqual({ abi, evidence });
    expect(module.image.sharesLds).toBe(sharesLds);
    defaults.plugin.unloadImage(module);
  });

  // Their kernels are not GCC 12's, and its constructors would not find what they need: these are only read.
  test("GCC 12 by its comment, and by its variable", async () => {
    const { readImage } = await import("../../../lib/plugin/gcn/gcn_image.js");
    const isa = "amdgcn-amd-amdhsa--gfx906";
    expect(readImage(object("gfx906", release("12.2.0"), "ICVS"), isa).abi).toEqual({
      abi: "gcc-12",
      evidence: "compiled by GCC 12.2.0",
    });
    expect(readImage(object("gfx906", "DEVICE_NUM"), isa).abi).toEqual({
      abi: "gcc-12",
      evidence: "it has __gomp_device_num",
    });
  });

  test("GCC's kernels without a trace of the release: an error that says what to do", () => {
    const unknown = object("gfx906");
    expect(() => defaults.plugin.loadImage(1, unknown)).toThrow(
      expect.objectContaining({
        code: "ERR_OFFLOAD_IMAGE",
        message: expect.stringMatching(/GCC's.*tells nothing of GCC's release.*abi: "gcc-12", or "gcc-13"/s),
      }),
    );
    const module = defaults.plugin.loadImage(1, { codeObject: unknown, abi: "gcc-13" });
    expect(module.image.abi).toEqual({ abi: "gcc-13", evidence: "as the caller says" });
    defaults.plugin.unloadImage(module);
    expect(() => defaults.plugin.loadImage(1, { codeObject: unknown, abi: "gcc-11" })).toThrow(
      expect.objectContaining({ code: "ERR_OFFLOAD_IMAGE", message: expect.stringContaining('"gcc-11"') }),
    );
  });
});

describe.each([
  ["the default sizes", defaults, 100 * KIB * KIB, 64 * KIB, 32 * KIB],
  ["sizes of the environment", small, 64 * KIB, 8192, 4096],
] as const)("%s", (_, lab, heapBytes, arenaBytes, stackBytes) => {
  const { plugin } = lab;

  describe.each(targets)("%s", (target) => {
    const device = targets.indexOf(target);

    test.each([
      ["OpenMP", { teams: 3, threads: 2 }, arenaBytes],
      ["OpenACC", "openacc", 0],
    ] as const)("%s: what each wave finds", (__, attributes, ownArenaBytes) => {
      const module = plugin.loadImage(device, object(target, release("14.2.0"), "ICVS"));
      const waves = 6;
      const to = new BigUint64Array(16 * waves);
      const address = plugin.alloc(device, to.byteLength);
      launch(plugin, module, "main._omp_fn.0", [address, 4711], attributes);
      plugin.dev2host(device, to, address);
      const rows = Array.from({ length: waves }, (___, i) => [...to.subarray(16 * i, 16 * i + 13)].map(Number));
      const [first = []] = rows;
      for (const row of rows) expect(row).toEqual(first);
      const [table = 0, output = 0, heap = 0, heapSize, arena = 0, stack = 0, ...sizes] = first;
      expect(sizes).toEqual([ownArenaBytes, stackBytes, 3, 2, 65_536, 4711, 7]);
      expect([table % 16, output % 8, heap, heapSize]).toEqual([0, 0, module.heap?.address, heapBytes]);
      // Stacks lie behind the arenas, one for each wave; each has been written to from its beginning to its end.
      expect(stack).toBe(ownArenaBytes === 0 ? stack : arena + 3 * ownArenaBytes);
      expect(arena === 0).toBe(ownArenaBytes === 0);
      const stored = (at: number): number => {
        const word = new BigUint64Array(1);
        plugin.dev2host(device, word, at);
        return Number(word[0]);
      };
      const both = (base: number, bytes: number, i: number): readonly number[] => [
        stored(base + i * bytes),
        stored(base + (i + 1) * bytes - 8),
      ];
      for (let wave = 0; wave < waves; wave++) expect(both(stack, stackBytes, wave)).toEqual([wave, wave]);
      for (let team = 0; team < 3 && arena !== 0; team++) expect(both(arena, arenaBytes, team)).toEqual([team, team]);
      plugin.free(device, address);
      plugin.unloadImage(module);
    });
  });
});

describe("gfx906", () => {
  const { plugin, printed } = defaults;
  const device = targets.indexOf("gfx906");
  const load = (...defines: readonly string[]): GcnModule =>
    plugin.loadImage(device, object("gfx906", release("14.2.0"), ...defines));

  test("constructors and destructors run on one wave, without table and arena, with a stack", () => {
    printed();
    const module = load("ICVS");
    expect(printed()).toBe("constructed 7\n");
    const found = new BigUint64Array(4);
    const entry = module.variables.find(({ size }) => size === found.byteLength);
    plugin.dev2host(device, found, entry?.address ?? 0);
    expect([...found.subarray(0, 3)]).toEqual([42n, 0n, 0n]);
    expect(found[3]).not.toBe(0n);
    plugin.unloadImage(module);
    expect(printed()).toBe("destructed 7\n");
  });

  test("variables by the image's table, with the names of the object; the runtime's own variable", () => {
    const module = load("ICVS");
    expect(module.variables.map(({ name, size }) => [name, size])).toEqual([
      ["counter", 4],
      ["weights", 24],
      ["found", 32],
    ]);
    expect(module.icvs).toMatchObject({ name: "__gomp_additional_icvs", size: 16 });
    const icvs = new Int32Array(4);
    plugin.dev2host(device, icvs, module.icvs?.address ?? 0);
    expect([...icvs]).toEqual([1, 2, 3, 4]);
    plugin.unloadImage(module);
    const without = load();
    expect(without.icvs).toBeNull();
    plugin.unloadImage(without);
  });

  test("a table of variables that is promised and not there", () => {
    expect(() =>
      plugin.loadImage(device, {
        codeObject: object("gfx906", release("14.2.0"), "BARE"),
        variables: [{ name: "counter", hostAddress: 0, size: 4, link: false }],
      }),
    ).toThrow(
      expect.objectContaining({ code: "ERR_OFFLOAD_IMAGE", message: expect.stringContaining(".offload_var_table") }),
    );
  });

  test("indirect functions: pairs of host and device addresses, up to a null", () => {
    const codeObject = object("gfx906", release("14.2.0"));
    const to = new BigUint64Array(7);
    const address = plugin.alloc(device, to.byteLength);
    const look = (indirectFunctions: readonly number[]): BigUint64Array => {
      const module = plugin.loadImage(device, { codeObject, indirectFunctions });
      launch(plugin, module, "see_map", [address], { teams: 1, threads: 1 });
      plugin.dev2host(device, to, address);
      plugin.unloadImage(module);
      return to;
    };
    const [a, one, b, two, end, realOne, realTwo] = look([0x5555_0000_1000, 0x5555_0000_2000]);
    expect([a, b, end]).toEqual([0x5555_0000_1000n, 0x5555_0000_2000n, 0n]);
    expect([one, two]).toEqual([realOne, realTwo]);
    expect([...look([]).subarray(0, 5)]).toEqual([1n, 1n, 1n, 1n, 1n]);
    expect(() =>
      plugin.loadImage(device, {
        codeObject: object("gfx906", release("14.2.0"), "BARE"),
        indirectFunctions: [1],
      }),
    ).toThrow(expect.objectContaining({ message: expect.stringContaining(".offload_ind_func_table") }));
    plugin.free(device, address);
  });

  test("each kind of entry of the output block, and one that asks for a function of the host", () => {
    const module = load();
    printed();
    launch(plugin, module, "speak", [2 ** 40], { teams: 1, threads: 1 });
    expect(printed()).toBe(
      "an integer 1099511627776\na double 3.141593\na line hello\nno line helloGCN print buffer error: an entry of kind 4\n",
    );
    plugin.unloadImage(module);
  });

  test.each([
    [0xffff_0005, { code: "ERR_OFFLOAD_EXIT", exitCode: 5 }],
    [0xffff_0686, { code: "ERR_OFFLOAD_ABORT" }],
    [0xffff_0b00, { code: "ERR_OFFLOAD_ABORT", message: expect.stringContaining("signal 11") }],
    [0x1234_5678, { code: "ERR_OFFLOAD_DEVICE", message: expect.stringContaining("0x12345678") }],
  ])("a return value of %i", (value, expected) => {
    const module = load();
    expect(() => launch(plugin, module, "end", [value], { teams: 1, threads: 1 })).toThrow(
      expect.objectContaining({ kernel: "end._omp_fn.0", ...expected }),
    );
    launch(plugin, module, "end", [0xcafe_0000], { teams: 1, threads: 1 });
    plugin.unloadImage(module);
  });

  test("constructors that fail: the error is told, and nothing stays of the image", () => {
    const before = plugin.stats().bytes;
    expect(() => load("FAILING_AT_ONCE")).toThrow(
      expect.objectContaining({ code: "ERR_OFFLOAD_EXCEPTION", kernel: "_init_array" }),
    );
    expect(plugin.stats().bytes).toBe(before);
    // Another one comes to its constructors.
    printed();
    plugin.unloadImage(load());
    expect(printed()).toBe("constructed 7\ndestructed 7\n");
  });

  test("destructors that fail: the error is told, and the image is gone all the same", () => {
    const before = plugin.stats().bytes;
    const module = load("FAILING");
    expect(() => plugin.unloadImage(module)).toThrow(
      expect.objectContaining({ code: "ERR_OFFLOAD_EXCEPTION", kernel: "_fini_array" }),
    );
    expect(plugin.stats().bytes).toBe(before);
    expect(() => plugin.unloadImage(module)).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_IMAGE" }));
  });
});
