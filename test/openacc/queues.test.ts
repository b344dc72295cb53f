/**
 * What is in which queue, in which order, and what has its turn when: on a device of buffers whose queues' turns the tests make.
 *
 * Where this is not what libgomp does, on purpose:
 * - a private copy has the value of the call (OpenACC 3.0, 2.5.11), where GCC 12's libgomp reads it in the queue's turn;
 * - what a launch or a copy uses stays allocated until it is over, whoever unmaps it meanwhile;
 * - where a launch fails nothing is copied back, and the queue goes on; libgomp ends the process;
 * - waiting for a queue that is empty still tells of what failed in it.
 */
import { beforeEach, describe, expect, test } from "vitest";
import { i32 } from "../../lib/index.js";
import { ASYNC, type AsyncOptions, clause } from "../../lib/openacc/index.js";
import { MAP } from "../../lib/target/index.js";
import type { Launch } from "../target/memory-plugin.js";
import { AccLab, Host, refusal, refused, settled } from "./fixture.js";

let lab: AccLab;
let host: Host;
beforeEach(() => {
  lab = new AccLab();
  host = new Host(512);
});
const part = (offset: number, bytes: number): Uint8Array => host.bytes.subarray(offset, offset + bytes);
const increments = (bytes: number) =>
  lab.fn(({ word, memory }: Launch) => {
    const there = memory(word(0), bytes);
    for (let i = 0; i < bytes; i++) there[i] = (there[i] as number) + 1;
  });
/** Notes whether a promise has settled. */
const watched = (promise: Promise<unknown>): { state: string } => {
  const seen = { state: "pending" };
  promise.then(
    () => (seen.state = "over"),
    () => (seen.state = "failed"),
  );
  return seen;
};

