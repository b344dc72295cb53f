/** Queues whose dispatches come to what a test says. */
import type { NativeLauncher, NativeQueue, NativeSignal, QueueOptions } from "../../../lib/hsa/native.js";
import { KERNEL_DISPATCH } from "../../../lib/hsa/packet.js";
import { failure } from "./failure.js";
import type { FakeNative } from "./native.js";
import type { FakeSignal } from "./signal.js";

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

export class FakeQueue implements NativeQueue {
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
