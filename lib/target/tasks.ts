/**
 * Tasks with dependences: one that reads a place (`in`) waits for the last that wrote it, one that writes it (`out`, `inout`) for that
 * and for all that have read it since. Places are compared by their addresses.
 *
 * Source: OpenMP 5.2, 15.9.5 (depend); libgomp's task.c (gomp_task_handle_depend).
 *
 * @packageDocumentation
 */
import { options as checkedOptions, invalidType } from "../validate.js";
import { addressOf } from "./host_memory.js";
import { extent, type Mappable } from "./map.js";

export interface Depend {
  readonly in?: readonly Mappable[];
  readonly out?: readonly Mappable[];
  readonly inout?: readonly Mappable[];
}

interface Place {
  /** When the last writer is over, whatever came of it. */
  writer: Promise<void>;
  /** Readers since. */
  readers: Promise<void>[];
  /** Tasks that are not over yet. */
  tasks: number;
}

const DONE = Promise.resolve();

export class TaskGraph {
  readonly #places = new Map<number, Place>();
  #pending = 0;
  /** Called when no task is pending. */
  readonly #waiting: (() => void)[] = [];
  readonly #over = (): void => {
    if (--this.#pending > 0) return;
    for (const done of this.#waiting.splice(0)) done();
  };

  /**
   * Runs `work` when what it depends on is over; at once where that is nothing. A task that fails holds nobody back.
   *
   * @returns what `work` answers.
   */
  run<T>(depend: Depend, work: () => T | Promise<T>): Promise<T> {
    const result = this.#run(depend, work);
    this.#pending++;
    result.then(this.#over, this.#over);
    return result;
  }

  #run<T>(depend: Depend, work: () => T | Promise<T>): Promise<T> {
    const places = placesOf(depend);
    if (places.read.length === 0 && places.written.length === 0) return now(work);
    const reads = places.read.map(placeOf);
    const writes = places.written.map(placeOf);
    const before: Promise<void>[] = [];
    for (const address of new Set([...reads, ...writes])) {
      const place = this.#places.get(address);
      if (place === undefined) continue;
      before.push(place.writer);
      if (writes.includes(address)) before.push(...place.readers);
    }
    const result = before.length === 0 ? now(work) : Promise.all(before).then(work);
    const over: Promise<void> = result.then(
      () => {},
      () => {},
    );
    for (const address of new Set([...reads, ...writes])) this.#enter(address, writes.includes(address), over);
    return result;
  }

  #enter(address: number, writes: boolean, over: Promise<void>): void {
    const place = this.#places.get(address) ?? { writer: DONE, readers: [], tasks: 0 };
    this.#places.set(address, place);
    place.tasks++;
    if (writes) {
      place.writer = over;
      place.readers = [];
    } else {
      place.readers.push(over);
    }
    void over.then(() => {
      if (--place.tasks === 0) this.#places.delete(address);
    });
  }

  /** `taskwait`: when every task that has been made is over, however it ended. */
  async wait(): Promise<void> {
    while (this.#pending > 0) await new Promise<void>((done) => this.#waiting.push(done));
  }
}

function now<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

function placeOf(memory: Mappable): number {
  const { owner, address } = extent(memory);
  return address === 0 ? addressOf(owner) : address;
}

/** What is read, and what is written. @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` */
export function placesOf(depend: Depend): {
  readonly read: readonly Mappable[];
  readonly written: readonly Mappable[];
} {
  const { in: read = [], out = [], inout = [] } = checkedOptions("depend", depend, ["in", "out", "inout"]);
  for (const [name, places] of Object.entries({ in: read, out, inout })) {
    if (!Array.isArray(places)) throw invalidType(`depend.${name}`, "an array of host memory", places);
  }
  return { read, written: [...out, ...inout] };
}
