/**
 * An HSA in memory, for what a real one does not do on demand: launches that stay in flight, faults, exhausted memory, failed copies. It
 * executes no code: a test says what each dispatch comes to.
 */
import type {
  AgentInfo,
  Native,
  NativeAgent,
  NativeCodeObjectReader,
  NativeExecutable,
  NativeLauncher,
  NativeMemory,
  NativePool,
  NativeQueue,
  NativeRegion,
  NativeSignal,
  NativeStats,
  PoolInfo,
  QueueOptions,
  RegionInfo,
  SoftwareFault,
  SymbolInfo,
  SystemEvent,
} from "../../lib/hsa/native.js";
import { KERNEL_DISPATCH } from "../../lib/hsa/packet.js";

function failure(code: string, extra: object = {}): Error {
  return Object.assign(new Error(code), { code, ...extra });
}

/** What becomes of a dispatch: it completes, stays in flight until `release`, or ends its queue with a status. */
export type Outcome = "done" | "hold" | { readonly status: number; readonly address?: number };

/** A dispatch as the packet and the argument block tell it. */
export interface Dispatch {
  readonly packet: DataView;
  readonly kernelObject: number;
  readonly kernarg: DataView | null;
  readonly grid: readonly [number, number, number];
  readonly workgroup: readonly [number, number, number];
  readonly privateBytes: number;
  readonly groupBytes: number;
}

class FakeSignal implements NativeSignal {
  readonly handle: number;
  disposed = false;
  value = 1;
  readonly waits = new Map<number, { holds: () => boolean; callback: (value: number) => void }>();

  constructor(private readonly owner: FakeNative) {
    this.handle = 0x5000 + 64 * owner.counters.signalsCreated;
  }

