/**
 * What a construct does on an asynchronous queue, besides its launch: copies in the queue's order, and device memory that is given back
 * when nothing of the construct needs it any more. Nothing is sent before the construct is known to be right; one that is refused leaves
 * nothing in the queue.
 *
 * Source: target.c (gomp_copy_host2dev, gomp_remove_var_async, gomp_unmap_vars_internal) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import type { AsyncQueue } from "../plugin/index.js";
import type { Copier } from "../target/copier.js";
import { pin } from "../target/host_memory.js";
import type { DeviceBlock, MappedRange } from "../target/mapped_range.js";
import type { Mapping } from "../target/mapping.js";
import type { TargetDevice } from "../target/target_device.js";
import { quiet } from "./async_queues.js";

export class QueueCopier implements Copier {
  /** What is copied together would be read now, and not in its turn. */
  readonly coalesces = false;
  readonly #device: TargetDevice;
  readonly #queue: AsyncQueue;
  #copies: (() => Promise<void>)[] = [];
  /** Of the copies that have been sent. */
  readonly #sent: Promise<void>[] = [];
  #blocks: { readonly block: DeviceBlock; readonly deleted: boolean }[] = [];
  #launch: Promise<void> | undefined;
  #refused = false;

  constructor(device: TargetDevice, queue: AsyncQueue) {
    this.#device = device;
    this.#queue = queue;
  }

  copyTo(address: number, bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#refused) return;
    // Until its turn nobody may take the buffer away.
    pin(bytes.buffer);
    this.#copies.push(() => this.#device.plugin.asyncHost2dev(this.#queue, address, bytes));
  }
  copyFrom(bytes: Uint8Array, address: number): void {
    if (bytes.length === 0 || this.#refused) return;
    pin(bytes.buffer);
    const launch = this.#launch;
    this.#copies.push(() => this.#device.plugin.asyncDev2host(this.#queue, bytes, address, launch));
  }

  releaseBlock(block: DeviceBlock, deleted = false): void {
    if (this.#refused) this.#device.releaseBlock(block, deleted);
    else this.#blocks.push({ block, deleted });
  }
  keep({ block }: MappedRange): void {
    if (block === null) return;
    block.uses++;
    this.releaseBlock(block);
  }
  refuse(): void {
    this.#refused = true;
    this.#copies = [];
    this.#release();
  }

  /** Nothing waits to be sent, or to be given back. */
  get idle(): boolean {
    return this.#copies.length === 0 && this.#blocks.length === 0;
  }

  /** Sends the copies so far: those before the construct's launch. */
  send(): void {
    // Each is told by the construct, once that is over.
    for (const copy of this.#copies) this.#sent.push(quiet(copy()));
    this.#copies = [];
  }
  /** What is copied back from now on is the result of this launch: where that fails, or a copy before it has failed, nothing is. */
  launched(launch: Promise<void>): void {
    const before = [...this.#sent];
    this.#launch = before.length === 0 ? launch : quiet(launch.then(() => over(before)));
  }

  /** Sends what is left. Resolves when all of the construct is over; rejects where its launch or a copy does. */
  finish(): Promise<void> {
    const launch = this.#launch;
    // Launches behind this one shall not have to wait for the host where it has nothing to do.
    if (launch !== undefined && this.#copies.length === 0) return launch.finally(() => this.#release());
    this.send();
    const turn = new Promise<void>((resolve) => {
      this.#device.plugin.asyncQueueCallback(this.#queue, () => {
        try {
          this.#release();
        } finally {
          resolve();
        }
      });
    });
    return turn.then(() => launch).then(() => over(this.#sent));
  }

  #release(): void {
    const blocks = this.#blocks;
    this.#blocks = [];
    for (const { block, deleted } of blocks) this.#device.releaseBlock(block, deleted);
  }
}

/** Rejects with the first failure. */
async function over(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.all(promises);
}

/** All that a construct has mapped, or found there. */
export function keepAll(copier: Copier, mapping: Mapping): void {
  for (let i = 0; i < mapping.count; i++) {
    const { range } = mapping.item(i);
    if (range !== null) copier.keep(range);
  }
}
