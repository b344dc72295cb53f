/**
 * The addon's face for signals: native/addon/signal.cc. Conventions as in `native.ts`.
 *
 * @packageDocumentation
 */
import type { NativeAgent } from "./native_agent.js";

export type SignalCondition = "eq" | "ne" | "lt" | "gte";
export type MemoryOrder = "relaxed" | "acquire" | "release" | "acq_rel";

export interface NativeSignal {
  readonly handle: number;
  readonly disposed: boolean;
  /** Values are numbers where they are safe integers, else bigint; arguments take either. */
  load(order?: "relaxed" | "acquire"): number | bigint;
  store(value: number | bigint, order?: "relaxed" | "release"): void;
  add(value: number | bigint, order?: MemoryOrder): void;
  subtract(value: number | bigint, order?: MemoryOrder): void;
  exchange(value: number | bigint, order?: MemoryOrder): number | bigint;
  compareExchange(expected: number | bigint, value: number | bigint, order?: MemoryOrder): number | bigint;
  /**
   * Blocks this thread until the condition holds or `timeoutNs` has passed; answers the value seen. Undefined timeout: for ever.
   * Throws as `submitAndWait` does where a queue that the signal's packet went to fails meanwhile.
   */
  wait(condition: SignalCondition, value: number | bigint, timeoutNs?: number): number | bigint;
  /**
   * Calls back once, by way of the event loop, when the env's completion thread has seen the condition hold. Answers a number for
   * `cancelWait`. The signal may be disposed meanwhile: what it stands on lives until the callback. The process stays alive until then.
   */
  waitAsync(condition: SignalCondition, value: number | bigint, callback: (value: number | bigint) => void): number;
  /** hsa_amd_profiling_get_dispatch_time, in nanoseconds of the system clock domain. */
  dispatchTime(agent: NativeAgent): { readonly start: number; readonly end: number };
  /** hsa_amd_profiling_get_async_copy_time, in nanoseconds. */
  copyTime(): { readonly start: number; readonly end: number };
  dispose(): void;
}
