/**
 * The addon's face for the real libgomp, whose functions JavaScript calls: native/addon/libgomp.cc. Conventions as in `native.ts`.
 *
 * @packageDocumentation
 */
import type { ForeignKernelInfo } from "./native_foreign.js";

/** An address or an integer; memory stands for its address, and stays alive until the call has returned; null is 0. */
export type NativeWord = number | ArrayBufferView | null;

export interface NativeLibgomp {
  /** The library's, its links resolved. */
  readonly file: string;
  /** Those of its functions that `call` knows. */
  readonly functions: readonly string[];
  readonly disposed: boolean;
  /** On this handle's own thread, in order. Resolves to what the function answers; the event loop waits for it. */
  call(name: string, words: readonly NativeWord[]): Promise<number>;
  /** How many launches nobody has waited for: a process that ends does not wait for them, but leaves at once. */
  setLaunches(launches: number): void;
  /** After libgomp's first look at its devices. */
  prepareExit(): Promise<number>;
  /**
   * Lays out what libgomp reads of an image. `version`: libgomp's in the upper half, the device's in the lower. `functions`: how many host
   * functions, whose addresses it answers. `variables`: the host's, whose memory is the caller's to keep. `requirements`: `omp requires`.
   */
  createImage(
    version: number,
    countsIndirect: boolean,
    codeObject: Uint8Array,
    kernels: readonly ForeignKernelInfo[],
    functions: number,
    variables: readonly { readonly memory: ArrayBufferView; readonly size: number; readonly link: boolean }[],
    indirectFunctions: readonly number[],
    requirements: number,
  ): { readonly id: number; readonly functions: readonly number[] };
  register(image: number): Promise<number>;
  /** The image's layout is gone when it resolves. */
  unregister(image: number): Promise<number>;
  /** A host function has run: its thread goes on. */
  answer(number: number): void;
  /** Ends the thread, after what it has been given. What of its calls has not returned never resolves. Blocks. */
  dispose(): void;
}

/** A host function is to run: `function` of `image`, with the addresses of its variables at `variables`; `answer` follows for `number`. */
export type HostCalled = (number: number, image: number, fn: number, variables: number) => void;

export interface NativeLibgomps {
  /** Opens a library, by its path or by a name for the loader. Throws `ERR_OFFLOAD_LIBGOMP`. */
  openLibgomp(library: string, hostCalled: HostCalled): NativeLibgomp;
}
