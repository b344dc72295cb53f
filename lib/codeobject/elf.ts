/**
 * ELF64, little-endian, as far as code objects and the executables around them need it.
 * Sources: System V ABI, chapters 4 and 5; the AMDGPU backend's user guide, "ELF Code Object".
 */
import { Bytes, startsWith } from "./bytes.js";
import { CodeObjectError } from "./errors.js";

export const EM_AMDGPU = 224;
export const EM_X86_64 = 62;
export const ELFOSABI_AMDGPU_HSA = 64;
export const ET_DYN = 3;

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_NOTE = 4;
export const PF_X = 1;
export const PF_W = 2;

export const SHT_NULL = 0;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_HASH = 5;
export const SHT_DYNAMIC = 6;
export const SHT_NOTE = 7;
export const SHT_NOBITS = 8;
export const SHT_DYNSYM = 11;
export const SHF_ALLOC = 2;

export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_COMMON = 5;
/** Code object v2's kernels. */
export const STT_AMDGPU_HSA_KERNEL = 10;
export const STB_LOCAL = 0;
export const STB_WEAK = 2;
export const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;

export const EHDR_SIZE = 64;
export const PHDR_SIZE = 56;
export const SHDR_SIZE = 64;
export const SYM_SIZE = 24;
export const RELA_SIZE = 24;

export interface ElfHeader {
  readonly osAbi: number;
  readonly abiVersion: number;
  readonly type: number;
  readonly machine: number;
  readonly flags: number;
  readonly sectionHeaderOffset: number;
  readonly sectionNameIndex: number;
}

export interface Segment {
  readonly index: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

export interface Section {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly align: number;
  readonly entrySize: number;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly binding: number;
  readonly visibility: number;
  readonly sectionIndex: number;
  readonly value: number;
  readonly size: number;
}

export interface Relocation {
  readonly offset: number;
  readonly type: number;
  readonly symbolIndex: number;
  readonly addend: bigint;
}

export function isElf(bytes: Uint8Array): boolean {
  return startsWith(bytes, "\x7fELF");
}

/** An ELF file whose headers are inside the file. What they point at is checked where it is read. */
export class Elf {
  readonly bytes: Bytes;
  readonly header: ElfHeader;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];

  constructor(raw: Uint8Array, what = "the code object") {
    const bytes = new Bytes(raw, what);
    this.bytes = bytes;
    if (!isElf(raw)) {
      throw new CodeObjectError(
        "ERR_CODE_OBJECT_FORMAT",
        `${what} is not an ELF file: it starts with ${firstBytes(raw)}`,
      );
    }
    const elfClass = bytes.u8(4);
    const data = bytes.u8(5);
    if (elfClass !== 2 || data !== 1) {
      throw new CodeObjectError(
        "ERR_CODE_OBJECT_NOT_AMDGPU",
        `${what} is ELF of class ${elfClass} and byte order ${data}; GPU code for HSA is 64-bit (2) and little-endian (1)`,
      );
    }
    if (bytes.u8(6) !== 1 || bytes.u32(20) !== 1) malformed(what, "its ELF version is not 1");
    this.header = {
      osAbi: bytes.u8(7),
      abiVersion: bytes.u8(8),
      type: bytes.u16(16),
      machine: bytes.u16(18),
      flags: bytes.u32(48),
      sectionHeaderOffset: bytes.u64(40, "e_shoff"),
      sectionNameIndex: bytes.u16(62),
    };
    this.segments = this.readSegments();
    this.sections = this.readSections();
  }

  /** A section's bytes in the file; none for `SHT_NOBITS`. */
  contents(section: Section): Bytes {
    const what = `section ${section.index} (${section.name || "no name"})`;
    if (section.type === SHT_NOBITS) return new Bytes(new Uint8Array(0), what);
    return this.bytes.slice(section.offset, section.size, what);
  }

  sectionNamed(name: string): Section | undefined {
    return this.sections.find((section) => section.name === name);
  }

  /** The section that another one refers to, of one of the types given. */
  linked(from: Section, index: number, types: readonly number[], what: string): Section {
    const section = this.sections[index];
    if (section === undefined || index === 0 || !types.includes(section.type)) {
      malformed(
        this.bytes.what,
        `section ${from.index} (${from.name}) names section ${index} as its ${what}, which it is not`,
      );
    }
    return section;
  }

  /** All entries of a symbol table, the empty one at index 0 too. */
  symbols(table: Section): ElfSymbol[] {
    const strings = this.contents(this.linked(table, table.link, [SHT_STRTAB], "string table"));
    const entries = this.contents(table);
    if (entries.length % SYM_SIZE !== 0) {
      malformed(this.bytes.what, `symbol table ${table.name} is ${entries.length} bytes, no multiple of ${SYM_SIZE}`);
    }
    const symbols: ElfSymbol[] = [];
    for (let at = 0; at < entries.length; at += SYM_SIZE) {
      const info = entries.u8(at + 4);
      const name = strings.cString(entries.u32(at));
      symbols.push({
        index: at / SYM_SIZE,
        name,
        type: info & 0xf,
        binding: info >> 4,
        visibility: entries.u8(at + 5) & 3,
        sectionIndex: entries.u16(at + 6),
        value: entries.u64(at + 8, `the value of symbol "${name}"`),
        size: entries.u64(at + 16, `the size of symbol "${name}"`),
      });
    }
    return symbols;
  }

