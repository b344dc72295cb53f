/** What would end the process, or make no sense, and is refused before libgomp sees it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { map } from "../../../lib/index.js";
import { type LibgompOptions, open, type RegisterOptions } from "../../../lib/libgomp/index.js";
import { ForeignPlugin, GcnPlugin } from "../../../lib/plugin/index.js";
import { calls, codeOf, Gomp } from "./fixture.js";

const DEVICE = "software:gfx906*2";
/** Of a buffer that can be resized. */
const movable = (): Uint8Array => {
  const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
  return new Uint8Array(new Resizable(8, { maxByteLength: 16 }));
};

let gomp: Gomp;
beforeAll(async () => {
  gomp = await Gomp.open("gfx906");
}, 120_000);
afterAll(() => gomp?.libgomp.dispose());

test("GCC's plugin by itself, beside libgomp, which has its devices", () => {
  expect(() => ForeignPlugin.open({ device: DEVICE })).toThrow(
    expect.objectContaining({
      code: "ERR_OFFLOAD_PLUGIN",
      message: expect.stringMatching(/^libgomp has opened the plugin libgomp-plugin-gcn\.so\.1 in this process/),
    }),
  );
});

describe("images", () => {
  test("a second one over GCC's plugin, whose devices would lose the first", async () => {
    expect(await codeOf(gomp.libgomp.register(gomp.made.image))).toBe("ERR_OFFLOAD_IMAGE");
    await using other = await open({ device: DEVICE });
    expect(await codeOf(other.register(gomp.made.image))).toBe("ERR_OFFLOAD_IMAGE");
  });

  describe("with none registered", () => {
    beforeAll(async () => {
      await gomp.libgomp.dispose();
    });
    afterAll(async () => {
      gomp = await Gomp.open("gfx906");
    });
    test.each<[string, () => Promise<unknown>, RegisterOptions | { readonly variable: object }, string]>([
      ["for another GPU", async () => (await calls("gfx900")).image, {}, "ERR_CODE_OBJECT_ISA_MISMATCH"],
      ["that are none", async () => new Uint8Array(100), {}, "ERR_CODE_OBJECT_FORMAT"],
      ["that are text", async () => "calls", {}, "ERR_OFFLOAD_IMAGE"],
      ["without a function", async () => null, { functions: ["saxpi._omp_fn.0"] }, "ERR_OFFLOAD_UNKNOWN_KERNEL"],
      ["with a fallback for none", async () => null, { fallback: { saxpy: () => {} } }, "ERR_OFFLOAD_UNKNOWN_KERNEL"],
      [
        "without a variable",
        async () => null,
        { variables: { count: new Int32Array(1) } },
        "ERR_OFFLOAD_UNKNOWN_VARIABLE",
      ],
      [
        "with a larger variable",
        async () => null,
        { variables: { counter: new Int32Array(2) } },
        "ERR_OFFLOAD_ADDRESS",
      ],
      ["with a misspelt option", async () => null, { variable: {} }, "ERR_INVALID_ARG_VALUE"],
      ["with no fallback at all", async () => null, { fallback: null as never }, "ERR_INVALID_ARG_TYPE"],
      ["with a fallback that is none", async () => null, { fallback: { fill: 1 as never } }, "ERR_INVALID_ARG_TYPE"],
      ["with functions that are no names", async () => null, { functions: [1 as never] }, "ERR_INVALID_ARG_TYPE"],
      ["with variables that are none", async () => null, { variables: 4 as never }, "ERR_INVALID_ARG_TYPE"],
    ])("%s", async (_, image, options, code) => {
      await using libgomp = await open({ device: DEVICE });
      const registered = libgomp.register((await image()) ?? (await calls("gfx906")).image, options as RegisterOptions);
      expect(await codeOf(registered)).toBe(code);
      // Nothing is left of it.
      await using program = await libgomp.register((await calls("gfx906")).image, { functions: ["fill._omp_fn.0"] });
      expect(program.functions).toEqual(["fill._omp_fn.0"]);
    });
    test("a whole program, and its variables", async () => {
      await using libgomp = await open({ device: DEVICE });
      const { path } = await calls("gfx906");
      const { readFileSync } = await import("node:fs");
      await using program = await libgomp.register(readFileSync(path));
      expect(program.functions).toContain("saxpy._omp_fn.0");
      expect(program.variables).toEqual([
        { name: "counter", size: 4, link: false },
        { name: "weights", size: 32, link: false },
        { name: "linked", size: 64, link: true },
      ]);
      const to = new Int32Array(3);
      const maps = [map.firstprivate(4), map.firstprivate(3), map.from(to)];
      await libgomp.target(program.function("fill._omp_fn.0"), maps);
      expect([...to]).toEqual([4, 5, 6]);
      const gone = program.function("fill._omp_fn.0");
      await program.dispose();
      expect(await codeOf(libgomp.target(gone, maps))).toBe("ERR_OFFLOAD_DISPOSED");
      expect(await codeOf(libgomp.target("fill._omp_fn.0", maps))).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
    });
  });
});

