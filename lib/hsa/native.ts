/**
 * The addon's face: what `native/addon` exports, one section per file there. Nothing here adds behaviour; `lib/hsa` does.
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
import type { NativeForeignPlugin } from "./native_foreign.js";

/** Runtime: native/addon/runtime.cc */
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

/** Agents: native/addon/agent.cc. Valid while the runtime is. */
export interface NativeAgent {
  /** Index in `agents()`. */
  readonly index: number;
  readonly handle: number;
  info(): AgentInfo;
  regions(): NativeRegion[];
  pools(): NativePool[];
}

export interface AgentInfo {
  readonly name: string;
  readonly productName: string;
  readonly vendorName: string;
  readonly deviceType: "cpu" | "gpu" | "dsp" | "aie";
  /** HSA_AGENT_FEATURE_* bits: 1 kernel dispatch, 2 agent dispatch. */
  readonly features: number;
  readonly profile: "base" | "full";
  readonly machineModel: "small" | "large";
  readonly defaultFloatRounding: number;
  readonly fastF16: boolean;
  readonly wavefrontSize: number;
  readonly workgroupMaxDim: readonly [number, number, number];
  readonly workgroupMaxSize: number;
  readonly gridMaxDim: readonly [number, number, number];
  readonly gridMaxSize: number;
  readonly queuesMax: number;
  readonly queueMinSize: number;
  readonly queueMaxSize: number;
  readonly queueType: "multi" | "single";
  readonly node: number;
  readonly isas: readonly string[];
  readonly cacheSizes: readonly number[];
  readonly versionMajor: number;
  readonly versionMinor: number;
  /** hsa_amd_agent_info_t; 0 or "" where the runtime has no answer. */
  readonly chipId: number;
  readonly computeUnits: number;
  readonly maxClockMhz: number;
  readonly driverNode: number;
  readonly maxWavesPerCu: number;
  readonly simdsPerCu: number;
  readonly cachelineSize: number;
  readonly memoryWidth: number;
  readonly memoryMaxClockMhz: number;
  readonly uuid: string;
  readonly bdfid: number;
}

/** Memory regions (HSA core) and pools (AMD): native/addon/region.cc, pool.cc. */
export interface NativeRegion {
  info(): RegionInfo;
  /** hsa_memory_allocate. */
  allocate(bytes: number): NativeMemory;
}
export interface RegionInfo {
  readonly segment: "global" | "readonly" | "private" | "group" | "kernarg";
  /** HSA_REGION_GLOBAL_FLAG_* bits: 1 kernarg, 2 fine grained, 4 coarse grained. */
  readonly flags: number;
  readonly size: number;
  readonly allocMaxSize: number;
  readonly allocAllowed: boolean;
  readonly allocGranule: number;
  readonly allocAlignment: number;
}
export interface NativePool {
  info(): PoolInfo;
  /** hsa_amd_memory_pool_allocate. */
  allocate(bytes: number): NativeMemory;
  /** hsa_amd_agent_memory_pool_get_info ACCESS for the agent. */
  access(agent: NativeAgent): "never" | "allowed-by-default" | "disallowed-by-default";
}
export interface PoolInfo {
  readonly segment: "global" | "readonly" | "private" | "group";
  readonly flags: number;
  readonly size: number;
  readonly allocAllowed: boolean;
  readonly allocGranule: number;
  readonly allocAlignment: number;
  readonly accessibleByAll: boolean;
  readonly allocMaxSize: number;
}

/** An allocation, or a range of host memory locked for the GPU: native/addon/memory.cc */
export interface NativeMemory {
  readonly address: number;
  /** The host address of locked memory; equals `address` for allocations. */
  readonly hostAddress: number;
  readonly byteLength: number;
  readonly disposed: boolean;
  /**
   * The bytes as an ArrayBuffer over the memory itself, the same one at each call; detached by `dispose`.
   * Throws `ERR_HSA_NOT_HOST_ACCESSIBLE` where the host cannot reach the memory, and for locked memory, which is its typed array's.
   */
  view(): ArrayBuffer;
  /** hsa_amd_agents_allow_access, replacing the earlier set. */
  allowAccess(agents: readonly NativeAgent[]): void;
  /** hsa_memory_free, hsa_amd_memory_pool_free or hsa_amd_memory_unlock. */
  dispose(): void;
}

export interface PointerInfo {
  readonly type: "unknown" | "hsa" | "locked" | "graphics" | "ipc";
  readonly agentBaseAddress: number;
  readonly hostBaseAddress: number;
  readonly byteLength: number;
  /** Index of the owning agent, or -1. */
  readonly owner: number;
  /** Indices of the agents that may access it. */
  readonly accessible: readonly number[];
}

/** Signals: native/addon/signal.cc */
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

/** Queues and packets: native/addon/queue.cc, packet.cc */
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

