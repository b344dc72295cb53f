/** The adapters to each release's functions, on C plugins of the tests' own that have exactly these and tell what they were called with. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GccImage } from "../../../lib/codeobject/index.js";
import { type DeviceProperty, ForeignPlugin, type TargetFunction } from "../../../lib/plugin/index.js";
import { program } from "../gcn/programs.js";

const source = fileURLToPath(new URL("recorder.c", import.meta.url));
const programs = fileURLToPath(new URL("programs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "gcn-offload-foreign-"));
afterAll(() => rmSync(folder, { recursive: true }));
let image: GccImage;
beforeAll(async () => {
  image = (await program("regions.c", "gfx906", [], programs)).image;
}, 120_000);

function build(family: number, ...flags: string[]): string {
  const library = join(folder, `recorder-${family}${flags.join("")}.so`);
  const warnings = ["-Wall", "-Wextra", "-Werror"];
  execFileSync("cc", [...warnings, "-shared", "-fPIC", `-DFAMILY=${family}`, ...flags, "-o", library, source]);
  return library;
}

/** What libgomp of each release calls an image's version, and hands to load_image beside the image. */
const FAMILIES = [
  { family: 12, load: "load 0 10002", sessions: false, memset: false },
  { family: 13, load: "reverse=0 load 0 20003", sessions: false, memset: false },
  { family: 14, load: "reverse=0 indirect=0 load 0 30003", sessions: false, memset: false },
  { family: 16, load: "reverse=0 indirect=0 load 0 30003", sessions: false, memset: true },
  { family: 17, load: "reverse=0 indirect=0 load 0 40003", sessions: true, memset: true },
] as const;

test.each(FAMILIES)(
  "a plugin of GCC $family is told by its functions, and called as that wants it",
  async (expected) => {
    const { family, load, sessions, memset } = expected;
    const output = join(folder, `calls-${family}`);
    process.env.RECORDER_OUTPUT = output;
    const plugin = ForeignPlugin.open({ library: build(family) });
    expect(plugin.family).toBe(family);
    expect([plugin.getNumDevices(), plugin.getNumDevices(0x80)]).toEqual([1, 0]);
    plugin.initDevice(0);
    // The recorder runs nothing, so the image may say of itself what its release would have had.
    const loaded = plugin.loadImage(0, { ...image, abi: family === 12 ? "gcc-12" : "gcc-13" } as GccImage);
    expect(loaded.variables).toEqual([{ name: "total", address: 0x1000, size: 8, link: false }]);
    const fn = loaded.functions[0];
    if (fn === undefined) throw new Error("no function");
    const at = plugin.alloc(0, 16);
    plugin.memset(0, at, 7, 16);
    const session = plugin.newSession();
    plugin.sessionStart(session, 0);
    const table = plugin.sessionAllocateTargetVarTable(session, 2);
    table?.words.set([0x07070707, 0x07070707]);
    plugin.run(session, fn, { teams: 3, threads: 5 });
    plugin.sessionStart(session, 0);
    plugin.sessionSetTargetVarTable(session, null);
    await plugin.asyncRun(session, fn);
    plugin.free(0, at);
    plugin.unloadImage(loaded);
    plugin.dispose();

    const names = image.kernels.map(({ name }) => name).join(" ");
    const version = load.split(" ").at(-1);
    expect(readFileSync(output, "utf8").trim().split("\n")).toEqual([
      `${load} kernels=${image.kernels.length} variables=1 ${names} ELF`,
      memset ? "memset 7 16" : "host2dev 16",
      // Without sessions the table is held until the run.
      ...(sessions ? ["start 0", "allocate 16"] : ["host2dev 16"]),
      `run 0 ${fn.name} table=707070707070707 30100 50200`,
      ...(sessions ? ["start 0", "set 0"] : []),
      `run 0 ${fn.name} table=0 100`,
      `unload 0 ${version}`,
      "fini 0",
    ]);
  },
);

test("a table that was allocated for a session that did not run is another session's", () => {
  process.env.RECORDER_OUTPUT = join(folder, "calls-spare");
  const plugin = ForeignPlugin.open({ library: build(17, "-DSPARE") });
  plugin.initDevice(0);
  const session = plugin.newSession();
  plugin.sessionStart(session, 0);
  const first = plugin.sessionAllocateTargetVarTable(session, 4);
  plugin.sessionAbandon(session);
  plugin.sessionStart(session, 0);
  expect(plugin.sessionAllocateTargetVarTable(session, 3)).toBe(first);
  plugin.sessionAbandon(session);
  // More than the last page of upstream's block holds: it is set instead.
  plugin.sessionStart(session, 0);
  expect(plugin.sessionAllocateTargetVarTable(session, 503)).toBeNull();
  plugin.sessionAbandon(session);
  plugin.dispose();
});

