/**
 * The HSA runtime (HSA 1.2, 2.1): opened once per thread and counted, because HSA itself is one per process.
 *
 * @packageDocumentation
 */
import { realpathSync } from "node:fs";
import { isAbsolute } from "node:path";
import { object, string } from "../validate.js";
import { addon } from "./addon.js";
import { Agent } from "./agent.js";
import { CodeObjectReader } from "./code-object-reader.js";
import { guarded, HsaError } from "./errors.js";
import { Executable } from "./executable.js";
import { nativeOf, nativesOf, pin } from "./handles.js";
import { type DeviceChoice, type Location, locate, type Machine } from "./locate.js";
import { Memory } from "./memory.js";
import type {
  Native,
  NativeStats,
  PointerInfo,
  QueueOptions,
  RuntimeFacts,
  SignalCondition,
  SoftwareFault,
  SystemEvent,
  SystemInfo,
} from "./native.js";
import { Queue } from "./queue.js";
import { Signal } from "./signal.js";

export interface HsaOpenOptions {
  /** In place of `GCN_OFFLOAD_DEVICE`. */
  readonly device?: string;
  /** In place of `HSA_RUNTIME_LIB`. */
  readonly library?: string;
}

/** Agents, and the calls that belong to no handle. Get one from `HsaRuntime.open`. */
export class HsaRuntime implements Disposable {
  static #open: HsaRuntime | undefined;

  /** All agents, host processors included, in the runtime's order. */
  readonly agents: readonly Agent[];
  readonly #faultListeners = new Set<(event: SystemEvent) => void>();
  #users = 1;

  private constructor(
    readonly native: Native,
    readonly choice: DeviceChoice,
    readonly facts: RuntimeFacts,
  ) {
    this.agents = guarded(() => native.agents()).map((agent) => new Agent(agent, facts.software));
    native.onSystemEvent((event) => {
      for (const listener of this.#faultListeners) listener(event);
    });
  }

  /**
   * Opens the runtime, or counts one more user of the one that this thread has open. Every `open` wants its `dispose`.
   *
   * @param seam - another face than the addon's, or another machine than this one: for tests.
   * @throws HsaError `ERR_HSA_LIBRARY_NOT_FOUND`, `ERR_HSA_VERSION`, `ERR_HSA_ALREADY_OPEN`, `ERR_HSA_ADDON_NOT_BUILT`,
   * `ERR_HSA_THUNK_NOT_BUILT`, `ERR_HSA_NO_HARDWARE`, `ERR_HSA_DEVICE_SETTING`, and what hsa_init answers.
   */
  static open(
    options: HsaOpenOptions = {},
    seam: { readonly native?: Native; readonly machine?: Machine } = {},
  ): HsaRuntime {
    object("HsaRuntime.open's options", options);
    if (options.device !== undefined) string("device", options.device);
    if (options.library !== undefined) string("library", options.library);
    const open = HsaRuntime.#open;
    if (open !== undefined) {
      if (options.device !== undefined || options.library !== undefined) open.#mustAgree(locate(options, seam.machine));
      open.#users++;
      return open;
    }
    const { choice, options: where } = locate(options, seam.machine);
    const face = seam.native ?? addon();
    const facts = guarded(() => face.open(where));
    HsaRuntime.#open = new HsaRuntime(face, choice, facts);
    return HsaRuntime.#open;
  }

  #mustAgree({ choice, options }: Location): void {
    const same = choice.device === this.choice.device && choice.config === this.choice.config;
    if (!same) {
      const have = [this.choice.device, this.choice.config].filter(Boolean).join(":");
      const want = [choice.device, choice.config].filter(Boolean).join(":");
      throw new HsaError("ERR_HSA_ALREADY_OPEN", `open with ${have}, asked for ${want}`);
    }
    const [library = ""] = options.libraries;
    if (
      options.libraries.length === 1 &&
      isAbsolute(library) &&
      realpathSync(library) !== realpathSync(this.facts.path)
    ) {
      throw new HsaError("ERR_HSA_ALREADY_OPEN", `open with ${this.facts.path}, asked for ${library}`);
    }
  }

  get disposed(): boolean {
    return this.#users === 0;
  }

  systemInfo(): SystemInfo {
    return guarded(() => this.native.systemInfo());
  }
  statusString(status: number): string {
    return guarded(() => this.native.statusString(status));
  }
  stats(): NativeStats {
    return guarded(() => this.native.stats());
  }

