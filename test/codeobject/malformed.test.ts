import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Elf } from "../../lib/codeobject/elf.js";
import {
  CodeObjectError,
  listBundle,
  parseCodeObject,
  selectCodeObject,
  validateCodeObject,
} from "../../lib/codeobject/index.js";
import { mutations } from "./mutations.js";
import { compile, demoBundle, KERNEL, testBundle } from "./toolchain.js";

const ISA = "amdgcn-amd-amdhsa--gfx906:sramecc+:xnack-";
const bundle = readFileSync(testBundle);
const good = Uint8Array.from(selectCodeObject(bundle, ISA));
const elf = new Elf(good);

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ name: "CodeObjectError", code, message: expect.stringMatching(message) });

test("the objects of both bundles are in order for their targets", () => {
  for (const path of [demoBundle, testBundle]) {
    for (const entry of listBundle(readFileSync(path)).filter(({ kind }) => kind !== "host")) {
      const object = validateCodeObject(entry.bytes, entry.target);
      expect(object.kernels.every(({ exported }) => exported)).toBe(true);
    }
  }
});

test.each([
  ["a text", new TextEncoder().encode("Lorem ipsum dolor sit amet, consectetur adipiscing elit")],
  ["nothing", new Uint8Array()],
  ["one byte", new Uint8Array([0x7f])],
  ["zeros", new Uint8Array(4096)],
])("%s is no code object, and the error says what it looks like", (_, bytes) => {
  expect(() => parseCodeObject(bytes)).toThrow(refused("ERR_CODE_OBJECT_FORMAT", /starts with/));
  expect(() => selectCodeObject(bytes, ISA)).toThrow(refused("ERR_CODE_OBJECT_FORMAT", /starts with/));
  expect(listBundle(bytes)).toEqual([]);
});

test("an object cut short anywhere is refused", () => {
  for (let length = 4; length < good.length; length += length < 256 ? 1 : 997) {
    expect(() => validateCodeObject(good.subarray(0, length), ISA)).toThrow(CodeObjectError);
  }
  expect(() => validateCodeObject(good.subarray(0, 5000), ISA)).toThrow(
    refused("ERR_CODE_OBJECT_TRUNCATED", /cut short/),
  );
});

test("a bundle cut short is refused", () => {
  expect(() => listBundle(bundle.subarray(0, 30))).toThrow(refused("ERR_CODE_OBJECT_TRUNCATED", /cut short/));
  expect(() => listBundle(bundle.subarray(0, 100_000))).toThrow(refused("ERR_CODE_OBJECT_TRUNCATED", /bundle entry/));
});

/** The object with a field of its own set. */
function damaged(at: number, value: number | bigint, width: 1 | 2 | 4 | 8): Uint8Array {
  const bytes = Uint8Array.from(good);
  const view = new DataView(bytes.buffer);
  if (width === 1) view.setUint8(at, Number(value));
  else if (width === 2) view.setUint16(at, Number(value), true);
  else if (width === 4) view.setUint32(at, Number(value), true);
  else view.setBigUint64(at, BigInt(value), true);
  return bytes;
}
const sectionHeader = (name: string, field: number): number => {
  const section = elf.sectionNamed(name);
  if (!section) throw new Error(`the object has a section ${name}`);
  return elf.header.sectionHeaderOffset + 64 * section.index + field;
};
const loads = elf.segments.filter(({ type }) => type === 1);
const programHeader = (load: number, field: number): number => 64 + 56 * (loads[load]?.index ?? 0) + field;
const symbolEntry = (name: string, field: number): number => {
  const table = elf.sectionNamed(".symtab");
  const symbol = table && elf.symbols(table).find((s) => s.name === name);
  if (!symbol) throw new Error(`the object has a symbol ${name}`);
  return table.offset + 24 * symbol.index + field;
};
const relocation = (field: number): number => (elf.sectionNamed(".rela.dyn")?.offset ?? 0) + field;
const dataOf = (name: string): number => elf.sectionNamed(name)?.offset ?? 0;
const [kernel] = parseCodeObject(good).kernels;
const descriptor = (field: number): number => {
  const address = kernel?.descriptor.address ?? 0;
  const segment = loads.find((s) => s.address <= address && address < s.address + s.fileSize);
  return (segment?.offset ?? 0) + address - (segment?.address ?? 0) + field;
};

