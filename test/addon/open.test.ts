/** Opening the runtime, and everything that can stand in its way. HSA is one per process, so each case is a process of its own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openOptions, runChild } from "./fixture.js";

const folder = mkdtempSync(join(tmpdir(), "gcn-offload-open-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A shared object made of these lines of C. */
function library(name: string, source: string, ...flags: string[]): string {
  const path = join(folder, name);
  writeFileSync(`${path}.c`, source);
  execFileSync("cc", ["-shared", "-fPIC", "-o", path, `${path}.c`, ...flags]);
  return path;
}

/** Runs `script` and answers what it prints as JSON on its last line. */
async function answer(script: string): Promise<Record<string, unknown>> {
  const { code, signal, output } = await runChild(`
    const attempt = (call) => { try { return { value: call() }; } catch (error) {
      return { code: error.code, message: error.message, tried: error.tried, missing: error.missing, status: error.status, call: error.call };
    } };
    ${script}`);
  expect({ code, signal, output }).toMatchObject({ code: 0, signal: null });
  return JSON.parse(output.trim().split("\n").at(-1) ?? "");
}
const print = (expression: string): string => `console.log(JSON.stringify(${expression}));`;

test("nothing is loaded before open: statuses have names all the same, calls say what is missing", async () => {
  const result = await answer(
    print(`{
    name: native.statusString(0x1008),
    agents: attempt(() => native.agents()).code,
    signal: attempt(() => native.createSignal(0)).code,
    maps: require("node:fs").readFileSync("/proc/self/maps", "utf8").includes("libhsa"),
    shutDown: attempt(() => native.shutDown()).code ?? "fine",
  }`),
  );
  expect(result).toEqual({
    name: "OUT_OF_RESOURCES",
    agents: "ERR_HSA_NOT_INITIALIZED",
    signal: "ERR_HSA_NOT_INITIALIZED",
    maps: false,
    shutDown: "fine",
  });
});

test("open tells which file it is, and may be called again", async () => {
  const result = await answer(
    print("[attempt(() => native.open(options)).value, attempt(() => native.open(options)).value]"),
  );
  const [first, second] = result as unknown as Record<string, unknown>[];
  expect(first).toMatchObject({ versionMajor: 1, software: openOptions.thunk !== undefined });
  expect(String(first?.path)).toMatch(/^\/.*libhsa-runtime64\.so/);
  expect(second).toEqual(first);
});

test("after shutDown handles are disposed, and open starts anew", async () => {
  const result = await answer(`
    native.open(options);
    const agent = native.agents()[0];
    const memory = agent.pools()[0].allocate(4096);
    const view = memory.view();
    const signal = native.createSignal(1);
    native.shutDown();
    native.shutDown();
    const dead = [attempt(() => agent.info()).code, attempt(() => signal.load()).code, attempt(() => memory.view()).code, view.byteLength];
    native.open(options);
    ${print("{ dead, agents: native.agents().length > 1, fresh: native.agents()[0] !== agent, live: native.stats().signalsLive }")}`);
  expect(result).toEqual({
    dead: ["ERR_HSA_DISPOSED", "ERR_HSA_DISPOSED", "ERR_HSA_DISPOSED", 0],
    agents: true,
    fresh: true,
    live: 0,
  });
});

test("libraries that cannot be opened are listed with the loader's reasons", async () => {
  const text = join(folder, "text.so");
  writeFileSync(text, "not a library");
  const result = await answer(
    print(`attempt(() => native.open({ libraries: ["/nowhere/libhsa-runtime64.so.1", ${JSON.stringify(text)}] }))`),
  );
  expect(result.code).toBe("ERR_HSA_LIBRARY_NOT_FOUND");
  const tried = result.tried as { library: string; reason: string }[];
  expect(tried.map((each) => each.library)).toEqual(["/nowhere/libhsa-runtime64.so.1", text]);
  expect(tried[0]?.reason).toContain("No such file");
  expect(tried[1]?.reason).toMatch(/invalid ELF header|file too short/);
});

test("no libraries at all is an error too", async () => {
  expect(await answer(print("attempt(() => native.open({ libraries: [] }))"))).toMatchObject({
    code: "ERR_HSA_LIBRARY_NOT_FOUND",
  });
});

test("a library that lacks functions is named with them, and another can be opened after", async () => {
  const old = library("old-runtime.so", "int hsa_init(void) { return 0; } int hsa_shut_down(void) { return 0; }");
  const result = await answer(`
    const failed = attempt(() => native.open({ libraries: [${JSON.stringify(old)}] }));
    ${print("{ ...failed, after: attempt(() => native.open(options)).value !== undefined }")}`);
  expect(result.code).toBe("ERR_HSA_VERSION");
  expect(result.missing).toContain("hsa_queue_create");
  expect(result.missing).not.toContain("hsa_init");
  // Its absence is no reason to refuse a runtime.
  expect(result.missing).not.toContain("hsa_amd_register_system_event_handler");
  expect(result.after).toBe(true);
});

test.each([
  ["no object", "undefined", "ERR_INVALID_ARG_TYPE"],
  ["no libraries", "{}", "ERR_INVALID_ARG_TYPE"],
  ["a number among the libraries", "{ libraries: [1] }", "ERR_INVALID_ARG_TYPE"],
  ["a NUL in a name", '{ libraries: ["a\\0b"] }', "ERR_INVALID_ARG_VALUE"],
  ["a thunk that is a string", '{ libraries: ["a"], thunk: "b" }', "ERR_INVALID_ARG_TYPE"],
  ["a thunk without a configuration", '{ libraries: ["a"], thunk: { library: "b" } }', "ERR_INVALID_ARG_TYPE"],
])("open refuses %s", async (_, argument, code) => {
  expect((await answer(print(`attempt(() => native.open(${argument}))`))).code).toBe(code);
});

