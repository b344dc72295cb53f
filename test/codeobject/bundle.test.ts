import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { listBundle, parseCodeObject, selectCodeObject, selectCodeObjects } from "../../lib/codeobject/index.js";
import { compile, demoBundle, KERNEL, run, scratchFile, testBundle, writeScratch } from "./toolchain.js";

const TARGETS = ["gfx803", "gfx900", "gfx906", "gfx908", "gfx90a", "gfx942", "gfx1030", "gfx1100", "gfx1201"];
const object = (cpu: string, value = 1) => compile(`${KERNEL} k(int *out) { *out = ${value}; }`, { cpu });

/** A bundle by clang's own tool, with ids as HIP's compiler gives them. */
function bundle(parts: readonly (readonly [string, Uint8Array])[], flags: readonly string[] = []): Uint8Array {
  const output = scratchFile(".bundle");
  const inputs = [["host-x86_64-unknown-linux-gnu", new Uint8Array()] as const, ...parts];
  run("clang-offload-bundler-19", [
    "-type=o",
    "-bundle-align=4096",
    ...flags,
    `-targets=${inputs.map(([id]) => id).join(",")}`,
    ...inputs.map(([, bytes]) => `-input=${writeScratch(bytes, ".o")}`),
    `-output=${output}`,
  ]);
  return readFileSync(output);
}
const hip = (target: string) => `hipv4-amdgcn-amd-amdhsa--${target}`;
const isa = (target: string) => `amdgcn-amd-amdhsa--${target}`;

test.each([demoBundle, testBundle])("the committed bundles have an object for each target: %s", (path) => {
  const bytes = readFileSync(path);
  const entries = listBundle(bytes);
  expect(entries.map(({ kind, triple, target }) => [kind, triple, target])).toEqual([
    ["host", "x86_64-unknown-linux-gnu", ""],
    ...TARGETS.map((target) => ["hipv4", "amdgcn-amd-amdhsa", target]),
  ]);
  for (const target of TARGETS) {
    const chosen = selectCodeObject(bytes, isa(target));
    expect(parseCodeObject(chosen)).toMatchObject({ target, version: 5 });
    const unbundled = scratchFile(".o");
    run("clang-offload-bundler-19", [
      "-unbundle",
      "-type=o",
      `-targets=${hip(target)}`,
      `-input=${path}`,
      `-output=${unbundled}`,
    ]);
    expect(Buffer.compare(chosen, readFileSync(unbundled))).toBe(0);
  }
});

test("the entry whose features suit the agent is chosen, the most specific first", () => {
  const any = object("gfx906", 1);
  const off = object("gfx906:xnack-", 2);
  const on = object("gfx906:xnack+", 3);
  const other = object("gfx90a", 4);
  const both = bundle([
    [hip("gfx906:xnack+"), on],
    [hip("gfx906:xnack-"), off],
    [hip("gfx90a"), other],
  ]);
  expect(Buffer.compare(selectCodeObject(both, isa("gfx906:sramecc+:xnack-")), off)).toBe(0);
  expect(Buffer.compare(selectCodeObject(both, isa("gfx906:sramecc+:xnack+")), on)).toBe(0);
  expect(Buffer.compare(selectCodeObject(both, isa("gfx90a:sramecc+:xnack-")), other)).toBe(0);
  const wild = bundle([
    [hip("gfx906"), any],
    [hip("gfx90a"), other],
  ]);
  expect(Buffer.compare(selectCodeObject(wild, isa("gfx906:sramecc-:xnack-")), any)).toBe(0);
});

test("ids without an empty environment, as older compilers and OpenMP write them, are understood", () => {
  const bytes = bundle([
    ["hip-amdgcn-amd-amdhsa-gfx900", object("gfx900")],
    ["openmp-amdgcn-amd-amdhsa--gfx906", object("gfx906")],
  ]);
  expect(
    listBundle(bytes)
      .slice(1)
      .map(({ kind, target }) => [kind, target]),
  ).toEqual([
    ["hip", "gfx900"],
    ["openmp", "gfx906"],
  ]);
  expect(parseCodeObject(selectCodeObject(bytes, isa("gfx900:xnack-"))).target).toBe("gfx900");
});

test("where nothing suits, the error names the agent and what there is", () => {
  expect(() => selectCodeObject(readFileSync(demoBundle), isa("gfx1010:xnack-"))).toThrow(
    expect.objectContaining({
      code: "ERR_CODE_OBJECT_ISA_MISMATCH",
      message: expect.stringMatching(/gfx1010:xnack-.*gfx803, gfx900, gfx906/),
    }),
  );
  expect(() => selectCodeObject(readFileSync(demoBundle), "sm_80")).toThrow(
    expect.objectContaining({ code: "ERR_CODE_OBJECT_ISA_MISMATCH" }),
  );
});

/** A compressed bundle as Clang's documentation lays it out, versions 1 to 3. */
function compressed(version: number, plain: Uint8Array, method = 0): Uint8Array {
  const data = deflateSync(plain);
  const headerSize = version === 1 ? 20 : version === 2 ? 24 : 32;
  const bytes = new Uint8Array(headerSize + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("CCOB"));
  view.setUint16(4, version, true);
  view.setUint16(6, method, true);
  if (version === 1) view.setUint32(8, plain.length, true);
  if (version === 2) {
    view.setUint32(8, bytes.length, true);
    view.setUint32(12, plain.length, true);
  }
  if (version === 3) {
    view.setBigUint64(8, BigInt(bytes.length), true);
    view.setBigUint64(16, BigInt(plain.length), true);
  }
  bytes.set(data, headerSize);
  return bytes;
}

