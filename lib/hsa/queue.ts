/** User-mode queues (HSA 1.2, 2.6). Packets are laid out by packet.ts and published with one release store of their header. */
import { guarded } from "./errors.js";
import { nativesOf } from "./handles.js";
import type { MemoryOrder, NativeQueue } from "./native.js";
import { PACKET_TYPE, packetHeader, writeBarrier } from "./packet.js";
import type { Signal } from "./signal.js";

export class Queue implements Disposable {
  /** The packet in the making: fill it with packet.ts, then submit. */
  readonly packet: DataView;

  constructor(readonly native: NativeQueue) {
    this.packet = new DataView(native.packet);
  }

  get id(): number {
    return this.native.id;
  }
  /** Packets that the ring holds. */
  get size(): number {
    return this.native.size;
  }
  /** Of its hsa_queue_t. */
  get address(): number {
    return this.native.address;
  }
  get disposed(): boolean {
    return this.native.disposed;
  }

  /** Publishes `packet` under `header`; answers its index. A signal that is given is set to 1 first. */
  submit(header: number, signal: Signal | null = null, timeoutNanoseconds?: number): number {
    return guarded(() => this.native.submit(header, signal?.native ?? null, signal !== null, timeoutNanoseconds));
  }
  /** `submit` and a blocking wait; false when the time was up first. */
  submitAndWait(header: number, signal: Signal, timeoutNanoseconds?: number): boolean {
    return guarded(() => this.native.submitAndWait(header, signal.native, timeoutNanoseconds));
  }

  /** A barrier packet: `and` waits for all signals to reach 0, `or` for one of them. `completion` is set to 1 first. */
  barrier(kind: "and" | "or", signals: readonly Signal[], completion: Signal | null = null): number {
    nativesOf("signals", signals);
    writeBarrier(
      this.packet,
      signals.map((signal) => signal.handle),
    );
    return this.submit(
      packetHeader(kind === "and" ? PACKET_TYPE.BARRIER_AND : PACKET_TYPE.BARRIER_OR, true),
      completion,
    );
  }

  loadReadIndex(order?: "relaxed" | "acquire"): number {
    return guarded(() => this.native.loadReadIndex(order));
  }
  loadWriteIndex(order?: "relaxed" | "acquire"): number {
    return guarded(() => this.native.loadWriteIndex(order));
  }
  storeWriteIndex(index: number, order?: "relaxed" | "release"): void {
    guarded(() => this.native.storeWriteIndex(index, order));
  }
  addWriteIndex(count: number, order?: MemoryOrder): number {
    return guarded(() => this.native.addWriteIndex(count, order));
  }
  setProfiling(enabled: boolean): void {
    guarded(() => this.native.setProfiling(enabled));
  }
  inactivate(): void {
    guarded(() => this.native.inactivate());
  }
  dispose(): void {
    guarded(() => this.native.dispose());
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
