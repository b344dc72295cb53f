/**
 * A device's queue of launches. Launches of one queue run one after the other (their packets carry the barrier bit), so the oldest in
 * flight is the one that runs, and completions come in order.
 *
 * When a launch faults, runs out of time or is aborted, the HSA queue under this one is destroyed with whatever runs on it, and the next
 * launch gets a new one.
 *
 * @packageDocumentation
 */

import { DeviceError, OffloadError } from "../errors.js";
import { fromNative } from "../hsa/errors.js";
import { HsaError, type Queue } from "../hsa/index.js";
import type { Apertures } from "./hidden-arguments.js";
import { HsaQueue } from "./hsa-queue.js";
import type { InFlight, LaunchResult, PreparedLaunch, QueueOwner } from "./launch.js";
import { LaunchesInFlight } from "./launches-in-flight.js";
import { timedOut } from "./time-limits.js";

export interface QueueStats {
  readonly launched: number;
  readonly completed: number;
  readonly failed: number;
  readonly inFlight: number;
  /** HSA queues that were destroyed because of a launch. */
  readonly replaced: number;
}

/** How long a wait lasts that looks at something else in between. */
const STEP_NANOSECONDS = 1e6;

const PASSED = "another launch before it on its queue ended the queue, so it was not run to its end";

export class LaunchQueue implements Disposable {
  readonly #owner: QueueOwner;
  readonly #hsa: HsaQueue;
  readonly #flights: LaunchesInFlight;
  #launched = 0;
  #replaced = 0;
  /** Seen to be over before the runtime reported it. */
  #early = 0;
  #disposed = false;