  #live(): void {
    if (this.disposed) throw failure("ERR_HSA_DISPOSED");
  }
  set(value: number): void {
    this.value = value;
    for (const [wait, { holds, callback }] of this.waits) {
      if (!holds()) continue;
      this.waits.delete(wait);
      setImmediate(() => callback(this.value));
    }
  }
  load(): number {
    this.#live();
    this.owner.counters.nativeCalls++;
    return this.value;
  }
  store(value: number | bigint): void {
    this.#live();
    this.owner.counters.nativeCalls++;
    this.set(Number(value));
  }
  add(value: number | bigint): void {
    this.set(this.value + Number(value));
  }
  subtract(value: number | bigint): void {
    this.set(this.value - Number(value));
  }
  exchange(value: number | bigint): number {
    const before = this.value;
    this.set(Number(value));
    return before;
  }
  compareExchange(expected: number | bigint, value: number | bigint): number {
    const before = this.value;
    if (before === Number(expected)) this.set(Number(value));
    return before;
  }
  #holds(condition: string, value: number | bigint): boolean {
    const [a, b] = [this.value, Number(value)];
    return condition === "eq" ? a === b : condition === "ne" ? a !== b : condition === "lt" ? a < b : a >= b;
  }
  wait(condition: "eq" | "ne" | "lt" | "gte", value: number | bigint): number {
    this.owner.counters.nativeCalls++;
    if (!this.#holds(condition, value)) throw new Error("the fake cannot block");
    return this.value;
  }
  waitAsync(condition: "eq" | "ne" | "lt" | "gte", value: number | bigint, callback: (value: number) => void): number {
    this.owner.counters.nativeCalls++;
    const wait = this.owner.nextWait++;
    this.waits.set(wait, { holds: () => this.#holds(condition, value), callback });
    this.set(this.value);
    return wait;
  }
  dispatchTime(): { start: number; end: number } {
    return { start: 1000, end: 1500 };
  }
  copyTime(): { start: number; end: number } {
    return { start: 1000, end: 1500 };
  }
  dispose(): void {
    if (!this.disposed) this.owner.counters.signalsLive--;
    this.disposed = true;
  }
}

class FakeMemory implements NativeMemory {
  disposed = false;
  readonly hostAddress: number;
  readonly bytes: ArrayBuffer;
  constructor(
    private readonly owner: FakeNative,
    readonly address: number,
    readonly byteLength: number,
    private readonly hostAccessible: boolean,
  ) {
    this.hostAddress = address;
    this.bytes = new ArrayBuffer(byteLength);
  }
  view(): ArrayBuffer {
    if (this.disposed) throw failure("ERR_HSA_DISPOSED");
    if (!this.hostAccessible) throw failure("ERR_HSA_NOT_HOST_ACCESSIBLE");
    return this.bytes;
  }
  allowAccess(): void {}
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.owner.counters.frees++;
    this.owner.counters.memoryLive--;
    this.owner.memories.delete(this);
  }
}

class FakeQueue implements NativeQueue {
  readonly id: number;
  readonly size: number;
  readonly address: number;
  readonly packet = new ArrayBuffer(64);
  readonly times = new ArrayBuffer(16);
  disposed = false;
  #written = 0;
  #error: number | null = null;
  #address = 0;
  #reported = 0;
  /** Published and not yet over. */
  readonly pending: { readonly dispatch: Dispatch; readonly signal: FakeSignal; readonly reported: boolean }[] = [];
  #held = false;

  constructor(
    private readonly owner: FakeNative,
    private readonly options: QueueOptions,
  ) {
    this.id = owner.queues.length;
    this.size = options.size;
    this.address = owner.allocate(4096, true).address;
  }

  submit(_header: number, signal: NativeSignal | null): number {
    return this.#push(signal as FakeSignal, false);
  }
  submitAsync(_header: number, signal: NativeSignal): number {
    return this.#push(signal as FakeSignal, true);
  }
  submitAndWait(_header: number, signal: NativeSignal): boolean {
    this.#push(signal as FakeSignal, false);
    if (this.#error !== null) throw this.#inactive();
    if ((signal as FakeSignal).value !== 0) return false;
    new Float64Array(this.times).set([2000, 2750]);
    return true;
  }

  launcher(header: number, first: NativeSignal): NativeLauncher {
    return { launch: () => this.submitAndWait(header, first), wait: () => (first as FakeSignal).value === 0 };
  }

  #inactive(): Error {
    return failure("ERR_HSA_QUEUE_INACTIVE", {
      status: this.#error,
      ...(this.#error === 43 ? { address: this.#address } : {}),
    });
  }

  #push(signal: FakeSignal, reported: boolean): number {
    this.owner.counters.nativeCalls++;
    this.owner.counters.dispatches++;
    if (this.disposed) throw failure("ERR_HSA_DISPOSED");
    if (signal.disposed) throw failure("ERR_HSA_DISPOSED");
    if (this.#error !== null) throw this.#inactive();
    if (this.pending.length >= this.size) throw failure("ERR_HSA_QUEUE_FULL");
    signal.value = 1;
    const packet = new DataView(this.packet.slice(0));
    const u16 = (at: number): number => packet.getUint16(at, true);
    const u32 = (at: number): number => packet.getUint32(at, true);
    const kernarg = Number(packet.getBigUint64(KERNEL_DISPATCH.kernarg_address, true));
    const dispatch: Dispatch = {
      packet,
      kernelObject: Number(packet.getBigUint64(KERNEL_DISPATCH.kernel_object, true)),
      kernarg: kernarg === 0 ? null : this.owner.at(kernarg),
      grid: [u32(12), u32(16), u32(20)],
      workgroup: [u16(4), u16(6), u16(8)],
      privateBytes: u32(KERNEL_DISPATCH.private_segment_size),
      groupBytes: u32(KERNEL_DISPATCH.group_segment_size),
    };
    this.owner.dispatched.push(dispatch);
    this.pending.push({ dispatch, signal, reported });
    this.#run();
    return this.#written++;
  }

  #run(): void {
    while (!this.#held && this.#error === null && this.pending.length > 0) {
      const first = this.pending[0] as (typeof this.pending)[number];
      const outcome = this.owner.outcome(first.dispatch);
      if (outcome === "hold") this.#held = true;
      else if (outcome === "done") this.#complete();
      else this.#fail(outcome.status, outcome.address);
    }
  }
  /** The held dispatch completes, or ends its queue, and those behind it have their turn. */
  release(outcome: Exclude<Outcome, "hold"> = "done"): void {
    if (!this.#held) throw new Error("nothing is held");
    this.#held = false;
    if (outcome === "done") this.#complete();
    else this.#fail(outcome.status, outcome.address);
    this.#run();
  }
  #complete(): void {
    const over = this.pending.shift() as (typeof this.pending)[number];
    over.signal.set(0);
    if (!over.reported || this.#reported++ > 0) return;
    setImmediate(() => {
      const count = this.#reported;
      this.#reported = 0;
      if (this.disposed || count === 0) return;
      const times = new Float64Array(2 * count);
      for (let i = 0; i < count; i++) times.set([1000 * i, 1000 * i + 500], 2 * i);
      this.options.onComplete?.(count, times);
    });
  }
  #fail(status: number, address?: number): void {
    this.#error = status;
    this.#address = address ?? 0;
    setImmediate(() => {
      if (status === 43) {
        this.owner.listener?.({ type: "memory-fault", agent: 1, address: address ?? 0, reasonMask: 1 });
      }
      if (!this.disposed) this.options.onError?.(status, "ERR_HSA_ERROR");
    });
  }

  loadReadIndex(): number {
    return this.#written - this.pending.length;
  }
  loadWriteIndex(): number {
    return this.#written;
  }
  storeWriteIndex(index: number): void {
    this.#written = index;
  }
  addWriteIndex(count: number): number {
    this.#written += count;
    return this.#written - count;
  }
  setProfiling(): void {}
  inactivate(): void {
    this.#error = 0x1007;
  }
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.pending.length = 0;
    this.owner.counters.queuesLive--;
  }
}

