/**
 * The metadata note of code object v3 to v6, a MessagePack map.
 * Source: the AMDGPU backend's user guide, "Code Object V3 Metadata" and its successors.
 */
import { decode } from "@msgpack/msgpack";
import { CodeObjectError } from "./errors.js";
import { type Note, NT_AMD_HSA_METADATA, NT_AMDGPU_METADATA } from "./notes.js";
import type { Access, AddressSpace, ArgumentKind, Dimensions, Kernel, KernelArgument } from "./types.js";

/** A kernel as the metadata tells of it; the symbol table and the descriptor are read apart. */
export type KernelMetadata = Omit<Kernel, "exported" | "descriptor">;

export interface Metadata {
  /** `amdhsa.target` of v4 and later. */
  readonly target: string | null;
  readonly kernels: readonly KernelMetadata[];
  readonly printf: readonly string[];
}

const VALUE_KINDS: ReadonlySet<string> = new Set<ArgumentKind>([
  "by_value",
  "global_buffer",
  "dynamic_shared_pointer",
  "sampler",
  "image",
  "pipe",
  "queue",
  "hidden_global_offset_x",
  "hidden_global_offset_y",
  "hidden_global_offset_z",
  "hidden_none",
  "hidden_printf_buffer",
  "hidden_hostcall_buffer",
  "hidden_default_queue",
  "hidden_completion_action",
  "hidden_multigrid_sync_arg",
  "hidden_block_count_x",
  "hidden_block_count_y",
  "hidden_block_count_z",
  "hidden_group_size_x",
  "hidden_group_size_y",
  "hidden_group_size_z",
  "hidden_remainder_x",
  "hidden_remainder_y",
  "hidden_remainder_z",
  "hidden_grid_dims",
  "hidden_heap_v1",
  "hidden_dynamic_lds_size",
  "hidden_private_base",
  "hidden_shared_base",
  "hidden_queue_ptr",
]);
const ADDRESS_SPACES: ReadonlySet<string> = new Set<AddressSpace>([
  "private",
  "global",
  "constant",
  "local",
  "generic",
  "region",
]);
const ACCESSES: ReadonlySet<string> = new Set<Access>(["read_only", "write_only", "read_write"]);

/** The most that a kernel-argument block may take here: clang's largest hidden part is 256 bytes, HSA asks for 1 KB of arguments. */
const MAX_KERNARG_SIZE = 1 << 20;
const MAX_UINT32 = 2 ** 32 - 1;

/** Merges all metadata notes of an object: GCC writes one per kernel. */
export function readMetadata(notes: readonly Note[]): Metadata {
  const found = notes.filter((note) => note.name === "AMDGPU" && note.type === NT_AMDGPU_METADATA);
  if (found.length === 0) {
    if (notes.some((note) => note.name === "AMD" && note.type === NT_AMD_HSA_METADATA)) throw versionTwo();
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_METADATA",
      "the code object has no metadata note (NT_AMDGPU_METADATA), so its kernels' arguments are unknown; it was stripped of notes, or is no linked object (link it with ld.lld -shared)",
    );
  }
  let target: string | null = null;
  const kernels = new Map<string, KernelMetadata>();
  const printf: string[] = [];
  for (const note of found) {
    const root = new Fields(decodeNote(note), "the metadata");
    target ??= root.text("amdhsa.target");
    for (const text of root.list("amdhsa.printf") ?? []) if (typeof text === "string") printf.push(text);
    for (const entry of root.list("amdhsa.kernels") ?? []) {
      const kernel = readKernel(entry);
      if (kernels.has(kernel.symbol)) wrong(`kernel ${kernel.name} is described twice`);
      kernels.set(kernel.symbol, kernel);
    }
  }
  return { target, kernels: [...kernels.values()], printf };
}

export function versionTwo(): CodeObjectError {
  return new CodeObjectError(
    "ERR_CODE_OBJECT_UNSUPPORTED",
    "the code object is of version 2, whose metadata is YAML; rebuild it with -mcode-object-version=4 (5 where the runtime is ROCm 5.2 or later)",
  );
}

function decodeNote(note: Note): unknown {
  const limit = note.description.length;
  try {
    return decode(note.description.raw, {
      maxStrLength: limit,
      maxBinLength: limit,
      maxArrayLength: limit,
      maxMapLength: limit,
      maxExtLength: limit,
    });
  } catch (cause) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_METADATA",
      `the metadata note is no valid MessagePack (${cause instanceof Error ? cause.message : String(cause)}): the file is damaged`,
      { cause },
    );
  }
}

function wrong(detail: string): never {
  throw new CodeObjectError("ERR_CODE_OBJECT_METADATA", `the metadata is damaged: ${detail}`);
}

/** A map of the metadata whose fields are read with their types checked. */
class Fields {
  private readonly map: ReadonlyMap<string, unknown>;

