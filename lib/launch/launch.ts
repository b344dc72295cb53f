/** A launch on its way to a device, and what it needs there. */
import type { Agent, HsaRuntime, Signal } from "../hsa/index.js";
import type { FaultReporter } from "./fault.js";
import type { SignalPool } from "./signal-pool.js";

/** When a launch ran, on the system clock. */
export interface LaunchResult {
  /** From its first wave to its last, in nanoseconds. */
  readonly nanoseconds: number;
  /** Nanoseconds of the system clock. */
  readonly start: number;
  readonly end: number;
}

/** A launch that has been checked and whose arguments are written, or a barrier. */
export interface PreparedLaunch {
  readonly kernel: string;
  /** Writes the packet, but for header and completion signal; answers the header, which has the barrier bit. */
  write(packet: DataView): number;
  /** Gives back what the launch uses: it is over, or will not be. */
  release(): void;
  /** Aborts the launch. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without progress on the queue after which the launch is given up; 0: none. */
  readonly timeout: number;
  /** The completion signal, where others wait for it too; it stays its owner's. By default one of the pool. */
  readonly completion?: Signal | undefined;
}

/** A launch that does not block its thread, from its call to its end. */
export interface InFlight {
  readonly launch: PreparedLaunch;
  readonly completion: Signal;
  readonly resolve: (result: LaunchResult) => void;
  readonly reject: (reason: unknown) => void;
  /** performance.now() at the launch. */
  readonly since: number;
  /** Rejected already, by its abort signal; its packet is still there. */
  aborted: boolean;
}

/** What a queue needs of its device. */
export interface QueueOwner {
  readonly runtime: HsaRuntime;
  readonly agent: Agent;
  readonly signals: SignalPool;
  readonly faults: FaultReporter;
}
