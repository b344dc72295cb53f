/**
 * What GCC's mkoffload puts into a host program for AMD GPUs: the code object, the table of its kernels, the number of its variables,
 * and beside it the host's own tables, which run in the same order. The structures are found by their shape: a pointer to a code
 * object behind its size, a pointer to that pair, the counts behind it. Names of symbols are used for names only, so stripped
 * programs serve as well.
 *
 * Sources: gcc/config/gcn/mkoffload.cc of GCC 12 to 16 for the layouts, libgomp's plugin-gcn.c for their reading.
 */
import { Bytes } from "./bytes.js";
import { Elf, EM_AMDGPU } from "./elf.js";
import { CodeObjectError } from "./errors.js";
import { HostImage } from "./host_image.js";

/** Which releases write this layout of the registration data. */
export type GccLayout = "12" | "13" | "14";

export interface GccKernel {
  /** `main._omp_fn.0`; also `_init_array` and `_fini_array`, which run constructors and destructors. */
  readonly name: string;
  /** OpenACC's static dimensions (gangs, workers, vector length); 0: left to the runtime. */
  readonly dimensions: readonly [number, number, number];
  /** -1: the compiler did not say. */
  readonly sgprs: number;
  readonly vgprs: number;
}

export interface GccVariable {
  /** The host's name for it; null in a stripped program. */
  readonly name: string | null;
  /** In the program's own address space; in an object file 0. */
  readonly hostAddress: number;
  readonly size: number;
  /** `declare target link`: the device has a pointer to it, filled when it is mapped. */
  readonly link: boolean;
}

export interface GccImage {
  readonly layout: GccLayout;
  /** The compiler's own version, from the code object's comment: `12.2.0`; null where it has none. */
  readonly compiler: string | null;
  /** `omp requires` bits; 0 before GCC 13. */
  readonly requires: number;
  /** The ELF file for the GPU. */
  readonly codeObject: Uint8Array;
  /** In the table's order: constructors and destructors first, then the functions in the host table's order. */
  readonly kernels: readonly GccKernel[];
  /** The host's functions, by the names of the symbols where they are; in the order of the kernels that are no constructors. */
  readonly hostFunctions: readonly (string | null)[];
  readonly variables: readonly GccVariable[];
  /** Functions that may be called through pointers (GCC 14). */
  readonly indirectFunctions: number;
}

const ELF_MAGIC = 0x464c457f;
const KERNEL_INFO_BYTES = 32;
/** More than any program has; a count beyond it is none. */
const MOST = 1 << 20;

/**
 * The images for AMD GPUs in a host executable, shared object or object file; none where there are none.
 *
 * @throws CodeObjectError `ERR_CODE_OBJECT_UNSUPPORTED` for an object file that only holds GCC's intermediate code.
 */
export function gccImages(raw: Uint8Array, what = "the program"): GccImage[] {
  const elf = new Elf(raw, what);
  if (elf.header.machine === EM_AMDGPU) return [];
  const host = new HostImage(elf);
  const images: GccImage[] = [];
  for (const code of host.places(ELF_MAGIC)) {
    const header = host.bytes(code, 20);
    if (header === null || header[18] !== (EM_AMDGPU & 0xff) || header[19] !== 0) continue;
    for (const pointer of host.pointersTo(code)) images.push(...imagesAt(host, pointer, code));
  }
  if (images.length === 0 && elf.sections.some(({ name }) => name.startsWith(".gnu.offload_lto_"))) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_UNSUPPORTED",
      `${what} holds GCC's intermediate code for offloading, which becomes GPU code when the program is linked: link it first`,
    );
  }
  return images;
}

/** The images whose structure is the word before `pointer`, which points to code. */
function imagesAt(host: HostImage, pointer: number, code: number): GccImage[] {
  const structure = pointer - 8;
  const size = host.word(structure);
  if (size === null || size < 64) return [];
  const codeObject = host.bytes(code, size);
  if (codeObject === null) return [];
  const found: GccImage[] = [];
  for (const data of host.pointersTo(structure)) {
    const image = registrationAt(host, data, codeObject);
    if (image !== null) found.push(image);
  }
  return found;
}

