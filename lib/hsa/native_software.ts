/**
 * The addon's face for what the software GPU tells of itself: native/addon/software_gpu.cc. Conventions as in `native.ts`.
 *
 * @packageDocumentation
 */

/** How well the software GPU implements an instruction. */
export interface SoftwareInstruction {
  /** `VOP3`; an operation may have several. */
  readonly encoding: string;
  /** The target's mnemonic. */
  readonly name: string;
  /** `exact`: the bits of hardware. */
  readonly support: "exact" | "approximate" | "missing";
  /** Of what is approximate: how far from the exact result at most. */
  readonly bound: string | null;
  /** The forms in which it is missing all the same: `gds, tfe`. */
  readonly limits: string | null;
}

/** What the software GPU knows of a fault. Addresses are numbers, exact below 2^53. */
export interface SoftwareFault {
  /** Among the faults of the process, from 1. */
  readonly sequence: number;
  /**
   * `memory`: bytes that are not there, not mapped to the GPU, or not aligned. `illegal-instruction`: no instruction of the target.
   * `unsupported-instruction`: one that the software GPU does not implement. `aperture`: an access outside of the workgroup's LDS or the
   * work-item's private memory. `packet`: one that the queue refuses.
   */
  readonly kind: "memory" | "illegal-instruction" | "unsupported-instruction" | "trap" | "aperture" | "packet";
  /** All of it in one line. */
  readonly text: string;
  /** Which GPU of the configuration, from 0. */
  readonly gpu: number;
  /** Of its hsa_queue_t; null: a copy queue of the runtime's. */
  readonly queue: number | null;
  /** The number of a trap. */
  readonly trap: number | null;
  readonly kernel: {
    /** Address of the kernel descriptor. */
    readonly object: number;
    /** Index of the packet in its queue. */
    readonly dispatch: number;
    /** Null where no loaded code object names it. */
    readonly name: string | null;
  } | null;
  /** The instruction to blame; null where it was none. */
  readonly instruction: {
    readonly pc: number;
    /** Disassembled. */
    readonly text: string;
    readonly workgroup: readonly [number, number, number];
    /** In its workgroup. */
    readonly wave: number;
    /** The function that it lies in, and how many bytes from its beginning. */
    readonly function: string | null;
    readonly functionOffset: number;
    /** Where the code object has debug lines. */
    readonly source: { readonly file: string; readonly line: number; readonly column: number | null } | null;
  } | null;
  /** The access that went wrong. */
  readonly access: {
    readonly address: number;
    readonly write: boolean;
    /** Null: a scalar access, an instruction fetch, or no wave's. */
    readonly lane: number | null;
    /** The memory that the address lies in, or the nearest that is mapped to any GPU; `mapped`: to this one too. */
    readonly nearest: { readonly address: number; readonly byteLength: number; readonly mapped: boolean } | null;
  } | null;
}
