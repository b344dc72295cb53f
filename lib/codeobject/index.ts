/** Code objects in pure TypeScript: ELF, metadata, kernel descriptors, bundles, and the checks that ROCr's loader leaves out. */
import type { BundleEntry, CodeObject } from "./types.js";

export { CodeObjectError, type CodeObjectErrorCode } from "./errors.js";
export type * from "./types.js";

/** Reads a code object (an AMDGPU ELF file, not a bundle). Throws `CodeObjectError`. */
export declare function parseCodeObject(bytes: Uint8Array): CodeObject;
/**
 * `parseCodeObject`, and checks everything that ROCr's loader reads, which trusts its input; `isa` is the agent's
 * (`amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-`). Throws `CodeObjectError`.
 */
export declare function validateCodeObject(bytes: Uint8Array, isa: string): CodeObject;
/**
 * The code object for an agent: `bytes` may be a code object, a clang offload bundle or an executable with HIP fat binaries.
 * Throws `CodeObjectError`; where nothing fits, `ERR_CODE_OBJECT_ISA_MISMATCH` names what there is.
 */
export declare function selectCodeObject(bytes: Uint8Array, isa: string): Uint8Array;
/** The entries of a clang offload bundle (or of all bundles in a fat executable); a plain code object has none. */
export declare function listBundle(bytes: Uint8Array): BundleEntry[];