  relocations(table: Section): Relocation[] {
    const entries = this.contents(table);
    if (entries.length % RELA_SIZE !== 0) {
      malformed(
        this.bytes.what,
        `relocation table ${table.name} is ${entries.length} bytes, no multiple of ${RELA_SIZE}`,
      );
    }
    const relocations: Relocation[] = [];
    for (let at = 0; at < entries.length; at += RELA_SIZE) {
      relocations.push({
        offset: entries.u64(at, `the place of relocation ${at / RELA_SIZE} in ${table.name}`),
        type: entries.u32(at + 8),
        symbolIndex: entries.u32(at + 12),
        addend: entries.i64(at + 16),
      });
    }
    return relocations;
  }

  /** The bytes that get loaded to `address`, as far as the file has them. */
  loaded(address: number, size: number, what: string): Bytes {
    for (const segment of this.segments) {
      if (segment.type !== PT_LOAD) continue;
      const offset = address - segment.address;
      if (offset >= 0 && offset + size <= segment.fileSize)
        return this.bytes.slice(segment.offset + offset, size, what);
    }
    return malformed(this.bytes.what, `${what} at address 0x${address.toString(16)} lies outside of what gets loaded`);
  }

  private readSegments(): Segment[] {
    const { bytes } = this;
    const offset = bytes.u64(32, "e_phoff");
    const entrySize = bytes.u16(54);
    const count = bytes.u16(56);
    if (count === 0) return [];
    if (entrySize !== PHDR_SIZE) malformed(bytes.what, `a program header of ${entrySize} bytes, not ${PHDR_SIZE}`);
    const table = bytes.slice(offset, count * PHDR_SIZE, "the program header table");
    const segments: Segment[] = [];
    for (let index = 0; index < count; index++) {
      const at = index * PHDR_SIZE;
      segments.push({
        index,
        type: table.u32(at),
        flags: table.u32(at + 4),
        offset: table.u64(at + 8, `p_offset of program header ${index}`),
        address: table.u64(at + 16, `p_vaddr of program header ${index}`),
        fileSize: table.u64(at + 32, `p_filesz of program header ${index}`),
        memorySize: table.u64(at + 40, `p_memsz of program header ${index}`),
        align: table.u64(at + 48, `p_align of program header ${index}`),
      });
    }
    return segments;
  }

  private readSections(): Section[] {
    const { bytes, header } = this;
    const entrySize = bytes.u16(58);
    const count = bytes.u16(60);
    if (count === 0) return [];
    if (entrySize !== SHDR_SIZE) malformed(bytes.what, `a section header of ${entrySize} bytes, not ${SHDR_SIZE}`);
    const table = bytes.slice(header.sectionHeaderOffset, count * SHDR_SIZE, "the section header table");
    const nameIndex = header.sectionNameIndex;
    if (nameIndex === 0 || nameIndex >= count)
      malformed(bytes.what, `section ${nameIndex} for section names, of ${count}`);
    const nameAt = nameIndex * SHDR_SIZE;
    if (table.u32(nameAt + 4) !== SHT_STRTAB) malformed(bytes.what, "the section of section names is no string table");
    const names = bytes.slice(
      table.u64(nameAt + 24, "sh_offset of the section names"),
      table.u64(nameAt + 32, "sh_size of the section names"),
      "the section names",
    );
    const sections: Section[] = [];
    for (let index = 0; index < count; index++) {
      const at = index * SHDR_SIZE;
      const type = table.u32(at + 4);
      const name = type === SHT_NULL ? "" : names.cString(table.u32(at));
      const field = (label: string) => `${label} of section ${index} (${name})`;
      sections.push({
        index,
        name,
        type,
        flags: table.u64(at + 8, field("sh_flags")),
        address: table.u64(at + 16, field("sh_addr")),
        offset: table.u64(at + 24, field("sh_offset")),
        size: table.u64(at + 32, field("sh_size")),
        link: table.u32(at + 40),
        info: table.u32(at + 44),
        align: table.u64(at + 48, field("sh_addralign")),
        entrySize: table.u64(at + 56, field("sh_entsize")),
      });
    }
    return sections;
  }
}

/** Every contradiction inside a file ends here. */
export function malformed(what: string, detail: string): never {
  throw new CodeObjectError("ERR_CODE_OBJECT_MALFORMED", `${what} is damaged: ${detail}; build it again`);
}

/** For messages: the first bytes as text where they are text, else in hex. */
export function firstBytes(raw: Uint8Array): string {
  if (raw.length === 0) return "nothing (it is empty)";
  const head = raw.subarray(0, 16);
  const printable = head.every(
    (byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09,
  );
  return printable
    ? JSON.stringify(String.fromCharCode(...head))
    : Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
