/**
 * What ROCr's loader takes for granted. It reads a code object through libelf, with asserts or with no checks at all; each rule here
 * stands for one of its assumptions (ROCR-Runtime 5.2: amd_elf_image.cpp, amd_hsa_code.cpp, executable.cpp), so that what passes
 * cannot make it abort or read beyond the file.
 */
import { hex } from "./bytes.js";
import {
  EHDR_SIZE,
  type Elf,
  type ElfSymbol,
  ET_DYN,
  malformed,
  PT_DYNAMIC,
  PT_LOAD,
  RELA_SIZE,
  type Segment,
  SHDR_SIZE,
  SHF_ALLOC,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHT_DYNAMIC,
  SHT_DYNSYM,
  SHT_HASH,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_NULL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_LOCAL,
  STT_AMDGPU_HSA_KERNEL,
  STT_COMMON,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
  SYM_SIZE,
} from "./elf.js";
import { readNotes } from "./notes.js";

/** Code reaches data with 32-bit distances from the program counter, so a larger image cannot have been linked. */
const MAX_IMAGE_SIZE = 2 ** 31;
const MAX_ALIGN = 2 ** 31;
const PAGE = 4096;

/** AMDGPU relocation types that ROCr applies when it loads (R_AMDGPU_*), and the bytes that each writes. */
const RELATIVE64 = 13;
const WRITES: ReadonlyMap<number, number> = new Map([
  [1, 4], // ABS32_LO
  [2, 4], // ABS32_HI
  [3, 8], // ABS64
  [RELATIVE64, 8],
]);

const ENTRY_SIZE: ReadonlyMap<number, number> = new Map([
  [SHT_SYMTAB, SYM_SIZE],
  [SHT_DYNSYM, SYM_SIZE],
  [SHT_RELA, RELA_SIZE],
  [SHT_DYNAMIC, 16],
  [SHT_HASH, 4],
]);

/** ROCr casts these sections to a class by their name alone. */
const TYPE_BY_NAME: ReadonlyMap<string, number> = new Map([
  [".strtab", SHT_STRTAB],
  [".symtab", SHT_SYMTAB],
  [".note", SHT_NOTE],
]);

const isPowerOfTwo = (value: number): boolean => value > 0 && Number.isInteger(Math.log2(value));

/** The loaded image: from address 0 to the end of the last segment. */
export interface Image {
  readonly segments: readonly Segment[];
  readonly size: number;
}

export function checkLoaderRules(elf: Elf): Image {
  checkHeader(elf);
  const image = checkSegments(elf);
  checkSections(elf);
  checkMemorySizes(elf, image);
  checkNotes(elf);
  checkDynamic(elf, image);
  checkSymbols(elf, image);
  checkRelocations(elf, image);
  return image;
}

function damaged(detail: string): never {
  return malformed("the code object", detail);
}

function checkHeader({ bytes, header, sections }: Elf): void {
  if (header.type !== ET_DYN) {
    damaged(`its ELF type is ${header.type}, not a linked shared object (${ET_DYN}); link it with ld.lld -shared`);
  }
  if (bytes.u16(52) !== EHDR_SIZE) damaged(`its ELF header says that it is ${bytes.u16(52)} bytes, not ${EHDR_SIZE}`);
  // The escapes for more than 65280 headers: libelf follows them, ROCr does not.
  if (bytes.u16(56) >= SHN_LORESERVE || bytes.u16(60) >= SHN_LORESERVE) damaged("it counts too many headers");
  if (sections.length === 0) damaged("it has no section headers, by which ROCr finds symbols; do not strip them");
}

function checkSegments(elf: Elf): Image {
  const { bytes } = elf;
  if (elf.segments.length > 0 && bytes.u64(32, "e_phoff") < EHDR_SIZE)
    damaged("its program headers lie in the ELF header");
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD && segment.fileSize > 0) {
      bytes.slice(segment.offset, segment.fileSize, `program header ${segment.index} (type ${hex(segment.type)})`);
    }
  }
  const segments = elf.segments.filter((segment) => segment.type === PT_LOAD);
  const first = segments[0];
  if (first === undefined) return damaged("it has no segment to load");
  // The loader's reach is from the first segment's address to the last one's end, and it asserts that 0 is in it.
  if (first.address !== 0) damaged(`its first segment is at ${hex(first.address)}, not at 0`);
  let end = 0;
  for (const segment of segments) {
    const name = `segment ${segment.index}`;
    bytes.slice(segment.offset, segment.fileSize, name);
    if (segment.fileSize > segment.memorySize) {
      damaged(`${name} has ${segment.fileSize} bytes in the file and ${segment.memorySize} in memory`);
    }
    if (segment.align > 1) {
      if (!isPowerOfTwo(segment.align) || segment.align > MAX_ALIGN) damaged(`${name} is aligned to ${segment.align}`);
      if (segment.address % segment.align !== segment.offset % segment.align) {
        damaged(
          `${name} is aligned to ${segment.align} but its address ${hex(segment.address)} and its offset are not alike`,
        );
      }
    }
    if (segment.address < end)
      damaged(`${name} at ${hex(segment.address)} overlaps the one before, which ends at ${hex(end)}`);
    end = segment.address + segment.memorySize;
    if (end > MAX_IMAGE_SIZE) damaged(`${name} ends at ${hex(end)}, beyond the 2 GiB that code can reach`);
  }
  if (end === 0) damaged("its segments are empty");
  return { segments, size: end };
}

