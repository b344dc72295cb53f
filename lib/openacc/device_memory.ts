/**
 * OpenACC's memory routines for the device's own memory: acc_malloc, acc_free, acc_memcpy_….
 *
 * Source: oacc-mem.c of GCC 12 to 17; OpenACC 3.0, 3.2.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import type { Copier } from "../target/copier.js";
import { addressOf, bytesAt, pin } from "../target/host_memory.js";
import { type Mappable, map } from "../target/map.js";
import type { TargetDevice } from "../target/target_device.js";
import { integer } from "../validate.js";
import type { AsyncQueues } from "./async_queues.js";
import { copying, scheduled } from "./construct.js";
import { inTurn } from "./host.js";
import { isAt } from "./map_data.js";

/** The part of them that knows nothing of what is mapped, but for not freeing it. */
export class DeviceMemory {
  readonly #device: TargetDevice;
  readonly #queues: AsyncQueues;
  /** Of `malloc`, where the device's memory is the host's. */
  readonly #host = new Map<number, ArrayBuffer>();

  /** Of `malloc`, on the device: bytes by address. */
  readonly #allocated = new Map<number, number>();

  constructor(device: TargetDevice, queues: AsyncQueues) {
    this.#device = device;
    this.#queues = queues;
  }

  /** acc_malloc; 0 for no bytes. @throws OffloadError `ERR_OFFLOAD_OUT_OF_MEMORY`, where C answers null. */
  malloc(bytes: number): number {
    if (integer("bytes", bytes) === 0) return 0;
    const { plugin, number, sharesMemory } = this.#device;
    if (sharesMemory) return this.#hostMalloc(bytes);
    const address = plugin.alloc(number, bytes);
    this.#allocated.set(address, bytes);
    return address;
  }
  #hostMalloc(bytes: number): number {
    let memory: ArrayBuffer;
    try {
      memory = new ArrayBuffer(bytes);
    } catch (cause) {
      throw new OffloadError("ERR_OFFLOAD_OUT_OF_MEMORY", `the host has no ${bytes} bytes`, { cause });
    }
    this.#host.set(addressOf(memory), memory);
    return addressOf(memory);
  }
  /**
   * acc_free; of no effect on null. What queues still do there is the program's to wait for.
   *
   * @throws OffloadError `ERR_OFFLOAD_ADDRESS` for what `malloc` has not given, or while memory is mapped to a part of it.
   */
  free(address: number): void {
    if (integer("address", address) === 0) return;
    const { plugin, number, sharesMemory, table } = this.#device;
    if (sharesMemory) {
      if (!this.#host.delete(address)) throw noMemory(address);
      return;
    }
    const bytes = this.#allocated.get(address);
    if (bytes === undefined) throw noMemory(address);
    for (const range of table) {
      if (!isAt(range, address, bytes)) continue;
      throw new OffloadError(
        "ERR_OFFLOAD_ADDRESS",
        `the device's memory at ${hex(address)} is not freed: [${hex(range.start)}, ${hex(range.end)}) is mapped there`,
      );
    }
    plugin.free(number, address);
    this.#allocated.delete(address);
  }

  /** Memory that `malloc` gave has no more bytes than it was asked for; of other memory nothing is known. */
  protected mustFit(address: number, bytes: number): void {
    for (const [start, size] of this.#allocated) {
      if (address < start || address >= start + size || address + bytes <= start + size) continue;
      throw new OffloadError(
        "ERR_OFFLOAD_ADDRESS",
        `${bytes} bytes at ${hex(address)} reach out of the ${size} that malloc gave at ${hex(start)}`,
      );
    }
  }

  /** acc_memcpy_to_device */
  memcpyToDevice(address: number, source: Mappable): void {
    this.#memcpy("to", address, source, this.#device);
  }
  memcpyToDeviceAsync(address: number, source: Mappable, async: number): Promise<void> {
    return this.#memcpyLater("to", address, source, async);
  }
  /** acc_memcpy_from_device */
  memcpyFromDevice(destination: Mappable, address: number): void {
    this.#memcpy("from", address, destination, this.#device);
  }
  memcpyFromDeviceAsync(destination: Mappable, address: number, async: number): Promise<void> {
    return this.#memcpyLater("from", address, destination, async);
  }
  /** acc_memcpy_device: from one place on the device to another; they do not overlap. */
  memcpyDevice(destination: number, source: number, bytes: number): void {
    this.#memcpyDevice(destination, source, bytes)();
  }
  memcpyDeviceAsync(destination: number, source: number, bytes: number, async: number): Promise<void> {
    return this.#inTurn(async, () => this.#memcpyDevice(destination, source, bytes));
  }
  #memcpy(direction: "to" | "from", address: number, memory: Mappable, copier: Copier): void {
    if (this.#device.sharesMemory) this.#hostCopy(direction, address, memory)();
    else {
      const bytes = this.#bytesOf(address, memory);
      if (direction === "to") copier.copyTo(address, bytes);
      else copier.copyFrom(bytes, address);
    }
  }
  #memcpyLater(direction: "to" | "from", address: number, memory: Mappable, async: number): Promise<void> {
    if (this.#device.sharesMemory) {
      return this.#inTurn(async, () => {
        const copy = this.#hostCopy(direction, address, memory);
        pin(map.alloc(memory).owner as ArrayBufferLike);
        return copy;
      });
    }
    return copying(this.#device, this.#queues, { async }, (copier) => this.#memcpy(direction, address, memory, copier));
  }
  #bytesOf(address: number, memory: Mappable): Uint8Array {
    integer("address", address);
    const host = map.alloc(memory);
    return host.size === 0 ? NOTHING : bytesAt(host.owner as ArrayBufferLike, host.address, host.size);
  }
  /** What is there to copy is found out now, and copied then. */
  #hostCopy(direction: "to" | "from", address: number, memory: Mappable): () => void {
    const bytes = this.#bytesOf(address, memory);
    const there = bytes === NOTHING ? NOTHING : this.#hostBytes(address, bytes.length);
    return direction === "to" ? () => there.set(bytes) : () => bytes.set(there);
  }
  #memcpyDevice(destination: number, source: number, bytes: number): () => void {
    integer("destination", destination);
    integer("source", source);
    if (integer("bytes", bytes) === 0) return () => {};
    const { plugin, number, sharesMemory } = this.#device;
    if (!sharesMemory) return () => plugin.dev2dev(number, destination, source, bytes);
    const [to, from] = [this.#hostBytes(destination, bytes), this.#hostBytes(source, bytes)];
    return () => to.set(from);
  }
  /** The host's memory that `malloc` gave, where the device's memory is the host's. */
  hostBuffer(address: number): ArrayBuffer | undefined {
    return this.#host.get(address);
  }
  #hostBytes(address: number, bytes: number): Uint8Array {
    for (const [start, memory] of this.#host) {
      if (start <= address && address + bytes <= start + memory.byteLength) return bytesAt(memory, address, bytes);
    }
    throw noMemory(address);
  }

  /** What is refused is found out at the call. */
  #inTurn(async: number, prepare: () => () => void): Promise<void> {
    return scheduled(
      this.#queues,
      { async },
      () => prepare()(),
      (queue) => inTurn(this.#device, queue, prepare()),
    );
  }
}

const NOTHING = new Uint8Array(0);

const noMemory = (address: number): OffloadError =>
  new OffloadError("ERR_OFFLOAD_ADDRESS", `${hex(address)} is no memory that malloc gave`);
