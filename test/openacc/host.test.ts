/** Regions that the host executes: `if` and `self` clauses, and functions that the device has not. */
import { beforeEach, describe, expect, test } from "vitest";
import { f32, i32 } from "../../lib/index.js";
import { HostFunctions } from "../../lib/openacc/host.js";
import { ASYNC, clause, OpenAcc, type ParallelOptions } from "../../lib/openacc/index.js";
import { AccLab, Host, refusal, refused } from "./fixture.js";

let lab: AccLab;
let host: Host;
/** Has a host's function of the device's function, and one of its own. */
let acc: OpenAcc;
let where: string[];
const fallback = {
  test: ([bytes]: readonly unknown[]) => {
    where.push("host");
    (bytes as Uint8Array | undefined)?.fill(7);
  },
  mine: (variables: readonly unknown[]) => {
    where.push(...variables.map(String));
    for (const variable of variables) if (variable instanceof Uint8Array) variable.fill(0);
  },
};
beforeEach(() => {
  lab = new AccLab();
  host = new Host(256);
  where = [];
  const fn = lab.fn(({ word, memory }) => {
    where.push("device");
    memory(word(0), 8).fill(9);
  });
  acc = new OpenAcc(lab.device, { functions: [fn], fallback });
});
const part = (offset: number, bytes: number): Uint8Array => host.bytes.subarray(offset, offset + bytes);

test.each<[string, ParallelOptions, boolean]>([
  ["nothing said", {}, false],
  ["if: true", { if: true }, false],
  ["if: false", { if: false }, true],
  ["self: true", { self: true }, true],
  ["self: false", { self: false }, false],
  ["if: true, self: true", { if: true, self: true }, true],
  ["if: false, self: false", { if: false, self: false }, true],
])("%s", async (_what, options, isHosts) => {
  await acc.parallel("test", [clause.copy(part(0, 8))], options);
  acc.parallelSync("test", [clause.copy(part(8, 8))], options);
  const later = acc.parallel("test", [clause.copy(part(16, 8))], { ...options, async: 1 });
  expect(where).toEqual(Array(2).fill(isHosts ? "host" : "device"));
  await lab.queue().run();
  await later;
  expect(where).toEqual(Array(3).fill(isHosts ? "host" : "device"));
  expect([...part(0, 24)]).toEqual(Array(24).fill(isHosts ? 7 : 9));
  expect(lab.copied().length).toBe(isHosts ? 0 : 6);
  expect([lab.device.table.size, lab.plugin.live, lab.plugin.stats().sessions]).toEqual([0, 0, 0]);
});

test("the host's turn in a queue is behind what the queue has brought back, and before what it copies then", async () => {
  acc.memory.copyin(part(0, 8));
  void acc.parallel("test", [clause.present(part(0, 8))], { async: 1 });
  void acc.update([clause.self(part(0, 8))], { async: 1 });
  void acc.parallel("mine", [clause.copy(part(0, 8))], { async: 1, if: false });
  void acc.update([clause.device(part(0, 8))], { async: 1 });
  const over = acc.wait(1);
  expect(host.bytes[0]).toBe(101);
  await lab.queue().run();
  await over;
  expect(where).toEqual(["device", "9,9,9,9,9,9,9,9"]);
  expect([host.bytes[0], lab.there(host.base, 1)[0]]).toEqual([0, 0]);
});

test("it waits, as a region of the device's does", async () => {
  void acc.parallel("test", [clause.copy(part(0, 8))], { async: 1 });
  void acc.parallel("test", [clause.copy(part(0, 8))], { async: 2, wait: 1, self: true });
  expect(lab.plugin.serialized).toEqual([[0, 1]]);
  const done = acc.parallel("test", [clause.copy(part(0, 8))], { wait: [1, 2], if: false });
  await lab.queue(0).run();
  expect(where).toEqual(["device"]);
  await lab.queue(1).run();
  await done;
  expect(where).toEqual(["device", "host", "host"]);
});

test("its private copies are its own, and of the call; numbers are numbers", async () => {
  const bytes = part(0, 4);
  const floats = Float32Array.of(1.5);
  const view = new DataView(new ArrayBuffer(2));
  const items = () => [
    clause.firstprivate(i32(-3)),
    clause.firstprivate(f32(0.25)),
    clause.firstprivate(bytes),
    clause.firstprivate(Buffer.from([1, 2])),
    clause.firstprivate(floats),
    clause.firstprivate(view),
    clause.firstprivate(floats.buffer),
  ];
  const expected = ["-3", "0.25", "101,138,175,212", "1,2", "1.5", "[object DataView]", "[object ArrayBuffer]"];
  acc.parallelSync("mine", items(), { self: true });
  const later = acc.parallel("mine", items(), { async: 1, self: true });
  bytes.fill(1);
  floats.fill(1);
  await lab.queue().run();
  await later;
  expect(where).toEqual([...expected, ...expected]);
  expect([bytes[0], floats[0]]).toEqual([1, 1]);
});

