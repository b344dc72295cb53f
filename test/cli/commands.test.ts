import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build, gcnOffload, kernels, root } from "./fixture.js";

let folder: string;
beforeAll(() => {
  build();
  folder = mkdtempSync(join(tmpdir(), "gcn-offload-cli-"));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, data: string | ArrayBufferView): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof data === "string" ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return path;
};

test("no command, --help, --version, and a misspelled command", async () => {
  expect(await gcnOffload([])).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("usage: gcn-offload COMMAND"),
  });
  expect(await gcnOffload(["--help"])).toMatchObject({
    code: 0,
    stderr: "",
    stdout: expect.stringMatching(/info.*inspect.*run.*exec/s),
  });
  expect((await gcnOffload(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(await gcnOffload(["inspct"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("did you mean inspect?"),
  });
});

test.each(["info", "inspect", "run", "exec"])("%s has a help, and names the near option", async (command) => {
  expect(await gcnOffload([command, "--help"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`usage: gcn-offload ${command} `),
  });
  const { code, stderr } = await gcnOffload([command, "--hlp"]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `gcn-offload: ${command} has no option --hlp; did you mean --help?\n`,
  });
});

test("info tells the runtime, the choice and its reason, and the agents", async () => {
  const { code, stdout } = await gcnOffload(["info", "--json"], { env: { GCN_OFFLOAD_DEVICE: "software:gfx90a*2" } });
  expect(code).toBe(0);
  const told = JSON.parse(stdout);
  expect(told.runtime).toMatchObject({
    path: expect.stringMatching(/^\/.*libhsa-runtime64/),
    version: expect.stringMatching(/^1\.\d+$/),
  });
  expect(told.device).toEqual({
    kind: "software",
    config: "gfx90a*2",
    reason: "GCN_OFFLOAD_DEVICE=software:gfx90a*2 asks for it",
  });
  const gpus = told.agents.filter(({ type }: { type: string }) => type === "gpu");
  expect(gpus.map(({ name, software }: { name: string; software: boolean }) => [name, software])).toEqual([
    ["gfx90a", true],
    ["gfx90a", true],
  ]);
  expect(gpus[0].isas[0]).toMatch(/^amdgcn-amd-amdhsa--gfx90a/);
  expect(gpus[0].computeUnits).toBeGreaterThan(0);
  expect(gpus[0].pools.map(({ kind }: { kind: string }) => kind)).toEqual(
    expect.arrayContaining(["global coarse-grained", "group"]),
  );
  const text = await gcnOffload(["info"], { env: { GCN_OFFLOAD_DEVICE: "software:gfx900" } });
  expect(text.stdout).toMatch(/device +software \(gfx900\): .*asks for it/);
  expect(text.stdout).toContain("software GPU");
});

test("info without a runtime, or with a device that is not understood, is a clear error", async () => {
  const missing = await gcnOffload(["info", "--json"], {
    env: { GCN_OFFLOAD_DEVICE: "software", HSA_RUNTIME_LIB: "/nowhere/rocr.so" },
  });
  expect(missing.code).toBe(3);
  expect(missing.stderr).toMatch(
    /\/nowhere\/rocr\.so.*apt-get install libhsa-runtime64-1.*\[ERR_HSA_LIBRARY_NOT_FOUND\]/,
  );
  expect(JSON.parse(missing.stdout).error.code).toBe("ERR_HSA_LIBRARY_NOT_FOUND");
  const setting = await gcnOffload(["info"], { env: { GCN_OFFLOAD_DEVICE: "sofware" } });
  expect(setting).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "software"') });
  const bad = await gcnOffload(["info"], { env: { GCN_OFFLOAD_DEVICE: "software:gfx7777" } });
  expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining("gfx7777") });
});

