/**
 * Any sequence of the contract's calls, legal or not, against a small model: what is legal does what it says, what is not is refused with
 * an error of this package, nothing crashes, and nothing stays behind. (On GCC's plugin no kernel fails, and images do not come and go.)
 */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { OffloadError } from "../../../lib/errors.js";
import { HsaRuntime } from "../../../lib/hsa/index.js";
import type { AsyncQueue } from "../../../lib/plugin/plugin.js";
import type { Session, SessionState } from "../../../lib/plugin/session.js";
import { FOREIGN, openTested } from "../under-test.js";
import { Bench, ONE, testedKernels } from "./fixture.js";

const code = testedKernels();
const codeObject = code instanceof Uint8Array ? code : code.codeObject;
const plugin = openTested();
const benches = [new Bench(plugin, 0, code), new Bench(plugin, 1, code)];
const AREA = 256;
/** On each device one that no kernel reads. */
const tables = benches.map((bench) => bench.zeros(4));

/** Which of several there are: small numbers, so that calls meet. */
const pick = fc.nat(3);
const device = fc.nat(1);
type Step = readonly [name: string, a: number, b: number, c: number, dev: number];
const NAMES = [
  ...["alloc", "free", "write", "read", "within", "fill", "box"],
  ...["start", "start", "allocate", "allocate", "set", "setTable", "abandon"],
  ...["run", "run", "asyncRun", "openacc", "openaccAsync", "openaccAsync"],
  ...["construct", "destruct", "test", "synchronize", "serialize", "callback", "queueWrite", "queueRead"],
  ...["load", "unload", "nonsense"],
];
const step: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom(...NAMES), pick, pick, fc.nat(300), device);

interface Area {
  readonly address: number;
  readonly device: number;
  readonly bytes: Uint8Array;
  alive: boolean;
}
interface Launch {
  readonly session: Session;
  state: SessionState;
  tried: boolean;
  /** Whether there is a table, and which device's. */
  device: number;
}
interface Queue {
  readonly queue: AsyncQueue;
  alive: boolean;
}
interface Image {
  readonly image: Bench["image"];
  alive: boolean;
}

class World {
  readonly areas: Area[] = [];
  readonly launches: Launch[] = Array.from({ length: 3 }, () => ({
    session: plugin.newSession(),
    state: "idle",
    tried: false,
    device: -1,
  }));
  readonly queues: Queue[] = [];
  readonly images: Image[] = [];
  readonly pending: Promise<unknown>[] = [];

  /** A call that must be refused, at once or later. */
  async refused(call: () => unknown): Promise<void> {
    const error = await Promise.resolve()
      .then(call)
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    expect(error).toBeInstanceOf(Error);
    const { code: told } = error as { code?: string };
    expect(told).toMatch(/^ERR_(?:OFFLOAD_|CODE_OBJECT_|OUT_OF_RANGE|INVALID_ARG_)/);
    if (told?.startsWith("ERR_OFFLOAD_")) expect(error).toBeInstanceOf(OffloadError);
  }

  async take([name, a, b, c, dev]: Step): Promise<void> {
    const area = this.areas[a % Math.max(1, this.areas.length)];
    const launch = this.launches[a % 3] as Launch;
    const queue = this.queues[b % Math.max(1, this.queues.length)];
    if (["free", "write", "read", "within", "fill", "box"].includes(name)) return this.#memory(name, area, b, c);
    if (["destruct", "test", "synchronize", "serialize", "callback", "queueWrite", "queueRead"].includes(name)) {
      return this.#queue(name, queue, area, c);
    }
    switch (name) {
      case "alloc":
        this.#allocate(dev, c);
        return;
      case "construct":
        if (this.queues.length < 6) this.queues.push({ queue: plugin.asyncConstruct(dev), alive: true });
        return;
      case "load":
        if (FOREIGN) return this.refused(() => plugin.loadImage(dev, code));
        if (this.images.length < 3) this.images.push({ image: plugin.loadImage(dev, code), alive: true });
        return;
      case "unload": {
        const image = this.images[b % Math.max(1, this.images.length)];
        if (image === undefined) return;
        if (image.alive) plugin.unloadImage(image.image);
        else await this.refused(() => plugin.unloadImage(image.image));
        image.alive = false;
        return;
      }
      case "nonsense":
        return this.#nonsense(c);
      default:
        return this.#session(name, launch, queue, b, dev);
    }
  }

