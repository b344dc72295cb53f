/** When device memory runs out: an error that says so, after what launches have left behind was given up, and a plugin that goes on. */
import { expect, test, vi } from "vitest";

/** Of the software GPU, which reads its size when the runtime opens it. */
const MEGABYTES = 96;
const MEGABYTE = 2 ** 20;
vi.hoisted(() => {
  process.env.GCN_SOFTGPU_MEMORY_MB = "96";
  // A C plugin reads it there, and makes a heap for each image.
  process.env.GCN_HEAP_SIZE = `${4 * 2 ** 20}`;
});

import { OffloadError } from "../../../lib/errors.js";
import type { Session } from "../../../lib/plugin/session.js";
import { GPU, openTested, testBut } from "../under-test.js";
import { Bench, codeOf, failureOf } from "./fixture.js";

const bench = new Bench(openTested(`software:${GPU}`));
const { plugin } = bench;

/** Everything that can be had in pieces of so many bytes. */
function exhaust(bytes: number): number[] {
  const addresses: number[] = [];
  for (;;) {
    try {
      addresses.push(plugin.alloc(0, bytes));
    } catch (error) {
      expect((error as OffloadError).code).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
      return addresses;
    }
  }
}
function works(): void {
  const out = bench.zeros(4);
  bench.write(out, 3);
  bench.run("copy_table", [out, 5, 6]);
  expect(bench.read(out, 4)).toEqual([3, out, 5, 6]);
  plugin.free(0, out);
}

test("an allocation that cannot be had is refused with its size, and others are made", async () => {
  const before = plugin.stats().bytes;
  for (const bytes of [1024 * MEGABYTE, 2 ** 40, 2 ** 47, Number.MAX_SAFE_INTEGER]) {
    const error = await failureOf(() => plugin.alloc(0, bytes));
    expect(error).toBeInstanceOf(OffloadError);
    expect(error.code).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
    expect(error.message).toContain(`device 0 (${GPU}, software)`);
  }
  expect(plugin.stats().bytes).toBe(before);
  works();
});

testBut("own blocks", "free argument blocks are given up before an allocation fails", async () => {
  const flag = bench.zeros(2);
  // 40 launches at once leave some ten megabytes of blocks behind.
  const under = Array.from({ length: 40 }, () => bench.launch("wait_for_flag", [flag, flag + 8]));
  bench.write(flag, 1);
  await Promise.all(under);
  const { cacheBytes } = plugin.stats();
  expect(cacheBytes).toBeGreaterThan(10 * MEGABYTE);
  const taken = exhaust(MEGABYTE);
  expect(plugin.stats().cacheBytes).toBe(0);
  // More than there would have been beside the blocks.
  expect(taken.length).toBeGreaterThan(MEGABYTES - 10);
  for (const address of taken) plugin.free(0, address);
  plugin.free(0, flag);
  works();
});

testBut(
  "ends the process",
  "without memory for a block a session is refused and ends, and so does a launch without a table",
  async () => {
    bench.run("nothing", [1]);
    const taken = [...exhaust(MEGABYTE), ...exhaust(4096)];
    // What the runtime itself had put aside goes to sessions.
    const sessions: Session[] = [];
    for (let refused = false; !refused; ) {
      const session = plugin.newSession();
      plugin.sessionStart(session, 0);
      try {
        plugin.sessionAllocateTargetVarTable?.(session, 1);
        sessions.push(session);
      } catch (error) {
        expect((error as OffloadError).code).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
        expect(session.state).toBe("idle");
        refused = true;
      }
    }
    for (const words of [[1], []]) {
      expect(await codeOf(() => bench.run("nothing", words))).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
      expect(await codeOf(() => bench.launch("nothing", words))).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
    }
    expect(plugin.stats().sessions).toBe(sessions.length);
    for (const session of sessions) plugin.sessionAbandon(session);
    for (const address of taken) plugin.free(0, address);
    works();
    await bench.launch("nothing", [1]);
    expect(plugin.stats().sessions).toBe(0);
    const { bytes, cacheBytes } = plugin.stats();
    expect(bytes).toBe(cacheBytes);
  },
);

test("a table that no memory could hold is refused, and its session ends", async () => {
  for (const [count, code] of [
    [2 ** 30, "ERR_OFFLOAD_OUT_OF_MEMORY"],
    [2 ** 40, "ERR_OFFLOAD_OUT_OF_MEMORY"],
    [Number.MAX_SAFE_INTEGER, "ERR_OUT_OF_RANGE"],
  ] as const) {
    const session = plugin.newSession();
    plugin.sessionStart(session, 0);
    expect(await codeOf(() => plugin.sessionAllocateTargetVarTable?.(session, count))).toBe(code);
    expect(session.state).toBe("idle");
  }
  works();
});