// One for each thing that ROCr takes for granted: [what is wrong, place, value, width, what the message says].
test.each<[string, number, number | bigint, 1 | 2 | 4 | 8, RegExp]>([
  ["32-bit class", 4, 1, 1, /class 1/],
  ["big-endian", 5, 2, 1, /byte order 2/],
  ["another machine", 18, 62, 2, /machine 62/],
  ["another system", 7, 65, 1, /PAL/],
  ["another file type", 16, 1, 2, /ELF type is 1/],
  ["program headers of another size", 54, 32, 2, /program header of 32/],
  ["program headers outside of the file", 32, 2 ** 40, 8, /program header table/],
  ["more program headers than there is room", 56, 0xfff0, 2, /program header/],
  ["section headers outside of the file", 40, good.length - 10, 8, /section header table/],
  ["no section headers", 60, 0, 2, /symbol table|section headers/],
  ["section names in another section", 62, 1, 2, /section names|string table/],
  ["section names nowhere", 62, 0x7000, 2, /section names/],
  ["an unknown processor", 48, 0xfe, 4, /processor 0xfe/],
  ["features that the processor does not have", 48, 0x2a | 0x300, 4, /xnack/],
  ["a segment that begins above 0", programHeader(0, 16), 0x1000, 8, /segment|address/],
  ["a segment longer in the file than in memory", programHeader(0, 40), 16, 8, /bytes in the file and 16 in memory/],
  ["a segment outside of the file", programHeader(1, 8), 2 ** 33, 8, /segment|address|loaded/],
  ["a segment of absurd size", programHeader(loads.length - 1, 40), 2 ** 50, 8, /2 GiB/],
  ["a segment larger than its sections", programHeader(loads.length - 1, 40), 2 ** 30, 8, /its sections end/],
  ["a size beyond 2^53", programHeader(0, 40), 2n ** 63n, 8, /p_memsz/],
  ["an alignment that is none", programHeader(1, 48), 3, 8, /aligned to 3/],
  [
    "an address that is not aligned as its offset",
    programHeader(1, 16),
    BigInt(loads[1]?.address ?? 0) + 8n,
    8,
    /alike|loaded|entry/,
  ],
  ["an empty section header in the middle", sectionHeader(".text", 4), 0, 4, /SHT_NULL|empty/],
  ["a section alignment of 6", sectionHeader(".text", 48), 6, 8, /aligned to 6/],
  ["a symbol table that is none", sectionHeader(".symtab", 4), 1, 4, /\.symtab/],
  ["a string table that is none", sectionHeader(".strtab", 4), 1, 4, /string table/],
  ["notes that are none", sectionHeader(".note", 4), 1, 4, /note/],
  ["a symbol table with another link", sectionHeader(".symtab", 40), 1, 4, /string table/],
  ["a symbol table of a broken size", sectionHeader(".symtab", 32), 100, 8, /multiple/],
  ["a section outside of the file", sectionHeader(".comment", 24), good.length, 8, /\.comment|promise/],
  ["a section whose size the loader would follow", sectionHeader(".comment", 32), 2 ** 40, 8, /\.comment/],
  ["a compressed section", sectionHeader(".comment", 8), 0x830, 8, /compressed/],
  ["relocations with another symbol table", sectionHeader(".rela.dyn", 40), 1, 4, /symbol table/],
  ["relocations for a section that does not exist", sectionHeader(".rela.dyn", 44), 500, 4, /section 500/],
  [
    "relocations for code: not linked",
    sectionHeader(".rela.dyn", 44),
    elf.sectionNamed(".text")?.index ?? 0,
    4,
    /fully linked/,
  ],
  ["relocations of a broken size", sectionHeader(".rela.dyn", 32), 25, 8, /multiple/],
  ["a relocation outside of the image", relocation(0), 2 ** 32, 8, /outside of every segment/],
  [
    "a relocation at the image's last byte",
    relocation(0),
    parseCodeObject(good).loadedSize - 4,
    8,
    /outside of every segment/,
  ],
  ["a relocation of unknown type", relocation(8), 99, 4, /type 99/],
  ["a relocation for a symbol that does not exist", relocation(12), 10_000, 4, /symbol 10000/],
  ["a variable outside of the image", symbolEntry("counter", 8), 2 ** 31, 8, /image ends/],
  ["a variable in no section", symbolEntry("counter", 6), 0, 2, /section 0/],
  ["a variable in a section that does not exist", symbolEntry("counter", 6), 0xfff1, 2, /section 65521/],
  ["a variable longer than its section", symbolEntry("weights", 16), 4096, 8, /weights/],
  ["a name outside of the string table", symbolEntry("counter", 0), 2 ** 31, 4, /string table|strtab/],
  ["a kernel of version 2", symbolEntry("counter", 4), 0x1a, 1, /version 2/],
  [
    "a descriptor in zeroed memory",
    symbolEntry("saxpy.kd".replace("saxpy", kernel?.name ?? ""), 8),
    2 ** 24,
    8,
    /descriptor/,
  ],
  [
    "a descriptor that is not aligned",
    symbolEntry(kernel?.symbol ?? "", 8),
    (kernel?.descriptor.address ?? 0) + 4,
    8,
    /aligned|entry|reserved|arguments|section/,
  ],
  ["an entry point outside of the code", descriptor(16), 2 ** 30, 8, /entry point/],
  [
    "an entry point between instructions' places",
    descriptor(16),
    BigInt(4) + new DataView(good.buffer).getBigUint64(descriptor(16), true),
    8,
    /entry point/,
  ],
  ["a reserved field in use", descriptor(30), 1, 1, /reserved/],
  ["another size of arguments in the descriptor", descriptor(8), 4096, 4, /4096 by its descriptor|arguments take 4096/],
  ["another wave size in the descriptor", descriptor(57), 0x04, 1, /waves of 64/],
  ["more LDS in the descriptor", descriptor(0), 65536, 4, /LDS/],
  ["a note that is longer than its section", dataOf(".note") + 4, 2 ** 31, 4, /note/],
  ["a note with an endless name", dataOf(".note"), 0xfffffff0, 4, /note/],
])("ROCr never sees %s", (_, at, value, width, message) => {
  expect(() => validateCodeObject(damaged(at, value, width), ISA)).toThrow(
    expect.objectContaining({ name: "CodeObjectError", message: expect.stringMatching(message) }),
  );
});

