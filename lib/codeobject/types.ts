/**
 * What a code object says of itself. Sizes, offsets and addresses are in bytes; addresses are the ELF's virtual addresses,
 * relative to where the object gets loaded.
 *
 * Sources: the AMDGPU backend's user guide (ELF header flags, code object metadata, kernel descriptor) and HSA 1.2.
 */

/** A target's switchable feature: `on` and `off` demand that setting, `any` runs with both, `unsupported` has no such switch. */
export type FeatureSetting = "on" | "off" | "any" | "unsupported";

/** A target id, taken apart: `gfx90a:sramecc+:xnack-`. */
export interface TargetId {
  /** `gfx90a`; `gfx9-generic` for a generic target. */
  readonly processor: string;
  readonly xnack: FeatureSetting;
  readonly sramecc: FeatureSetting;
}

/** `.value_kind` of the metadata, as it stands there; a later compiler's hidden kinds keep their own name, and are zero in a launch. */
export type ArgumentKind =
  | "by_value"
  | "global_buffer"
  | "dynamic_shared_pointer"
  | "sampler"
  | "image"
  | "pipe"
  | "queue"
  | HiddenArgumentKind;

export type HiddenArgumentKind =
  | "hidden_global_offset_x"
  | "hidden_global_offset_y"
  | "hidden_global_offset_z"
  | "hidden_none"
  | "hidden_printf_buffer"
  | "hidden_hostcall_buffer"
  | "hidden_default_queue"
  | "hidden_completion_action"
  | "hidden_multigrid_sync_arg"
  | "hidden_block_count_x"
  | "hidden_block_count_y"
  | "hidden_block_count_z"
  | "hidden_group_size_x"
  | "hidden_group_size_y"
  | "hidden_group_size_z"
  | "hidden_remainder_x"
  | "hidden_remainder_y"
  | "hidden_remainder_z"
  | "hidden_grid_dims"
  | "hidden_heap_v1"
  | "hidden_dynamic_lds_size"
  | "hidden_private_base"
  | "hidden_shared_base"
  | "hidden_queue_ptr";

export type AddressSpace = "private" | "global" | "constant" | "local" | "generic" | "region";
export type Access = "read_only" | "write_only" | "read_write";

/** One row of a kernel's argument table. */
export interface KernelArgument {
  /** From the source, where the compiler kept it (OpenCL does with `-cl-kernel-arg-info`, C and HIP keep `.name`). */
  readonly name: string | null;
  /** The type as the source spells it, where the compiler kept it. */
  readonly typeName: string | null;
  /** In the kernel-argument block. */
  readonly offset: number;
  readonly size: number;
  readonly kind: ArgumentKind;
  /** Filled by the launcher and not by the caller. */
  readonly hidden: boolean;
  /** Of `global_buffer` and `dynamic_shared_pointer`. */
  readonly addressSpace: AddressSpace | null;
  /** What the source allows. */
  readonly access: Access | null;
  /** What the compiled kernel does. */
  readonly actualAccess: Access | null;
  /** Alignment of the LDS that a `dynamic_shared_pointer` points at. */
  readonly pointeeAlign: number | null;
  readonly isConst: boolean;
  readonly isRestrict: boolean;
  readonly isVolatile: boolean;
}

/** The 64-byte kernel descriptor, `NAME.kd`. */
export interface KernelDescriptor {
  /** Virtual address of the descriptor: 64-byte aligned. */
  readonly address: number;
  /** Virtual address of the first instruction. */
  readonly entryAddress: number;
  /** LDS in bytes, without the dynamic part. */
  readonly groupSegmentFixedSize: number;
  /** Scratch per work-item. */
  readonly privateSegmentFixedSize: number;
  readonly kernargSize: number;
  readonly computePgmRsrc1: ComputePgmRsrc1;
  readonly computePgmRsrc2: ComputePgmRsrc2;
  readonly computePgmRsrc3: ComputePgmRsrc3;
  readonly properties: KernelCodeProperties;
  /** Dwords to preload into SGPRs, from which dword on (gfx90a, gfx940 and later). */
  readonly kernargPreload: { readonly length: number; readonly offset: number };
  /** Allocated per wave, from the granulated count of the target. `null`: the target allocates a fixed number. */
  readonly sgprCount: number | null;
  /** Allocated per lane, AccVGPRs included where they share the file. */
  readonly vgprCount: number;
  /** First AccVGPR in the unified register file (gfx90a, gfx940). */
  readonly accumOffset: number | null;
}

/** A field is `null` where the target does not have it. */
export interface ComputePgmRsrc1 {
  readonly raw: number;
  readonly granulatedWorkitemVgprCount: number;
  readonly granulatedWavefrontSgprCount: number;
  readonly priority: number;
  readonly floatRoundMode32: number;
  readonly floatRoundMode16_64: number;
  readonly floatDenormMode32: number;
  readonly floatDenormMode16_64: number;
  readonly privileged: boolean;
  readonly enableDx10Clamp: boolean | null;
  readonly enableWgRrEn: boolean | null;
  readonly debugMode: boolean;
  readonly enableIeeeMode: boolean | null;
  readonly disablePerf: boolean | null;
  readonly bulky: boolean;
  readonly cdbgUser: boolean;
  readonly fp16Overflow: boolean | null;
  readonly wgpMode: boolean | null;
  readonly memOrdered: boolean | null;
  readonly forwardProgress: boolean | null;
}

