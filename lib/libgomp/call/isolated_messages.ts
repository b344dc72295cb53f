/**
 * What this process and the one that libgomp runs in say to each other. Buffers have numbers: the other process has a buffer of the same
 * size for each, its mirror.
 *
 * @packageDocumentation
 */
import type { HostPlace, LaunchNote, Pointer, RegisterRequest, Registration, Word } from "./driver.js";
import type { Release } from "./release.js";

export interface MirrorPlace {
  readonly buffer: number;
  /** Bytes of the whole buffer. */
  readonly size: number;
  readonly offset: number;
}

export interface MirrorSection extends MirrorPlace {
  readonly bytes: number;
}

export interface MirrorBytes extends MirrorPlace {
  readonly content: Uint8Array;
}

export type MirrorPointer = Exclude<Pointer, HostPlace> | MirrorPlace;
export type MirrorWord = Exclude<Word, HostPlace | readonly Pointer[]> | MirrorPlace | readonly MirrorPointer[];

export interface IsolatedCall {
  readonly name: string;
  readonly words: readonly MirrorWord[];
  readonly reads: readonly MirrorBytes[];
  readonly writes: readonly MirrorSection[];
  readonly answers?: number;
  readonly launch?: LaunchNote;
}

export interface IsolatedRegistration extends Omit<RegisterRequest, "variables"> {
  readonly variables: readonly (MirrorSection & { readonly name: string })[];
}

/** To libgomp's process. Those with a number are answered. */
export type Request =
  | { readonly kind: "call"; readonly number: number; readonly call: IsolatedCall }
  | { readonly kind: "register"; readonly number: number; readonly request: IsolatedRegistration }
  | { readonly kind: "unregister"; readonly number: number; readonly id: number }
  | { readonly kind: "close"; readonly number: number }
  | { readonly kind: "launchOver"; readonly id: number }
  | { readonly kind: "hostDone"; readonly host: number; readonly content: readonly MirrorBytes[] }
  | { readonly kind: "forget"; readonly buffer: number };

export interface Ready {
  readonly kind: "ready";
  readonly file: string;
  readonly release: Release;
  readonly functions: readonly string[];
}

export interface Failure {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
}

/** From it. */
export type Answer =
  | Ready
  | { readonly kind: "failed"; readonly number: number | null; readonly failure: Failure }
  | {
      readonly kind: "returned";
      readonly number: number;
      readonly value: number;
      readonly pointers: readonly number[];
      readonly content: readonly MirrorBytes[];
    }
  | { readonly kind: "registered"; readonly number: number; readonly registration: Registration }
  | { readonly kind: "done"; readonly number: number }
  /** A launch's host function is to run, here; with the launch's memory as it is there. */
  | {
      readonly kind: "hostCall";
      readonly host: number;
      readonly launch: number | null;
      readonly content: readonly MirrorBytes[];
    };