test("a stripped object can be read, but is refused before ROCr, which needs its symbol table", () => {
  const stripped = compile(`${KERNEL} k(int *out) { *out = 1; }`, { cpu: "gfx906", flags: ["-Wl,--strip-all"] });
  expect(parseCodeObject(stripped).kernels.map(({ name }) => name)).toEqual(["k"]);
  expect(() => validateCodeObject(stripped, ISA)).toThrow(refused("ERR_CODE_OBJECT_MALFORMED", /do not strip/));
});

test("an object that was not linked is told apart", () => {
  const unlinked = compile(`${KERNEL} k(int *out) { *out = 1; }`, { cpu: "gfx906", flags: ["-c"] });
  expect(() => validateCodeObject(unlinked, ISA)).toThrow(CodeObjectError);
});

test("ten thousand damaged objects: nothing but CodeObjectError, and never for long", { timeout: 120_000 }, () => {
  const small = Uint8Array.from(selectCodeObject(readFileSync(demoBundle), ISA));
  let refusals = 0;
  let slowest = 0;
  for (const bytes of mutations(small, 10_000)) {
    const start = performance.now();
    try {
      validateCodeObject(bytes, ISA);
    } catch (error) {
      if (!(error instanceof CodeObjectError)) throw error;
      expect(error.message.length).toBeLessThan(2000);
      refusals++;
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  expect(refusals).toBeGreaterThan(4000);
  expect(slowest).toBeLessThan(2000);
});

test("two thousand damaged bundles: the same", { timeout: 60_000 }, () => {
  const head = Uint8Array.from(readFileSync(demoBundle).subarray(0, 60_000));
  let at = 1;
  for (let i = 0; i < 2000; i++) {
    const bytes = Uint8Array.from(head);
    at = (at * 1103515245 + 12345) & 0x7fffffff;
    bytes[24 + (at % 700)] = at >> 16;
    try {
      listBundle(bytes);
      selectCodeObject(bytes, ISA);
    } catch (error) {
      if (!(error instanceof CodeObjectError)) throw error;
    }
  }
});

test("what is not bytes is refused by name, and bytes that have been detached", () => {
  const detached = new Uint8Array(64);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const readers = [parseCodeObject, listBundle, selectCodeObject, validateCodeObject] as readonly ((
    bytes: never,
    isa: string,
  ) => unknown)[];
  for (const read of readers) {
    for (const value of [undefined, null, 5, "text", {}, [1, 2]]) {
      expect(() => read(value as never, "amdgcn-amd-amdhsa--gfx906")).toThrow(
        expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
      );
    }
    expect(() => read(detached as never, "amdgcn-amd-amdhsa--gfx906")).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE" }),
    );
  }
});
