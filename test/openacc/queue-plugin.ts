/**
 * The mapping tests' plugin with OpenACC's queues, whose turns come when a test says so: an item of a queue happens by `step`, or all of
 * them by `run`.
 */
import type { AsyncQueue, OpenaccDimensions, TargetFunction } from "../../lib/plugin/index.js";
import type { Session } from "../../lib/plugin/session.js";
import { MemoryPlugin } from "../target/memory-plugin.js";

interface Turn {
  readonly what: string;
  readonly work: () => void;
}

export class TestQueue implements AsyncQueue {
  readonly device = 0;
  readonly turns: Turn[] = [];
  /** Of the first turn that failed since the last time somebody waited. */
  failure: { readonly error: unknown } | null = null;
  waiting: (() => void)[] = [];
  destructed = false;

  push(what: string, work: () => void): void {
    this.turns.push({ what, work });
  }
  /** Settles with its turn. */
  promise(what: string, work: () => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.push(what, () => {
        try {
          work();
          resolve();
        } catch (error) {
          reject(error);
          throw error;
        }
      });
    });
  }
  /** What waits for its turn. */
  get pending(): string[] {
    return this.turns.map(({ what }) => what);
  }

  /** The next turn, once the promises of the last one have been seen to. */
  async step(): Promise<void> {
    const turn = this.turns.shift();
    try {
      turn?.work();
    } catch (error) {
      this.failure ??= { error };
    }
    await settled();
    if (this.turns.length === 0) for (const resolve of this.waiting.splice(0)) resolve();
  }
  async run(): Promise<void> {
    while (this.turns.length > 0) await this.step();
  }
}

export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function own(queue: AsyncQueue): TestQueue {
  if (queue instanceof TestQueue) return queue;
  throw new Error("the queue is another plugin's");
}

export class QueuePlugin extends MemoryPlugin {
  readonly queues: TestQueue[] = [];
  /** Dimensions of the launches, in their order. */
  readonly dimensions: OpenaccDimensions[] = [];
  /** Pairs of queues of which the second waits for the first, by their places in `queues`. */
  readonly serialized: (readonly [number, number])[] = [];

  override asyncConstruct(): TestQueue {
    const queue = new TestQueue();
    this.queues.push(queue);
    return queue;
  }
  override async asyncDestruct(queue: AsyncQueue): Promise<void> {
    own(queue).destructed = true;
    await own(queue).run();
  }
  override asyncTest(queue: AsyncQueue): boolean {
    return own(queue).turns.length === 0;
  }
  override async asyncSynchronize(queue: AsyncQueue): Promise<void> {
    const waited = own(queue);
    if (waited.turns.length > 0) await new Promise<void>((resolve) => waited.waiting.push(resolve));
    const { failure } = waited;
    waited.failure = null;
    if (failure !== null) throw failure.error;
  }
  override asyncSerialize(earlier: AsyncQueue, later: AsyncQueue): void {
    this.serialized.push([this.queues.indexOf(own(earlier)), this.queues.indexOf(own(later))]);
  }
  override asyncQueueCallback(queue: AsyncQueue, callback: () => void): void {
    own(queue).push("callback", callback);
  }
  override asyncHost2dev(queue: AsyncQueue, destination: number, source: ArrayBufferView): Promise<void> {
    return own(queue).promise(`to ${source.byteLength}`, () => this.host2dev(0, destination, source));
  }
  override asyncDev2host(
    queue: AsyncQueue,
    destination: ArrayBufferView,
    source: number,
    after?: Promise<void>,
  ): Promise<void> {
    let failed = false;
    after?.catch(() => {
      failed = true;
    });
    return own(queue).promise(`from ${destination.byteLength}`, () => {
      if (!failed) this.dev2host(0, destination, source);
    });
  }

  override openaccExec(session: Session, fn: TargetFunction, dimensions: OpenaccDimensions): void {
    this.dimensions.push(dimensions);
    super.openaccExec(session, fn, dimensions);
  }
  override async openaccAsyncExec(
    session: Session,
    fn: TargetFunction,
    dimensions: OpenaccDimensions,
    queue: AsyncQueue,
  ): Promise<void> {
    this.dimensions.push(dimensions);
    await own(queue).promise("launch", () => super.openaccExec(session, fn, dimensions));
  }
}