/** Code objects and executables: native/addon/code_object_reader.cc, executable.cc */
export interface NativeCodeObjectReader {
  readonly disposed: boolean;
  dispose(): void;
}
export interface NativeExecutable {
  readonly disposed: boolean;
  loadAgentCodeObject(agent: NativeAgent, reader: NativeCodeObjectReader, options?: string): void;
  /** hsa_executable_agent_global_variable_define. */
  defineVariable(agent: NativeAgent, name: string, address: number): void;
  freeze(options?: string): void;
  /** 0 where valid, as hsa_executable_validate answers. */
  validate(): number;
  frozen(): boolean;
  /** hsa_executable_get_symbol_by_name; null where there is none. */
  symbol(name: string, agent: NativeAgent): SymbolInfo | null;
  /** hsa_executable_iterate_agent_symbols. */
  symbols(agent: NativeAgent): SymbolInfo[];
  dispose(): void;
}
export type SymbolInfo = KernelSymbolInfo | VariableSymbolInfo | IndirectFunctionSymbolInfo;
export interface KernelSymbolInfo {
  readonly type: "kernel";
  readonly name: string;
  readonly linkage: "module" | "program";
  /** Kernel object: the address of its descriptor. */
  readonly object: number;
  readonly kernargSize: number;
  readonly kernargAlignment: number;
  readonly groupSize: number;
  readonly privateSize: number;
  readonly dynamicCallstack: boolean;
}
export interface VariableSymbolInfo {
  readonly type: "variable";
  readonly name: string;
  readonly linkage: "module" | "program";
  readonly address: number;
  readonly byteLength: number;
  readonly alignment: number;
  readonly constant: boolean;
}
export interface IndirectFunctionSymbolInfo {
  readonly type: "indirect-function";
  readonly name: string;
  readonly linkage: "module" | "program";
  readonly object: number;
}

/** How well the software GPU implements an instruction. */
export interface SoftwareInstruction {
  /** `VOP3`; an operation may have several. */
  readonly encoding: string;
  /** The target's mnemonic. */
  readonly name: string;
  /** `exact`: the bits of hardware. */
  readonly support: "exact" | "approximate" | "missing";
  /** Of what is approximate: how far from the exact result at most. */
  readonly bound: string | null;
  /** The forms in which it is missing all the same: `gds, tfe`. */
  readonly limits: string | null;
}

/** What the software GPU knows of a fault. Addresses are numbers, exact below 2^53. */
export interface SoftwareFault {
  /** Among the faults of the process, from 1. */
  readonly sequence: number;
  /**
   * `memory`: bytes that are not there, not mapped to the GPU, or not aligned. `illegal-instruction`: no instruction of the target.
   * `unsupported-instruction`: one that the software GPU does not implement. `aperture`: an access outside of the workgroup's LDS or the
   * work-item's private memory. `packet`: one that the queue refuses.
   */
  readonly kind: "memory" | "illegal-instruction" | "unsupported-instruction" | "trap" | "aperture" | "packet";
  /** All of it in one line. */
  readonly text: string;
  /** Which GPU of the configuration, from 0. */
  readonly gpu: number;
  /** Of its hsa_queue_t; null: a copy queue of the runtime's. */
  readonly queue: number | null;
  /** The number of a trap. */
  readonly trap: number | null;
  readonly kernel: {
    /** Address of the kernel descriptor. */
    readonly object: number;
    /** Index of the packet in its queue. */
    readonly dispatch: number;
    /** Null where no loaded code object names it. */
    readonly name: string | null;
  } | null;
  /** The instruction to blame; null where it was none. */
  readonly instruction: {
    readonly pc: number;
    /** Disassembled. */
    readonly text: string;
    readonly workgroup: readonly [number, number, number];
    /** In its workgroup. */
    readonly wave: number;
    /** The function that it lies in, and how many bytes from its beginning. */
    readonly function: string | null;
    readonly functionOffset: number;
    /** Where the code object has debug lines. */
    readonly source: { readonly file: string; readonly line: number; readonly column: number | null } | null;
  } | null;
  /** The access that went wrong. */
  readonly access: {
    readonly address: number;
    readonly write: boolean;
    /** Null: a scalar access, an instruction fetch, or no wave's. */
    readonly lane: number | null;
    /** The memory that the address lies in, or the nearest that is mapped to any GPU; `mapped`: to this one too. */
    readonly nearest: { readonly address: number; readonly byteLength: number; readonly mapped: boolean } | null;
  } | null;
}

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

  createQueue(agent: NativeAgent, options: QueueOptions): NativeQueue;

  /** hsa_code_object_reader_create_from_memory; the bytes are copied and kept. Callers validate first: ROCr trusts its input. */
  createCodeObjectReader(bytes: Uint8Array): NativeCodeObjectReader;
  /** The callback of this `waitAsync` will not run. Idempotent. */
  cancelWait(wait: number): void;

  /** The software GPU's last fault, of the queue at an address (`NativeQueue.address`) or of any; null on hardware or where there was none. */
  softwareLastFault(queue?: number): SoftwareFault | null;
  /** The software GPU's counters (waves, instructions, …); null on hardware. */
  softwareStatistics(): Readonly<Record<string, number>> | null;

  /**
   * What the software GPU in a library implements of a target, one entry for each encoding of each instruction; empty where it has no
   * such target. Loads the library and keeps it; needs no `open`.
   */
  softwareInstructions(library: string, target: string): SoftwareInstruction[];

  /** hsa_executable_create_alt. */
  createExecutable(profile: "base" | "full", rounding: "default" | "zero" | "near", options?: string): NativeExecutable;

  /** Opens a libgomp plugin, of a name that the loader knows or a path. Throws `ERR_OFFLOAD_PLUGIN`, which names what is missing. */
  openForeignPlugin(path: string): NativeForeignPlugin;
}