describe("launches and data", () => {
  const bytes = new Uint8Array(16);

  test("a function that there is not: the error names the near one", async () => {
    await expect(gomp.libgomp.target("fil._omp_fn.0", [])).rejects.toThrow(/did you mean "fill\._omp_fn\.0"/);
  });
  test.each([
    [
      "a map that must be present, which GCC 12 has not",
      () => gomp.libgomp.enterData([map.to(bytes, { present: true, always: true })]),
    ],
    [
      "a box",
      () =>
        gomp.libgomp.update([
          map.to(bytes, { box: { element: 1, dimensions: [4, 4], offsets: [1, 1], volume: [2, 2] } }),
        ]),
    ],
    ["exit data, to", () => gomp.libgomp.exitData([map.to(bytes)])],
  ] as const)("%s", async (_, call) => {
    expect(await codeOf(call())).toBe("ERR_OFFLOAD_MAP_KIND");
  });
  test.each([
    ["a device that is no number", () => gomp.libgomp.enterData([], { device: -2 }), "ERR_OUT_OF_RANGE"],
    ["no teams", () => gomp.target("trap", {}, { teams: 0 }), "ERR_OUT_OF_RANGE"],
    ["a misspelt option", () => gomp.target("trap", {}, { team: 1 } as object), "ERR_INVALID_ARG_VALUE"],
    ["memory that may move", () => gomp.libgomp.enterData([map.to(movable())]), "ERR_OFFLOAD_HOST_MEMORY"],
  ] as const)("%s", async (_, call, code) => {
    expect(await codeOf((async () => call())())).toBe(code);
  });
  test("memory that is mapped is not transferred", async () => {
    const own = new Uint8Array(16);
    await gomp.libgomp.enterData([map.to(own)]);
    try {
      structuredClone(own, { transfer: [own.buffer] });
    } catch {
      // Later releases of Node say so, earlier ones copy.
    }
    expect(own.byteLength).toBe(16);
    await gomp.libgomp.exitData([map.delete(own)]);
  });
});

describe("opening", () => {
  test.each([
    [
      "a library that is not there",
      { library: "/nowhere/libgomp.so.1" },
      "ERR_OFFLOAD_LIBGOMP",
      /libgomp1.*LIBGOMP_LIB[\s\S]*\/nowhere\/libgomp\.so\.1/,
    ],
    [
      "another libgomp beside the one that the process has",
      { library: "/lib/x86_64-linux-gnu/libm.so.6" },
      "ERR_OFFLOAD_LIBGOMP",
      /has a libgomp already/,
    ],
    ["a timeout in this process", { timeout: 100 }, "ERR_OFFLOAD_LIBGOMP", /isolate/],
    ["an environment in this process", { environment: {} }, "ERR_OFFLOAD_LIBGOMP", /isolate/],
    ["a misspelt option", { isolated: true }, "ERR_INVALID_ARG_VALUE", /isolate/],
    ["other devices than the process has", { device: "software:gfx900" }, "ERR_HSA_ALREADY_OPEN", /gfx906/],
  ] as const)("%s", async (_, options, code, message) => {
    await expect(open(options as LibgompOptions)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
  test("a plugin of ours, when libgomp has GCC's", async () => {
    using plugin = GcnPlugin.open({ device: DEVICE, environment: {} });
    expect(await codeOf(open({ plugin }))).toBe("ERR_OFFLOAD_PLUGIN");
    expect(await codeOf(open({ plugin, isolate: true }))).toBe("ERR_OFFLOAD_LIBGOMP");
  });
  test("after its disposal everything says so", async () => {
    const libgomp = await open({ device: DEVICE });
    const region = await libgomp.targetData([map.to(new Uint8Array(8))]);
    await libgomp.dispose();
    await libgomp.dispose();
    expect(libgomp.disposed).toBe(true);
    for (const call of [
      libgomp.numDevices(),
      libgomp.taskwait(),
      libgomp.register(gomp.made.image),
      libgomp.targetData([]),
      libgomp.memory.alloc(8, 0),
      region.end(),
    ]) {
      expect(await codeOf(call)).toBe("ERR_OFFLOAD_DISPOSED");
    }
  });
});

test("each has a thread of its own: its default device, and its data regions", async () => {
  await using other = await open({ device: DEVICE });
  await other.setDefaultDevice(1);
  expect([await gomp.libgomp.defaultDevice(), await other.defaultDevice()]).toEqual([0, 1]);
  const [a, b] = [new Int32Array(2), new Int32Array(2)];
  const first = await gomp.libgomp.targetData([map.to(a)]);
  const second = await other.targetData([map.to(b)]);
  await first.end();
  // What is mapped is the process's.
  expect([await gomp.libgomp.memory.isPresent(a, 0), await gomp.libgomp.memory.isPresent(b, 1)]).toEqual([false, true]);
  await second.end();
  expect(await gomp.libgomp.memory.isPresent(b, 1)).toBe(false);
});

test("a data region that is refused has not begun, and one around it can end", async () => {
  await using libgomp = await open({ device: DEVICE });
  const bytes = new Uint8Array(64);
  await using outer = await libgomp.targetData([map.to(bytes)]);
  for (const device of [Number.NaN, -2, "0", null]) {
    expect(await codeOf(libgomp.targetData([map.to(bytes)], { device: device as never }))).toMatch(/^ERR_O|^ERR_I/);
    expect(await codeOf(libgomp.enterData([map.to(bytes)], { device: device as never }))).toMatch(/^ERR_O|^ERR_I/);
  }
  expect(await codeOf(libgomp.enterData([map.to(bytes)], null as never))).toBe("ERR_INVALID_ARG_TYPE");
  await outer.end();
  expect(await libgomp.memory.isPresent(bytes, 0)).toBe(false);
});
