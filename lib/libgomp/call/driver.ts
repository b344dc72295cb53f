/**
 * What carries calls to libgomp: into this process's own (`LocalDriver`), or into another process's (`IsolatedDriver`). Host memory is named
 * by its buffers, since the other process has copies of them at addresses of its own.
 *
 * @packageDocumentation
 */
import type { Release } from "./release.js";

/** An address in a buffer of JavaScript's. */
export interface HostPlace {
  readonly owner: ArrayBufferLike;
  readonly address: number;
}

export const isPlace = (word: unknown): word is HostPlace =>
  typeof word === "object" && word !== null && "owner" in word;

/** Bytes from there on. */
export interface Section extends HostPlace {
  readonly bytes: number;
}

/** What a C pointer's 8 bytes hold: an address in host memory, or any other word. */
export type Pointer = number | HostPlace;

/** An argument: an integer, a pointer, memory that is only read (sizes, kinds), or an array of pointers. */
export type Word = Pointer | Uint16Array | BigUint64Array | readonly Pointer[] | null;

/** A target region on its way, for the time that its host function may be called. */
export interface LaunchNote {
  /** The caller's number for it. */
  readonly id: number;
  /** The host function's address. */
  readonly fn: number;
  /** Which of its variables libgomp copies, so that the function gets another address. */
  readonly copied: readonly boolean[];
}

export interface CallRequest {
  readonly name: string;
  readonly words: readonly Word[];
  /** Host memory that libgomp may read, as it is when the call begins. */
  readonly reads?: readonly Section[];
  /** Host memory that libgomp may have written when the call is over. */
  readonly writes?: readonly Section[];
  /** The word that is an array of pointers, to be answered as libgomp leaves it. */
  readonly answers?: number;
  /** Of GOMP_target_ext, whose word 3 has the variables. */
  readonly launch?: LaunchNote;
}

export interface CallResult {
  readonly value: number;
  readonly pointers: readonly number[];
}

/** A variable of the host's for a `declare target` variable. */
export interface VariablePlace extends Section {
  readonly name: string;
}

export interface RegisterRequest {
  /** What `readImage` takes. */
  readonly image: unknown;
  /** The functions to register, by name; null: all that the image has. */
  readonly functions: readonly string[] | null;
  readonly variables: readonly VariablePlace[];
}

export interface Registration {
  readonly id: number;
  readonly functions: readonly { readonly name: string; readonly address: number }[];
  readonly variables: readonly { readonly name: string; readonly size: number; readonly link: boolean }[];
}

export interface Driver {
  /** libgomp's file. */
  readonly file: string;
  readonly release: Release;
  readonly isolated: boolean;
  /** Whether its process has ended. */
  readonly gone: boolean;
  has(name: string): boolean;
  /** One call after the other, in order. @throws OffloadError `ERR_OFFLOAD_LIBGOMP` for a function that libgomp has not. */
  call(request: CallRequest): Promise<CallResult>;
  register(request: RegisterRequest): Promise<Registration>;
  unregister(id: number): Promise<void>;
  /** The launch's host function will not be called any more. */
  launchOver(id: number): void;
  /** Ends libgomp's thread, or its process. Idempotent. */
  close(): Promise<void>;
}

/** Runs the host's form of a launch. libgomp waits for it, whatever comes of it. */
export type HostCall = (launch: number | null) => Promise<void>;