function checkSections(elf: Elf): void {
  const { bytes, sections } = elf;
  if (bytes.u64(40, "e_shoff") < EHDR_SIZE) damaged("its section headers lie in the ELF header");
  if (sections[0]?.type !== SHT_NULL) damaged("its first section is not the empty one");
  const seen = new Set<string>();
  for (const section of sections) {
    if (section.index === 0) continue;
    const name = `section ${section.index} (${section.name})`;
    if (section.type === SHT_NULL) damaged(`section ${section.index} is empty (SHT_NULL)`);
    const typeByName = TYPE_BY_NAME.get(section.name);
    if (typeByName !== undefined && section.type !== typeByName) damaged(`${name} is of type ${hex(section.type)}`);
    if (typeByName !== undefined && seen.has(section.name)) damaged(`it has two sections ${section.name}`);
    seen.add(section.name);
    if (section.align !== 0 && (!isPowerOfTwo(section.align) || section.align > MAX_ALIGN)) {
      damaged(`${name} is aligned to ${section.align}`);
    }
    const contents = elf.contents(section);
    const entrySize = ENTRY_SIZE.get(section.type);
    if (entrySize !== undefined && contents.length % entrySize !== 0) {
      damaged(`${name} is ${section.size} bytes, no multiple of its entries' ${entrySize}`);
    }
    if (section.type === SHT_STRTAB && contents.length > 0 && contents.u8(contents.length - 1) !== 0) {
      damaged(`${name} does not end its last string`);
    }
    // libelf unpacks these, or fails and leaves ROCr without data.
    if ((section.flags & 0x800) !== 0) damaged(`${name} is compressed`);
  }
  for (const [name] of TYPE_BY_NAME) {
    if (!seen.has(name)) damaged(`it has no section ${name}, which ROCr reads; do not strip it`);
  }
  if (loaderSize(elf) > bytes.length) {
    damaged(`its section headers promise ${loaderSize(elf)} bytes, and the file has ${bytes.length}`);
  }
}

/**
 * The file's size as ROCr counts it (it is not told the real one): the end of whatever starts last. Headers that make this larger than
 * the file would have libelf read beyond it.
 */
function loaderSize({ header, sections }: Elf): number {
  let last = header.sectionHeaderOffset;
  let size = last + SHDR_SIZE * sections.length;
  for (const section of sections) {
    if (section.offset <= last) continue;
    last = section.offset;
    size = last + (section.type === SHT_NOBITS ? 0 : section.size);
  }
  return size;
}

/**
 * A segment ends where its last section does, or pads to its page: a larger one is damage that would have ROCr allocate and clear
 * memory that nobody asked for.
 */
function checkMemorySizes(elf: Elf, { segments }: Image): void {
  for (const segment of segments) {
    let end = segment.address + segment.fileSize;
    for (const section of elf.sections) {
      if ((section.flags & SHF_ALLOC) === 0 || section.address < segment.address) continue;
      if (section.address > segment.address + segment.memorySize) continue;
      end = Math.max(end, section.address + section.size);
    }
    const padded = Math.ceil(end / PAGE) * PAGE;
    if (segment.address + segment.memorySize > padded) {
      damaged(
        `segment ${segment.index} takes ${segment.memorySize} bytes of memory, but its sections end at ${hex(end)}`,
      );
    }
  }
}

/** ROCr walks the notes of `.note` with no bound; version and HSAIL notes (1, 2) are code object v2's. */
function checkNotes(elf: Elf): void {
  for (const section of elf.sections) {
    if (section.type !== SHT_NOTE) continue;
    for (const note of readNotes(elf.contents(section))) {
      if (note.name === "AMD" && (note.type === 1 || note.type === 2)) {
        damaged(`it has a note of code object version 2 (AMD, ${note.type})`);
      }
    }
  }
}

const DT_NULL = 0;
/** Tags whose value is an address: PLTGOT, HASH, STRTAB, SYMTAB, RELA, GNU_HASH. */
const DT_ADDRESSES: ReadonlyMap<number, string> = new Map([
  [3, "DT_PLTGOT"],
  [4, "DT_HASH"],
  [5, "DT_STRTAB"],
  [6, "DT_SYMTAB"],
  [7, "DT_RELA"],
  [0x6ffffef5, "DT_GNU_HASH"],
]);

