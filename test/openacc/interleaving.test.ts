/**
 * Random constructs at once and in two queues whose turns come at random: whatever is unmapped meanwhile, each turn finds the device memory
 * that it needs, and in the end all of it has been given back.
 */
import { expect, test } from "vitest";
import { clause, type QueuedDataRegion } from "../../lib/openacc/index.js";
import { type DataRegion, MAP, type MapItem, targetExitData } from "../../lib/target/index.js";
import { AccLab, Host, settled } from "./fixture.js";
import { Random } from "./random.js";

const SLOTS = 6;
const BYTES = 32;
const OPERATIONS = 40;

class Walk {
  readonly #lab = new AccLab();
  readonly #host = new Host(SLOTS * BYTES);
  readonly #regions: (DataRegion | QueuedDataRegion)[] = [];
  readonly #promises: Promise<unknown>[] = [];
  readonly #random: Random;
  done = 0;
  refused = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  #memory(): Uint8Array {
    const slot = this.#random.below(SLOTS);
    return this.#host.bytes.subarray(slot * BYTES, (slot + 1) * BYTES);
  }
  /** The last 8 bytes of a slot, which point to another. */
  #pointer(): Uint8Array {
    const at = (this.#random.below(SLOTS) + 1) * BYTES - 8;
    this.#host.setPointer(at, this.#host.base + this.#random.below(SLOTS) * BYTES);
    return this.#host.bytes.subarray(at, at + 8);
  }
  #items(makers: readonly ((memory: Uint8Array) => MapItem)[]): MapItem[] {
    return Array.from({ length: 1 + this.#random.below(3) }, () => this.#random.pick(makers)(this.#memory()));
  }
  #when(): { async?: number; wait?: number } {
    return this.#random.pick([{}, { async: 1 }, { async: 2 }, { async: 2, wait: 1 }]);
  }

  #operation(): unknown {
    const { acc, device } = this.#lab;
    const { copy, copyin, copyout, create, present } = clause;
    switch (this.#random.below(12)) {
      case 0:
      case 1:
        return acc.enterData(this.#items([copyin, create]), this.#when());
      case 2:
      case 3: {
        const finalize = this.#random.below(4) === 0;
        return acc.exitData(this.#items([copyout, clause.delete]), { ...this.#when(), finalize });
      }
      case 4:
      case 5:
      case 6: {
        const items = this.#items([copy, copyin, copyout, create, present]);
        const fn = this.#lab.fn(({ word, memory }) => {
          for (const [i] of items.entries()) memory(word(i), BYTES)[0] = 1;
        });
        return acc.parallel(fn, items, this.#when());
      }
      case 7:
        return acc.update(this.#items([clause.self, clause.device]), { ...this.#when(), ifPresent: true });
      case 8: {
        const items = this.#items([copy, create, copyin]);
        this.#regions.push(
          this.#random.below(2) === 0 ? acc.data(items) : acc.data(items, { async: 1 + this.#random.below(2) }),
        );
        return;
      }
      case 9:
        return this.#regions.splice(this.#random.below(this.#regions.length + 1), 1)[0]?.end();
      case 10:
        return this.#random.below(2) === 0
          ? acc.memory[this.#random.pick(["attachAsync", "detachAsync"] as const)](
              this.#pointer(),
              this.#random.pick([-2, 1, 2]),
            )
          : acc.enterData([copyin(this.#memory()), clause.attach(this.#pointer())], this.#when());
      default:
        // OpenMP's, which takes the references of all others.
        targetExitData(device, [this.#host.item(MAP.DELETE, this.#random.below(SLOTS) * BYTES, BYTES)]);
    }
  }

  async #do(operation: () => unknown): Promise<void> {
    const before = this.#lab.state();
    try {
      const result = operation();
      if (!(result instanceof Promise)) return;
      // What is refused is told before the next turn of the event loop; what has its turn in a queue is not.
      this.#promises.push(result);
      await Promise.race([result, settled()]);
    } catch (error) {
      if (!String((error as { code?: unknown }).code).startsWith("ERR_OFFLOAD_")) throw error;
      this.refused++;
      this.#promises.pop();
      expect(this.#lab.state()).toEqual(before);
    }
  }

  async run(): Promise<void> {
    for (this.done = 0; this.done < OPERATIONS; this.done++) {
      await this.#do(() => this.#operation());
      const { queues } = this.#lab.plugin;
      for (let turns = this.#random.below(4); turns > 0 && queues.length > 0; turns--)
        await this.#random.pick(queues).step();
    }
    for (const region of this.#regions) await this.#do(() => region.end());
    for (const queue of this.#lab.plugin.queues) await queue.run();
    // No turn has missed its memory.
    await Promise.all(this.#promises);
    await this.#lab.acc.wait();
  }
  /** What is left once nobody holds anything. */
  left(): readonly number[] {
    const { device, plugin } = this.#lab;
    for (let slot = 0; slot < SLOTS; slot++) {
      targetExitData(device, [this.#host.item(MAP.DELETE, slot * BYTES, BYTES)]);
    }
    return [device.table.size, plugin.live, plugin.stats().sessions];
  }
}

test("constructs in queues have their memory until their turns, and give it back", async () => {
  let [done, refused] = [0, 0];
  for (let seed = 1; seed <= 150; seed++) {
    const walk = new Walk(seed);
    await walk.run().catch((error) => {
      throw new Error(`seed ${seed}, operation ${walk.done}`, { cause: error });
    });
    expect([seed, ...walk.left()]).toEqual([seed, 0, 0, 0]);
    done += walk.done;
    refused += walk.refused;
  }
  // It would be worth little if most of them were refused.
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(0.4 * done);
});