const GPU: AgentInfo = {
  name: "gfx906",
  productName: "Fake",
  vendorName: "AMD",
  deviceType: "gpu",
  features: 1,
  profile: "base",
  machineModel: "large",
  defaultFloatRounding: 2,
  fastF16: true,
  wavefrontSize: 64,
  workgroupMaxDim: [1024, 1024, 1024],
  workgroupMaxSize: 1024,
  gridMaxDim: [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1],
  gridMaxSize: 2 ** 32 - 1,
  queuesMax: 128,
  queueMinSize: 64,
  queueMaxSize: 256,
  queueType: "multi",
  node: 1,
  isas: ["amdgcn-amd-amdhsa--gfx906:sramecc+:xnack-"],
  cacheSizes: [16384, 0, 0, 0],
  versionMajor: 1,
  versionMinor: 1,
  chipId: 0x66a0,
  computeUnits: 4,
  maxClockMhz: 1000,
  driverNode: 1,
  maxWavesPerCu: 40,
  simdsPerCu: 4,
  cachelineSize: 64,
  memoryWidth: 4096,
  memoryMaxClockMhz: 1000,
  uuid: "GPU-0",
  bdfid: 0,
};

/** Symbols by name; every kernel that is asked for exists. */
export interface FakeSymbols {
  readonly [name: string]: SymbolInfo;
}

export class FakeNative implements Native {
  readonly memories = new Set<FakeMemory>();
  readonly queues: FakeQueue[] = [];
  readonly dispatched: Dispatch[] = [];
  outcome: (dispatch: Dispatch) => Outcome = () => "done";
  /** Bytes that the device pool still has. */
  deviceBytes = 64 * 1024 * 1024;
  /** What completion signals of copies get: negative fails. */
  copyResult = 0;
  lastFault: SoftwareFault | null = null;
  symbols: FakeSymbols = {};
  readonly defined = new Map<string, number>();
  listener: ((event: SystemEvent) => void) | null = null;
  nextWait = 1;
  readonly cancelled: number[] = [];
  readonly counters = {
    nativeCalls: 0,
    allocations: 0,
    frees: 0,
    copies: 0,
    signalsCreated: 0,
    signalsLive: 0,
    queuesLive: 0,
    memoryLive: 0,
    executablesLive: 0,
    dispatches: 0,
    waitNanoseconds: 0,
  };
  #address = 0x7f0000000000;
  #object = 0x7e0000000000;
  readonly #signals: FakeSignal[] = [];