/** Not read by ROCr 5.2, but by its successors' debugger interface. */
function checkDynamic(elf: Elf, image: Image): void {
  for (const segment of elf.segments) {
    if (segment.type !== PT_DYNAMIC) continue;
    const table = elf.bytes.slice(segment.offset, segment.fileSize, "the dynamic section");
    for (let at = 0; ; at += 16) {
      if (!table.holds(at, 16)) damaged("its dynamic section has no end (DT_NULL)");
      const tag = table.u64(at, "a dynamic tag");
      if (tag === DT_NULL) break;
      const name = DT_ADDRESSES.get(tag);
      if (name === undefined) continue;
      const address = table.u64(at + 8, name);
      if (address >= image.size)
        damaged(`its dynamic section has ${name} at ${hex(address)}, outside of what gets loaded`);
    }
  }
}

function checkSymbols(elf: Elf, image: Image): void {
  for (const table of elf.sections) {
    if (table.type !== SHT_SYMTAB && table.type !== SHT_DYNSYM) continue;
    const symbols = elf.symbols(table);
    if (table.name === ".symtab") for (const symbol of symbols) checkSymbol(elf, image, symbol);
  }
}

function checkSymbol(elf: Elf, image: Image, symbol: ElfSymbol): void {
  const name = `symbol ${symbol.name}`;
  if (symbol.type === STT_AMDGPU_HSA_KERNEL) damaged(`${name} is a kernel of code object version 2`);
  if (symbol.binding === STB_LOCAL || (symbol.type !== STT_OBJECT && symbol.type !== STT_COMMON)) return;
  if (symbol.type === STT_COMMON) damaged(`${name} is a common symbol, which a linked object does not have`);
  const section = elf.sections[symbol.sectionIndex];
  if (symbol.sectionIndex === SHN_UNDEF || section === undefined) {
    damaged(`${name} is a variable in section ${symbol.sectionIndex}, which does not exist`);
  }
  if ((section.flags & SHF_ALLOC) === 0)
    damaged(`${name} is a variable in section ${section.name}, which is not loaded`);
  // An empty section may lie behind all segments: GCC 12's table of no variables, in OpenACC programs. Its symbols get the address 0.
  const nowhere = section.size === 0 && section.address >= image.size && symbol.size === 0;
  // Of any other section the loader asserts that the address is in the image, for an empty variable too.
  if (!nowhere && (symbol.value >= image.size || symbol.value + symbol.size > image.size)) {
    damaged(`${name} takes ${symbol.size} bytes at ${hex(symbol.value)}, but the image ends at ${hex(image.size)}`);
  }
  if (symbol.value < section.address || symbol.value + symbol.size > section.address + section.size) {
    damaged(`${name} at ${hex(symbol.value)} lies outside of its section ${section.name}`);
  }
  // Whatever ends in .kd is taken for a kernel descriptor and read from the section's bytes in the file.
  if (
    symbol.name.endsWith(".kd") &&
    (section.type === SHT_NOBITS || symbol.value + 64 > section.address + section.size)
  ) {
    damaged(`${name} is no kernel descriptor: section ${section.name} has no 64 bytes for it`);
  }
}

function checkRelocations(elf: Elf, image: Image): void {
  for (const table of elf.sections) {
    if (table.type !== SHT_RELA) continue;
    const name = table.name;
    const symbols = elf.symbols(elf.linked(table, table.link, [SHT_SYMTAB, SHT_DYNSYM], "symbol table"));
    const relocations = elf.relocations(table);
    const target = elf.sections[table.info];
    if (target === undefined) damaged(`relocation table ${name} is for section ${table.info}, which does not exist`);
    // For a section that is not loaded (debug information): the linker's, and ROCr skips them.
    if (table.info !== 0 && (target.flags & SHF_ALLOC) === 0) continue;
    if (table.info !== 0)
      damaged(`relocation table ${name} is for section ${target.name}: the object is not fully linked`);
    for (const [index, relocation] of relocations.entries()) {
      const what = `relocation ${index} in ${name}`;
      const bytes = WRITES.get(relocation.type);
      if (bytes === undefined) damaged(`${what} is of type ${relocation.type}, which no loader applies`);
      if (
        !image.segments.some(
          (s) => s.address <= relocation.offset && relocation.offset + bytes <= s.address + s.memorySize,
        )
      ) {
        damaged(`${what} writes to ${hex(relocation.offset)}, outside of every segment`);
      }
      const symbol = symbols[relocation.symbolIndex];
      if (symbol === undefined) damaged(`${what} is for symbol ${relocation.symbolIndex} of ${symbols.length}`);
      checkRelocationSymbol(image, relocation.type, symbol, what);
    }
  }
}

function checkRelocationSymbol(image: Image, type: number, symbol: ElfSymbol, what: string): void {
  // Looked up among the variables that the host defined; a clean error where it is not.
  if (symbol.type === STT_NOTYPE) return;
  if (symbol.type !== STT_OBJECT && symbol.type !== STT_FUNC) {
    damaged(`${what} is for symbol ${symbol.name} of type ${symbol.type}, which the loader does not resolve`);
  }
  if (type !== RELATIVE64 && symbol.sectionIndex === SHN_UNDEF) {
    damaged(`${what} is for symbol ${symbol.name}, which has a type but no definition`);
  }
  if (symbol.value >= image.size)
    damaged(`${what} is for symbol ${symbol.name} at ${hex(symbol.value)}, outside of the image`);
}