describe("a region in a queue", () => {
  test("copies there, runs and copies back in turns; it is in the table only at the call", async () => {
    const done = watched(
      lab.acc.parallel(increments(8), [clause.copy(part(0, 8))], { async: 1, gangs: 5, workers: 2 }),
    );
    expect(lab.queue().pending).toEqual(["to 8", "launch", "from 8", "callback"]);
    expect([lab.device.table.size, lab.plugin.live, lab.copied()]).toEqual([0, 2, []]);
    expect(lab.plugin.dimensions).toEqual([[5, 2, 0]]);
    part(0, 8).fill(10);
    await lab.queue().step();
    part(0, 8).fill(20);
    await lab.queue().step();
    expect([host.bytes[0], done.state]).toEqual([20, "pending"]);
    await lab.queue().step();
    expect([...part(0, 8)]).toEqual(Array(8).fill(11));
    // The block goes in its turn.
    expect([lab.plugin.live, done.state]).toEqual([1, "pending"]);
    await lab.queue().step();
    expect([lab.plugin.live, done.state, lab.plugin.stats().sessions]).toEqual([0, "over", 0]);
  });

  test("reads what an earlier item of the queue has brought back to the host", async () => {
    const { acc } = lab;
    part(0, 8).fill(1);
    void acc.parallel(increments(8), [clause.copy(part(0, 8))], { async: 1 });
    void acc.parallel(increments(8), [clause.copy(part(0, 8))], { async: 1 });
    void acc.parallel(increments(8), [clause.copy(part(0, 8))], { async: 1 });
    const wait = acc.wait(1);
    await lab.queue().run();
    await wait;
    expect([...part(0, 8)]).toEqual(Array(8).fill(4));
  });

  test("has its private copies from the call, in the session's table and in a block", async () => {
    for (const tables of ["session", "set"] as const) {
      const other = new AccLab({ tables });
      const seen: number[] = [];
      const fn = other.fn(({ word, memory, place }) => {
        seen.push(memory(word(0), 4)[0] as number, memory(word(1), 8)[7] as number);
        expect(place).toBe(tables);
      });
      const value = new Uint8Array(8).fill(5);
      const items = [clause.firstprivate(i32(3)), clause.firstprivate(value), clause.create(part(0, 8))];
      void other.acc.parallel(fn, items, { async: 0 });
      value.fill(6);
      await other.queue().run();
      expect([seen, other.plugin.live, other.device.table.size]).toEqual([[3, 5], 0, 0]);
    }
  });

  test("of which everything is there is a launch and nothing else", async () => {
    lab.acc.memory.copyin(part(0, 8));
    const before = lab.state();
    const done = lab.acc.parallel(increments(8), [clause.present(part(0, 8))], { async: 1 });
    expect([lab.queue().pending, lab.counts(host.base)]).toEqual([["launch"], [1, 1]]);
    await lab.queue().run();
    await done;
    expect([lab.state(), lab.there(host.base, 1)[0]]).toEqual([before, (host.bytes[0] as number) + 1]);
  });

  test("keeps what it uses when that is unmapped before its turn", async () => {
    lab.acc.memory.copyin(part(0, 8));
    const { live } = lab.plugin;
    const seen: number[] = [];
    const fn = lab.fn(({ word, memory }) => seen.push(memory(word(0), 8)[0] as number));
    const done = lab.acc.parallel(fn, [clause.present(part(0, 8))], { async: 1 });
    lab.acc.memory.delete(part(0, 8));
    // The session's table is there, too.
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, live + 1]);
    await lab.queue().run();
    await done;
    expect([seen, lab.plugin.live]).toEqual([[host.bytes[0]], 0]);
  });

  test("attaches and detaches around its launch", async () => {
    host.setPointer(72, host.base);
    const seen: number[] = [];
    lab.acc.memory.copyin(part(64, 24));
    const pointer = lab.onDevice(host.base + 72);
    const fn = lab.fn(({ word }) => seen.push(lab.plugin.pointerAt(pointer), word(0)));
    const done = lab.acc.parallel(fn, [clause.copy(part(0, 8)), clause.attach(part(72, 8))], { async: 1 });
    expect(lab.queue().pending).toEqual(["to 8", "to 8", "launch", "to 8", "from 8", "callback"]);
    await lab.queue().run();
    await done;
    expect([seen[0], lab.plugin.pointerAt(pointer)]).toEqual([seen[1], host.base]);
    expect(lab.attached(host.base + 72)).toBe(0);
  });

  test("that is refused leaves nothing in the queue", async () => {
    lab.acc.memory.copyin(part(0, 8));
    lab.copied();
    const before = lab.state();
    const items = [
      host.item(MAP.ALWAYS_TO, 0, 8),
      clause.copy(part(64, 8)),
      host.item(MAP.ATTACH, 64, 0),
      clause.present(part(256, 8)),
    ];
    host.setPointer(64, host.base);
    expect(await refused(() => lab.acc.parallel(increments(8), items, { async: 1 }))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect([lab.state(), lab.queue().pending, lab.copied()]).toEqual([before, [], []]);
    const cannot = lab.plugin.fn("cannot run", () => {});
    expect(await refused(() => lab.acc.parallel(cannot, [], { async: 1 }))).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
  });

  test("that fails copies nothing back, is unmapped, and is told by its promise and by the queue's wait", async () => {
    const { acc } = lab;
    const fails = lab.fn(({ word, memory }) => {
      memory(word(0), 8).fill(9);
      throw new Error("the region fails");
    });
    part(0, 16).fill(1);
    const failing = acc.parallel(fails, [clause.copy(part(0, 8))], { async: 1 });
    const behind = acc.parallel(increments(8), [clause.copy(part(8, 8))], { async: 1 });
    await lab.queue().run();
    await expect(failing).rejects.toThrow("the region fails");
    await behind;
    expect([...part(0, 16)]).toEqual([...Array(8).fill(1), ...Array(8).fill(2)]);
    expect([lab.device.table.size, lab.plugin.live, lab.plugin.stats().sessions]).toEqual([0, 0, 0]);
    expect(acc.queues.test(1)).toBe(true);
    await expect(acc.wait(1)).rejects.toThrow("the region fails");
    await acc.wait(1);
  });

  test("that fails and is not awaited is no unhandled rejection", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", note);
    const fails = lab.fn(() => {
      throw new Error("the region fails");
    });
    void lab.acc.parallel(fails, [clause.copy(part(0, 8))], { async: 1 });
    void lab.acc.parallel(fails, [], { async: 1, wait: 2 });
    void lab.acc.wait(1, { async: 2 });
    await lab.queue().run();
    await settled();
    await settled();
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  test("whose table is set into a block gives that back after the launch", async () => {
    const other = new AccLab({ tables: "set" });
    const done = other.acc.parallel(other.fn(), [clause.create(part(0, 8))], { async: 1 });
    expect([other.queue().pending, other.plugin.live]).toEqual([["to 8", "launch"], 1]);
    await other.queue().run();
    await done;
    expect(other.plugin.live).toBe(0);
  });
});

