/** The plugin libraries: what each of them exports, and which libgomp gets which. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { familyOf, libgompOf, pluginLibrary } from "../../lib/libgomp/plugin_library.js";
import { OPERATION } from "../../lib/libgomp/serve/operations.js";
import { root } from "../cli/fixture.js";

const own = mkdtempSync(join(tmpdir(), "gcn-offload-plugin-library-"));
afterAll(() => rmSync(own, { recursive: true }));

/** What GCC's own plugins export for the calls that each libgomp asks for (nm -D). */
const BASE = [
  ...["version", "get_name", "get_caps", "get_type", "get_num_devices", "init_device", "fini_device"],
  ...["load_image", "unload_image", "alloc", "free", "dev2host", "host2dev", "dev2dev", "run", "async_run", "can_run"],
];
const OPENACC = [
  ...["exec", "create_thread_data", "destroy_thread_data", "get_property"],
  ...["construct", "destruct", "test", "synchronize", "serialize", "queue_callback", "exec"].map(
    (name) => `async_${name}`,
  ),
  ...["async_dev2host", "async_host2dev"],
].map((name) => `openacc_${name}`);
const FAMILIES = {
  12: [],
  13: [],
  14: [],
  16: ["memset", "get_uid", "openacc_async_dev2dev"],
  17: ["memset", "get_uid", "openacc_async_dev2dev", "session_size", "session_start"].concat(
    "session_set_target_var_table",
    "session_allocate_target_var_table",
    "get_dev_caps",
    "supported_teams_dim",
    "supported_threads_dim",
  ),
} as const;

const libraryOf = (family: string): string => join(root, "build", "Release", `libgomp-plugin-gcn-${family}.so`);

describe.each(Object.entries(FAMILIES))("the library for the libgomp of GCC %s", (family, more) => {
  test("exports what that libgomp asks for, and nothing else of libgomp's", () => {
    const names = execFileSync("nm", ["-D", "--defined-only", libraryOf(family)], { encoding: "utf8" })
      .split("\n")
      .flatMap((line) => /GOMP_OFFLOAD_(\w+)/.exec(line)?.[1] ?? []);
    expect(names.sort()).toEqual([...BASE, ...OPENACC, ...more].sort());
  });

  test("is called as libgomp calls it, and needs no libgomp of its own", () => {
    const dynamic = execFileSync("readelf", ["-d", libraryOf(family)], { encoding: "utf8" });
    expect(/SONAME.*\[(.*)\]/.exec(dynamic)?.[1]).toBe("libgomp-plugin-gcn.so.1");
    expect(dynamic).not.toMatch(/NEEDED.*libgomp/);
  });
});

describe("a libgomp is told by what it looks for", () => {
  const libgomp = (name: string, ...strings: readonly string[]): string => {
    const file = join(own, name);
    writeFileSync(file, strings.join("\0"));
    return file;
  };
  const common = ["GOMP_OFFLOAD_version", "GOMP_OFFLOAD_run"];

  test("the system's is GCC 12's", () => {
    const file = execFileSync("gcc-12", ["-print-file-name=libgomp.so.1"], { encoding: "utf8" }).trim();
    expect(familyOf(file)).toBe(12);
    expect(pluginLibrary(file)).toBe(libraryOf("12"));
  });
  test.each([
    [13, ["GOMP_PLUGIN_target_rev"]],
    [14, ["GOMP_PLUGIN_target_rev", "GOMP_OFFLOAD_memcpy2d"]],
    [16, ["GOMP_PLUGIN_target_rev", "GOMP_OFFLOAD_memcpy2d", "GOMP_OFFLOAD_memset"]],
    [17, ["GOMP_PLUGIN_target_rev", "GOMP_OFFLOAD_memcpy2d", "GOMP_OFFLOAD_memset", "GOMP_OFFLOAD_session_size"]],
  ])("GCC %d", (family, names) => {
    expect(familyOf(libgomp(`libgomp-${family}`, ...common, ...names))).toBe(family);
  });
  test("one without plugins is refused", () => {
    expect(() => familyOf(libgomp("none", "GOMP_parallel"))).toThrow(/looks for no offload plugins/);
  });
});

test("a program's own folder for libgomp counts, from where the program lies", () => {
  const source = join(own, "program.c");
  writeFileSync(source, "int main(void) { return 0; }");
  const build = (...options: readonly string[]): string => {
    const program = join(own, "program.so");
    execFileSync("gcc-12", ["-shared", "-fPIC", source, "-o", program, ...options]);
    return program;
  };
  expect(libgompOf(build())).toBe("libgomp.so.1");
  expect(libgompOf(build("-Wl,-rpath,$ORIGIN/lib"))).toBe("libgomp.so.1");
  writeFileSync(join(own, "libgomp.so.1"), "");
  expect(libgompOf(build("-Wl,-rpath,/nowhere:$ORIGIN"))).toBe(join(own, "libgomp.so.1"));
});

test("JavaScript's numbers for the operations are the C++ library's", () => {
  const header = readFileSync(join(root, "native", "libgomp_plugin", "bridge.h"), "utf8");
  const block = /enum class Operation[^{]*\{([^}]*)\}/.exec(header)?.[1] ?? "";
  const pairs = [...block.matchAll(/k(\w+) = (\d+)/g)].map(([, name = "", number]) => [
    name.charAt(0).toLowerCase() + name.slice(1),
    Number(number),
  ]);
  expect(Object.fromEntries(pairs)).toEqual(OPERATION);
});