test("inspect tells what the compiler wrote, without a device", async () => {
  const env = { HSA_RUNTIME_LIB: "/nowhere/rocr.so" };
  const { code, stdout } = await gcnOffload(["inspect", kernels, "--target", "gfx906", "--json"], { env });
  expect(code).toBe(0);
  const [{ isa, kernels: found }] = JSON.parse(stdout).objects;
  expect(isa).toBe("amdgcn-amd-amdhsa--gfx906");
  const scalars = found.find(({ name }: { name: string }) => name === "arguments_scalars");
  // As the C ABI lays out (ulong*, char, uchar, short, ushort, int, uint, long, ulong, half, float, double).
  expect(scalars.arguments.map(({ offset, size }: { offset: number; size: number }) => [offset, size])).toEqual([
    [0, 8],
    [8, 1],
    [9, 1],
    [10, 2],
    [12, 2],
    [16, 4],
    [20, 4],
    [24, 8],
    [32, 8],
    [40, 2],
    [44, 4],
    [48, 8],
  ]);
  const text = (await gcnOffload(["inspect", kernels], { env })).stdout;
  for (const word of [
    "gfx900",
    "gfx90a",
    "gfx1030",
    "kernel lds_reverse",
    "LDS 4 KiB",
    "VGPRs",
    "scratch",
    "variable counter",
  ]) {
    expect(text).toContain(word);
  }
});

test.each([
  ["text", "hello", "ERR_CODE_OBJECT_FORMAT"],
  ["an ELF for this machine", null, "ERR_CODE_OBJECT"],
])("inspect refuses %s", async (_what, content, code) => {
  const path = content === null ? process.execPath : file("text", content);
  expect(await gcnOffload(["inspect", path])).toMatchObject({ code: 2, stderr: expect.stringContaining(code) });
});

test("inspect shows what GCC has put into a program", async () => {
  const source = file(
    "offload.c",
    "int shared;\n#pragma omp declare target to(shared)\nint main(void) {\n#pragma omp target\n  shared = 1;\n}\n",
  );
  const program = join(folder, "offload");
  execFileSync("gcc-12", ["-fopenmp", "-foffload=amdgcn-amdhsa=-march=gfx906", source, "-o", program], {
    stdio: "ignore",
  });
  const { code, stdout } = await gcnOffload(["inspect", program, "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).objects).toMatchObject([
    {
      isa: "amdgcn-amd-amdhsa--gfx906:xnack-",
      image: {
        layout: "12",
        abi: { abi: "gcc-12", evidence: expect.stringMatching(/^compiled by GCC 12\./) },
        kernels: [{ name: "_init_array" }, { name: "_fini_array" }, { name: "main._omp_fn.0" }],
        hostFunctions: ["main._omp_fn.0"],
        variables: [{ name: "shared", size: 4, link: false }],
      },
    },
  ]);
  expect((await gcnOffload(["inspect", program])).stdout).toMatch(
    /kernel arguments as in gcc-12: compiled by GCC 12\.[\s\S]*offloaded main\._omp_fn\.0\n.*variable shared +4 bytes/,
  );
});

