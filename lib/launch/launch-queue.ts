/**
 * A device's queue of launches. Launches of one queue run one after the other (their packets carry the barrier bit), so the oldest in
 * flight is the one that runs, and completions come in order.
 *
 * When a launch faults, runs out of time or is aborted, the HSA queue under this one is destroyed with whatever runs on it, and the next
 * launch gets a new one.
 *
 * @packageDocumentation
 */

import { DeviceError, type DeviceErrorCode, OffloadError } from "../errors.js";
import { fromNative } from "../hsa/errors.js";
import type { Agent, HsaRuntime, Queue, Signal } from "../hsa/index.js";
import { HsaError } from "../hsa/index.js";
import { AbortWatch } from "./abort-watch.js";
import type { FaultReporter } from "./fault.js";
import { Fifo } from "./fifo.js";
import { type Apertures, aperturesOf } from "./hidden-arguments.js";
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

/** What a queue needs of its device. */
export interface QueueOwner {
  readonly runtime: HsaRuntime;
  readonly agent: Agent;
  readonly signals: SignalPool;
  readonly faults: FaultReporter;
}

export interface QueueStats {
  readonly launched: number;
  readonly completed: number;
  readonly failed: number;
  readonly inFlight: number;
  /** HSA queues that were destroyed because of a launch. */
  readonly replaced: number;
}

interface InFlight {
  readonly launch: PreparedLaunch;
  readonly completion: Signal;
  readonly resolve: (result: LaunchResult) => void;
  readonly reject: (reason: unknown) => void;
  /** performance.now() at the launch. */
  readonly since: number;
  /** Rejected already, by its abort signal; its packet is still there. */
  aborted: boolean;
}

/** How long a wait lasts that looks at something else in between. */
const STEP_NANOSECONDS = 1e6;

/** Packets in a ring: launches beyond wait in JavaScript. */
const RING = 4096;

const PASSED = "another launch before it on its queue ended the queue, so it was not run to its end";

export class LaunchQueue implements Disposable {
  readonly #owner: QueueOwner;
  readonly #profiling: boolean;
  #queue: Queue | null = null;
  #times = new Float64Array(2);
  #apertures: Apertures | null = null;
  /** Published, oldest first. */
  readonly #inFlight = new Fifo<InFlight>();
  /** Waiting for room in the ring. */
  readonly #backlog = new Fifo<InFlight>();
  readonly #idle: { readonly after: number; readonly resolve: () => void }[] = [];
  readonly #aborts = new AbortWatch<InFlight>((entries) => this.#abort(entries));
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #progress = 0;
  #launched = 0;
  #completed = 0;
  #failed = 0;
  /** Of the asynchronous ones, however they ended. */
  #settled = 0;
  #replaced = 0;
  /** Seen to be over before the runtime reported it. */
  #early = 0;
  #disposed = false;

  /** @param profiling - whether results tell when launches ran; else their times are 0. */
  constructor(owner: QueueOwner, profiling = true) {
    this.#owner = owner;
    this.#profiling = profiling;
  }

  get disposed(): boolean {
    return this.#disposed;
  }
  get stats(): QueueStats {
    return {
      launched: this.#launched,
      completed: this.#completed,
      failed: this.#failed,
      inFlight: this.#inFlight.length + this.#backlog.length,
      replaced: this.#replaced,
    };
  }
  /** The kernel that runs now, as far as is known. */
  get running(): string | null {
    return this.#inFlight.peek()?.launch.kernel ?? null;
  }

