/** A device's copies that do not block the thread. */
import { hex, OffloadError } from "../../errors.js";
import type { Signal } from "../../hsa/index.js";
import type { GcnDevice } from "./gcn_device.js";

/** Copies up to this size are over sooner than a wait for them would begin. */
const BLOCKING_COPY = 64 * 1024;

/** Under way; `over` gets the signal's value. */
interface Transfer {
  readonly done: Signal;
  readonly over: (value: number | bigint) => void;
}

export class GcnTransfers {
  readonly #device: GcnDevice;
  readonly #underWay = new Set<Transfer>();

  constructor(device: GcnDevice) {
    this.#device = device;
  }

  /** Exactly one side is host memory, which stays as it is until the end. Blocks where that is sooner over. */
  async transfer(direction: "to" | "from", address: number, host: ArrayBufferView): Promise<void> {
    const { memory, runtime, signals, agent } = this.#device;
    const bytes = host.byteLength;
    if (bytes <= BLOCKING_COPY) {
      if (direction === "to") memory.write(address, host);
      else memory.read(host, address);
      return;
    }
    memory.mustHold(address, bytes);
    memory.countCopy();
    const locked = runtime.lock(host, [agent]);
    const done = signals.take();
    let over = false;
    try {
      done.store(1);
      const there = { address, agent };
      const here = { address: locked.address, agent: this.#device.host };
      if (direction === "to") runtime.copy(there, here, bytes, done);
      else runtime.copy(here, there, bytes, done);
      const left = await this.#endOf(done);
      over = true;
      if (typeof left === "bigint" || left < 0) {
        throw new OffloadError(
          "ERR_OFFLOAD_DEVICE",
          `the copy of ${bytes} bytes at ${hex(address)} failed on ${this.#device.label}`,
        );
      }
    } finally {
      if (over) signals.give(done);
      else done.dispose();
      locked.dispose();
    }
  }

  /** Blocks until those that have begun are over. */
  finish(): void {
    for (const { done, over } of this.#underWay) over(done.waitSync("lt", 1));
  }

  /** Which the event loop sees, or `finish`. */
  #endOf(done: Signal): Promise<number | bigint> {
    return new Promise((resolve) => {
      const over = (value: number | bigint): void => {
        this.#underWay.delete(transfer);
        resolve(value);
      };
      const transfer = { done, over };
      this.#underWay.add(transfer);
      void done.wait("lt", 1).then(over);
    });
  }
}
