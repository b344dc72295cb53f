import { readFileSync } from "node:fs";
import { encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import { Bytes } from "../../lib/codeobject/bytes.js";
import { type Kernel, type KernelArgument, listBundle, parseCodeObject } from "../../lib/codeobject/index.js";
import { readMetadata } from "../../lib/codeobject/metadata.js";
import { compile, KERNEL, notesByLlvm, run, testBundle, type Version, writeScratch } from "./toolchain.js";

const entries = listBundle(readFileSync(testBundle)).filter((entry) => entry.kind !== "host");

/** The kernel with the names and the text that llvm-readelf gives it; what it does not print is undefined there. */
function asLlvmPrints(kernel: Kernel): Record<string, unknown> {
  const text = (value: unknown) => (value === null || value === undefined ? undefined : String(value));
  const some = (value: boolean) => (value ? "true" : undefined);
  const argument = (a: KernelArgument) => ({
    ".name": text(a.name),
    ".type_name": text(a.typeName),
    ".offset": text(a.offset),
    ".size": text(a.size),
    ".value_kind": a.kind,
    ".address_space": text(a.addressSpace),
    ".access": text(a.access),
    ".actual_access": text(a.actualAccess),
    ".pointee_align": text(a.pointeeAlign),
    ".is_const": some(a.isConst),
    ".is_restrict": some(a.isRestrict),
    ".is_volatile": some(a.isVolatile),
  });
  return {
    ".name": kernel.name,
    ".symbol": kernel.symbol,
    ".args": kernel.arguments.length === 0 ? undefined : kernel.arguments.map(argument),
    ".kernarg_segment_size": text(kernel.kernargSize),
    ".kernarg_segment_align": text(kernel.kernargAlign),
    ".group_segment_fixed_size": text(kernel.groupSegmentSize),
    ".private_segment_fixed_size": text(kernel.privateSegmentSize),
    ".uses_dynamic_stack": some(kernel.usesDynamicStack),
    ".wavefront_size": text(kernel.wavefrontSize),
    ".max_flat_workgroup_size": text(kernel.maxWorkgroupSize),
    ".reqd_workgroup_size": kernel.requiredWorkgroupSize?.map(String),
    ".workgroup_size_hint": kernel.workgroupSizeHint?.map(String),
    ".vec_type_hint": text(kernel.vectorTypeHint),
    ".sgpr_count": text(kernel.sgprCount),
    ".vgpr_count": text(kernel.vgprCount),
    ".agpr_count": text(kernel.agprCount),
    ".sgpr_spill_count": text(kernel.sgprSpillCount),
    ".vgpr_spill_count": text(kernel.vgprSpillCount),
    ".language": text(kernel.language),
    ".language_version": kernel.languageVersion?.map(String),
    ".kind": kernel.role === "normal" ? undefined : kernel.role,
    ".uniform_work_group_size":
      kernel.uniformWorkgroupSize === null ? undefined : kernel.uniformWorkgroupSize ? "1" : "0",
  };
}

function expectAsLlvm(bytes: Uint8Array): void {
  const notes = notesByLlvm(bytes)["amdhsa.kernels"];
  // Left out: false, which v4 does not print, and a compiler's choice of a mode that the descriptor has too.
  const printed = JSON.parse(
    JSON.stringify(notes, (key, value) =>
      key === ".workgroup_processor_mode" || value === "false" ? undefined : value,
    ),
  );
  expect(JSON.parse(JSON.stringify(parseCodeObject(bytes).kernels.map(asLlvmPrints)))).toEqual(printed);
}

test.each(entries.map((entry) => [entry.target, entry.bytes] as const))(
  "kernels and argument tables of the test bundle are what LLVM prints: %s",
  (_, bytes) => expectAsLlvm(bytes),
);

const RICH = `
  typedef struct { int a; double b; } pair;
  __attribute__((reqd_work_group_size(8, 4, 2))) __attribute__((visibility("protected")))
  __kernel void required(__global const int *restrict in, __global volatile float *out, pair by_value, __constant long *table,
                         __local double *scratch, read_only image2d_t picture, sampler_t sampling) {
    out[0] = in[0] + by_value.a + table[0]; scratch[0] = 1;
  }
  __attribute__((work_group_size_hint(64, 1, 1))) __attribute__((vec_type_hint(float4))) __attribute__((visibility("protected")))
  __kernel void hinted(__global float4 *data) { data[0] *= 2; }`;

test.each<Version>([4, 5, 6])("OpenCL's argument information is read as LLVM prints it: v%d", (version) => {
  for (const cpu of ["gfx900", "gfx90a", "gfx1030", "gfx1201"]) {
    const flags = ["-cl-std=CL2.0", "-cl-kernel-arg-info", "-Xclang", "-finclude-default-header"];
    const bytes = compile(RICH, { cpu, version, language: "cl", flags });
    expectAsLlvm(bytes);
    const [required] = parseCodeObject(bytes).kernels;
    expect(required).toMatchObject({ name: "required", requiredWorkgroupSize: [8, 4, 2], language: "OpenCL C" });
    expect(required?.arguments.slice(0, 7)).toMatchObject([
      { name: "in", typeName: "int*", addressSpace: "global", isConst: true, isRestrict: true, kind: "global_buffer" },
      { name: "out", typeName: "float*", isVolatile: true },
      { name: "by_value", typeName: "pair", kind: "by_value", size: 16 },
      { name: "table", addressSpace: "constant", kind: "global_buffer" },
      { name: "scratch", addressSpace: "local", kind: "dynamic_shared_pointer", size: 4, pointeeAlign: 8 },
      { name: "picture", access: "read_only", kind: "image" },
      { name: "sampling", kind: "sampler" },
    ]);
  }
});

test("hidden arguments of v5 lie where the ABI says, v4's as well", () => {
  const source = `${KERNEL} k(__attribute__((address_space(1))) int *out) {
    out[0] = ((__attribute__((address_space(4))) const int *)__builtin_amdgcn_implicitarg_ptr())[out[1]]; }`;
  const hidden = (version: Version) => {
    const [kernel] = parseCodeObject(compile(source, { cpu: "gfx90a", version })).kernels;
    return Object.fromEntries(
      kernel?.arguments.filter((a) => a.hidden).map((a) => [a.kind, [a.offset - 8, a.size]]) ?? [],
    );
  };
  // "Code Object V5 Metadata": offsets from the implicit arguments' beginning.
  expect(hidden(5)).toMatchObject({
    hidden_block_count_x: [0, 4],
    hidden_block_count_y: [4, 4],
    hidden_block_count_z: [8, 4],
    hidden_group_size_x: [12, 2],
    hidden_group_size_y: [14, 2],
    hidden_group_size_z: [16, 2],
    hidden_remainder_x: [18, 2],
    hidden_remainder_y: [20, 2],
    hidden_remainder_z: [22, 2],
    hidden_global_offset_x: [40, 8],
    hidden_global_offset_y: [48, 8],
    hidden_global_offset_z: [56, 8],
    hidden_grid_dims: [64, 2],
    hidden_hostcall_buffer: [80, 8],
    hidden_heap_v1: [96, 8],
  });
  expect(hidden(4)).toMatchObject({
    hidden_global_offset_x: [0, 8],
    hidden_global_offset_y: [8, 8],
    hidden_global_offset_z: [16, 8],
    hidden_hostcall_buffer: [24, 8],
  });
});

test("a recursive kernel says that its stack is dynamic", () => {
  const source = `__attribute__((noinline)) static int f(int n) { volatile int k = n; return n < 2 ? k : f(n - 1) + f(k - 2); }
    ${KERNEL} deep(int *out) { *out = f(*out); } ${KERNEL} flat(int *out) { *out = 1; }`;
  const kernels = parseCodeObject(compile(source, { cpu: "gfx90a" })).kernels;
  expect(kernels.map(({ name, usesDynamicStack }) => [name, usesDynamicStack])).toEqual([
    ["deep", true],
    ["flat", false],
  ]);
  expect(kernels.map((kernel) => kernel.descriptor.properties.usesDynamicStack)).toEqual([true, false]);
});

test("symbols are those of the symbol table: variables, functions, undefined ones, and whether kernels are visible", () => {
  const source = `
    __attribute__((address_space(1), visibility("protected"))) int counter = 3;
    __attribute__((address_space(1), visibility("protected"), weak)) double weak_one[4];
    __attribute__((address_space(4), visibility("protected"))) const short table[3] = {1, 2, 3};
    extern __attribute__((address_space(1), visibility("default"))) int elsewhere;
    __attribute__((noinline)) static int f(int x) { return x * counter; }
    ${KERNEL} seen(__attribute__((address_space(1))) int *out) { *out = f(*out) + weak_one[1] + table[*out] + elsewhere; }
    __attribute__((amdgpu_kernel)) void unseen(int *out) { *out = 2; }`;
  const bytes = compile(source, { cpu: "gfx906", flags: ["-Wl,--unresolved-symbols=ignore-all"] });
  const object = parseCodeObject(bytes);
  const addresses = new Map(
    run("llvm-nm-19", ["--format=posix", writeScratch(bytes)])
      .split("\n")
      .map((line) => line.split(" "))
      .map(([name = "", , address = "0"]) => [name, Number.parseInt(address, 16)] as const),
  );
  const at = (name: string) => addresses.get(name);
  expect(object.variables).toEqual(
    expect.arrayContaining([
      { name: "counter", address: at("counter"), size: 4, constant: false, weak: false, visibility: "protected" },
      { name: "weak_one", address: at("weak_one"), size: 32, constant: false, weak: true, visibility: "protected" },
      { name: "table", address: at("table"), size: 6, constant: true, weak: false, visibility: "protected" },
    ]),
  );
  expect(object.variables).toHaveLength(3);
  expect(object.functions.map(({ name, address }) => [name, address]).sort()).toEqual(
    ["f", "seen", "unseen"].map((name) => [name, at(name)]),
  );
  expect(object.undefinedSymbols).toEqual([{ name: "elsewhere", weak: false }]);
  expect(object.kernels.map(({ name, exported, descriptor }) => [name, exported, descriptor.entryAddress])).toEqual([
    ["seen", true, at("seen")],
    ["unseen", false, at("unseen")],
  ]);
});

const noteOf = (content: unknown) => ({
  name: "AMDGPU",
  type: 32,
  description: new Bytes(encode(content), "a note"),
});
const kernel = (name: string) => ({ ".name": name, ".symbol": `${name}.kd`, ".kernarg_segment_size": 8 });

test("several metadata notes are merged, as GCC writes one for each kernel", () => {
  const first = noteOf({
    "amdhsa.version": [1, 1],
    "amdhsa.target": "amdgcn-amd-amdhsa--gfx900:xnack-",
    "amdhsa.kernels": [kernel("a")],
  });
  const second = noteOf({ "amdhsa.version": [1, 1], "amdhsa.kernels": [kernel("b"), kernel("c")] });
  const merged = readMetadata([first, second]);
  expect(merged.kernels.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  expect(merged.target).toBe("amdgcn-amd-amdhsa--gfx900:xnack-");
});

test.each([
  ["no note at all", [], /no metadata note/],
  ["a kernel twice", [noteOf({ "amdhsa.kernels": [kernel("a"), kernel("a")] })], /described twice/],
  ["a list where a map belongs", [noteOf([1, 2])], /no map/],
  ["a kernel with no symbol", [noteOf({ "amdhsa.kernels": [{ ".name": "a" }] })], /\.symbol/],
  [
    "a negative size",
    [noteOf({ "amdhsa.kernels": [{ ...kernel("a"), ".kernarg_segment_size": -1 }] })],
    /\.kernarg_segment_size/,
  ],
  ["a text for a size", [noteOf({ "amdhsa.kernels": [{ ...kernel("a"), ".vgpr_count": "9" }] })], /\.vgpr_count/],
  [
    "an argument beyond its block",
    [
      noteOf({
        "amdhsa.kernels": [{ ...kernel("a"), ".args": [{ ".offset": 4, ".size": 8, ".value_kind": "by_value" }] }],
      }),
    ],
    /argument 0 of kernel a takes bytes 4 to 12/,
  ],
  [
    "an unknown kind of argument",
    [
      noteOf({
        "amdhsa.kernels": [{ ...kernel("a"), ".args": [{ ".offset": 0, ".size": 8, ".value_kind": "spoon" }] }],
      }),
    ],
    /\.value_kind.*spoon/,
  ],
  ["waves of 48 lanes", [noteOf({ "amdhsa.kernels": [{ ...kernel("a"), ".wavefront_size": 48 }] })], /32 or 64/],
  [
    "half of a note",
    [{ ...noteOf({}), description: new Bytes(encode(kernel("a")).subarray(0, 20), "a note") }],
    /MessagePack/,
  ],
])("metadata is refused: %s", (_, notes, message) => {
  expect(() => readMetadata(notes)).toThrow(
    expect.objectContaining({ code: "ERR_CODE_OBJECT_METADATA", message: expect.stringMatching(message) }),
  );
});

test("a hidden argument of a later compiler keeps its name", () => {
  const args = [{ ".offset": 0, ".size": 8, ".value_kind": "hidden_dreams" }];
  const [read] = readMetadata([noteOf({ "amdhsa.kernels": [{ ...kernel("a"), ".args": args }] })]).kernels;
  expect(read?.arguments[0]).toMatchObject({ kind: "hidden_dreams", hidden: true });
});

test("the YAML metadata of version 2 is recognised", () => {
  const yaml = {
    name: "AMD",
    type: 10,
    description: new Bytes(new TextEncoder().encode("---\nVersion: [ 1, 0 ]\n"), "a note"),
  };
  expect(() => readMetadata([yaml])).toThrow(expect.objectContaining({ code: "ERR_CODE_OBJECT_UNSUPPORTED" }));
});