  #nextObject(): number {
    this.#object += 64;
    return this.#object;
  }

  allocate(bytes: number, hostAccessible: boolean): FakeMemory {
    this.counters.allocations++;
    this.counters.memoryLive++;
    const memory = new FakeMemory(this, this.#address, bytes, hostAccessible);
    this.#address += Math.ceil(bytes / 4096) * 4096 + 4096;
    this.memories.add(memory);
    return memory;
  }

  /** The memory from an address on. */
  at(address: number): DataView {
    for (const memory of this.memories) {
      const offset = address - memory.address;
      if (offset >= 0 && offset < memory.byteLength) return new DataView(memory.bytes, offset);
    }
    throw new Error(`the fake has no memory at 0x${address.toString(16)}`);
  }

  open(): { path: string; versionMajor: number; versionMinor: number; software: boolean; softwareConfig: string } {
    return {
      path: "/fake/libhsa-runtime64.so.1",
      versionMajor: 1,
      versionMinor: 1,
      software: true,
      softwareConfig: "gfx906",
    };
  }
  shutDown(): void {}
  statusString(status: number): string {
    return `status ${status}`;
  }
  systemInfo() {
    return {
      versionMajor: 1,
      versionMinor: 1,
      timestampFrequency: 1e9,
      timestamp: 0,
      signalMaxWait: 2n ** 64n - 1n,
      endianness: "little" as const,
      machineModel: "large" as const,
    };
  }
  onSystemEvent(listener: ((event: SystemEvent) => void) | null): void {
    this.listener = listener;
  }
  measureWaits(): void {}
  openForeignPlugin(): never {
    throw failure("ERR_NOT_IMPLEMENTED");
  }
  addressOf(): number {
    throw failure("ERR_NOT_IMPLEMENTED");
  }
  hostView(): ArrayBuffer {
    throw failure("ERR_NOT_IMPLEMENTED");
  }
  stats(): NativeStats {
    return { ...this.counters };
  }

  #pool(info: Partial<PoolInfo>, hostAccessible: boolean): NativePool {
    return {
      info: () => ({
        segment: "global",
        flags: 4,
        size: 64 * 1024 * 1024,
        allocAllowed: true,
        allocGranule: 4096,
        allocAlignment: 4096,
        accessibleByAll: hostAccessible,
        allocMaxSize: 64 * 1024 * 1024,
        ...info,
      }),
      allocate: (bytes) => {
        if (!hostAccessible) {
          if (bytes > this.deviceBytes)
            throw failure("ERR_HSA_OUT_OF_RESOURCES", { status: 0x1008, call: "hsa_amd_memory_pool_allocate" });
          this.deviceBytes -= bytes;
        }
        return this.allocate(bytes, hostAccessible);
      },
      access: () => (hostAccessible ? "allowed-by-default" : "never"),
    };
  }
  #region(info: Partial<RegionInfo>): NativeRegion {
    return {
      info: () => ({
        segment: "global",
        flags: 3,
        size: 64 * 1024 * 1024,
        allocMaxSize: 64 * 1024 * 1024,
        allocAllowed: true,
        allocGranule: 4096,
        allocAlignment: 4096,
        ...info,
      }),
      allocate: (bytes) => this.allocate(bytes, true),
    };
  }
  agents(): NativeAgent[] {
    const cpu: NativeAgent = {
      index: 0,
      handle: 0x100,
      info: () => ({ ...GPU, name: "cpu", deviceType: "cpu", isas: [] }),
      regions: () => [this.#region({})],
      pools: () => [this.#pool({ flags: 2 }, true)],
    };
    const gpu = (index: number): NativeAgent => ({
      index,
      handle: 0x100 + index,
      info: () => GPU,
      regions: () => [this.#region({})],
      pools: () => [
        this.#pool({}, false),
        this.#pool({ segment: "group", flags: 0, size: 65536, allocAllowed: false }, false),
      ],
    });
    return [cpu, gpu(1), gpu(2)];
  }

  #bytes(side: number | ArrayBufferView, length: number): Uint8Array {
    if (typeof side !== "number") return new Uint8Array(side.buffer, side.byteOffset, length);
    const view = this.at(side);
    return new Uint8Array(view.buffer, view.byteOffset, length);
  }
  memoryCopy(destination: number | ArrayBufferView, source: number | ArrayBufferView, bytes: number): void {
    this.#bytes(destination, bytes).set(this.#bytes(source, bytes));
  }
  memoryRegister(): void {}
  memoryDeregister(): void {}
  memoryFill(address: number, value: number, count: number): void {
    const view = this.at(address);
    for (let i = 0; i < count; i++) view.setUint32(4 * i, value, true);
  }
  memoryLock(): NativeMemory {
    throw failure("ERR_HSA_OUT_OF_RESOURCES", { status: 0x1008 });
  }
  memoryAsyncCopy(
    destination: number,
    _destinationAgent: NativeAgent,
    source: number,
    _sourceAgent: NativeAgent,
    bytes: number,
    _dependencies: readonly NativeSignal[],
    completion: NativeSignal,
  ): void {
    this.counters.nativeCalls++;
    this.counters.copies++;
    if (this.copyResult === 0) this.memoryCopy(destination, source, bytes);
    (completion as FakeSignal).set(this.copyResult);
  }
  pointerInfo() {
    return {
      type: "unknown" as const,
      agentBaseAddress: 0,
      hostBaseAddress: 0,
      byteLength: 0,
      owner: -1,
      accessible: [],
    };
  }
  setCopyProfiling(): void {}

  createSignal(initial: number | bigint): NativeSignal {
    this.counters.signalsCreated++;
    this.counters.signalsLive++;
    const signal = new FakeSignal(this);
    signal.value = Number(initial);
    this.#signals.push(signal);
    return signal;
  }
  waitAny(): number {
    return -1;
  }
  createQueue(_agent: NativeAgent, options: QueueOptions): NativeQueue {
    this.counters.queuesLive++;
    const queue = new FakeQueue(this, options);
    this.queues.push(queue);
    return queue;
  }
  /** The queue that lives. */
  get queue(): FakeQueue {
    const live = this.queues.filter(({ disposed }) => !disposed);
    if (live.length !== 1) throw new Error(`${live.length} queues live`);
    return live[0] as FakeQueue;
  }

  createCodeObjectReader(): NativeCodeObjectReader {
    const reader = {
      disposed: false,
      dispose() {
        reader.disposed = true;
      },
    };
    return reader;
  }
  cancelWait(wait: number): void {
    this.cancelled.push(wait);
    for (const signal of this.#signals) signal.waits.delete(wait);
  }
  softwareLastFault(queue?: number): SoftwareFault | null {
    return queue === undefined || this.lastFault?.queue === queue ? this.lastFault : null;
  }
  softwareStatistics(): null {
    return null;
  }
  softwareInstructions(): never[] {
    return [];
  }
  createExecutable(): NativeExecutable {
    this.counters.executablesLive++;
    const objects = new Map<string, number>();
    const executable = {
      disposed: false,
      loadAgentCodeObject() {},
      defineVariable: (_agent: NativeAgent, name: string, address: number) => {
        this.defined.set(name, address);
      },
      freeze() {},
      validate: () => 0,
      frozen: () => true,
      symbol: (name: string): SymbolInfo | null => {
        const known = this.symbols[name];
        if (known !== undefined) return known;
        if (!name.endsWith(".kd")) return null;
        const object = objects.get(name) ?? this.#nextObject();
        objects.set(name, object);
        return {
          type: "kernel",
          name,
          linkage: "module",
          object,
          kernargSize: 0,
          kernargAlignment: 16,
          groupSize: 0,
          privateSize: 0,
          dynamicCallstack: false,
        };
      },
      symbols: (): SymbolInfo[] => Object.values(this.symbols),
      dispose: () => {
        if (!executable.disposed) this.counters.executablesLive--;
        executable.disposed = true;
      },
    };
    return executable;
  }
}
