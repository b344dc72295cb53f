/** Host memory, raw items and a device of buffers, as the mapping tests have them, with OpenACC over it and queues that tests turn. */
import { OpenAcc } from "../../lib/openacc/index.js";
import type { TargetFunction } from "../../lib/plugin/index.js";
import { TargetDevice } from "../../lib/target/index.js";
import type { Body, Copy, MemoryPluginOptions } from "../target/memory-plugin.js";
import { QueuePlugin, type TestQueue } from "./queue-plugin.js";

export { Host, refusal } from "../target/fixture.js";
export { settled } from "./queue-plugin.js";

export class AccLab {
  readonly plugin: QueuePlugin;
  readonly device: TargetDevice;
  readonly acc: OpenAcc;

  constructor(options: MemoryPluginOptions = {}) {
    this.plugin = new QueuePlugin(options);
    this.device = new TargetDevice(this.plugin, 0);
    this.acc = new OpenAcc(this.device);
  }

  fn(body: Body = () => {}): TargetFunction {
    return this.plugin.fn("test", body);
  }
  /** In the order in which they were made. */
  queue(i = 0): TestQueue {
    const queue = this.plugin.queues[i];
    if (queue === undefined) throw new Error(`there are ${this.plugin.queues.length} queues`);
    return queue;
  }

  /** References of all kinds, and of dynamic lifetimes; null where nothing is mapped. */
  counts(address: number): readonly [number, number] | null {
    const range = this.#at(address);
    return range === undefined ? null : [range.count.value, range.dynamicCount];
  }
  /** How often the pointer there is attached. */
  attached(address: number): number {
    const range = this.#at(address);
    return range?.attached?.[range.slotOf(address)] ?? 0;
  }
  /** The device's copy of what lies at an address of the host's. */
  there(address: number, bytes: number): Uint8Array {
    return this.plugin.at(this.onDevice(address), bytes);
  }
  onDevice(address: number): number {
    const range = this.#at(address);
    if (range === undefined) throw new Error("it is not mapped");
    return range.address + address - range.start;
  }
  #at(address: number) {
    return [...this.device.table].find(({ start, end }) => start <= address && address < end);
  }

  /** What has been copied since the last time. */
  copied(): Copy[] {
    const { copies } = this.plugin;
    this.plugin.copies = [];
    return copies;
  }
  /** The memory table with everything that counts, and the device's allocations. */
  state(): unknown[] {
    const ranges = [...this.device.table].map(({ start, end, address, count, attached, dynamicCount, block }) => ({
      start,
      end,
      address,
      count: count.value,
      dynamicCount,
      attached: [...(attached ?? [])].flatMap((times, slot) => (times === 0 ? [] : [[slot, times]])),
      uses: block?.uses,
    }));
    return [...ranges, this.plugin.live, this.plugin.stats().sessions];
  }
}

/** The code with which a construct is refused by its promise. */
export async function refused(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
  return "not refused";
}
