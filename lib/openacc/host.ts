/**
 * Regions that the host executes itself, by functions that the program gives: where an `if` clause is not met or a `self` clause is, and
 * where the device does not have the function. Nothing is mapped for them. With `async` they have a turn in the device's queue: unlike
 * libgomp's, which run at once, they see what the queue has brought back to the host before them.
 *
 * Source: oacc-parallel.c (GOACC_parallel_keyed), oacc-host.c of GCC 12 to 17; OpenACC 2.7, 2.5.4 and 2.5.5.
 *
 * @packageDocumentation
 */
import { type AsyncQueue, type HostBody, HostPlugin, type TargetFunction } from "../plugin/index.js";
import { TargetDevice } from "../target/target_device.js";

/** The host's own form of functions, by their names: each gets the values of its items, in their order. */
export type HostBodies = Readonly<Record<string, HostBody>>;

export class HostFunctions {
  readonly device: TargetDevice;
  readonly #functions: ReadonlyMap<string, TargetFunction>;

  constructor(bodies: HostBodies) {
    const plugin = new HostPlugin();
    this.device = new TargetDevice(plugin, 0);
    this.#functions = new Map(plugin.loadImage(0, bodies).functions.map((fn) => [fn.name, fn]));
  }

  get names(): string[] {
    return [...this.#functions.keys()];
  }
  get all(): readonly TargetFunction[] {
    return [...this.#functions.values()];
  }
  find(name: string): TargetFunction | undefined {
    return this.#functions.get(name);
  }
}

/** Work of the host's in its turn of a queue. Rejects with what it throws, which the queue's next wait tells, too. */
export function inTurn({ plugin }: TargetDevice, queue: AsyncQueue, work: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    plugin.asyncQueueCallback(queue, () => {
      try {
        work();
      } catch (error) {
        reject(error);
        throw error;
      }
      resolve();
    });
  });
}
