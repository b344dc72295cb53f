/**
 * OpenACC's memory routines, acc_malloc and its like. Where C takes an address and a size, these take a typed array, a DataView or a
 * buffer; the device's addresses are numbers. Forms that end in `Async` take the number of a queue and are over when their promise
 * resolves; the memory table has changed when they return.
 *
 * Source: oacc-mem.c of GCC 12 to 17; OpenACC 3.0, 3.2.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../errors.js";
import { attach, detach, mustBeAttached } from "../target/attach.js";
import type { Copier } from "../target/copier.js";
import { POINTER_BYTES } from "../target/host_memory.js";
import { type Mappable, map } from "../target/map.js";
import type { MapItem } from "../target/map_item.js";
import { MAP } from "../target/map_kind.js";
import type { MappedRange } from "../target/mapped_range.js";
import type { TargetDevice } from "../target/target_device.js";
import type { AsyncQueues } from "./async_queues.js";
import { ofKind } from "./clauses.js";
import { copying } from "./construct.js";
import { DeviceMemory } from "./device_memory.js";
import { enterData } from "./enter_data.js";
import { exitData } from "./exit_data.js";
import { isAt, mapData, unmapData } from "./map_data.js";
import { update } from "./update.js";

export class AccMemory extends DeviceMemory {
  readonly #device: TargetDevice;
  readonly #queues: AsyncQueues;
  /** What `mapData` has mapped. */
  readonly #mapped = new WeakSet<MappedRange>();

  /** Use `OpenAcc.memory`. */
  constructor(device: TargetDevice, queues: AsyncQueues) {
    super(device, queues);
    this.#device = device;
    this.#queues = queues;
  }

  // Dynamic lifetimes.

  /**
   * acc_copyin: the memory is on the device until as many `copyout` or `delete` have come. Answers where it is there.
   *
   * @throws OffloadError `ERR_OFFLOAD_OVERLAP` where only a part of it is mapped; `ERR_OFFLOAD_HOST_MEMORY` for no bytes.
   */
  copyin(memory: Mappable): number {
    return this.#enter(map.to(memory), this.#device);
  }
  copyinAsync(memory: Mappable, async: number): Promise<void> {
    return this.#later(async, (copier) => this.#enter(map.to(memory), copier));
  }
  /** acc_create: as `copyin`, and nothing is copied. */
  create(memory: Mappable): number {
    return this.#enter(map.alloc(memory), this.#device);
  }
  createAsync(memory: Mappable, async: number): Promise<void> {
    return this.#later(async, (copier) => this.#enter(map.alloc(memory), copier));
  }
  #enter(item: MapItem, copier: Copier): number {
    const { address, size } = item;
    if (address === 0 || size === 0) {
      throw new OffloadError("ERR_OFFLOAD_HOST_MEMORY", `${size} bytes at ${hex(address)} cannot be mapped`);
    }
    enterData(this.#device, [item], copier);
    return this.#addressOf(address) as number;
  }

  /** acc_copyout: one reference less; with the last it is copied back. What is not there is passed over. @throws OffloadError as `exitData` */
  copyout(memory: Mappable): void {
    exitData(this.#device, [map.from(memory)]);
  }
  copyoutAsync(memory: Mappable, async: number): Promise<void> {
    return this.#exitLater(() => map.from(memory), async);
  }
  /** acc_copyout_finalize: all dynamic references less. */
  copyoutFinalize(memory: Mappable): void {
    exitData(this.#device, [ofKind(map.from(memory), MAP.FORCE_FROM)]);
  }
  copyoutFinalizeAsync(memory: Mappable, async: number): Promise<void> {
    return this.#exitLater(() => ofKind(map.from(memory), MAP.FORCE_FROM), async);
  }
  /** acc_delete: as `copyout`, and nothing is copied. */
  delete(memory: Mappable): void {
    exitData(this.#device, [map.release(memory)]);
  }
  deleteAsync(memory: Mappable, async: number): Promise<void> {
    return this.#exitLater(() => map.release(memory), async);
  }
  deleteFinalize(memory: Mappable): void {
    exitData(this.#device, [map.delete(memory)]);
  }
  deleteFinalizeAsync(memory: Mappable, async: number): Promise<void> {
    return this.#exitLater(() => map.delete(memory), async);
  }
  #exitLater(item: () => MapItem, async: number): Promise<void> {
    return this.#later(async, (copier) => exitData(this.#device, [item()], copier));
  }

  /** acc_update_device. @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED`, `ERR_OFFLOAD_OVERLAP` */
  updateDevice(memory: Mappable): void {
    update(this.#device, [ofKind(map.to(memory), MAP.FORCE_TO)]);
  }
  updateDeviceAsync(memory: Mappable, async: number): Promise<void> {
    return this.#later(async, (copier) => update(this.#device, [ofKind(map.to(memory), MAP.FORCE_TO)], copier));
  }
  /** acc_update_self */
  updateSelf(memory: Mappable): void {
    update(this.#device, [ofKind(map.from(memory), MAP.FORCE_FROM)]);
  }
  updateSelfAsync(memory: Mappable, async: number): Promise<void> {
    return this.#later(async, (copier) => update(this.#device, [ofKind(map.from(memory), MAP.FORCE_FROM)], copier));
  }

  // What is where.

  /** acc_deviceptr: where the first byte is on the device; null where it is not there. */
  deviceptr(memory: Mappable): number | null {
    return this.#addressOf(map.alloc(memory).address);
  }
  #addressOf(address: number): number | null {
    if (this.#device.sharesMemory) return address;
    const range = this.#device.table.find(address, address + 1);
    return range === null || range.isLink ? null : range.deviceAddress(address);
  }
  /** acc_hostptr: the host's address of what is mapped to this one of the device's; null where nothing is. */
  hostptr(address: number): number | null {
    if (this.#device.sharesMemory) return address;
    for (const range of this.#device.table) {
      if (isAt(range, address, 1)) return range.start + (address - range.address);
    }
    return null;
  }
  /** acc_is_present: whether all of it is there; never of no bytes. */
  isPresent(memory: Mappable): boolean {
    const { address, size } = map.alloc(memory);
    if (address === 0 || size === 0) return false;
    if (this.#device.sharesMemory) return true;
    const range = this.#device.table.find(address, address + size);
    return range?.isLink === false && range.holds(address, address + size);
  }

  // Memory of the program's own choice.

  /**
   * acc_map_data: the host's memory is mapped to device memory that `malloc` gave, until `unmapData`; nothing is copied, and no
   * reference counts.
   *
   * @throws OffloadError as the function `mapData`; `ERR_OFFLOAD_ADDRESS` where it is more than was allocated.
   */
  mapData(memory: Mappable, deviceAddress: number): void {
    this.mustFit(deviceAddress, map.alloc(memory).size);
    const range = mapData(this.#device, memory, deviceAddress);
    if (range !== null) this.#mapped.add(range);
  }
  /** acc_unmap_data. The device's memory stays the program's. @throws OffloadError as the function `unmapData` */
  unmapData(memory: Mappable): void {
    unmapData(this.#device, memory, this.#mapped);
  }

  // Pointers.

  /**
   * acc_attach: the pointer in these 8 bytes points, on the device, to the device's copy of what it points to, until it has been detached
   * as often.
   *
   * @throws OffloadError `ERR_OFFLOAD_NOT_MAPPED`, `ERR_OFFLOAD_ATTACH`
   */
  attach(pointer: Mappable): void {
    this.#attach(pointer, this.#device);
  }
  attachAsync(pointer: Mappable, async: number): Promise<void> {
    return this.#later(async, (copier) => this.#attach(pointer, copier));
  }
  #attach(pointer: Mappable, copier: Copier): void {
    const slot = map.attach(pointer).address;
    if (this.#device.sharesMemory) return;
    const range = this.#rangeOf(slot, "attached");
    attach(this.#device, range, slot, 0, false, (to, bytes) => copier.copyTo(to, bytes));
    copier.keep(range);
  }

  /** acc_detach: with the last time the device's copy has the host's pointer again. @throws OffloadError as `attach` */
  detach(pointer: Mappable): void {
    this.#detach(pointer, false, this.#device);
  }
  detachAsync(pointer: Mappable, async: number): Promise<void> {
    return this.#later(async, (copier) => this.#detach(pointer, false, copier));
  }
  /** acc_detach_finalize: however often it was attached. */
  detachFinalize(pointer: Mappable): void {
    this.#detach(pointer, true, this.#device);
  }
  detachFinalizeAsync(pointer: Mappable, async: number): Promise<void> {
    return this.#later(async, (copier) => this.#detach(pointer, true, copier));
  }
  #detach(pointer: Mappable, all: boolean, copier: Copier): void {
    const slot = map.attach(pointer).address;
    if (this.#device.sharesMemory) return;
    const range = this.#rangeOf(slot, "detached");
    mustBeAttached([{ range, slot, all }]);
    detach(copier, range, slot, all);
    copier.keep(range);
  }
  #rangeOf(slot: number, what: string): MappedRange {
    const why = () => `the struct of the pointer at ${hex(slot)} to be ${what} is not mapped`;
    return this.#device.mustFind(slot, slot + POINTER_BYTES, why);
  }

  #later(async: number, work: (copier: Copier) => void): Promise<void> {
    return copying(this.#device, this.#queues, { async }, work);
  }
}