test("a function that the device has not, or cannot run, is the host's; one that nobody has is refused by its name", async () => {
  const cannot = lab.plugin.fn("cannot run", () => {});
  const other = new OpenAcc(lab.device, {
    functions: [cannot],
    fallback: { ...fallback, "cannot run": fallback.mine },
  });
  other.parallelSync("cannot run", [clause.firstprivate(i32(1))]);
  other.parallelSync("mine", [clause.firstprivate(i32(2))]);
  expect([where, other.functions]).toEqual([["1", "2"], ["cannot run"]]);
  await expect(acc.parallel("tests", [])).rejects.toThrow(/no function "tests".*did you mean "test"/);
  await expect(acc.parallel("tests", [], { if: false })).rejects.toThrow(/of the host's.*did you mean "test"/);
  const without = new OpenAcc(lab.device, { functions: [lab.fn(), cannot] });
  expect(refusal(() => without.parallelSync("test", [], { self: true }))).toBe("ERR_OFFLOAD_UNKNOWN_KERNEL");
  expect(() => without.parallelSync("cannot run", [])).toThrow(/function cannot run cannot run on device 0/);
  for (const fn of [5, null, undefined, {}] as never[]) {
    expect(await refused(() => acc.parallel(fn, []))).toBe("ERR_INVALID_ARG_TYPE");
  }
  expect(await refused(() => acc.parallel("test", [], { if: 0 as never }))).toBe("ERR_INVALID_ARG_TYPE");
  expect(await refused(() => acc.parallel("test", [clause.copy(part(0, 8))], { self: "no" as never }))).toBe(
    "ERR_INVALID_ARG_TYPE",
  );
});

test("what it throws is told: at once, by its promise, and by the queue's wait", async () => {
  const throws = () => {
    throw new Error("the host's region fails");
  };
  const failing = new OpenAcc(lab.device, { fallback: { throws } });
  expect(() => failing.parallelSync("throws", [])).toThrow("the host's region fails");
  const later = failing.parallel("throws", [], { async: 1 });
  void failing.parallel("throws", [], { async: 1 });
  await lab.queue().run();
  await expect(later).rejects.toThrow("the host's region fails");
  await expect(failing.wait(1)).rejects.toThrow("the host's region fails");
  await failing.wait(1);
});

describe("data constructs with if: false", () => {
  test("map, copy, count and wait for nothing", async () => {
    void acc.parallel("test", [clause.copy(part(0, 8))], { async: 1 });
    acc.memory.copyin(part(0, 8));
    lab.copied();
    const before = lab.state();
    const never = { if: false, wait: 1 } as const;
    await acc.enterData([clause.copyin(part(0, 8)), clause.copyin(part(8, 8))], never);
    await acc.update([clause.self(part(0, 8)), clause.self(part(64, 8))], never);
    await acc.exitData([clause.copyout(part(0, 8))], { ...never, finalize: true });
    await acc.wait(1, { if: false });
    {
      using region = acc.data([clause.copy(part(0, 8)), clause.create(part(64, 8))], { if: false });
      using own = acc.hostData([clause.useDevice(part(0, 8))], { if: false });
      await using queued = acc.data([clause.copy(part(64, 8))], { if: false, async: ASYNC.SYNC });
      expect([region.addresses, own.addresses]).toEqual([[host.base, host.base + 64], [host.base]]);
      expect(queued.addresses).toEqual([host.base + 64]);
      expect(lab.state()).toEqual(before);
    }
    expect([lab.state(), lab.copied(), lab.queue().pending]).toEqual([
      before,
      [],
      ["to 8", "launch", "from 8", "callback"],
    ]);
    await lab.queue().run();
  });

  test("and with if: true are as ever", async () => {
    await acc.enterData([clause.copyin(part(0, 8))], { if: true });
    using region = acc.data([clause.copy(part(0, 8))], { if: true });
    expect([region.addresses, lab.counts(host.base)]).toEqual([[lab.onDevice(host.base)], [2, 1]]);
    expect(refusal(() => acc.data([], { if: 1 as never }))).toBe("ERR_INVALID_ARG_TYPE");
    expect(await refused(() => acc.enterData([], { if: "" as never }))).toBe("ERR_INVALID_ARG_TYPE");
    expect(await refused(() => acc.exitData([], { finalize: "no" as never }))).toBe("ERR_INVALID_ARG_TYPE");
    expect(await refused(() => acc.update([], { ifPresent: 0 as never }))).toBe("ERR_INVALID_ARG_TYPE");
    expect(refusal(() => acc.hostData([], { ifPresent: "no" as never }))).toBe("ERR_INVALID_ARG_TYPE");
  });
});

test("where the device is the host, its functions are those of if: false, too", () => {
  const { device, all } = new HostFunctions(fallback);
  const local = new OpenAcc(device, { functions: all });
  for (const options of [{}, { if: false }, { self: true }])
    local.parallelSync("test", [clause.copy(part(0, 8))], options);
  expect([where, host.bytes[0]]).toEqual([["host", "host", "host"], 7]);
});
