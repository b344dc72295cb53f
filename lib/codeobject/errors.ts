/** Every way in which a code object can be refused. The codes are stable. */
export type CodeObjectErrorCode =
  /** Not an ELF file, nor a bundle. */
  | "ERR_CODE_OBJECT_FORMAT"
  /** Ends before what its headers promise. */
  | "ERR_CODE_OBJECT_TRUNCATED"
  /** An ELF file for something other than AMD GPUs under HSA. */
  | "ERR_CODE_OBJECT_NOT_AMDGPU"
  /** A code object version, processor or compression that cannot be read here. */
  | "ERR_CODE_OBJECT_UNSUPPORTED"
  /** Its parts contradict each other. */
  | "ERR_CODE_OBJECT_MALFORMED"
  /** The metadata note is missing or wrong. */
  | "ERR_CODE_OBJECT_METADATA"
  /** For another ISA than the agent's. */
  | "ERR_CODE_OBJECT_ISA_MISMATCH"
  /** Several code objects fit, one per translation unit: `selectCodeObjects` gives them all. */
  | "ERR_CODE_OBJECT_AMBIGUOUS";

/** Thrown for every code object that is refused. The message names the thing and the way out. */
export class CodeObjectError extends Error {
  override readonly name = "CodeObjectError";

  constructor(
    readonly code: CodeObjectErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