describe("data in queues", () => {
  test("enter data is in the table at the call, and copied in its turn; exit data the same", async () => {
    const { acc } = lab;
    const entered = watched(acc.enterData([clause.copyin(part(0, 8)), clause.create(part(8, 8))], { async: 4 }));
    expect([lab.counts(host.base), lab.counts(host.base + 8), lab.copied()]).toEqual([[1, 1], [1, 1], []]);
    expect(lab.queue().pending).toEqual(["to 8", "callback"]);
    void acc.parallel(increments(8), [clause.present(part(0, 8))], { async: 4 });
    const left = watched(acc.exitData([clause.copyout(part(0, 8)), clause.delete(part(8, 8))], { async: 4 }));
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 3]);
    part(0, 8).fill(40);
    await lab.queue().step();
    await lab.queue().step();
    expect([entered.state, left.state]).toEqual(["over", "pending"]);
    await lab.queue().run();
    expect([host.bytes[0], lab.plugin.live, left.state]).toEqual([41, 0, "over"]);
  });

  test("what is deleted at once stays until the copy to it is over", async () => {
    void lab.acc.memory.copyinAsync(part(0, 8), 1);
    lab.acc.memory.delete(part(0, 8));
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 1]);
    await lab.queue().run();
    expect([lab.plugin.live, lab.copied().length]).toEqual([0, 1]);
    await lab.acc.wait();
  });

  test("updates, copies and attachments have their turns", async () => {
    const { memory } = lab.acc;
    host.setPointer(72, host.base);
    memory.copyin(part(0, 8));
    memory.copyin(part(64, 24));
    const own = memory.malloc(8);
    lab.copied();
    const copies = [
      memory.updateDeviceAsync(part(0, 8), 1),
      memory.updateSelfAsync(part(80, 4), 1),
      memory.memcpyToDeviceAsync(own, part(0, 8), 1),
      memory.memcpyFromDeviceAsync(part(128, 8), own, 1),
      memory.attachAsync(part(72, 8), 1),
      memory.detachAsync(part(72, 8), 1),
      memory.attachAsync(part(72, 8), 1),
      memory.detachFinalizeAsync(part(72, 8), 1),
      memory.createAsync(part(256, 8), 1),
      memory.copyoutAsync(part(256, 8), 1),
      memory.createAsync(part(256, 8), 1),
      memory.copyoutFinalizeAsync(part(256, 8), 1),
      memory.createAsync(part(256, 8), 1),
      memory.deleteAsync(part(256, 8), 1),
      memory.createAsync(part(256, 8), 1),
      memory.deleteFinalizeAsync(part(256, 8), 1),
    ];
    expect(lab.queue().pending.filter((what) => what !== "callback")).toEqual([
      "to 8",
      "from 4",
      "to 8",
      "from 8",
      "to 8",
      "to 8",
      "to 8",
      "to 8",
      "from 8",
      "from 8",
    ]);
    expect(lab.copied()).toEqual([]);
    part(0, 8).fill(77);
    // The pointer is the one of the calls.
    host.setPointer(72, 12345);
    await lab.queue().run();
    await Promise.all(copies);
    expect([lab.there(host.base, 1)[0], host.bytes[128]]).toEqual([77, 77]);
    expect(lab.plugin.pointerAt(lab.onDevice(host.base + 72))).toBe(host.base);
    expect(lab.plugin.live).toBe(3);
  });

  test("what cannot be copied out is unmapped all the same", async () => {
    await lab.acc.enterData([clause.copyin(part(0, 8)), clause.copyin(part(8, 8))]);
    const [range] = [...lab.device.table];
    const fails = lab.acc.exitData([clause.copyout(part(0, 8)), clause.copyout(part(8, 8))], { async: 1 });
    lab.plugin.failing = { from: true };
    await lab.queue().run();
    await expect(fails).rejects.toThrow("the copy from the device fails");
    await expect(lab.acc.wait(1)).rejects.toThrow("the copy from the device fails");
    expect([range?.alive, lab.plugin.live]).toEqual([false, 0]);
  });

  test("what cannot be copied to the device is told by its construct; its results are nobody's", async () => {
    const { acc } = lab;
    lab.plugin.failing = { to: true };
    const entered = acc.enterData([clause.copyin(part(0, 8))], { async: 1 });
    const ran = acc.parallel(increments(8), [clause.copy(part(64, 8))], { async: 1 });
    const before = [...part(64, 8)];
    await lab.queue().run();
    for (const construct of [entered, ran, acc.wait(1)]) {
      await expect(construct).rejects.toThrow("the copy to the device fails");
    }
    expect([...part(64, 8)]).toEqual(before);
    lab.plugin.failing = {};
    await acc.exitData([clause.delete(part(0, 8))]);
    expect([lab.device.table.size, lab.plugin.live, lab.plugin.stats().sessions]).toEqual([0, 0, 0]);
  });

  test("in no queue (ASYNC.SYNC) they are over when they return", async () => {
    void lab.acc.memory.copyinAsync(part(0, 8), ASYNC.SYNC);
    void lab.acc.enterData([clause.copyin(part(8, 8))], { async: ASYNC.SYNC });
    expect([lab.copied().length, lab.plugin.queues.length]).toEqual([2, 0]);
  });

  test("a buffer with a turn before it is not transferred away", async () => {
    const own = lab.acc.memory.malloc(8);
    const bytes = new Uint8Array(8).fill(3);
    const done = lab.acc.memory.memcpyToDeviceAsync(own, bytes, 1);
    try {
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] }); // Node 20 copies, later ones throw
    } catch {}
    expect(bytes.length).toBe(8);
    await lab.queue().run();
    await done;
    expect(lab.plugin.at(own, 8)[0]).toBe(3);
  });
});

