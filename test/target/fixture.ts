/** Host memory, items by their numbers, and a device of buffers: what the tests of the mapping layer work with. */
import { addressOf, type MapItem, TargetDevice, type TargetDeviceOptions, target } from "../../lib/target/index.js";
import { type Body, type Copy, MemoryPlugin, type MemoryPluginOptions } from "./memory-plugin.js";

/** Host memory with bytes that tell where they lie. */
export class Host {
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly base: number;

  constructor(size: number, seed = 1) {
    this.buffer = new ArrayBuffer(size);
    this.bytes = new Uint8Array(this.buffer);
    this.view = new DataView(this.buffer);
    for (let i = 0; i < size; i++) this.bytes[i] = (i * 37 + seed * 101) & 0xff;
    this.base = addressOf(this.buffer);
  }

  /** An item as compiled code makes it. `align`: a power of two. */
  item(kind: number, offset: number, size: number, align = 1): MapItem {
    return { kind: kind + 256 * Math.log2(align), address: this.base + offset, size, owner: this.buffer };
  }
  part(offset: number, bytes: number): Uint8Array {
    return this.bytes.slice(offset, offset + bytes);
  }
  setPointer(offset: number, value: number): void {
    this.view.setBigUint64(offset, BigInt(value), true);
  }
  pointer(offset: number): number {
    return Number(this.view.getBigUint64(offset, true));
  }
}

export const integerItem = (kind: number, value: number): MapItem => ({ kind, address: value, size: 0, owner: null });

export class Lab {
  readonly plugin: MemoryPlugin;
  readonly device: TargetDevice;

  constructor(options: MemoryPluginOptions & TargetDeviceOptions = {}) {
    const { missing, ...rest } = options;
    this.plugin = new MemoryPlugin(rest);
    this.device = new TargetDevice(this.plugin, 0, missing === undefined ? {} : { missing });
  }

  launch(items: readonly MapItem[], body: Body = () => {}): void {
    target(this.device, this.plugin.fn("test", body), items);
  }
  /** The table of a launch with these items. */
  words(items: readonly MapItem[]): number[] {
    let words: number[] = [];
    this.launch(items, ({ word }) => {
      words = items.map((_, i) => word(i));
    });
    return words;
  }

  /** What has been copied since the last time. */
  copied(): Copy[] {
    const { copies } = this.plugin;
    this.plugin.copies = [];
    return copies;
  }

  /** Where the device has what lies at an address of the host's; by going through the whole table. */
  onDevice(address: number): number {
    const found = [...this.device.table].find(({ start, end }) => start <= address && address < end);
    if (found === undefined) throw new Error("it is not mapped");
    return found.address + address - found.start;
  }
  count(address: number): number {
    return [...this.device.table].find(({ start, end }) => start <= address && address < end)?.count.value ?? 0;
  }

  /** The memory table with everything that counts. */
  state(): unknown[] {
    return [...this.device.table].map(({ start, end, address, count, attached, dynamicCount }) => ({
      start,
      end,
      address,
      count: count.value,
      attached: [...(attached ?? [])].flatMap((times, slot) => (times === 0 ? [] : [[slot, times]])),
      dynamicCount,
    }));
  }
}

/** Runs a piece of work that is to be refused; answers its error's code. */
export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
  return "not refused";
}
