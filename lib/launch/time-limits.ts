/**
 * The time limits of a queue's launches. Time runs anew whenever a launch of the queue finishes: a long queue is not a hang.
 *
 * @packageDocumentation
 */
import { DeviceError, type DeviceErrorCode } from "../errors.js";
import type { InFlight, PreparedLaunch } from "./launch.js";

export class TimeLimits {
  readonly #launches: () => Iterable<InFlight>;
  readonly #onLate: (entry: InFlight) => void;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #progress = 0;

  /**
   * @param launches - those that have not ended, oldest first.
   * @param onLate - gets the oldest whose time is over.
   */
  constructor(launches: () => Iterable<InFlight>, onLate: (entry: InFlight) => void) {
    this.#launches = launches;
    this.#onLate = onLate;
  }

  /** A launch of the queue has finished just now. */
  progress(): void {
    this.#progress = performance.now();
  }

  /** From a launch on that has a limit. */
  watch({ since, launch }: InFlight): void {
    this.#wakeAt(since + launch.timeout);
  }

  /** Looks for a launch whose time is over, now and again when the next one's is. */
  check(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    let late: InFlight | undefined;
    for (const entry of this.#launches()) {
      const deadline = this.#deadline(entry);
      if (entry.aborted || deadline > performance.now()) next = entry.aborted ? next : Math.min(next, deadline);
      else late ??= entry;
    }
    if (late !== undefined) this.#onLate(late);
    else if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next);
  }

  /** No launch is left. */
  stop(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #deadline({ since, launch: { timeout } }: InFlight): number {
    return timeout > 0 ? Math.max(since, this.#progress) + timeout : Number.POSITIVE_INFINITY;
  }

  #wakeAt(at: number): void {
    if (at >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.check(), Math.max(1, Math.ceil(at - performance.now())));
  }
}

/** @param running - the kernel that ran when the launch's time was over, where that is known. */
export function timedOut(
  { kernel, timeout }: Pick<PreparedLaunch, "kernel" | "timeout">,
  running: string | null = kernel,
): DeviceError {
  const blame = running === null || running === kernel ? "" : ` (kernel ${running} ran before it)`;
  return new DeviceError("ERR_OFFLOAD_TIMEOUT" satisfies DeviceErrorCode, `did not end within ${timeout} ms${blame}`, {
    kernel,
    hint: "Its queue was ended; the device goes on with a new one",
  });
}
