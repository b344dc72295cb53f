/** The adapters to each release's functions, on C plugins of the tests' own that have exactly these and tell what they were called with. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GccImage } from "../../../lib/codeobject/index.js";
import { ForeignPlugin } from "../../../lib/plugin/index.js";
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
    expect(table !== null).toBe(sessions);
    if (table === null) plugin.sessionSetTargetVarTable(session, at);
    else table.words.set([0x07070707, 0x07070707]);
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
      ...(sessions ? ["start 0", "allocate 16"] : []),
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

test.each([
  [12, "-DOMIT_RUN", "GOMP_OFFLOAD_run"],
  [17, "-DOMIT_SET", "GOMP_OFFLOAD_session_set_target_var_table"],
] as const)("a plugin of GCC %i without a required function (%s) is refused by its name", (family, flag, name) => {
  expect(() => ForeignPlugin.open({ library: build(family, flag) })).toThrow(
    expect.objectContaining({ code: "ERR_OFFLOAD_PLUGIN", message: expect.stringContaining(name) }),
  );
});