test.each([1, 2, 3])("a bundle compressed with zlib is unpacked: version %d", (version) => {
  const plain = bundle([[hip("gfx906"), object("gfx906")]]);
  const packed = compressed(version, plain);
  expect(listBundle(packed).map(({ target, size }) => [target, size])).toEqual(
    listBundle(plain).map(({ target, size }) => [target, size]),
  );
  expect(parseCodeObject(selectCodeObject(packed, isa("gfx906:sramecc+:xnack-"))).target).toBe("gfx906");
});

test("a bundle that clang's tool compressed is unpacked, or its method is named", () => {
  const packed = bundle([[hip("gfx906"), object("gfx906")]], ["-compress"]);
  expect(Buffer.from(packed.subarray(0, 4)).toString()).toBe("CCOB");
  const zstd = new DataView(packed.buffer, packed.byteOffset).getUint16(6, true) === 1;
  if (zstd && !("zstdDecompressSync" in process.getBuiltinModule("node:zlib"))) {
    expect(() => listBundle(packed)).toThrow(
      expect.objectContaining({ code: "ERR_CODE_OBJECT_UNSUPPORTED", message: expect.stringContaining("zstd") }),
    );
  } else {
    expect(parseCodeObject(selectCodeObject(packed, isa("gfx906"))).target).toBe("gfx906");
  }
});

test.each([
  ["another method", compressed(2, bundle([]), 7), "ERR_CODE_OBJECT_UNSUPPORTED"],
  ["another version", compressed(9, bundle([])), "ERR_CODE_OBJECT_UNSUPPORTED"],
  [
    "damaged data",
    compressed(2, bundle([])).map((byte, at) => (at > 30 && at < 40 ? byte ^ 0x55 : byte)),
    "ERR_CODE_OBJECT_MALFORMED",
  ],
  ["no bundle inside", compressed(2, new Uint8Array(100)), "ERR_CODE_OBJECT_MALFORMED"],
  ["cut short", compressed(2, bundle([])).subarray(0, 40), "ERR_CODE_OBJECT_TRUNCATED"],
])("a compressed bundle with %s is refused", (_, bytes, code) => {
  expect(() => listBundle(bytes)).toThrow(expect.objectContaining({ code }));
});

/** An x86-64 object with HIP's section, as linking several translation units leaves it. */
function hostProgram(fatBinaries: Uint8Array): Uint8Array {
  const plain = scratchFile(".o");
  const output = scratchFile(".o");
  run("clang-19", ["-c", "-x", "c", writeScratch("int main(void) { return 0; }"), "-o", plain]);
  const section = writeScratch(fatBinaries);
  run("llvm-objcopy-19", [`--add-section=.hip_fatbin=${section}`, plain, output]);
  return readFileSync(output);
}

test("HIP fat binaries in a host program are found, one for each translation unit", () => {
  const first = bundle([
    [hip("gfx900"), object("gfx900", 1)],
    [hip("gfx906"), object("gfx906", 1)],
  ]);
  const second = bundle([[hip("gfx906"), object("gfx906", 2)]]);
  const padding = new Uint8Array(4096 - (first.length % 4096));
  const program = hostProgram(Buffer.concat([first, padding, second]));
  expect(
    listBundle(program)
      .filter(({ kind }) => kind !== "host")
      .map(({ target }) => target),
  ).toEqual(["gfx900", "gfx906", "gfx906"]);
  expect(parseCodeObject(selectCodeObject(program, isa("gfx900:xnack-"))).target).toBe("gfx900");
  expect(selectCodeObjects(program, isa("gfx906:sramecc+:xnack-"))).toHaveLength(2);
  expect(() => selectCodeObject(program, isa("gfx906:sramecc+:xnack-"))).toThrow(
    expect.objectContaining({ code: "ERR_CODE_OBJECT_AMBIGUOUS" }),
  );
  const packed = hostProgram(Buffer.concat([compressed(2, first), new Uint8Array(100), compressed(3, second)]));
  expect(selectCodeObjects(packed, isa("gfx906:sramecc+:xnack-"))).toHaveLength(2);
});

test("a host program without GPU code is told apart", () => {
  const program = hostProgram(new Uint8Array());
  expect(() => selectCodeObject(program, isa("gfx900"))).toThrow(
    expect.objectContaining({
      code: "ERR_CODE_OBJECT_NOT_AMDGPU",
      message: expect.stringContaining("another machine"),
    }),
  );
  expect(() => parseCodeObject(program)).toThrow(expect.objectContaining({ code: "ERR_CODE_OBJECT_NOT_AMDGPU" }));
});

test("a plain code object has no entries and is its own choice", () => {
  const bytes = object("gfx900");
  expect(listBundle(bytes)).toEqual([]);
  expect(selectCodeObjects(bytes, isa("gfx906"))).toEqual([bytes]);
});
