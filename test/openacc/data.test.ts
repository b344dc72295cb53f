/** Data regions whose beginning and end are in a queue, on a device of buffers whose queues' turns the tests make. */
import { beforeEach, describe, expect, test } from "vitest";
import { ASYNC, clause } from "../../lib/openacc/index.js";
import { MAP, targetExitData } from "../../lib/target/index.js";
import { AccLab, Host, refusal, refused, settled } from "./fixture.js";

let lab: AccLab;
let host: Host;
beforeEach(() => {
  lab = new AccLab();
  host = new Host(256);
});
const part = (offset: number, bytes: number): Uint8Array => host.bytes.subarray(offset, offset + bytes);
const nines = () => lab.fn(({ word, memory }) => memory(word(0), 8).fill(9));

describe("a data region in a queue", () => {
  test("is in the table from its beginning to its end, and copied in turns", async () => {
    const { acc } = lab;
    const region = acc.data([clause.copy(part(0, 8)), clause.create(part(8, 8))], { async: 2 });
    expect(region.addresses).toEqual([lab.onDevice(host.base), lab.onDevice(host.base + 8)]);
    expect([lab.copied(), lab.queue().pending]).toEqual([[], ["to 8", "callback"]]);
    void acc.parallel(nines(), [clause.present(part(0, 8))], { async: 2 });
    let over = false;
    const end = region.end().then(() => {
      over = true;
    });
    expect([region.ended, lab.device.table.size, lab.plugin.live]).toEqual([true, 0, 2]);
    await lab.queue().step();
    await lab.queue().step();
    await region.begun;
    expect([host.bytes[0], over]).toEqual([101, false]);
    await lab.queue().run();
    await end;
    expect([[...part(0, 8)], lab.plugin.live]).toEqual([Array(8).fill(9), 0]);
  });

  test("ends where its scope does, when what it has copied back is there", async () => {
    const turns = () => lab.queue().run();
    {
      await using region = lab.acc.data([clause.copyout(part(0, 8))], { async: ASYNC.NOVAL });
      void lab.acc.parallel(nines(), [clause.present(part(0, 8))], { async: ASYNC.NOVAL });
      setImmediate(turns);
      expect(region.ended).toBe(false);
    }
    expect([host.bytes[7], lab.plugin.live]).toEqual([9, 0]);
    const region = lab.acc.data([clause.copyout(part(0, 8))], { async: 1 });
    void region.end();
    setImmediate(() => lab.queue(1).run());
    await region[Symbol.asyncDispose]();
    expect(lab.queue(1).pending).toEqual([]);
    expect(await refused(() => region.end())).toBe("ERR_OFFLOAD_DISPOSED");
  });

  test("waits for other queues first", async () => {
    const { acc } = lab;
    void acc.parallel(lab.fn(), [], { async: 1 });
    const region = acc.data([clause.copyin(part(0, 8))], { async: 2, wait: 1 });
    expect(lab.plugin.serialized).toEqual([[0, 1]]);
    void region.end();
    for (const wait of [1, [], ASYNC.NOVAL]) {
      expect(refusal(() => acc.data([], { wait } as never))).toBe("ERR_OFFLOAD_QUEUE");
    }
    expect(refusal(() => acc.data([], { async: ASYNC.SYNC, wait: 1 }))).toBe("ERR_OFFLOAD_QUEUE");
    for (const queue of lab.plugin.queues) await queue.run();
  });

  test("without a queue (ASYNC.SYNC) is over at once", async () => {
    const region = lab.acc.data([clause.copy(part(0, 8))], { async: ASYNC.SYNC });
    expect([lab.copied().length, lab.plugin.queues.length]).toEqual([1, 0]);
    lab.there(host.base, 8).fill(9);
    void region.end();
    expect([host.bytes[0], lab.plugin.live]).toEqual([9, 0]);
    await region[Symbol.asyncDispose]();
  });

  test("that is refused leaves nothing, in the table or in the queue", () => {
    lab.acc.memory.copyin(part(0, 8));
    const before = lab.state();
    const items = [clause.copyin(part(64, 8)), clause.present(part(128, 8))];
    expect(refusal(() => lab.acc.data(items, { async: 1 }))).toBe("ERR_OFFLOAD_NOT_MAPPED");
    expect([lab.state(), lab.queue().pending]).toEqual([before, []]);
  });

  test("what it copies to is there until then, whoever takes it away", async () => {
    lab.acc.memory.copyin(part(0, 8));
    void lab.acc.parallel(lab.fn(), [], { async: 1 });
    const region = lab.acc.data([host.item(MAP.ALWAYS_TO, 0, 8)], { async: 1 });
    lab.copied();
    targetExitData(lab.device, [host.item(MAP.DELETE, 0, 8)]);
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 1]);
    await lab.queue().run();
    await region.begun;
    expect([lab.copied().length, lab.plugin.live]).toEqual([1, 0]);
    void region.end();
    await lab.queue().run();
    expect(lab.plugin.live).toBe(0);
  });

  test("counts with dynamic lifetimes as other regions do", async () => {
    const { acc } = lab;
    const region = acc.data([clause.copy(part(0, 8))], { async: 1 });
    void acc.enterData([clause.create(part(0, 8))], { async: 1 });
    void region.end();
    expect(lab.counts(host.base)).toEqual([1, 1]);
    void acc.exitData([clause.delete(part(0, 8))], { async: 1 });
    await lab.queue().run();
    expect([lab.device.table.size, lab.plugin.live, host.bytes[0]]).toEqual([0, 0, 101]);
  });

  test("whose copy back fails is told by its end, and by the queue's wait; it has ended all the same", async () => {
    const region = lab.acc.data([clause.copy(part(0, 8))], { async: 1 });
    lab.plugin.failing = { from: true };
    const end = region.end();
    await lab.queue().run();
    await expect(end).rejects.toThrow("the copy from the device fails");
    await expect(lab.acc.wait(1)).rejects.toThrow("the copy from the device fails");
    expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 0]);
  });

  test("whose queues have been disposed does not end there", async () => {
    const region = lab.acc.data([clause.copy(part(0, 8))], { async: 1 });
    await lab.acc[Symbol.asyncDispose]();
    expect(await refused(() => region.end())).toBe("ERR_OFFLOAD_DISPOSED");
    expect([region.ended, lab.counts(host.base)]).toEqual([false, [1, 0]]);
    await settled();
  });
});