  /** The software GPU's last fault, of one queue or of any; null on hardware, or where there was none. */
  softwareLastFault(queue?: Queue): SoftwareFault | null {
    return guarded(() => this.native.softwareLastFault(queue?.address));
  }
  /** The software GPU's counters; null on hardware. */
  softwareStatistics(): Readonly<Record<string, number>> | null {
    return guarded(() => this.native.softwareStatistics());
  }

  /** Memory faults and hardware exceptions of any agent; answers the way to stop listening. */
  onFault(listener: (event: SystemEvent) => void): () => void {
    this.#faultListeners.add(listener);
    return () => this.#faultListeners.delete(listener);
  }

  createSignal(initial: number | bigint = 0, consumers: readonly Agent[] = []): Signal {
    return new Signal(
      guarded(() => this.native.createSignal(initial, nativesOf("consumers", consumers))),
      this.native,
    );
  }
  /** The index of a signal whose condition holds, or -1 when the time was up. Blocks the thread. */
  waitAnySync(
    signals: readonly Signal[],
    conditions: readonly SignalCondition[],
    values: readonly (number | bigint)[],
    timeoutNanoseconds?: number,
  ): number {
    return guarded(() => this.native.waitAny(nativesOf("signals", signals), conditions, values, timeoutNanoseconds));
  }

  createQueue(agent: Agent, options: QueueOptions): Queue {
    return new Queue(guarded(() => this.native.createQueue(nativeOf("agent", agent), options)));
  }
  createCodeObjectReader(bytes: Uint8Array): CodeObjectReader {
    return new CodeObjectReader(guarded(() => this.native.createCodeObjectReader(bytes)));
  }
  createExecutable(
    profile: "base" | "full" = "full",
    rounding: "default" | "zero" | "near" = "default",
    options?: string,
  ): Executable {
    return new Executable(guarded(() => this.native.createExecutable(profile, rounding, options)));
  }

  /** hsa_memory_copy: blocks. Either side is an address or bytes of host memory. */
  copySync(destination: number | ArrayBufferView, source: number | ArrayBufferView, bytes: number): void {
    guarded(() => this.native.memoryCopy(destination, source, bytes));
  }
  /** hsa_amd_memory_async_copy: `completion`, which stands at 1, is counted down when the bytes are there. */
  copy(
    destination: { readonly address: number; readonly agent: Agent },
    source: { readonly address: number; readonly agent: Agent },
    bytes: number,
    completion: Signal,
    dependencies: readonly Signal[] = [],
  ): void {
    object("destination", destination);
    object("source", source);
    guarded(() =>
      this.native.memoryAsyncCopy(
        destination.address,
        nativeOf("destination.agent", destination.agent),
        source.address,
        nativeOf("source.agent", source.agent),
        bytes,
        nativesOf("dependencies", dependencies),
        nativeOf("completion", completion),
      ),
    );
  }
  /** hsa_amd_memory_fill: `count` values of 32 bits. Blocks. */
  fillSync(address: number, value: number, count: number): void {
    guarded(() => this.native.memoryFill(address, value, count));
  }
  /** hsa_amd_memory_lock: the bytes as agents reach them, until disposal. */
  lock(bytes: ArrayBufferView, agents: readonly Agent[]): Memory {
    const memory = new Memory(guarded(() => this.native.memoryLock(bytes, nativesOf("agents", agents))));
    pin(bytes.buffer);
    return memory;
  }
  register(bytes: ArrayBufferView): void {
    guarded(() => this.native.memoryRegister(bytes));
    pin(bytes.buffer);
  }
  deregister(bytes: ArrayBufferView): void {
    guarded(() => this.native.memoryDeregister(bytes));
  }
  pointerInfo(address: number): PointerInfo {
    return guarded(() => this.native.pointerInfo(address));
  }
  setCopyProfiling(enabled: boolean): void {
    guarded(() => this.native.setCopyProfiling(enabled));
  }

  /** The last user's disposal shuts the runtime down for this thread and disposes the handles that are left. */
  dispose(): void {
    if (this.#users === 0 || --this.#users > 0) return;
    this.native.onSystemEvent(null);
    this.#faultListeners.clear();
    if (HsaRuntime.#open === this) HsaRuntime.#open = undefined;
    guarded(() => this.native.shutDown());
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