const { thunk } = openOptions;
if (thunk !== undefined) {
  test("a configuration that the software GPU does not know", async () => {
    const result = await answer(
      print(`attempt(() => native.open({ ...options, thunk: { ...options.thunk, config: "gfx1*7" } }))`),
    );
    expect(result.code).toBe("ERR_HSA_DEVICE_SETTING");
    expect(String(result.message)).toContain("gfx1*7");
  });

  test("a thunk that is not there", async () => {
    const result = await answer(
      print(`attempt(() => native.open({ ...options, thunk: { library: "/nowhere/t.so", config: "gfx906" } }))`),
    );
    expect(result.code).toBe("ERR_HSA_LIBRARY_NOT_FOUND");
    expect(result.tried).toMatchObject([{ library: "/nowhere/t.so" }]);
  });

  test("a thunk that is not the software GPU", async () => {
    const other = library("other-thunk.so", "int hsaKmtOpenKFD(void) { return 1; }");
    const result = await answer(
      print(
        `attempt(() => native.open({ ...options, thunk: { library: ${JSON.stringify(other)}, config: "gfx906" } }))`,
      ),
    );
    expect(result).toMatchObject({ code: "ERR_HSA_VERSION", missing: ["gcn_softgpu_configure"] });
  });

  test("a runtime that has its thunk inside cannot run over the software GPU", async () => {
    const symbols = execFileSync("grep", ["-hoE", "^(ENTRY|OPTIONAL)\\(\\w+", "native/hsa/entry_points.def"], {
      encoding: "utf8",
    });
    const names = symbols.split("\n").map((line) => line.replace(/^\w+\(/, ""));
    const source = names.filter(Boolean).map((name) => `int ${name}(void) { return 0; }`);
    const inside = library("inside.so", [...source, "int hsaKmtOpenKFD(void) { return 1; }"].join("\n"));
    const result = await answer(
      print(`attempt(() => native.open({ ...options, libraries: [${JSON.stringify(inside)}] }))`),
    );
    expect(result.code).toBe("ERR_HSA_VERSION");
    expect(String(result.message)).toContain("inside.so");
  });

  test("another driver thunk that is loaded already stands in the way, and that is said", async () => {
    const resident = library("libhsakmt.so.1", "int hsaKmtOpenKFD(void) { return 1; }", "-Wl,-soname,libhsakmt.so.1");
    const result = await answer(`
      process.dlopen({ exports: {} }, ${JSON.stringify(library("anchor.so", "#include <stddef.h>\nstruct m { int v; unsigned f; const char* n; void* r; const char* d; void* p; void* s[4]; };\nvoid* napi_register_module_v1(void* e, void* x) { return x; }", "-Wl,--no-as-needed", resident, `-Wl,-rpath,${folder}`))});
      ${print("attempt(() => native.open(options))")}`);
    expect(result.code).toBe("ERR_HSA_ALREADY_OPEN");
    expect(String(result.message)).toContain(resident);
  });

  test.each([
    ["another configuration", `{ ...options, thunk: { ...options.thunk, config: "gfx900*3" } }`],
    ["the hardware", "{ libraries: options.libraries }"],
    ["another library", `{ ...options, libraries: ["/nowhere/other.so"] }`],
  ])("the runtime is open: %s contradicts, in this thread and in a worker", async (_, other) => {
    const result = await answer(`
      native.open(options);
      const here = attempt(() => native.open(${other})).code;
      const { Worker } = require("node:worker_threads");
      const worker = new Worker(\`
        const native = require(require("node:worker_threads").workerData.addon);
        const options = require("node:worker_threads").workerData.options;
        let code = "none";
        try { native.open(${other}); } catch (error) { code = error.code; }
        require("node:worker_threads").parentPort.postMessage(code);
      \`, { eval: true, workerData: { addon: ADDON, options } });
      worker.on("message", (there) => { ${print("{ here, there }")} });`);
    expect(result).toEqual({ here: "ERR_HSA_ALREADY_OPEN", there: "ERR_HSA_ALREADY_OPEN" });
  });
} else {
  test("over the hardware there is no report of the software GPU", async () => {
    expect(
      await answer(`native.open(options); ${print("[native.softwareLastFault(), native.softwareStatistics()]")}`),
    ).toEqual([null, null]);
  });
}

test("an hsa_init that fails is an HSA error, and another library may be tried after", async () => {
  const symbols = execFileSync("grep", ["-hoE", "^(ENTRY|OPTIONAL)\\(\\w+", "native/hsa/entry_points.def"], {
    encoding: "utf8",
  });
  const names = symbols.split("\n").map((line) => line.replace(/^\w+\(/, ""));
  const source = names
    .filter(Boolean)
    .map((name) => `int ${name}(void) { return ${name === "hsa_init" ? 0x1008 : 0}; }`);
  const failing = library("failing.so", source.join("\n"));
  const result = await answer(`
    const failed = attempt(() => native.open({ libraries: [${JSON.stringify(failing)}] }));
    ${print("{ ...failed, after: attempt(() => native.open(options)).value !== undefined }")}`);
  expect(result).toMatchObject({ code: "ERR_HSA_OUT_OF_RESOURCES", status: 0x1008, call: "hsa_init", after: true });
});
