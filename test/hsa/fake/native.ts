/**
 * An HSA in memory, for what a real one does not do on demand: launches that stay in flight, faults, exhausted memory, failed copies. It
 * executes no code: a test says what each dispatch comes to.
 */
import type {
  Native,
  NativeAgent,
  NativeCodeObjectReader,
  NativeExecutable,
  NativeMemory,
  NativeQueue,
  NativeSignal,
  NativeStats,
  QueueOptions,
  SoftwareFault,
  SystemEvent,
} from "../../../lib/hsa/native.js";
import { fakeAgents } from "./agents.js";
import { FakeExecutable, type FakeSymbols } from "./executable.js";
import { failure } from "./failure.js";
import { FakeMemory } from "./memory.js";
import { type Dispatch, FakeQueue, type Outcome } from "./queue.js";
import { FakeSignal } from "./signal.js";

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

  nextObject(): number {
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

  agents(): NativeAgent[] {
    return fakeAgents(this);
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
    return new FakeExecutable(this);
  }
}