test("inspect wants one file that is there", async () => {
  expect((await gcnOffload(["inspect"])).code).toBe(2);
  expect((await gcnOffload(["inspect", "a", "b"])).code).toBe(2);
  expect(await gcnOffload(["inspect", "/no/such"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("ENOENT"),
  });
});

const N = 1000;
/** increment: data[i] += by for i < n; in C: kernel increment(u32 n, global u32* data, u32 by). */
function manifest(name: string, change: object = {}, args: unknown[] | null = null): string {
  const data = Uint32Array.from({ length: N }, (_, i) => i * 3);
  file("in.bin", data);
  file(
    "want.bin",
    data.map((value) => value + 5),
  );
  const list = args ?? [
    { kind: "u32", value: N },
    { kind: "buffer", bytes: 4 * N, init: "in.bin", expect: "want.bin" },
    { kind: "u32", value: "5" },
  ];
  return file(
    name,
    JSON.stringify({
      codeObject: kernels,
      kernel: "increment",
      grid: [1024, 1, 1],
      workgroup: [256, 1, 1],
      args: list,
      ...change,
    }),
  );
}
const SOFTWARE = { env: { GCN_OFFLOAD_DEVICE: "software:gfx906" } };

test("run launches what the manifest says, and 0 means that everything holds", async () => {
  const { code, stdout, stderr } = await gcnOffload(["run", manifest("good.json")], { ...SOFTWARE, cwd: "/" });
  expect({ code, stderr: stderr.replaceAll(/.*aqlprofile.*\n/g, "") }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^increment on gfx906 \(software GPU\): [\d.]+ .?s\nargs\[1\]: 4000 bytes as expected\n$/);
  const json = JSON.parse((await gcnOffload(["run", manifest("good.json"), "--json"], SOFTWARE)).stdout);
  expect(json).toMatchObject({
    ok: true,
    kernel: "increment",
    agent: { name: "gfx906", software: true },
    buffers: [{ argument: 1, ok: true, differing: 0 }],
  });
  expect(json.nanoseconds).toBeGreaterThan(0);
});

test("run exits with 1 on a mismatch and tells the first element, got, wanted, and how many", async () => {
  const wrong = manifest("wrong.json", {}, [
    { kind: "u32", value: 998 },
    { kind: "buffer", bytes: 4 * N, init: "in.bin", expect: "want.bin" },
    { kind: "u32", hex: "05000000" },
  ]);
  const { code, stdout } = await gcnOffload(["run", wrong], SOFTWARE);
  expect(code).toBe(1);
  // Elements 998 and 999 were left at 2994 and 2997: 0x0bb2 and 0x0bb5, wanted 0x0bb7 and 0x0bba.
  expect(stdout).toContain(
    "args[1]: 2 of 4000 bytes differ; the first is element 3992 (byte 3992): got 0xb2, wanted 0xb7",
  );
  const json = JSON.parse((await gcnOffload(["run", wrong, "--json"], SOFTWARE)).stdout);
  expect(json).toMatchObject({
    ok: false,
    buffers: [{ ok: false, differing: 2, first: { index: 3992, got: "0xb2", wanted: "0xb7" } }],
  });
});

test("a buffer without init is zeros", async () => {
  file("fives.bin", new Uint32Array(N).fill(5));
  const path = manifest("zeros.json", {}, [
    { kind: "u32", value: N },
    { kind: "buffer", bytes: 4 * N, expect: "fives.bin" },
    { kind: "i32", value: 5 },
  ]);
  expect((await gcnOffload(["run", path], SOFTWARE)).code).toBe(0);
});

test.each([
  ["not JSON", () => file("bad.json", "{"), /is not JSON/],
  ["no such file", () => join(folder, "none.json"), /ENOENT/],
  [
    "an unknown kernel",
    () => manifest("k.json", { kernel: "incremnt" }),
    /no kernel "incremnt" \(did you mean "increment"\?\).*ERR_OFFLOAD_UNKNOWN_KERNEL/,
  ],
  ["a missing code object", () => manifest("c.json", { codeObject: "none.hsaco" }), /ENOENT.*none\.hsaco/],
  [
    "text for a code object",
    () => manifest("t.json", { codeObject: file("text.hsaco", "no code") }),
    /ERR_CODE_OBJECT_FORMAT/,
  ],
  ["too few arguments", () => manifest("a.json", {}, []), /takes 3 arguments, not 0.*ERR_OFFLOAD_ARGUMENT_COUNT/],
  ["a workgroup over the limit", () => manifest("w.json", { workgroup: [2048] }), /ERR_OFFLOAD_WORKGROUP/],
  ["an unknown device", () => manifest("d.json", { device: "gfx1100" }), /no device "gfx1100"/],
])("run: %s is bad input", async (what, path, message) => {
  const { code, stderr } = await gcnOffload(["run", path()], SOFTWARE);
  expect(stderr).toMatch(message);
  expect(code).toBe(what === "an unknown device" ? 3 : 2);
});

test("run exits with 3 on a device error", async () => {
  const fault = manifest("fault.json", { kernel: "fault_write", grid: 1, workgroup: 1 }, [
    { kind: "address", value: 4096 },
    { kind: "u32", value: 1 },
  ]);
  expect(await gcnOffload(["run", fault], SOFTWARE)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("ERR_OFFLOAD_MEMORY_FAULT"),
  });
  const endless = manifest("endless.json", { kernel: "endless", grid: 64, workgroup: 64, timeout: 200 }, [
    { kind: "buffer", bytes: 256 },
  ]);
  expect(await gcnOffload(["run", endless], SOFTWARE)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("ERR_OFFLOAD_TIMEOUT"),
  });
});