  /** @param profiling - whether results tell when launches ran; else their times are 0. */
  constructor(owner: QueueOwner, profiling = true) {
    this.#owner = owner;
    this.#flights = new LaunchesInFlight(owner, profiling, {
      onAbort: (entries) => this.#abort(entries),
      onLate: (entry) => this.#onLate(entry),
    });
    this.#hsa = new HsaQueue(owner, profiling, {
      onComplete: (count, times) => this.#onComplete(count, times),
      onError: (status) => void this.#onError(status),
    });
  }

  get disposed(): boolean {
    return this.#disposed;
  }
  get stats(): QueueStats {
    return {
      launched: this.#launched,
      completed: this.#flights.completed,
      failed: this.#flights.failed,
      inFlight: this.#flights.length,
      replaced: this.#replaced,
    };
  }
  /** The kernel that runs now, as far as is known. */
  get running(): string | null {
    return this.#flights.running;
  }

  /** @throws OffloadError `ERR_OFFLOAD_DISPOSED`. */
  mustLive(): void {
    if (this.#disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the queue was used after its disposal");
  }

  /** The address of the hsa_queue_t, which kernels may ask for. */
  get address(): number {
    return this.#open().address;
  }

  /** Where flat instructions find LDS and scratch. */
  get apertures(): Apertures {
    this.mustLive();
    return this.#hsa.apertures;
  }

  launch(launch: PreparedLaunch): Promise<LaunchResult> {
    return new Promise((resolve, reject) => {
      if (this.#disposed) {
        launch.release();
        this.mustLive();
      }
      const entry: InFlight = {
        launch,
        completion: launch.completion ?? this.#owner.signals.take(),
        resolve,
        reject,
        since: launch.timeout > 0 ? performance.now() : 0,
        aborted: false,
      };
      try {
        this.#enter(entry);
      } catch (error) {
        this.#flights.refuse(entry, error);
      }
    });
  }

  #enter(entry: InFlight): void {
    this.#launched++;
    const { published, waiting } = this.#flights;
    if (waiting.length > 0 || published.length >= this.#open().size) waiting.push(entry);
    else this.#submit(entry);
    this.#flights.watch(entry);
  }

  #submit(entry: InFlight): void {
    try {
      this.#publish(entry);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ERR_HSA_QUEUE_INACTIVE") throw fromNative(error);
      // The queue has ended, and the news is still on its way through the event loop. A launch behind the one that ended it shares its
      // fate, whenever the news comes; where nothing was in flight (another queue's kernel did it) a new queue serves.
      const behind = this.#flights.published.length > 0;
      const failure = this.#onError((error as { status?: number }).status ?? 0, error);
      if (behind)
        throw new DeviceError("ERR_OFFLOAD_QUEUE_LOST", PASSED, { kernel: entry.launch.kernel, cause: failure });
      this.#publish(entry);
    }
    this.#flights.published.push(entry);
  }

  #publish(entry: InFlight): void {
    const queue = this.#open();
    queue.native.submitAsync(entry.launch.write(queue.packet), entry.completion.native);
  }

  /** Blocks the thread until the launch is over, after everything that was launched on this queue before it. */
  launchSync(launch: PreparedLaunch): LaunchResult {
    const { signals } = this.#owner;
    const completion = signals.take();
    let over = false;
    try {
      while (this.#flights.waiting.length > 0) this.#submit(this.#flights.waiting.shift() as InFlight);
      const queue = this.#open();
      const header = launch.write(queue.packet);
      this.#launched++;
      const nanoseconds = launch.timeout > 0 ? launch.timeout * 1e6 : undefined;
      over = queue.native.submitAndWait(header, completion.native, nanoseconds);
      if (!over) throw timedOut(launch);
      this.#flights.countSync(true);
      const [start = 0, end = 0] = this.#hsa.times;
      return { nanoseconds: end - start, start, end };
    } catch (error) {
      this.#flights.countSync(false);
      throw this.#syncFailure(launch.kernel, error);
    } finally {
      launch.release();
      // A signal whose packet may still run is not used again; its queue is gone by now.
      if (over) signals.give(completion);
      else completion.dispose();
    }
  }

  /** Ends the queue after a failed synchronous launch; answers what its caller gets to see. */
  #syncFailure(kernel: string, error: unknown): unknown {
    // No queue to launch on: nothing has been sent.
    const queue = this.#hsa.current;
    if (queue === null || error instanceof HsaError) return error;
    this.#flights.settleFinished();
    const culprit = this.#flights.published.peek()?.launch.kernel;
    const failure = this.#owner.faults.explained(culprit ?? kernel, queue, error);
    if (!(failure instanceof OffloadError)) return failure;
    this.#replace(failure);
    if (culprit === undefined || failure.code === "ERR_OFFLOAD_TIMEOUT") return failure;
    return new DeviceError("ERR_OFFLOAD_QUEUE_LOST", PASSED, { kernel, cause: failure });
  }

  /** Resolves when every launch that is in flight now is over, however it ended. */
  idle(): Promise<void> {
    return this.#flights.idle();
  }

  /**
   * Blocks the thread until the oldest launch is over, though for a moment only: it may wait for another queue's. Whether there is
   * anything in flight still.
   */
  stepSync(): boolean {
    const { published, limits } = this.#flights;
    const entry = published.peek();
    if (entry === undefined) return false;
    try {
      entry.completion.waitSync("lt", 1, STEP_NANOSECONDS);
    } catch (error) {
      this.#onError((error as { status?: number | null }).status ?? 0, error);
    }
    limits.check();
    for (let oldest = published.peek(); oldest?.completion.load("acquire") === 0; oldest = published.peek()) {
      this.#early++;
      this.#flights.settleFirst();
    }
    this.#refill();
    return published.length > 0;
  }

  #open(): Queue {
    this.mustLive();
    return this.#hsa.open();
  }

  #onComplete(count: number, times: Float64Array): void {
    const early = Math.min(count, this.#early);
    this.#early -= early;
    for (let i = early; i < count; i++) {
      const entry = this.#flights.published.shift();
      if (entry === undefined) break;
      this.#flights.succeed(entry, times[2 * i] as number, times[2 * i + 1] as number);
    }
    this.#flights.limits.progress();
    if (this.#flights.published.peek()?.aborted) this.#replace(null);
    this.#refill();
  }

  #refill(): void {
    while (this.#flights.waiting.length > 0 && this.#flights.published.length < this.#open().size) {
      const entry = this.#flights.waiting.shift() as InFlight;
      try {
        this.#submit(entry);
      } catch (error) {
        this.#flights.fail(entry, error);
      }
    }
  }

  #onError(status: number, error?: unknown): DeviceError {
    this.#flights.settleFinished();
    const failure = this.#owner.faults.error(this.running ?? "(none in flight)", this.#hsa.current, status, error);
    this.#replace(failure);
    return failure;
  }

  #abort(entries: ReadonlySet<InFlight>): void {
    for (const entry of entries) {
      entry.aborted = true;
      entry.reject(entry.launch.signal?.reason);
    }
    for (const entry of this.#flights.waiting.removeAll(entries)) this.#flights.fail(entry, null);
    // Launches before them are let finish; they go when their turn comes.
    if (this.#flights.published.peek()?.aborted) this.#replace(null);
  }

  #onLate(late: InFlight): void {
    // The oldest is the one that hangs, whoever set the time limit.
    late.aborted = true;
    const error = timedOut(late.launch, this.running);
    late.reject(error);
    this.#replace(error);
  }

  /**
   * Ends the HSA queue and everything on it. What had finished unnoticed counts as finished; the oldest of the others gets `failure`
   * itself, those behind it learn why they were not run.
   */
  #replace(failure: OffloadError | null): void {
    const queue = this.#hsa.take();
    this.#early = 0;
    if (queue !== null) {
      this.#flights.settleFinished();
      this.#replaced++;
      queue.dispose();
    }
    this.#flights.limits.progress();
    const lost = this.#flights.takeAll();
    const cause = failure ?? lost[0]?.launch.signal?.reason;
    for (const [place, entry] of lost.entries()) {
      const own = place === 0 && failure !== null && failure.code !== "ERR_OFFLOAD_TIMEOUT";
      this.#flights.fail(
        entry,
        own ? failure : new DeviceError("ERR_OFFLOAD_QUEUE_LOST", PASSED, { kernel: entry.launch.kernel, cause }),
      );
    }
  }

  /** Ends what is in flight: those launches reject with `ERR_OFFLOAD_DISPOSED`. */
  dispose(): void {
    if (this.#disposed) return;
    if (this.#hsa.current !== null) this.#flights.settleFinished();
    this.#disposed = true;
    this.#hsa.current?.dispose();
    this.#hsa.take();
    for (const entry of this.#flights.takeAll()) {
      this.#flights.fail(
        entry,
        new OffloadError(
          "ERR_OFFLOAD_DISPOSED",
          `kernel ${entry.launch.kernel} was in flight when its queue was disposed`,
        ),
      );
    }
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