  /** @throws OffloadError `ERR_OFFLOAD_DISPOSED`. */
  mustLive(): void {
    if (this.#disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the queue was used after its disposal");
  }

  /** The address of the hsa_queue_t, which kernels may ask for. */
  get address(): number {
    return this.#open().address;
  }

  /** Where flat instructions find LDS and scratch: the runtime notes it in the queue. */
  get apertures(): Apertures {
    this.#apertures ??= aperturesOf(this.#owner.runtime, this.address);
    return this.#apertures;
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
        this.#failed++;
        this.#finish(entry);
        reject(error);
      }
    });
  }

  #enter(entry: InFlight): void {
    this.#launched++;
    const { signal, timeout } = entry.launch;
    if (this.#backlog.length > 0 || this.#inFlight.length >= this.#open().size) this.#backlog.push(entry);
    else this.#submit(entry);
    if (signal !== undefined) this.#aborts.add(signal, entry);
    if (timeout > 0) this.#watch(entry.since + timeout);
  }

  #submit(entry: InFlight): void {
    try {
      this.#publish(entry);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ERR_HSA_QUEUE_INACTIVE") throw fromNative(error);
      // The queue has ended, and the news is still on its way through the event loop. A launch behind the one that ended it shares its
      // fate, whenever the news comes; where nothing was in flight (another queue's kernel did it) a new queue serves.
      const behind = this.#inFlight.length > 0;
      const failure = this.#onError((error as { status?: number }).status ?? 0, error);
      if (behind)
        throw new DeviceError("ERR_OFFLOAD_QUEUE_LOST", PASSED, { kernel: entry.launch.kernel, cause: failure });
      this.#publish(entry);
    }
    this.#inFlight.push(entry);
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
      while (this.#backlog.length > 0) this.#submit(this.#backlog.shift() as InFlight);
      const queue = this.#open();
      const header = launch.write(queue.packet);
      this.#launched++;
      const nanoseconds = launch.timeout > 0 ? launch.timeout * 1e6 : undefined;
      over = queue.native.submitAndWait(header, completion.native, nanoseconds);
      if (!over) throw timedOut(launch);
      this.#completed++;
      const [start = 0, end = 0] = this.#times;
      return { nanoseconds: end - start, start, end };
    } catch (error) {
      this.#failed++;
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
    if (this.#queue === null || error instanceof HsaError) return error;
    this.#settleFinished();
    const culprit = this.#inFlight.peek()?.launch.kernel;
    const failure = this.#explained(culprit ?? kernel, error);
    this.#replace(failure);
    if (culprit === undefined || failure.code === "ERR_OFFLOAD_TIMEOUT") return failure;
    return new DeviceError("ERR_OFFLOAD_QUEUE_LOST", PASSED, { kernel, cause: failure });
  }

  /** Resolves when every launch that is in flight now is over, however it ended. */
  idle(): Promise<void> {
    const { inFlight } = this.stats;
    if (inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push({ after: this.#settled + inFlight, resolve });
    });
  }

  /**
   * Blocks the thread until the oldest launch is over, though for a moment only: it may wait for another queue's. Whether there is
   * anything in flight still.
   */
  stepSync(): boolean {
    const entry = this.#inFlight.peek();
    if (entry === undefined) return false;
    try {
      entry.completion.waitSync("lt", 1, STEP_NANOSECONDS);
    } catch (error) {
      this.#onError((error as { status?: number | null }).status ?? 0, error);
    }
    this.#onTimer();
    for (let oldest = this.#inFlight.peek(); oldest?.completion.load("acquire") === 0; oldest = this.#inFlight.peek()) {
      this.#early++;
      this.#settleFirst();
    }
    this.#refill();
    return this.#inFlight.length > 0;
  }

  #open(): Queue {
    this.mustLive();
    if (this.#queue !== null) return this.#queue;
    const { runtime, agent } = this.#owner;
    const queue: Queue = runtime.createQueue(agent, {
      size: Math.min(RING, agent.facts.queueMaxSize),
      profiling: this.#profiling,
      onComplete: (count, times) => {
        if (this.#queue === queue) this.#onComplete(count, times);
      },
      onError: (status) => {
        if (this.#queue === queue) this.#onError(status);
      },
    });
    this.#queue = queue;
    this.#times = new Float64Array(queue.native.times);
    return queue;
  }

  #onComplete(count: number, times: Float64Array): void {
    const early = Math.min(count, this.#early);
    this.#early -= early;
    for (let i = early; i < count; i++) {
      const entry = this.#inFlight.shift();
      if (entry === undefined) break;
      this.#succeed(entry, times[2 * i] as number, times[2 * i + 1] as number);
    }
    this.#progress = performance.now();
    if (this.#inFlight.peek()?.aborted) this.#replace(null);
    this.#refill();
  }

  #refill(): void {
    while (this.#backlog.length > 0 && this.#inFlight.length < this.#open().size) {
      const entry = this.#backlog.shift() as InFlight;
      try {
        this.#submit(entry);
      } catch (error) {
        this.#fail(entry, error);
      }
    }
  }

  #onError(status: number, error?: unknown): DeviceError {
    this.#settleFinished();
    const failure = this.#owner.faults.error(this.running ?? "(none in flight)", this.#queue, status, error);
    this.#replace(failure);
    return failure;
  }

  #abort(entries: ReadonlySet<InFlight>): void {
    for (const entry of entries) {
      entry.aborted = true;
      entry.reject(entry.launch.signal?.reason);
    }
    for (const entry of this.#backlog.removeAll(entries)) this.#fail(entry, null);
    // Launches before them are let finish; they go when their turn comes.
    if (this.#inFlight.peek()?.aborted) this.#replace(null);
  }

  /** Time runs anew whenever a launch of the queue finishes: a long queue is not a hang. */
  #deadline(entry: InFlight): number {
    const { timeout } = entry.launch;
    return timeout > 0 ? Math.max(entry.since, this.#progress) + timeout : Number.POSITIVE_INFINITY;
  }

  #watch(at: number): void {
    if (at >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(1, Math.ceil(at - performance.now())));
  }

  #onTimer(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    let late: InFlight | undefined;
    for (const entry of [...this.#inFlight, ...this.#backlog]) {
      const deadline = this.#deadline(entry);
      if (entry.aborted || deadline > performance.now()) next = entry.aborted ? next : Math.min(next, deadline);
      else late ??= entry;
    }
    if (late === undefined) {
      if (next < Number.POSITIVE_INFINITY) this.#watch(next);
      return;
    }
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
    const queue = this.#queue;
    this.#queue = null;
    this.#apertures = null;
    this.#early = 0;
    if (queue !== null) {
      this.#settleFinished();
      this.#replaced++;
      queue.dispose();
    }
    this.#progress = performance.now();
    const lost = this.#takeAll();
    const cause = failure ?? lost[0]?.launch.signal?.reason;
    for (const [place, entry] of lost.entries()) {
      const own = place === 0 && failure !== null && failure.code !== "ERR_OFFLOAD_TIMEOUT";
      this.#fail(
        entry,
        own ? failure : new DeviceError("ERR_OFFLOAD_QUEUE_LOST", PASSED, { kernel: entry.launch.kernel, cause }),
      );
    }
  }

  #takeAll(): InFlight[] {
    const all = [...this.#inFlight, ...this.#backlog];
    this.#inFlight.clear();
    this.#backlog.clear();
    return all;
  }

  #settleFinished(): void {
    for (let entry = this.#inFlight.peek(); entry !== undefined && !entry.aborted; entry = this.#inFlight.peek()) {
      if (entry.completion.load("acquire") !== 0) return;
      this.#settleFirst();
    }
  }

  /** The oldest has been seen to be over. */
  #settleFirst(): void {
    const entry = this.#inFlight.shift() as InFlight;
    const { start, end } = this.#profiling ? entry.completion.dispatchTime(this.#owner.agent) : { start: 0, end: 0 };
    this.#succeed(entry, start, end);
  }

  #succeed(entry: InFlight, start: number, end: number): void {
    this.#completed++;
    this.#settled++;
    this.#finish(entry);
    entry.resolve({ nanoseconds: end - start, start, end });
  }

  #fail(entry: InFlight, reason: unknown): void {
    this.#failed++;
    this.#settled++;
    this.#finish(entry);
    entry.reject(reason);
  }

  /** Gives back what the launch held. Its packet no longer runs: it has completed, or its queue is gone. */
  #finish(entry: InFlight): void {
    if (entry.launch.signal !== undefined) this.#aborts.remove(entry.launch.signal, entry);
    if (entry.launch.completion === undefined) this.#owner.signals.give(entry.completion);
    entry.launch.release();
    if (this.#timer !== null && this.#inFlight.length + this.#backlog.length === 0) {
      clearTimeout(this.#timer);
      this.#timer = null;
      this.#timerAt = Number.POSITIVE_INFINITY;
    }
    while (this.#idle.length > 0 && this.#settled >= (this.#idle[0]?.after ?? 0)) {
      this.#idle.shift()?.resolve();
    }
  }

  #explained(kernel: string, error: unknown): OffloadError {
    if (error instanceof OffloadError) return error;
    const { status, code } = error as { status?: unknown; code?: unknown };
    if (typeof code !== "string" || !code.startsWith("ERR_HSA_")) throw error;
    return this.#owner.faults.error(kernel, this.#queue, typeof status === "number" ? status : 0, error);
  }

  /** Ends what is in flight: those launches reject with `ERR_OFFLOAD_DISPOSED`. */
  dispose(): void {
    if (this.#disposed) return;
    if (this.#queue !== null) this.#settleFinished();
    this.#disposed = true;
    this.#queue?.dispose();
    this.#queue = null;
    for (const entry of this.#takeAll()) {
      this.#fail(
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

function timedOut(launch: PreparedLaunch, running: string | null = launch.kernel): DeviceError {
  const blame = running === null || running === launch.kernel ? "" : ` (kernel ${running} ran before it)`;
  return new DeviceError(
    "ERR_OFFLOAD_TIMEOUT" satisfies DeviceErrorCode,
    `did not end within ${launch.timeout} ms${blame}`,
    {
      kernel: launch.kernel,
      hint: "Its queue was ended; the device goes on with a new one",
    },
  );
}
