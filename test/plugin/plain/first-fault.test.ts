/**
 * The first memory fault in the life of a process: ROCr reports it for the device, and not for the queue whose kernel it was, so that
 * every queue of the device learns of it. One test, since there is one such fault.
 */
import { expect } from "vitest";
import { openTested, testBut } from "../under-test.js";
import { Bench, failureOf } from "./fixture.js";

const plugin = openTested();
const bench = new Bench(plugin);

testBut("goes on after a fault", "it fails the launch that made it, and no later one on any queue", async () => {
  const log = bench.zeros(10);
  const one = plugin.asyncConstruct(0);
  const idle = plugin.asyncConstruct(0);
  // Every queue is there before.
  bench.run("append", [log, 1, 0]);
  await bench.launch("append", [log, 2, 0]);
  await bench.enqueue(idle, "append", [log, 3, 0]);
  const failed = await failureOf(() => bench.enqueue(one, "write_to", [0x7000_0000_0000, 1]));
  expect(failed).toMatchObject({ code: "ERR_OFFLOAD_MEMORY_FAULT", kernel: "write_to" });
  bench.run("append", [log, 4, 0]);
  await bench.launch("append", [log, 5, 0]);
  await bench.enqueue(idle, "append", [log, 6, 0]);
  await bench.enqueue(one, "append", [log, 7, 0]);
  expect(bench.read(log, 8)).toEqual([7, 1, 2, 3, 4, 5, 6, 7]);
  expect(await failureOf(() => plugin.asyncSynchronize(one))).toBe(failed);
  await plugin.asyncSynchronize(idle);
  plugin.free(0, log);
});
