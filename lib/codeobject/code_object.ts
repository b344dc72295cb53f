/** A code object as a whole: its ISA, kernels, variables and functions. */
import { bytesOf } from "../validate.js";
import { DESCRIPTOR_SIZE, type Generation, generationOf, readDescriptor } from "./descriptor.js";
import {
  ELFOSABI_AMDGPU_HSA,
  Elf,
  type ElfSymbol,
  EM_AMDGPU,
  malformed,
  PF_W,
  PT_LOAD,
  SHN_UNDEF,
  SHT_DYNSYM,
  SHT_SYMTAB,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_OBJECT,
} from "./elf.js";
import { CodeObjectError } from "./errors.js";
import { type KernelMetadata, readMetadata, versionTwo } from "./metadata.js";
import { notesOf } from "./notes.js";
import { formatTarget, isaName, targetOfFlags } from "./targets.js";
import type { CodeObject, CodeObjectVersion, DeviceFunction, Kernel, UndefinedSymbol, Variable } from "./types.js";

/** The ELF header's ABI version is the code object's version less 2. */
const FIRST_VERSION = 2;
const LAST_VERSION = 6;
const VISIBILITY = ["default", "internal", "hidden", "protected"] as const;

/**
 * Reads a code object (an AMDGPU ELF file, not a bundle).
 *
 * @throws CodeObjectError with any code of its but `ERR_CODE_OBJECT_ISA_MISMATCH` and `ERR_CODE_OBJECT_AMBIGUOUS`.
 */
export function parseCodeObject(bytes: Uint8Array): CodeObject {
  return readCodeObject(new Elf(bytesOf("the code object", bytes)));
}

export function readCodeObject(elf: Elf): CodeObject {
  const version = versionOf(elf);
  const features = targetOfFlags(elf.header.flags, elf.header.abiVersion);
  const symbols = symbolsOf(elf);
  const metadata = readMetadata(notesOf(elf));
  const byName = new Map(symbols.filter(isDefined).map((symbol) => [symbol.name, symbol]));
  const generation = generationOf(features.processor);
  return {
    isa: isaName(features),
    target: formatTarget(features),
    features,
    version,
    metadataTarget: metadata.target,
    kernels: metadata.kernels.map((kernel) => withDescriptor(elf, kernel, byName.get(kernel.symbol), generation)),
    variables: symbols.filter(isVariable).map((s) => variable(elf, s)),
    functions: symbols.filter((s) => isDefined(s) && s.type === STT_FUNC).map(deviceFunction),
    undefinedSymbols: symbols.filter((s) => s.sectionIndex === SHN_UNDEF && s.name !== "").map(undefinedSymbol),
    printf: metadata.printf,
    loadedSize: Math.max(0, ...elf.segments.filter((s) => s.type === PT_LOAD).map((s) => s.address + s.memorySize)),
    byteLength: elf.bytes.length,
  };
}

function versionOf(elf: Elf): CodeObjectVersion {
  const { machine, osAbi, abiVersion } = elf.header;
  if (machine !== EM_AMDGPU) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_NOT_AMDGPU",
      `${elf.bytes.what} is ELF for machine ${machine}, not for AMD GPUs (${EM_AMDGPU}); a program with GPU code in it must have that code selected or extracted first`,
    );
  }
  if (osAbi !== ELFOSABI_AMDGPU_HSA) {
    const found = osAbi === 65 ? "PAL" : osAbi === 66 ? "Mesa" : `OS ABI ${osAbi}`;
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_NOT_AMDGPU",
      `${elf.bytes.what} is AMD GPU code for ${found}, not for HSA; compile it for amdgcn-amd-amdhsa`,
    );
  }
  const version = abiVersion + FIRST_VERSION;
  if (version > LAST_VERSION) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_UNSUPPORTED",
      `${elf.bytes.what} is of version ${version}; this package reads 3 to ${LAST_VERSION}: rebuild it with -mcode-object-version=5`,
    );
  }
  if (version === 2) throw versionTwo();
  return version as CodeObjectVersion;
}

/** The full symbol table, or in a stripped file the dynamic one. */
function symbolsOf(elf: Elf): ElfSymbol[] {
  const table =
    elf.sections.find((section) => section.type === SHT_SYMTAB) ??
    elf.sections.find((section) => section.type === SHT_DYNSYM);
  if (table === undefined) {
    return malformed(elf.bytes.what, "it has no symbol table (nor section headers, perhaps: do not strip them)");
  }
  return elf.symbols(table);
}

function isDefined(symbol: ElfSymbol): boolean {
  return symbol.sectionIndex !== SHN_UNDEF && symbol.name !== "";
}

/** What HSA can look up by name; a variable of hidden visibility has become local. */
function isVariable(symbol: ElfSymbol): boolean {
  const isDescriptor = symbol.name.endsWith(".kd");
  return isDefined(symbol) && symbol.binding !== STB_LOCAL && symbol.type === STT_OBJECT && !isDescriptor;
}

function withDescriptor(
  elf: Elf,
  kernel: KernelMetadata,
  symbol: ElfSymbol | undefined,
  generation: Generation,
): Kernel {
  if (symbol === undefined) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_METADATA",
      `kernel ${kernel.name} is in the metadata, but the symbol ${kernel.symbol} of its descriptor is not defined: the file is damaged`,
    );
  }
  const bytes = elf.loaded(symbol.value, DESCRIPTOR_SIZE, `the descriptor of kernel ${kernel.name}`);
  const exported = symbol.binding !== STB_LOCAL && symbol.type === STT_OBJECT;
  return { ...kernel, exported, descriptor: readDescriptor(bytes, symbol.value, generation) };
}

function variable(elf: Elf, symbol: ElfSymbol): Variable {
  const segment = elf.segments.find(
    ({ type, address, memorySize }) =>
      type === PT_LOAD && address <= symbol.value && symbol.value < address + memorySize,
  );
  return {
    name: symbol.name,
    address: symbol.value,
    size: symbol.size,
    constant: segment !== undefined && (segment.flags & PF_W) === 0,
    weak: symbol.binding === STB_WEAK,
    visibility: VISIBILITY[symbol.visibility as 0 | 1 | 2 | 3],
  };
}

function deviceFunction({ name, value, size }: ElfSymbol): DeviceFunction {
  return { name, address: value, size };
}

function undefinedSymbol({ name, binding }: ElfSymbol): UndefinedSymbol {
  return { name, weak: binding === STB_WEAK };
}