  #allocate(dev: number, some: number): void {
    if (this.areas.length >= 8) return;
    // An allocation has what was asked for, or a little more where that was next to nothing.
    const bytes = Math.max(some, 8);
    const address = plugin.alloc(dev, bytes);
    const model = new Uint8Array(bytes).fill(bytes);
    plugin.host2dev(dev, address, model);
    this.areas.push({ address, device: dev, bytes: model, alive: true });
  }

  async #memory(name: string, area: Area | undefined, b: number, c: number): Promise<void> {
    if (area === undefined) return;
    const { address, device: dev, bytes } = area;
    const from = b * 20;
    const count = c % 100;
    const fits = area.alive && from + count <= bytes.length;
    const data = new Uint8Array(count).map((_, i) => i + c);
    const calls: Record<string, [() => unknown, () => unknown]> = {
      free: [() => plugin.free(dev, address), () => {}],
      write: [() => plugin.host2dev(dev, address + from, data), () => bytes.set(data, from)],
      read: [
        () => plugin.dev2host(dev, data, address + from),
        () => expect(data).toEqual(bytes.slice(from, from + count)),
      ],
      within: [() => plugin.dev2dev(dev, address + from, address, count), () => bytes.copyWithin(from, 0, count)],
      fill: [() => plugin.memset(dev, address + from, c & 255, count), () => bytes.fill(c & 255, from, from + count)],
      box: [
        () =>
          plugin.memcpyRect(dev, {
            size: [count, 1, 1],
            destination: { at: address, offset: [from, 0, 0], rowPitch: count, planePitch: 1 },
            source: { at: data, offset: [0, 0, 0], rowPitch: count, planePitch: 1 },
          }),
        () => bytes.set(data, from),
      ],
    };
    const [call, model] = calls[name] as [() => unknown, () => unknown];
    // Copies whose ends overlap are nobody's to define.
    if (name === "within" && (from < count || from + count > bytes.length)) return;
    if (name === "free") {
      if (!area.alive) return this.#refusedUnlessTaken(area, call);
      area.alive = false;
      call();
    } else if (count === 0) call();
    else if (fits) {
      call();
      model();
    } else if (area.alive) await this.refused(call);
    else await this.#refusedUnlessTaken(area, call);
  }

  /** An address that was freed may be another area's by now. */
  async #refusedUnlessTaken(area: Area, call: () => unknown): Promise<void> {
    const taken = this.areas.some(({ alive, address }) => alive && Math.abs(address - area.address) < 2 ** 21);
    if (!taken) await this.refused(call);
  }

  async #queue(name: string, at: Queue | undefined, area: Area | undefined, c: number): Promise<void> {
    if (at === undefined) return;
    const { queue } = at;
    const inArea = area?.alive && area.device === queue.device && area.bytes.length >= 8 ? area : undefined;
    const other = this.queues[c % this.queues.length] as Queue;
    const calls: Record<string, () => unknown> = {
      destruct: () => plugin.asyncDestruct(queue),
      test: () => plugin.asyncTest(queue),
      synchronize: () => plugin.asyncSynchronize(queue),
      serialize: () => plugin.asyncSerialize(queue, other.queue),
      callback: () => plugin.asyncQueueCallback(queue, () => {}),
      queueWrite: () => inArea && plugin.asyncHost2dev(queue, inArea.address, inArea.bytes.slice(0, 8)),
      queueRead: () => inArea && plugin.asyncDev2host(queue, new Uint8Array(8), inArea.address),
    };
    const call = calls[name] as () => unknown;
    const copies = name.startsWith("queue");
    if (copies && inArea === undefined) return;
    if (!at.alive || (name === "serialize" && !other.alive)) return this.refused(call);
    if (name === "destruct") at.alive = false;
    const done = call();
    if (done instanceof Promise) this.pending.push(done.catch(mustBeADeviceError));
    // The areas may be written or freed by the next step: what the queue does with them is over before.
    if (copies) await plugin.asyncSynchronize(queue).catch(mustBeADeviceError);
  }

  async #session(name: string, launch: Launch, queue: Queue | undefined, b: number, dev: number): Promise<void> {
    if (name === "openaccAsync" && queue === undefined) return;
    const { session, state } = launch;
    const fails = b === 3 && !FOREIGN;
    const bench = benches[dev] as Bench;
    const fn = bench.fn(fails ? "trap" : "nothing");
    const calls: Record<string, () => unknown> = {
      start: () => plugin.sessionStart(session, dev),
      allocate: () => plugin.sessionAllocateTargetVarTable?.(session, b * 100),
      set: () => plugin.sessionSetTargetVarTable(session, null),
      setTable: () =>
        plugin.sessionSetTargetVarTable(session, b === 0 ? 24 : (tables[Math.max(0, launch.device)] as number)),
      abandon: () => plugin.sessionAbandon(session),
      run: () => plugin.run(session, fn, b === 2 ? { teams: 0 } : ONE),
      asyncRun: () => plugin.asyncRun(session, fn, b === 2 ? { teams: 0 } : ONE),
      openacc: () => plugin.openaccExec(session, fn, [1, 1, 1]),
      openaccAsync: () => queue && plugin.openaccAsyncExec(session, fn, [1, 1, 1], queue.queue),
    };
    const call = calls[name] as () => unknown;
    if (session.state === "running") return this.refused(call);
    if (name === "start") {
      if (state !== "idle") return this.refused(call);
      call();
      Object.assign(launch, { state: "started", tried: false, device: dev });
    } else if (name === "allocate") {
      if (state !== "started") return this.refused(call);
      const table = call() as { words: Uint32Array };
      table.words.fill(0xffffffff);
      launch.state = "allocated";
    } else if (name === "set" || name === "setTable") {
      if (state !== "started" || (name === "setTable" && b === 0)) return this.refused(call);
      call();
      launch.state = "set";
    } else if (name === "abandon") {
      call();
      launch.state = "idle";
    } else {
      if ((state !== "allocated" && state !== "set") || dev !== launch.device) return this.refused(call);
      launch.state = "idle";
      const nothingRuns = b === 2 && (name === "run" || name === "asyncRun");
      if (name === "openaccAsync" && (!queue?.alive || queue.queue.device !== dev)) return this.refused(call);
      if (name === "run" || name === "openacc") {
        if (fails && !nothingRuns) await this.refused(call);
        else call();
      } else this.pending.push((call() as Promise<void>).catch(mustBeADeviceError));
    }
  }

  async #nonsense(c: number): Promise<void> {
    const calls = [
      () => plugin.alloc(9, 1),
      () => plugin.alloc(0, -c - 1),
      () => plugin.free(0, c),
      () => plugin.host2dev(0, 4096 * c, new Uint8Array(1)),
      () => plugin.dev2host(1, new Uint8Array(c + 1), 8),
      () => plugin.memset(0, 4096, 300, 1),
      () => plugin.loadImage(0, new Uint8Array(c)),
      () => plugin.loadImage(0, codeObject.subarray(0, c)),
      () => plugin.loadImage(0, { kernels: [] }),
      () => plugin.unloadImage({ device: 0, functions: [], variables: [], icvs: null }),
      () => plugin.sessionStart(plugin.newSession(), 2),
      () => plugin.sessionStart({} as Session, 0),
      () => plugin.asyncConstruct(17),
      () => plugin.asyncTest({ device: 0 }),
      () => plugin.initDevice(2),
    ];
    await this.refused(calls[c % calls.length] as () => unknown);
  }

  async end(): Promise<void> {
    await Promise.all(this.pending);
    for (const { session } of this.launches) plugin.sessionAbandon(session);
    for (const { queue, alive } of this.queues) if (alive) await plugin.asyncDestruct(queue).catch(mustBeADeviceError);
    for (const { image, alive } of this.images) if (alive) plugin.unloadImage(image);
    for (const { address, device: dev, bytes, alive } of this.areas) {
      if (!alive) continue;
      const seen = new Uint8Array(bytes.length);
      plugin.dev2host(dev, seen, address);
      expect(seen).toEqual(bytes);
      plugin.free(dev, address);
    }
  }
}

function mustBeADeviceError(error: unknown): void {
  expect(error).toBeInstanceOf(OffloadError);
}

/** The one that the plugin has open. */
const runtime = HsaRuntime.open();
const left = () => {
  const { sessions, bytes, cacheBytes } = plugin.stats();
  // A C plugin has its own way to ROCr.
  const { executablesLive } = runtime.stats();
  return { sessions, owned: bytes - cacheBytes, executablesLive };
};
const base = left();

test("any sequence of calls", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const before = left();
      const world = new World();
      try {
        for (const each of steps) await world.take(each);
      } finally {
        // Also where it has failed: smaller examples are looked for.
        await world.end();
      }
      expect(left()).toEqual(before);
    }),
    { numRuns: FOREIGN ? 100 : 300 },
  );
});

afterAll(() => {
  // The device still does what it is asked.
  for (const bench of benches) {
    const out = bench.words([2, 0, 0]);
    bench.run("copy_table", [out, AREA]);
    expect(bench.read(out, 3)).toEqual([2, out, AREA]);
    plugin.free(bench.device, out);
  }
  expect(left()).toEqual(base);
  runtime.dispose();
});
