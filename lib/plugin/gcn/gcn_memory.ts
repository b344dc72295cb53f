/**
 * A device's memory: what is allocated, copied and filled. ROCr believes addresses, so what does not lie in an allocation or a variable
 * is refused here.
 *
 * Source: plugin-gcn.c (get_kernarg_memory_region, get_data_memory_region, alloc_by_agent) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../../errors.js";
import { GLOBAL_FLAG, Memory, type Pool, type Region } from "../../hsa/index.js";
import { type Extent, ownerOf } from "../../launch/fault.js";
import { outOfMemory } from "../../launch/out-of-memory.js";
import type { GcnDevice } from "./gcn_device.js";

/** hsa_memory_allocate does not take 0. */
const LEAST_BYTES = 4;

export class GcnMemory {
  readonly #device: GcnDevice;
  readonly #kernargRegion: Region;
  readonly #dataPool: Pool;
  /** What the runtime above has allocated, by address. */
  readonly #memory = new Map<number, Memory>();
  /** Bytes of everything that is allocated, by address: the plugin's own, too. */
  readonly #sizes = new Map<number, number>();
  #allocations = 0;
  #bytes = 0;
  #copies = 0;

  constructor(device: GcnDevice) {
    this.#device = device;
    const { agent, host } = device;
    this.#kernargRegion = need(
      placeOf(agent.regions, GLOBAL_FLAG.KERNARG) ?? placeOf(host.regions, GLOBAL_FLAG.KERNARG),
      "a region for kernel arguments",
    );
    // Not a region, as libgomp has it: ROCr lists the own memory of its first GPU only among the regions.
    this.#dataPool = need(placeOf(agent.pools, GLOBAL_FLAG.COARSE_GRAINED), "a pool for data");
  }

  get stats(): { readonly allocations: number; readonly bytes: number; readonly copies: number } {
    return { allocations: this.#allocations, bytes: this.#bytes, copies: this.#copies };
  }

  /** Device memory of the plugin's own. @throws OffloadError `ERR_OFFLOAD_OUT_OF_MEMORY` */
  allocate(bytes: number): Memory {
    return this.#from(this.#dataPool, bytes, "device");
  }
  /** For a kernel-argument block. */
  allocateArguments(bytes: number): Memory {
    return this.#from(this.#kernargRegion, bytes, "kernel-argument");
  }

  /** Device memory of the runtime above; answers its address. */
  alloc(bytes: number): number {
    const { debug, index } = this.#device;
    debug.line(() => `Allocating ${bytes} bytes on device ${index}`);
    const memory = this.allocate(Math.max(bytes, LEAST_BYTES));
    this.#memory.set(memory.address, memory);
    return memory.address;
  }
  free(address: number): void {
    const { debug, index } = this.#device;
    debug.line(() => `Freeing memory on device ${index}`);
    const memory = this.#memory.get(address);
    if (memory === undefined) {
      throw new OffloadError(
        "ERR_OFFLOAD_ADDRESS",
        `${hex(address)} has not been allocated on ${this.#device.label}, or has been freed`,
      );
    }
    this.#memory.delete(address);
    memory.dispose();
  }
  /** At the device's end. */
  freeAll(): void {
    for (const memory of this.#memory.values()) memory.dispose();
    this.#memory.clear();
  }

  /** Into an image's own memory, and out of it: at addresses that the image itself has told. */
  initialize(destination: number, source: ArrayBufferView): void {
    this.#copy(destination, source, source.byteLength);
  }
  fetch(destination: ArrayBufferView, source: number): void {
    this.#copy(destination, source, destination.byteLength);
  }

  write(destination: number, source: ArrayBufferView): void {
    const { debug, index } = this.#device;
    debug.line(() => `Copying ${source.byteLength} bytes from host to device ${index} (${hex(destination)})`);
    if (source.byteLength === 0) return;
    this.mustHold(destination, source.byteLength);
    this.#copy(destination, source, source.byteLength);
  }
  read(destination: ArrayBufferView, source: number): void {
    const { debug, index } = this.#device;
    debug.line(() => `Copying ${destination.byteLength} bytes from device ${index} (${hex(source)}) to host`);
    if (destination.byteLength === 0) return;
    this.mustHold(source, destination.byteLength);
    this.#copy(destination, source, destination.byteLength);
  }
  copy(destination: number, source: number, bytes: number): void {
    const { debug, index } = this.#device;
    debug.line(
      () => `Copying ${bytes} bytes from device ${index} (${hex(source)}) to device ${index} (${hex(destination)})`,
    );
    if (bytes === 0) return;
    this.mustHold(destination, bytes);
    this.mustHold(source, bytes);
    this.#copy(destination, source, bytes);
  }
  fill(address: number, value: number, bytes: number): void {
    if (bytes === 0) return;
    this.mustHold(address, bytes);
    const { runtime } = this.#device;
    // hsa_amd_memory_fill writes whole words of 32 bits.
    const head = Math.min((4 - (address % 4)) % 4, bytes);
    const words = Math.floor((bytes - head) / 4);
    const tail = bytes - head - 4 * words;
    if (head > 0) runtime.copySync(address, new Uint8Array(head).fill(value), head);
    if (words > 0) runtime.fillSync(address + head, (value * 0x01010101) >>> 0, words);
    if (tail > 0) runtime.copySync(address + head + 4 * words, new Uint8Array(tail).fill(value), tail);
  }
  /** Of a copy that begins elsewhere. */
  countCopy(): void {
    this.#copies++;
  }

  /**
   * What ROCr tells of an address are whole pages, and a block of many allocations where one of those has been freed.
   * @throws OffloadError `ERR_OFFLOAD_ADDRESS`
   */
  mustHold(address: number, bytes: number): void {
    const whole = this.#sizes.get(address);
    if (whole !== undefined && bytes <= whole) return;
    const base = whole === undefined ? this.#device.runtime.pointerInfo(address).agentBaseAddress : address;
    const end = base + (this.#sizes.get(base) ?? 0);
    if (address + bytes <= end || this.#device.imageHolds(address, bytes)) return;
    const why = address < end ? `is beyond its allocation, which ends at ${hex(end)}` : "is not allocated";
    throw new OffloadError(
      "ERR_OFFLOAD_ADDRESS",
      `a range of ${bytes} bytes at ${hex(address)} ${why} on ${this.#device.label}`,
    );
  }

  /** Which allocation lies at an address or nearest to it, for the report of a fault. */
  describe(address: number): string | null {
    const extents: Extent[] = [...this.#memory.values()].map((memory) => ({
      label: `the allocation of ${memory.byteLength} bytes at ${hex(memory.address)}`,
      address: memory.address,
      byteLength: memory.byteLength,
    }));
    return ownerOf(address, extents, []);
  }

  #copy(destination: number | ArrayBufferView, source: number | ArrayBufferView, bytes: number): void {
    this.#copies++;
    this.#device.runtime.copySync(destination, source, bytes);
  }

  #from(place: Region | Pool, bytes: number, what: string): Memory {
    let memory: Memory;
    try {
      memory = place.allocate(bytes);
    } catch {
      // What launches have left behind is given up before anybody is told that there is no memory.
      this.#device.trim();
      try {
        memory = place.allocate(bytes);
      } catch (error) {
        throw outOfMemory(error, bytes, `${this.#device.label}'s ${what} memory`, place.info.allocMaxSize);
      }
    }
    this.#allocations++;
    this.#bytes += bytes;
    const { address } = memory;
    this.#sizes.set(address, bytes);
    return new CountedMemory(memory, () => {
      this.#sizes.delete(address);
      this.#bytes -= bytes;
    });
  }
}

/** Memory whose end is counted. */
class CountedMemory extends Memory {
  readonly #onDispose: () => void;

  constructor(memory: Memory, onDispose: () => void) {
    super(memory.native);
    this.#onDispose = onDispose;
  }
  override dispose(): void {
    if (this.disposed) return;
    super.dispose();
    this.#onDispose();
  }
}

const placeOf = <T extends Region | Pool>(places: readonly T[], flag: number): T | undefined =>
  places.find(({ info }) => info.segment === "global" && info.allocAllowed && (info.flags & flag) !== 0);

/** @throws OffloadError `ERR_OFFLOAD_NO_DEVICE` */
export function need<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new OffloadError("ERR_OFFLOAD_NO_DEVICE", `the runtime shows no ${what}`);
  return found;
}
