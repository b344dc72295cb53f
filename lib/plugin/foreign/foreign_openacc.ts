/**
 * OpenACC by a C plugin: launches and queues. A launch reads what libgomp keeps for the thread that calls: the native side makes the thread
 * one of libgomp's, of its host device, which changes nothing for the plugin. That settles libgomp's own default for OpenACC, too: of an
 * OpenACC program that this process runs by libgomp later, new threads begin with the host.
 *
 * Source: oacc-init.c, oacc-parallel.c, plugin-gcn.c (gcn_exec) of GCC 12; GCC 13 to 17 by their declarations.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import type { NativeForeignPlugin } from "../../hsa/native_foreign.js";
import { bytesOf, integer, invalidType } from "../../validate.js";
import type { AsyncQueue } from "../plugin.js";
import { CAPABILITY } from "../plugin.js";
import { lasting } from "../queue_order.js";
import type { ForeignLaunches } from "./foreign_launches.js";
import type { ForeignMemory } from "./foreign_memory.js";
import { ForeignQueue } from "./foreign_queue.js";

export class ForeignOpenacc {
  readonly #queues = new Set<ForeignQueue>();

  constructor(
    readonly memory: ForeignMemory,
    readonly launches: ForeignLaunches,
  ) {}

  /** @throws OffloadError `ERR_OFFLOAD_PLUGIN` */
  mustBe(): void {
    const { native } = this.memory.calls;
    if ((native.capabilities & CAPABILITY.OPENACC_200) !== 0) return;
    throw new OffloadError(
      "ERR_OFFLOAD_PLUGIN",
      `the C plugin ${native.name} has no OpenACC: its capabilities are ${native.capabilities}`,
    );
  }

  construct(device: number): ForeignQueue {
    const { calls } = this.memory;
    calls.mustBeReady(device);
    this.mustBe();
    const id = calls.call((native) => native.queueConstruct(device));
    const queue = new ForeignQueue(this.launches, device, id);
    this.#queues.add(queue);
    return queue;
  }
  async destruct(value: AsyncQueue): Promise<void> {
    const queue = this.queue(value);
    queue.closing = true;
    try {
      await queue.synchronize();
    } finally {
      if (this.#queues.delete(queue)) this.#destroy(queue);
    }
  }
  /**
   * Blocks until what is in a device's queues is over, but for what stands behind JavaScript's own work.
   * @throws OffloadError `ERR_OFFLOAD_PLUGIN` where the device is lost meanwhile
   */
  finish(device: number): void {
    for (const queue of this.#queues) if (queue.device === device) queue.finish();
  }
  /** A device ends, and with it its queues. What comes to its turn in one later is refused. */
  endDevice(device: number): void {
    for (const queue of [...this.#queues]) {
      if (queue.device !== device) continue;
      queue.closing = true;
      queue.ended = true;
      this.#queues.delete(queue);
      this.#destroy(queue);
    }
  }
  /** Blocks until what the plugin's queue has is over: what is left in one that is destroyed it forgets. */
  #destroy(queue: ForeignQueue): void {
    const { calls } = this.memory;
    if (!calls.isLost(queue.device)) calls.call((native) => native.queueDestruct(queue.id));
  }

  /** @throws OffloadError `ERR_OFFLOAD_QUEUE` */
  queue(value: AsyncQueue): ForeignQueue {
    this.mustBe();
    if (value instanceof ForeignQueue && this.#queues.has(value) && !value.closing) {
      this.memory.calls.mustBeReady(value.device);
      return value;
    }
    throw new OffloadError("ERR_OFFLOAD_QUEUE", "the queue is not one of this plugin's, or has been destroyed");
  }

  callback(value: AsyncQueue, callback: () => void): void {
    const queue = this.queue(value);
    if (typeof callback !== "function") throw invalidType("callback", "a function", callback);
    void queue.host(callback);
  }
  // Copies have their turn by JavaScript: the plugin's thread would go on with a buffer that was taken away meanwhile, and gets one that
  // nobody else has.
  host2dev(value: AsyncQueue, destination: number, source: ArrayBufferView): Promise<void> {
    const queue = this.queue(value);
    const bytes = lasting(bytesOf("source", source));
    integer("destination", destination);
    let begun = false;
    const begin = (): Uint8Array => {
      queue.mustBeThere();
      begun = true;
      return bytes().slice();
    };
    return queue.host(
      () => {
        const own = begin();
        return this.#copy(queue, destination, own, (native) =>
          native.queueHost2dev(queue.device, queue.id, destination, own),
        );
      },
      () => {
        if (!begun) this.memory.host2dev(queue.device, destination, begin());
        return true;
      },
    );
  }
  dev2host(value: AsyncQueue, destination: ArrayBufferView, source: number): Promise<void> {
    const queue = this.queue(value);
    const bytes = lasting(bytesOf("destination", destination));
    integer("source", source);
    let own: Uint8Array | null = null;
    let over = false;
    const end = (from: Uint8Array): void => {
      if (over) return;
      over = true;
      bytes().set(from);
    };
    return queue.host(
      async () => {
        queue.mustBeThere();
        const copy = new Uint8Array(bytes().length);
        own = copy;
        await this.#copy(queue, source, copy, (native) => native.queueDev2host(queue.device, queue.id, copy, source));
        end(copy);
      },
      () => {
        if (own === null) this.memory.dev2host(queue.device, bytes(), source);
        else end(own);
        over = true;
        return true;
      },
    );
  }
  async #copy(
    queue: ForeignQueue,
    address: number,
    { length }: Uint8Array,
    copy: (native: NativeForeignPlugin) => Promise<void>,
  ): Promise<void> {
    if (length === 0) return;
    this.memory.mustHold(queue.device, address, length);
    this.memory.copies++;
    await this.memory.calls.call(copy);
  }
}