export interface ComputePgmRsrc2 {
  readonly raw: number;
  readonly enablePrivateSegment: boolean;
  readonly userSgprCount: number;
  readonly enableTrapHandler: boolean | null;
  readonly enableWorkgroupIdX: boolean;
  readonly enableWorkgroupIdY: boolean;
  readonly enableWorkgroupIdZ: boolean;
  readonly enableWorkgroupInfo: boolean;
  /** 0: x, 1: x and y, 2: x, y and z. */
  readonly enableWorkitemId: number;
  readonly exceptionAddressWatch: boolean;
  readonly exceptionMemoryViolation: boolean;
  readonly granulatedLdsSize: number;
  readonly exceptionInvalidOperation: boolean;
  readonly exceptionDenormalSource: boolean;
  readonly exceptionDivisionByZero: boolean;
  readonly exceptionOverflow: boolean;
  readonly exceptionUnderflow: boolean;
  readonly exceptionInexact: boolean;
  readonly exceptionIntDivideByZero: boolean;
}

export interface ComputePgmRsrc3 {
  readonly raw: number;
  /** gfx90a, gfx940. */
  readonly tgSplit: boolean | null;
  /** gfx10, gfx11. */
  readonly sharedVgprCount: number | null;
  /** gfx11, gfx12. */
  readonly instPrefSize: number | null;
  readonly imageOp: boolean | null;
}

export interface KernelCodeProperties {
  readonly raw: number;
  readonly enablePrivateSegmentBuffer: boolean;
  readonly enableDispatchPtr: boolean;
  readonly enableQueuePtr: boolean;
  readonly enableKernargSegmentPtr: boolean;
  readonly enableDispatchId: boolean;
  readonly enableFlatScratchInit: boolean;
  readonly enablePrivateSegmentSize: boolean;
  readonly enableWavefrontSize32: boolean;
  readonly usesDynamicStack: boolean;
}

export type Dimensions = readonly [number, number, number];

export interface Kernel {
  /** As the source spells it: `saxpy`. */
  readonly name: string;
  /** The descriptor's symbol, which HSA asks for: `saxpy.kd`. */
  readonly symbol: string;
  /**
   * Whether HSA finds the symbol. A kernel of hidden visibility, which plain C gives it, is there but cannot be launched: it needs
   * `__attribute__((visibility("protected")))`.
   */
  readonly exported: boolean;
  /** In declaration order, hidden ones last. */
  readonly arguments: readonly KernelArgument[];
  /** Of the whole block, hidden arguments included. */
  readonly kernargSize: number;
  readonly kernargAlign: number;
  /** LDS in bytes, without the dynamic part. */
  readonly groupSegmentSize: number;
  /** Scratch per work-item; with `usesDynamicStack` only what the compiler could count. */
  readonly privateSegmentSize: number;
  readonly usesDynamicStack: boolean;
  readonly wavefrontSize: 32 | 64;
  /** Work-items in a workgroup, at most. */
  readonly maxWorkgroupSize: number;
  readonly requiredWorkgroupSize: Dimensions | null;
  readonly workgroupSizeHint: Dimensions | null;
  readonly vectorTypeHint: string | null;
  /** As the compiler counted them; `null` where it did not say. */
  readonly sgprCount: number | null;
  readonly vgprCount: number | null;
  readonly agprCount: number | null;
  readonly sgprSpillCount: number | null;
  readonly vgprSpillCount: number | null;
  readonly language: string | null;
  readonly languageVersion: readonly number[] | null;
  /** `normal`, `init` or `fini`. */
  readonly role: "normal" | "init" | "fini";
  /** The work-group count must be a multiple of the workgroup size (`-mno-uniform…` clears it); `null`: not said. */
  readonly uniformWorkgroupSize: boolean | null;
  /** The runtime's symbol for a device-enqueued block, where there is one. */
  readonly deviceEnqueueSymbol: string | null;
  readonly descriptor: KernelDescriptor;
}

/** A global variable that the host may ask for by name. */
export interface Variable {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  /** Lies in a segment that is not writable. */
  readonly constant: boolean;
  readonly weak: boolean;
  readonly visibility: "default" | "protected" | "hidden" | "internal";
}

/** A function, kernels' entry points included. */
export interface DeviceFunction {
  readonly name: string;
  readonly address: number;
  readonly size: number;
}

/** A symbol that the object leaves to the loader: define it on the executable before freezing. */
export interface UndefinedSymbol {
  readonly name: string;
  readonly weak: boolean;
}

export type CodeObjectVersion = 3 | 4 | 5 | 6;

export interface CodeObject {
  /** `amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-`, as HSA names an ISA. */
  readonly isa: string;
  /** The part after `--`. */
  readonly target: string;
  readonly features: TargetId;
  readonly version: CodeObjectVersion;
  /** What the metadata says of the ISA (v4 and later); `isa` is from the ELF header. */
  readonly metadataTarget: string | null;
  readonly kernels: readonly Kernel[];
  readonly variables: readonly Variable[];
  readonly functions: readonly DeviceFunction[];
  readonly undefinedSymbols: readonly UndefinedSymbol[];
  /** `amdhsa.printf` format strings, as the metadata has them. */
  readonly printf: readonly string[];
  /** Of the object's memory image, once loaded. */
  readonly loadedSize: number;
  readonly byteLength: number;
}

/** One entry of a clang offload bundle. */
export interface BundleEntry {
  /** As it stands in the bundle: `hipv4-amdgcn-amd-amdhsa--gfx906:xnack-`. */
  readonly id: string;
  /** `hip`, `hipv4`, `openmp`, `host`. */
  readonly kind: string;
  /** `amdgcn-amd-amdhsa`. */
  readonly triple: string;
  /** `gfx906:xnack-`; empty for the host. */
  readonly target: string;
  readonly offset: number;
  readonly size: number;
  readonly bytes: Uint8Array;
}