describe("queues and their numbers", () => {
  test("are made on demand, one for each number and one for none", async () => {
    const { acc } = lab;
    const { queues } = lab.plugin;
    expect([acc.queues.test(3), acc.queues.testAll(), queues.length]).toEqual([true, true, 0]);
    await acc.wait(3);
    await acc.wait();
    await acc.wait(3, { async: 4 });
    expect(queues.length).toBe(0);
    for (const async of [3, 3, 0, ASYNC.NOVAL, ASYNC.NOVAL, 1000]) void acc.parallel(lab.fn(), [], { async });
    expect(queues.map(({ turns }) => turns.length)).toEqual([2, 1, 2, 1]);
    expect([acc.queues.test(3), acc.queues.testAll()]).toEqual([false, false]);
    for (const queue of queues) await queue.run();
    expect([acc.queues.test(3), acc.queues.testAll()]).toEqual([true, true]);
  });

  test("other numbers are refused", async () => {
    const { acc } = lab;
    for (const async of [-3, 0.5, Number.NaN, 2 ** 60, "1" as unknown as number]) {
      expect(await refused(() => acc.parallel(lab.fn(), [], { async }))).toBe("ERR_OFFLOAD_QUEUE");
      expect(await refused(() => acc.wait(async))).toBe("ERR_OFFLOAD_QUEUE");
      const enter = (options: AsyncOptions) => acc.enterData([clause.copyin(part(0, 8))], options);
      expect(await refused(() => enter({ wait: [async] }))).toBe("ERR_OFFLOAD_QUEUE");
      expect(await refused(() => enter({ async: 1, wait: [0, async] }))).toBe("ERR_OFFLOAD_QUEUE");
      expect(await refused(() => acc.wait([0, async], { async: 1 }))).toBe("ERR_OFFLOAD_QUEUE");
      for (const waits of [undefined, [], 0, [0, ASYNC.NOVAL]]) {
        expect(await refused(() => acc.wait(waits, { async }))).toBe("ERR_OFFLOAD_QUEUE");
      }
      expect(refusal(() => acc.data([], { async }))).toBe("ERR_OFFLOAD_QUEUE");
      expect(refusal(() => acc.data([clause.copyin(part(0, 8))], { async: 1, wait: async }))).toBe("ERR_OFFLOAD_QUEUE");
      const sets = () => {
        acc.queues.defaultAsync = async;
      };
      expect(refusal(sets)).toBe("ERR_OFFLOAD_QUEUE");
    }
    for (const wait of [null, "12", {}, true] as never[]) {
      expect(await refused(() => acc.parallel(lab.fn(), [], { wait }))).toBe("ERR_OFFLOAD_QUEUE");
      expect(await refused(() => acc.wait(wait))).toBe("ERR_OFFLOAD_QUEUE");
    }
    expect([lab.plugin.queues, lab.device.table.size]).toEqual([[], 0]);
  });

  test("NOVAL is the default queue, one that no number has at first; in a wait clause it is all of them", async () => {
    const { acc } = lab;
    const { queues } = acc;
    const launch = (async: number) => void acc.parallel(lab.fn(), [], { async });
    expect(queues.defaultAsync).toBe(ASYNC.NOVAL);
    launch(ASYNC.NOVAL);
    queues.defaultAsync = 7;
    launch(ASYNC.NOVAL);
    launch(7);
    void acc.memory.copyinAsync(part(0, 8), ASYNC.NOVAL);
    expect(lab.plugin.queues.map(({ turns }) => turns.length)).toEqual([1, 4]);
    // What has been put into the other is still seen by whoever asks for all.
    await lab.queue(1).run();
    expect([queues.test(ASYNC.NOVAL), queues.test(7), queues.testAll()]).toEqual([true, true, false]);
    await acc.queues.wait(ASYNC.NOVAL);
    const all = watched(acc.wait(ASYNC.NOVAL));
    const every = watched(acc.wait());
    await settled();
    expect([all.state, every.state]).toEqual(["pending", "pending"]);
    await lab.queue(0).run();
    await settled();
    expect([all.state, every.state]).toEqual(["over", "over"]);
    queues.defaultAsync = ASYNC.SYNC;
    acc.memory.delete(part(0, 8));
    void acc.enterData([clause.copyin(part(0, 8))], { async: ASYNC.NOVAL });
    expect([lab.copied().length > 0, lab.plugin.queues.length, queues.test(ASYNC.NOVAL)]).toEqual([true, 2, true]);
    queues.defaultAsync = ASYNC.NOVAL;
    launch(ASYNC.NOVAL);
    expect(lab.queue(0).pending).toEqual(["launch"]);
    await lab.queue(0).run();
    acc.memory.delete(part(0, 8));
  });

  test("wait: for some, for all, and queues for each other", async () => {
    const { acc } = lab;
    for (const async of [0, 1, 2]) void acc.parallel(lab.fn(), [], { async });
    const [some, all] = [watched(acc.wait([0, 1])), watched(acc.wait())];
    await acc.wait(0, { async: 1 });
    await acc.wait([0, 1], { async: 0 });
    await acc.wait(undefined, { async: 2 });
    await acc.wait(ASYNC.NOVAL, { async: 0 });
    expect(lab.plugin.serialized).toEqual([
      [0, 1],
      [1, 0],
      [0, 2],
      [1, 2],
      [1, 0],
      [2, 0],
    ]);
    await lab.queue(0).run();
    await settled();
    expect([some.state, all.state]).toEqual(["pending", "pending"]);
    await lab.queue(1).run();
    await settled();
    expect([some.state, all.state]).toEqual(["over", "pending"]);
    await lab.queue(2).run();
    await settled();
    expect(all.state).toBe("over");
  });

  test("wait clauses: a queue waits for others before its work; without a queue the construct itself waits", async () => {
    const { acc } = lab;
    void acc.parallel(lab.fn(), [], { async: 1 });
    void acc.parallel(lab.fn(), [], { async: 2, wait: 1 });
    void acc.update([], { async: 3, wait: [1, 2] });
    expect(lab.plugin.serialized).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
    const entered = acc.enterData([clause.copyin(part(0, 8))], { wait: 1 });
    const ran = watched(acc.parallel(increments(8), [clause.copy(part(0, 8))], { wait: [1, 2] }));
    await settled();
    expect([lab.device.table.size, ran.state]).toEqual([0, "pending"]);
    await lab.queue(0).run();
    await entered;
    expect([lab.counts(host.base), ran.state]).toEqual([[1, 1], "pending"]);
    await lab.queue(1).run();
    await settled();
    expect([ran.state, lab.there(host.base, 1)[0]]).toEqual(["over", (host.bytes[0] as number) + 1]);
  });

  test("waiting for all tells the first failure, once all are over", async () => {
    const { acc } = lab;
    const fails = lab.fn(() => {
      throw new Error("the region fails");
    });
    void acc.parallel(fails, [], { async: 1 });
    void acc.parallel(lab.fn(), [], { async: 2 });
    const all = acc.wait();
    const seen = watched(all);
    await lab.queue(0).run();
    await settled();
    expect(seen.state).toBe("pending");
    await lab.queue(1).run();
    await expect(all).rejects.toThrow("the region fails");
  });

  test("disposal waits for them all, and they are nobody's afterwards", async () => {
    const { acc } = lab;
    void acc.parallel(increments(8), [clause.copy(part(0, 8))], { async: 1 });
    part(0, 8).fill(1);
    await acc[Symbol.asyncDispose]();
    expect([host.bytes[0], lab.queue().destructed]).toEqual([2, true]);
    expect(await refused(() => acc.parallel(lab.fn(), [], { async: 1 }))).toBe("ERR_OFFLOAD_DISPOSED");
    expect(await refused(() => acc.wait())).toBe("not refused");
    acc.parallelSync(increments(8), [clause.copy(part(0, 8))]);
    expect(host.bytes[0]).toBe(3);
    await acc[Symbol.asyncDispose]();
  });
});