test.each([12, 13, 16, 17])("OpenACC by a plugin of GCC %i: launches with their tables, and queues", async (family) => {
  const output = join(folder, `openacc-${family}`);
  process.env.RECORDER_OUTPUT = output;
  const plugin = ForeignPlugin.open({ library: build(family, "-DOPENACC") });
  plugin.initDevice(0);
  const loaded = plugin.loadImage(0, { ...image, abi: family === 12 ? "gcc-12" : "gcc-13" } as GccImage);
  const fn = loaded.functions[0] as TargetFunction;
  const session = plugin.newSession();
  const start = (word: number): void => {
    plugin.sessionStart(session, 0);
    plugin.sessionAllocateTargetVarTable(session, 3)?.words.set([word, 0]);
  };
  start(0x55);
  plugin.openaccExec(session, fn, [2, 3, 64]);
  const [first, second] = [plugin.asyncConstruct(0), plugin.asyncConstruct(0)];
  start(0x66);
  const over = plugin.openaccAsyncExec(session, fn, [4, 0, 0], first);
  plugin.asyncSerialize(first, second);
  const at = plugin.alloc(0, 8);
  const back = new Uint8Array(8);
  plugin.asyncHost2dev(first, at, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  plugin.asyncDev2host(first, back, at);
  await Promise.all([over, plugin.asyncSynchronize(first), plugin.asyncSynchronize(second)]);
  expect([...back]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(plugin.asyncTest(first)).toBe(true);
  // One whose length nothing tells: as long as its allocation.
  const table = plugin.alloc(0, 16);
  plugin.host2dev(0, table, BigUint64Array.of(0x77n, 0x78n));
  plugin.sessionStart(session, 0);
  plugin.sessionSetTargetVarTable(session, table);
  plugin.openaccExec(session, fn, [1, 1, 1]);
  expect(["memory", "name", "vendor", "uid"].map((each) => plugin.getProperty(0, each as DeviceProperty))).toEqual([
    1024,
    "a recorder",
    null,
    null,
  ]);
  await plugin.asyncDestruct(first);
  plugin.dispose();

  const calls = readFileSync(output, "utf8").trim().split("\n");
  const words = family === 12 ? ["3 ", "3 ", "2 "] : family < 17 ? ["0 ", "0 ", "0 "] : ["", "", ""];
  expect(calls.filter((call) => /exec|async /.test(call))).toEqual([
    `${words[0]}exec ${fn.name} 2,3,64 table=55`,
    `${words[1]}async ${fn.name} 4,0,0 table=66`,
    `${words[2]}exec ${fn.name} 1,1,1 table=77`,
  ]);
  const queues = /construct|destruct|synchronize|serialize|queue/;
  expect(calls.filter((call) => queues.test(call))).toEqual([
    ...["construct 0", "construct 0", "serialize 1", "queue host2dev 8", "queue dev2host 8"],
    // What is destroyed is waited for: the second with its device.
    ...["synchronize", "destruct", "synchronize", "destruct"],
  ]);
});

test("without OpenACC what belongs to it is refused", async () => {
  process.env.RECORDER_OUTPUT = join(folder, "calls-none");
  const plugin = ForeignPlugin.open({ library: build(12) });
  plugin.initDevice(0);
  const { functions } = plugin.loadImage(0, { ...image, abi: "gcc-12" } as GccImage);
  const session = plugin.newSession();
  plugin.sessionStart(session, 0);
  plugin.sessionSetTargetVarTable(session, null);
  const refused = expect.objectContaining({
    code: "ERR_OFFLOAD_PLUGIN",
    message: expect.stringContaining("no OpenACC"),
  });
  expect(() => plugin.openaccExec(session, functions[0] as TargetFunction, [1, 1, 1])).toThrow(refused);
  expect(() => plugin.asyncConstruct(0)).toThrow(refused);
  plugin.dispose();
});

describe("a library that is none of these is refused, and the error says why", () => {
  test.each([
    [12, "run", ""],
    [13, "load_image", ""],
    [14, "dev2dev", ""],
    [17, "session_set_target_var_table", ""],
    [17, "session_size", ""],
    [12, "openacc_async_serialize", "-DOPENACC"],
    [16, "openacc_create_thread_data", "-DOPENACC"],
  ])("of GCC %i without GOMP_OFFLOAD_%s", (family, name, more) => {
    const library = build(family, `-DGOMP_OFFLOAD_${name}=left_out`, ...(more === "" ? [] : [more]));
    expect(() => ForeignPlugin.open({ library })).toThrow(
      expect.objectContaining({
        code: "ERR_OFFLOAD_PLUGIN",
        message: expect.stringContaining(`no function GOMP_OFFLOAD_${name}, which a plugin of GCC ${family} must have`),
      }),
    );
  });

  test.each([
    ["of another version", "-DVERSION=9", /says that it is of version 9, and has the functions of GCC 16.*version 3/],
    ["without OpenMP", "-DCAPABILITIES=8", /runs no target regions: its capabilities are without OpenMP/],
  ])("%s", (_, flag, why) => {
    expect(() => ForeignPlugin.open({ library: build(16, flag) })).toThrow(why);
  });

  test.each([
    ["libgomp-plugin-none.so.1", /cannot be opened: .*libgomp-plugin-none\.so\.1: cannot open shared object file/],
    [source, /cannot be opened: .*(?:invalid ELF header|file too short)/],
    ["libm.so.6", /libm\.so\.6 has no function GOMP_OFFLOAD_version/],
  ])("%s", (library, why) => {
    expect(() => ForeignPlugin.open({ library })).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_PLUGIN" }));
    expect(() => ForeignPlugin.open({ library })).toThrow(why);
  });
});
