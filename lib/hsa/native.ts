/**
 * The addon's face: what `native/addon` exports, its objects in a file for each subject. Nothing here adds behaviour; `lib/hsa` does.
 *
 * Conventions:
 * - Device and host addresses, sizes and offsets are numbers (a virtual address fits in 2^53). `bigint` carries 64-bit data only
 *   (signal values where they need it, timestamps never).
 * - Every HSA status but success throws an `Error` with `code` (`ERR_HSA_OUT_OF_RESOURCES`, the name of the status without
 *   `HSA_STATUS_ERROR_`), `status` (the number) and `call` (the HSA function). Wrong types and ranges throw `ERR_INVALID_ARG_TYPE`
 *   and `ERR_OUT_OF_RANGE`, unknown words `ERR_INVALID_ARG_VALUE`; a handle used after disposal throws `ERR_HSA_DISPOSED`; a handle
 *   of another env or class throws `ERR_INVALID_ARG_TYPE`; any call before `open` or after `shutDown` `ERR_HSA_NOT_INITIALIZED`.
 * - Handle classes cannot be constructed from JavaScript. `dispose()` is idempotent; the env's end disposes what is left, in
 *   reverse order of need (queues before signals before memory).
 *
 * @packageDocumentation
 */

import type { NativeAgent } from "./native_agent.js";
import type { NativeCodeObjectReader, NativeExecutable } from "./native_executable.js";
import type { NativeForeignPlugin } from "./native_foreign.js";
import type { NativeMemory, PointerInfo } from "./native_memory.js";
import type { NativeQueue, QueueOptions } from "./native_queue.js";
import type { NativeStats, OpenOptions, RuntimeFacts, SystemEvent, SystemInfo } from "./native_runtime.js";
import type { NativeSignal, SignalCondition } from "./native_signal.js";
import type { SoftwareFault, SoftwareInstruction } from "./native_software.js";

export type * from "./native_agent.js";
export type * from "./native_executable.js";
export type * from "./native_memory.js";
export type * from "./native_queue.js";
export type * from "./native_runtime.js";
export type * from "./native_signal.js";
export type * from "./native_software.js";

export interface Native {
  /**
   * Opens the runtime and calls hsa_init for this env. HSA is one per process: another env's open answers the same runtime, and throws
   * `ERR_HSA_ALREADY_OPEN` where the options contradict it. Throws `ERR_HSA_LIBRARY_NOT_FOUND` (with `tried: {library, reason}[]`) and
   * `ERR_HSA_VERSION` (a symbol that this package needs is missing; `missing: string[]`).
   */
  open(options: OpenOptions): RuntimeFacts;
  /** hsa_shut_down for this env, after disposing its handles. */
  shutDown(): void;
  statusString(status: number): string;
  systemInfo(): SystemInfo;
  /** One listener per env; null removes it. Each event goes to every env. */
  onSystemEvent(listener: ((event: SystemEvent) => void) | null): void;
  stats(): NativeStats;
  /** Whether `NativeStats.waitNanoseconds` counts. */
  measureWaits(enabled: boolean): void;

  agents(): NativeAgent[];

  /**
   * hsa_memory_copy, blocking. Either side: an address, or bytes of host memory. Addresses here and below are checked: `ERR_OUT_OF_RANGE`
   * where the bytes do not lie within one allocation that HSA knows.
   */
  memoryCopy(destination: number | ArrayBufferView, source: number | ArrayBufferView, bytes: number): void;
  /** The host's address of the first byte: native/addon/host_memory.cc. It stays where it is as long as its buffer lives. */
  addressOf(bytes: ArrayBufferView): number;
  /** Host memory as it lies there. Nobody checks that it is there, or stays: whoever asks has to know. */
  hostView(address: number, bytes: number): ArrayBuffer;
  /** hsa_memory_register / hsa_memory_deregister. */
  memoryRegister(bytes: ArrayBufferView): void;
  memoryDeregister(bytes: ArrayBufferView): void;
  /** hsa_amd_memory_fill: `count` 32-bit values from `address` (4-byte aligned). */
  memoryFill(address: number, value: number, count: number): void;
  /**
   * hsa_amd_memory_lock over the bytes of a typed array, which stay alive until disposal. Callers see to it that nobody transfers them
   * (`markAsUntransferable`).
   */
  memoryLock(bytes: ArrayBufferView, agents: readonly NativeAgent[]): NativeMemory;
  /** hsa_amd_memory_async_copy. */
  memoryAsyncCopy(
    destination: number,
    destinationAgent: NativeAgent,
    source: number,
    sourceAgent: NativeAgent,
    bytes: number,
    dependencies: readonly NativeSignal[],
    completion: NativeSignal,
  ): void;
  /** hsa_amd_pointer_info. */
  pointerInfo(address: number): PointerInfo;
  /** hsa_amd_profiling_async_copy_enable. */
  setCopyProfiling(enabled: boolean): void;

  /** hsa_amd_signal_create / hsa_signal_create; `consumers` empty: anyone. */
  createSignal(initial: number | bigint, consumers?: readonly NativeAgent[]): NativeSignal;
  /** hsa_amd_signal_wait_any: the index of a signal whose condition holds, or -1 after `timeoutNs`. */
  waitAny(
    signals: readonly NativeSignal[],
    conditions: readonly SignalCondition[],
    values: readonly (number | bigint)[],
    timeoutNs?: number,
  ): number;
  /** The callback of this `waitAsync` will not run. Idempotent. */
  cancelWait(wait: number): void;

  createQueue(agent: NativeAgent, options: QueueOptions): NativeQueue;

  /** hsa_code_object_reader_create_from_memory; the bytes are copied and kept. Callers validate first: ROCr trusts its input. */
  createCodeObjectReader(bytes: Uint8Array): NativeCodeObjectReader;
  /** hsa_executable_create_alt. */
  createExecutable(profile: "base" | "full", rounding: "default" | "zero" | "near", options?: string): NativeExecutable;

  /** The software GPU's last fault, of the queue at an address (`NativeQueue.address`) or of any; null on hardware or where there was none. */
  softwareLastFault(queue?: number): SoftwareFault | null;
  /** The software GPU's counters (waves, instructions, …); null on hardware. */
  softwareStatistics(): Readonly<Record<string, number>> | null;

  /**
   * What the software GPU in a library implements of a target, one entry for each encoding of each instruction; empty where it has no
   * such target. Loads the library and keeps it; needs no `open`.
   */
  softwareInstructions(library: string, target: string): SoftwareInstruction[];

  /** Opens a libgomp plugin, of a name that the loader knows or a path. Throws `ERR_OFFLOAD_PLUGIN`, which names what is missing. */
  openForeignPlugin(path: string): NativeForeignPlugin;
}