test("disposal a second time waits as long as the first", async () => {
  const { acc } = lab;
  void acc.parallel(lab.fn(), [], { async: 1 });
  const first = watched(acc[Symbol.asyncDispose]());
  const second = watched(acc[Symbol.asyncDispose]());
  await acc[Symbol.asyncDispose]();
  expect([first.state, second.state, lab.queue().pending]).toEqual(["over", "over", []]);
  expect(refusal(() => acc.data([], { async: 1 }))).toBe("ERR_OFFLOAD_DISPOSED");
});

test("a region that has to wait has its private copies from the call", async () => {
  const { acc } = lab;
  void acc.parallel(lab.fn(), [], { async: 1 });
  const seen: number[] = [];
  const value = new Uint8Array(4).fill(5);
  const fn = lab.fn(({ word, memory }) => seen.push(memory(word(0), 4)[3] as number));
  const done = acc.parallel(fn, [clause.firstprivate(value)], { wait: 1 });
  value.fill(6);
  await lab.queue().run();
  await done;
  expect(seen).toEqual([5]);
});

describe("a region in no queue", () => {
  test("is over when it returns, with the dimensions that are asked for", async () => {
    const { acc } = lab;
    part(0, 8).fill(1);
    const done = acc.parallel(increments(8), [clause.copy(part(0, 8))], { gangs: 3, vectorLength: 64 });
    expect([host.bytes[0], lab.plugin.dimensions]).toEqual([2, [[3, 0, 64]]]);
    await done;
    acc.parallelSync(increments(8), [clause.copy(part(0, 8))]);
    expect([host.bytes[0], lab.device.table.size, lab.plugin.live]).toEqual([3, 0, 0]);
  });

  test("that fails copies nothing back", async () => {
    const fails = lab.fn(({ word, memory }) => {
      memory(word(0), 8).fill(9);
      throw new Error("the region fails");
    });
    part(0, 8).fill(1);
    await expect(lab.acc.parallel(fails, [clause.copy(part(0, 8))])).rejects.toThrow("the region fails");
    expect([host.bytes[0], lab.device.table.size, lab.plugin.live]).toEqual([1, 0, 0]);
  });

  test("has private copies of what has a size", () => {
    expect(refusal(() => clause.firstprivate(3 as never))).toBe("ERR_OFFLOAD_MAP_KIND");
  });

  test("is refused with options that are none", async () => {
    expect(await refused(() => lab.acc.parallel(lab.fn(), [], { gang: 3 } as object))).toBe("ERR_INVALID_ARG_VALUE");
    expect(await refused(() => lab.acc.parallel(lab.fn(), [], { gangs: -1 }))).toBe("ERR_OUT_OF_RANGE");
  });
});