  constructor(
    value: unknown,
    private readonly what: string,
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
      wrong(`${what} is no map`);
    }
    this.map = new Map(Object.entries(value));
  }

  text(key: string): string | null {
    const value = this.map.get(key);
    if (value === undefined || value === null) return null;
    return typeof value === "string" ? value : this.bad(key, "a string");
  }

  needText(key: string): string {
    const value = this.text(key);
    return value === null || value === "" ? this.bad(key, "a string") : value;
  }

  oneOf<T extends string>(key: string, values: ReadonlySet<string>): T | null {
    const value = this.text(key);
    if (value === null || values.has(value)) return value as T | null;
    return this.bad(key, `one of ${[...values].join(", ")}`);
  }

  count(key: string, max = MAX_UINT32): number | null {
    const value = this.map.get(key);
    if (value === undefined || value === null) return null;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) {
      return this.bad(key, `an integer from 0 to ${max}`);
    }
    return value;
  }

  needCount(key: string, max = MAX_UINT32): number {
    return this.count(key, max) ?? this.bad(key, `an integer from 0 to ${max}`);
  }

  /** Some producers write flags as 0 and 1. */
  flag(key: string): boolean | null {
    const value = this.map.get(key);
    if (value === undefined || value === null) return null;
    if (value === true || value === 1) return true;
    if (value === false || value === 0) return false;
    return this.bad(key, "a truth value");
  }

  list(key: string): readonly unknown[] | null {
    const value = this.map.get(key);
    if (value === undefined || value === null) return null;
    return Array.isArray(value) ? value : this.bad(key, "a list");
  }

  counts(key: string): number[] | null {
    const list = this.list(key);
    if (list === null) return null;
    return list.map((value) =>
      typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_UINT32
        ? value
        : this.bad(key, "a list of counts"),
    );
  }

  dimensions(key: string): Dimensions | null {
    const list = this.counts(key);
    if (list === null) return null;
    const [x, y, z, ...rest] = list;
    if (x === undefined || y === undefined || z === undefined || rest.length > 0) return this.bad(key, "three sizes");
    return [x, y, z];
  }

  bad(key: string, expected: string): never {
    const value = this.map.get(key);
    const shown = typeof value === "object" ? "something else" : (JSON.stringify(value) ?? "nothing");
    return wrong(`${key} of ${this.what} is ${shown.slice(0, 80)}, not ${expected}`);
  }
}

function readKernel(entry: unknown): KernelMetadata {
  const fields = new Fields(entry, "a kernel");
  const symbol = fields.needText(".symbol");
  const name = fields.text(".name") ?? symbol.replace(/\.kd$/, "");
  const of: Fields = new Fields(entry, `kernel ${name}`);
  const kernargSize = of.needCount(".kernarg_segment_size", MAX_KERNARG_SIZE);
  // GCC writes 0 for what it does not count.
  const kernargAlign = of.count(".kernarg_segment_align") || 8;
  if ((kernargAlign & (kernargAlign - 1)) !== 0 || kernargAlign > 4096) {
    of.bad(".kernarg_segment_align", "a power of two up to 4096");
  }
  const wavefrontSize = of.count(".wavefront_size") ?? 64;
  if (wavefrontSize !== 32 && wavefrontSize !== 64) of.bad(".wavefront_size", "32 or 64");
  const role = of.text(".kind") ?? "normal";
  if (role !== "normal" && role !== "init" && role !== "fini") of.bad(".kind", "normal, init or fini");
  return {
    name,
    symbol,
    arguments: (of.list(".args") ?? []).map((argument, index) => readArgument(argument, index, name, kernargSize)),
    kernargSize,
    kernargAlign,
    groupSegmentSize: of.count(".group_segment_fixed_size") ?? 0,
    privateSegmentSize: of.count(".private_segment_fixed_size") ?? 0,
    usesDynamicStack: of.flag(".uses_dynamic_stack") ?? false,
    wavefrontSize,
    maxWorkgroupSize: of.count(".max_flat_workgroup_size") ?? 1024,
    requiredWorkgroupSize: of.dimensions(".reqd_workgroup_size"),
    workgroupSizeHint: of.dimensions(".workgroup_size_hint"),
    vectorTypeHint: of.text(".vec_type_hint"),
    sgprCount: of.count(".sgpr_count"),
    vgprCount: of.count(".vgpr_count"),
    agprCount: of.count(".agpr_count"),
    sgprSpillCount: of.count(".sgpr_spill_count"),
    vgprSpillCount: of.count(".vgpr_spill_count"),
    language: of.text(".language"),
    languageVersion: of.counts(".language_version"),
    role,
    uniformWorkgroupSize: of.flag(".uniform_work_group_size"),
    deviceEnqueueSymbol: of.text(".device_enqueue_symbol"),
  };
}

function readArgument(entry: unknown, index: number, kernel: string, kernargSize: number): KernelArgument {
  const what = `argument ${index} of kernel ${kernel}`;
  const fields = new Fields(entry, what);
  const offset = fields.needCount(".offset");
  const size = fields.needCount(".size");
  if (offset + size > kernargSize) {
    wrong(`${what} takes bytes ${offset} to ${offset + size} of an argument block of ${kernargSize}`);
  }
  const kind = fields.needText(".value_kind");
  // A later LLVM's hidden kinds must be named, and zero is what a launcher that does not know them leaves there.
  if (!VALUE_KINDS.has(kind) && !kind.startsWith("hidden_"))
    fields.bad(".value_kind", "a kind that this package knows");
  const pointeeAlign = fields.count(".pointee_align");
  if (pointeeAlign !== null && (pointeeAlign & (pointeeAlign - 1)) !== 0)
    fields.bad(".pointee_align", "a power of two");
  return {
    name: fields.text(".name"),
    typeName: fields.text(".type_name"),
    offset,
    size,
    kind: kind as ArgumentKind,
    hidden: kind.startsWith("hidden_"),
    addressSpace: fields.oneOf<AddressSpace>(".address_space", ADDRESS_SPACES),
    access: fields.oneOf<Access>(".access", ACCESSES),
    actualAccess: fields.oneOf<Access>(".actual_access", ACCESSES),
    pointeeAlign,
    isConst: fields.flag(".is_const") ?? false,
    isRestrict: fields.flag(".is_restrict") ?? false,
    isVolatile: fields.flag(".is_volatile") ?? false,
  };
}
