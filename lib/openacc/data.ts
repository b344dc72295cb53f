/**
 * Structured data regions: `data`, and `host_data`, whose items are of kinds USE_DEVICE_PTR. Their items count each for itself.
 *
 * In a queue (OpenACC 3.3, 2.6.5; libgomp has no such regions), the table of the device's memory changes where the region begins and ends
 * in the program, as with other constructs; copies, and giving memory back, have their turns.
 *
 * Source: oacc-parallel.c (GOACC_data_start, GOACC_data_end) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import type { AsyncQueue } from "../plugin/index.js";
import type { Copier } from "../target/copier.js";
import { DataRegion } from "../target/data.js";
import type { MapItem } from "../target/map_item.js";
import { mapVars } from "../target/map_vars.js";
import type { Mapping } from "../target/mapping.js";
import type { TargetDevice } from "../target/target_device.js";
import { unmapVars } from "../target/unmap_vars.js";
import { ASYNC, type AsyncQueues, quiet, waitList } from "./async_queues.js";
import { copyInQueue, promised } from "./construct.js";
import { mustMap, mustTake, USES_DEVICE } from "./kinds.js";
import { keepAll } from "./queue_copier.js";

/** Where nothing is mapped the host's addresses are those to use. */
function begun(device: TargetDevice, items: readonly MapItem[], maps: boolean, copier: Copier = device) {
  mustMap("data", items);
  const mapping = mapVars(device, maps ? items : [], "data", 0, null, copier);
  const addresses = items.map((item, i) => (maps ? mapping.value(items, i) : item.address));
  return [mapping, addresses] as const;
}

/** @param maps - false: an `if` clause that is not met. @throws OffloadError as `mapVars` */
export function data(device: TargetDevice, items: readonly MapItem[], maps = true): DataRegion {
  return new DataRegion(device, ...begun(device, items, maps && !device.sharesMemory));
}

/** @throws OffloadError `ERR_OFFLOAD_MAP_KIND` for other items than `clause.useDevice`; `ERR_OFFLOAD_NOT_MAPPED`. */
export function hostData(device: TargetDevice, items: readonly MapItem[], maps = true): DataRegion {
  mustTake("host_data", items, USES_DEVICE);
  return data(device, items, maps);
}

export interface QueuedDataOptions {
  readonly async: number;
  readonly wait: number | readonly number[];
  /** False: an `if` clause that is not met. */
  readonly maps: boolean;
}

/** A data region whose beginning and end are in a queue. */
export class QueuedDataRegion implements AsyncDisposable {
  readonly #device: TargetDevice;
  readonly #queues: AsyncQueues;
  readonly #queue: AsyncQueue | null;
  #mapping: Mapping | null;
  #over: Promise<void> | null = null;
  /** What each item is on the device, in their order. */
  readonly addresses: readonly number[];
  /** Resolves when what is copied to the device is there. */
  readonly begun: Promise<void>;

  /** Use `OpenAcc.data`. @throws OffloadError as `mapVars`: nothing is in the queue then. */
  constructor(device: TargetDevice, queues: AsyncQueues, items: readonly MapItem[], options: QueuedDataOptions) {
    const { async, wait, maps } = options;
    const waits = waitList(wait);
    for (const each of waits) queues.check(each);
    this.#device = device;
    this.#queues = queues;
    this.#queue = queues.get(async);
    if (waits.length > 0) {
      if (this.#queue === null) throw mustNotBlock();
      quiet(queues.waitFor(waits, async));
    }
    let made: ReturnType<typeof begun> | undefined;
    this.begun = copyInQueue(device, this.#queue, (copier) => {
      made = begun(device, items, maps && !device.sharesMemory, copier);
      keepAll(copier, made[0]);
    });
    [this.#mapping, this.addresses] = made as ReturnType<typeof begun>;
  }

  get ended(): boolean {
    return this.#mapping === null;
  }

  /**
   * Unmaps, and copies back in the queue's turn: resolves when that is over. What fails in the queue is told by its next wait.
   *
   * @throws OffloadError by the promise: `ERR_OFFLOAD_DISPOSED` the second time, and where the queues have been disposed.
   */
  end(): Promise<void> {
    return promised(() => {
      // Its queue has to be there for what comes back.
      this.#queues.check(ASYNC.SYNC);
      const mapping = this.#mapping;
      if (mapping === null) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the data region has ended already");
      this.#mapping = null;
      this.#over = copyInQueue(this.#device, this.#queue, (copier) => unmapVars(this.#device, mapping, true, copier));
      return this.#over;
    });
  }
  /** Ends it, unless it has ended, and waits until that is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#mapping === null ? this.#over : this.end());
  }
}

export const mustNotBlock = (): OffloadError =>
  new OffloadError(
    "ERR_OFFLOAD_QUEUE",
    "data does not block to wait: await wait() before it, or let a queue wait (async)",
  );
