/**
 * The addon's face for queues and packets: native/addon/queue.cc and packet.cc. Conventions as in `native.ts`.
 *
 * @packageDocumentation
 */
import type { MemoryOrder, NativeSignal } from "./native_signal.js";

export interface QueueOptions {
  readonly size: number;
  readonly type?: "multi" | "single";
  readonly privateSegmentSize?: number;
  readonly groupSegmentSize?: number;
  /** hsa_amd_profiling_set_profiler_enabled. */
  readonly profiling?: boolean;
  /**
   * The runtime's error callback, through the event loop, at most once: the number of the status and its `code`
   * (42, `"ERR_HSA_ILLEGAL_INSTRUCTION"`). A memory fault on the queue's agent comes here too (43, `"ERR_HSA_MEMORY_FAULT"`), after
   * `onSystemEvent`. The queue is inactive then.
   */
  readonly onError?: (status: number, code: string) => void;
  /**
   * `count` launches handed to `submitAsync` have finished since the last call, the oldest first. `times` holds the start and the end
   * of each in nanoseconds (the first 2 * count values; zeros where the queue does not profile) and is valid during the call only.
   */
  readonly onComplete?: (count: number, times: Float64Array) => void;
}
export interface NativeQueue {
  readonly id: number;
  readonly size: number;
  readonly address: number;
  readonly disposed: boolean;
  /**
   * 64 bytes that JavaScript fills with a packet (bytes 0-1, the header, are ignored), as a view on native memory. `submit` copies them
   * into the ring. Detached on dispose.
   */
  readonly packet: ArrayBuffer;
  /**
   * Publishes `packet` with `header` in one release store and rings the doorbell. Answers the packet's index.
   * `signal`, where given, becomes the completion signal (and is set to 1 first when `arm`), else bytes 56-63 stand.
   * The packet type INVALID is refused (`ERR_OUT_OF_RANGE`), as is a packet that names a signal which is no live signal of this thread
   * (`ERR_HSA_INVALID_SIGNAL`): a packet processor believes every handle that it reads.
   * A full ring: waits up to `timeoutNs` (default: 10 s), then throws `ERR_HSA_QUEUE_FULL`.
   * A queue that reported an error throws `ERR_HSA_QUEUE_INACTIVE`.
   */
  submit(header: number, signal: NativeSignal | null, arm: boolean, timeoutNs?: number): number;
  /**
   * `submit` with `signal` armed; its reaching 0 is reported through `onComplete`, in the order of submission and many at a time where
   * many have finished: the completion thread waits on the queue's oldest alone, so packets carry the barrier bit. One native call per
   * asynchronous launch. What is unfinished keeps the event loop alive; `dispose` and an error of the queue drop what was not reported
   * (what had finished before the error is reported before `onError`).
   */
  submitAsync(header: number, signal: NativeSignal, timeoutNs?: number): number;
  /** 16 bytes, two doubles: start and end of the launch that the last `submitAndWait` saw finish, in nanoseconds. Detached on dispose. */
  readonly times: ArrayBuffer;
  /**
   * `submit` with `arm`, then a blocking wait for the signal to reach 0; answers true, or false when `timeoutNs` passed first. Throws
   * `ERR_HSA_QUEUE_INACTIVE` when the queue, or the agent by a memory fault, reports an error meanwhile (the callbacks still run later);
   * the error's `status` is then what the queue reported (42, 43, …) and `reason` its code (`"ERR_HSA_ILLEGAL_INSTRUCTION"`).
   * One native call per synchronous launch.
   */
  submitAndWait(header: number, signal: NativeSignal, timeoutNs?: number): boolean;
  /**
   * Functions that do what `submitAndWait` does, in less time: the arguments are checked here, once. Two signals, which nobody else may
   * use, take turns as completion signals. The functions keep the queue's and the signals' objects alive, and throw as `submitAndWait`
   * does.
   */
  launcher(header: number, first: NativeSignal, second: NativeSignal, timeoutNs?: number): NativeLauncher;
  loadReadIndex(order?: "relaxed" | "acquire"): number;
  loadWriteIndex(order?: "relaxed" | "acquire"): number;
  storeWriteIndex(index: number, order?: "relaxed" | "release"): void;
  addWriteIndex(count: number, order?: MemoryOrder): number;
  setProfiling(enabled: boolean): void;
  inactivate(): void;
  /** hsa_queue_destroy: waits for what the hardware still does with it. */
  dispose(): void;
}

export interface NativeLauncher {
  /**
   * Publishes the packet, rings, and waits up to the launcher's time limit; whether the launch is over. Where it is not, `wait` comes
   * next: another launch throws `ERR_INVALID_STATE`.
   */
  readonly launch: () => boolean;
  /** Waits for the last launch once more, as long as `launch` does. Without one under way: `ERR_INVALID_STATE`. */
  readonly wait: () => boolean;
}