/** Reads the registration data whose pointer to the image is at `at`; null where it is something else. */
function registrationAt(host: HostImage, at: number, codeObject: Uint8Array): GccImage | null {
  const count = host.half(at + 8);
  const infos = host.word(at + 16);
  const first = host.half(at + 24);
  const second = host.half(at + 28);
  if (count === null || count > MOST || infos === null || first === null) return null;
  const compiler = gccVersion(codeObject);
  const layout = layoutOf(compiler, codeObject);
  const kernels = kernelsAt(host, infos, count);
  if (kernels === null) return null;
  const variableCount = layout === "14" ? (second ?? 0) : first;
  const functionCount = kernels.filter(({ name }) => name !== "_init_array" && name !== "_fini_array").length;
  const tables = hostTables(host, functionCount, variableCount);
  return {
    layout,
    compiler,
    requires: layout === "12" ? 0 : (host.half(at - 8) ?? 0),
    codeObject,
    kernels,
    hostFunctions: tables?.functions ?? new Array<null>(functionCount).fill(null),
    variables: tables?.variables ?? [],
    indirectFunctions: layout === "14" ? first : 0,
  };
}

function kernelsAt(host: HostImage, infos: number, count: number): GccKernel[] | null {
  const kernels: GccKernel[] = [];
  for (let i = 0; i < count; i++) {
    const at = infos + i * KERNEL_INFO_BYTES;
    const named = host.word(at);
    const name = named === null ? null : host.cString(named);
    const raw = host.bytes(at + 8, 20);
    if (name === null || name === "" || raw === null) return null;
    const fields = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    kernels.push({
      name,
      dimensions: [fields.getInt32(0, true), fields.getInt32(4, true), fields.getInt32(8, true)],
      sgprs: fields.getInt32(12, true),
      vgprs: fields.getInt32(16, true),
    });
  }
  return kernels;
}

/**
 * The host's tables of functions and variables (`__OFFLOAD_TABLE__`): begin and end of each, four pointers in a row that span what the
 * image counts.
 */
function hostTables(
  host: HostImage,
  functionCount: number,
  variableCount: number,
): { readonly functions: (string | null)[]; readonly variables: GccVariable[] } | null {
  if (functionCount === 0 && variableCount === 0) return null;
  for (const at of host.pointers()) {
    const [functions, functionsEnd, variables, variablesEnd] = [0, 8, 16, 24].map((offset) => host.word(at + offset));
    if (functions == null || functionsEnd == null || variables == null || variablesEnd == null) continue;
    if (functionsEnd - functions !== 8 * functionCount || variablesEnd - variables !== 16 * variableCount) continue;
    const entry = (address: number): number | null => host.word(address);
    return {
      functions: Array.from({ length: functionCount }, (_, i) => {
        const address = entry(functions + 8 * i);
        return address === null ? null : host.nameOf(address);
      }),
      variables: Array.from({ length: variableCount }, (_, i) => variableAt(host, variables + 16 * i)),
    };
  }
  return null;
}

function variableAt(host: HostImage, at: number): GccVariable {
  const address = host.word(at) ?? 0;
  const low = host.half(at + 8) ?? 0;
  const high = host.half(at + 12) ?? 0;
  return {
    name: host.nameOf(address),
    hostAddress: address,
    size: (high & 0x7fffffff) * 2 ** 32 + low,
    link: high >>> 31 === 1,
  };
}

/** The version of GCC in the code object's `.comment`, `GCC: (GNU) 12.2.0`; null where there is none. */
export function gccVersion(codeObject: Uint8Array): string | null {
  const elf = new Elf(codeObject, "the code object");
  const comment = elf.sectionNamed(".comment");
  if (comment === undefined) return null;
  const text = elf.contents(comment);
  return /GCC: \([^)]*\) (\d+(?:\.\d+)*)/.exec(text.text(0, text.length))?.[1] ?? null;
}

/** By the compiler's version; without it, by what the runtime's own variable is called: GCC 12 has none but the device's number. */
function layoutOf(compiler: string | null, codeObject: Uint8Array): GccLayout {
  const major = compiler === null ? Number.NaN : Number.parseInt(compiler, 10);
  if (major >= 14) return "14";
  if (major === 13) return "13";
  if (major <= 12) return "12";
  const text = new Bytes(codeObject, "GCC's image");
  return contains(text, "__gomp_additional_icvs") ? "13" : "12";
}

function contains(bytes: Bytes, text: string): boolean {
  return Buffer.from(bytes.raw.buffer, bytes.raw.byteOffset, bytes.length).includes(text);
}
