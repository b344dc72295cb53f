/**
 * The addon's face for the runtime, its facts and counters: native/addon/runtime.cc, stats.cc and system_event.cc. Conventions as in
 * `native.ts`.
 *
 * @packageDocumentation
 */

export interface OpenOptions {
  /** Libraries to try, in order: absolute paths or names for the loader. */
  readonly libraries: readonly string[];
  /** The software GPU's `libhsakmt.so.1`, opened first so that ROCr binds to it, and its configuration (`gfx906*2`). */
  readonly thunk?: { readonly library: string; readonly config: string };
}

export interface RuntimeFacts {
  /** The file the loader opened, as /proc/self/maps or dladdr tells. */
  readonly path: string;
  /** hsa_system_get_info VERSION_MAJOR/MINOR. */
  readonly versionMajor: number;
  readonly versionMinor: number;
  /** Whether the software GPU's thunk lies beneath it. */
  readonly software: boolean;
  /** Its configuration, where software. */
  readonly softwareConfig: string | null;
}

/** Counters since load, for this env. The hot-path rule is tested with them. */
export interface NativeStats {
  nativeCalls: number;
  allocations: number;
  frees: number;
  copies: number;
  signalsCreated: number;
  signalsLive: number;
  queuesLive: number;
  memoryLive: number;
  executablesLive: number;
  dispatches: number;
  /** What blocking launches have waited, while `measureWaits` was on. */
  waitNanoseconds: number;
}

export interface SystemInfo {
  readonly versionMajor: number;
  readonly versionMinor: number;
  /** Ticks of the system clock domain per second. */
  readonly timestampFrequency: number;
  /** Now, in ticks. */
  readonly timestamp: number;
  readonly signalMaxWait: bigint;
  readonly endianness: "little" | "big";
  readonly machineModel: "small" | "large";
}

/** A fault that the runtime reported for an agent: hsa_amd_event_t. */
export interface SystemEvent {
  readonly type: "memory-fault" | "hw-exception" | "unknown";
  /** Index into `agents()`, or -1. */
  readonly agent: number;
  readonly address: number;
  /** HSA_AMD_MEMORY_FAULT_* bits. */
  readonly reasonMask: number;
}