test("exec sets the environment, passes words on as they are, and the exit status back", async () => {
  const show = ["--", "sh", "-c", 'echo "$GCN_OFFLOAD_DEVICE $LD_LIBRARY_PATH $1"; exit 7', "sh", "--json"];
  const { code, stdout } = await gcnOffload(["exec", "--gpu", "gfx90a*2", ...show], {
    env: { LD_LIBRARY_PATH: "/other" },
  });
  expect({ code, stdout }).toEqual({
    code: 7,
    stdout: `software:gfx90a*2 ${join(root, "native/softgpu/build/lib")}:/other --json\n`,
  });
  const bare = await gcnOffload(["exec", "sh", "-c", "echo $GCN_OFFLOAD_DEVICE"], {
    env: { GCN_OFFLOAD_DEVICE: "software:gfx900" },
  });
  expect(bare).toMatchObject({ code: 0, stdout: "software:gfx900\n" });
});

test("exec says what it cannot run", async () => {
  expect(await gcnOffload(["exec"])).toMatchObject({ code: 2, stderr: expect.stringContaining("needs a program") });
  expect(await gcnOffload(["exec", "--", "/no/such/program"])).toMatchObject({
    code: 127,
    stderr: expect.stringContaining("not found"),
  });
  expect(await gcnOffload(["exec", "--", kernels])).toMatchObject({ code: 126 });
  expect(await gcnOffload(["exec", "--gpu", "rtx", "--", "true"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--gpu rtx is not understood"),
  });
  expect(await gcnOffload(["exec", "--gpu"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--gpu needs a value"),
  });
});

test("exec forwards signals, and dies of what its program dies of", async () => {
  const trapping = `trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.05; done`;
  const caught = await gcnOffload(["exec", "--", "sh", "-c", trapping], {
    onOutput: (pid) => process.kill(pid, "SIGTERM"),
  });
  expect(caught).toMatchObject({ code: 9, stdout: "ready\ncaught\n" });
  expect(await gcnOffload(["exec", "--", "sh", "-c", "kill -TERM $$"])).toMatchObject({
    code: null,
    signal: "SIGTERM",
  });
});

test("a C program against hsa.h finds the software GPU under exec, and only there", async () => {
  const source = file(
    "agents.c",
    `#include <hsa/hsa.h>
     #include <stdio.h>
     static hsa_status_t show(hsa_agent_t agent, void* data) {
       char name[64]; hsa_device_type_t type;
       hsa_agent_get_info(agent, HSA_AGENT_INFO_NAME, name);
       hsa_agent_get_info(agent, HSA_AGENT_INFO_DEVICE, &type);
       if (type == HSA_DEVICE_TYPE_GPU) puts(name);
       return HSA_STATUS_SUCCESS;
     }
     int main(void) {
       if (hsa_init() != HSA_STATUS_SUCCESS) return 4;
       hsa_iterate_agents(show, 0);
       hsa_shut_down();
       return 0;
     }`,
  );
  const agents = join(folder, "agents");
  const rocm = process.env.ROCM_PATH ?? "/opt/rocm";
  execFileSync("cc", [
    "-I",
    join(rocm, "include"),
    "-o",
    agents,
    source,
    "-L",
    join(rocm, "lib"),
    "-l:libhsa-runtime64.so.1",
  ]);
  expect(await gcnOffload(["exec", "--gpu", "gfx906*2", "--", agents])).toMatchObject({
    code: 0,
    stdout: "gfx906\ngfx906\n",
  });
  expect(await gcnOffload(["exec", "--gpu", "gfx900", "--", agents])).toMatchObject({ code: 0, stdout: "gfx900\n" });
});
