/** Regions that do not block: mapped at once, unmapped when they are over, and what they use is there until then. */
import { expect, test } from "vitest";
import {
  MAP,
  type MapItem,
  targetData,
  targetEnterData,
  targetExitData,
  targetNowait,
} from "../../lib/target/index.js";
import { Host, Lab } from "./fixture.js";
import type { Launch } from "./memory-plugin.js";

/** A region whose function ends when it is told to. */
function begin(lab: Lab, items: readonly MapItem[], work: (launch: Launch) => void = () => {}) {
  let end = (_failure?: Error): void => {};
  const gate = new Promise<Error | undefined>((resolve) => {
    end = resolve;
  });
  const done = targetNowait(
    lab.device,
    lab.plugin.fn("f", async (launch) => {
      const failure = await gate;
      if (failure !== undefined) throw failure;
      work(launch);
    }),
    items,
  );
  return { done, end };
}

test("what it maps is there at once, and is copied back and gone when it is over", async () => {
  const lab = new Lab();
  const host = new Host(64);
  const { done, end } = begin(lab, [host.item(MAP.TOFROM, 0, 64)], ({ word, memory }) => memory(word(0), 64).fill(9));
  expect([lab.device.table.size, lab.count(host.base)]).toEqual([1, 1]);
  host.bytes.fill(1);
  end();
  await done;
  expect([...host.bytes]).toEqual(Array(64).fill(9));
  expect([lab.device.table.size, lab.plugin.live, lab.plugin.stats().sessions]).toEqual([0, 0, 0]);
});

test("two at once share what they map; the last to be over copies it back", async () => {
  const lab = new Lab();
  const host = new Host(64);
  const add = ({ word, memory }: Launch) => {
    const bytes = memory(word(0), 64);
    for (const i of bytes.keys()) bytes[i] = (bytes[i] as number) + 1;
  };
  host.bytes.fill(10);
  const [a, b] = [1, 2].map(() => begin(lab, [host.item(MAP.TOFROM, 0, 64)], add));
  expect([lab.plugin.allocations, lab.count(host.base)]).toEqual([1, 2]);
  b?.end();
  await b?.done;
  expect(host.bytes[0]).toBe(10);
  a?.end();
  await a?.done;
  expect(host.bytes[0]).toBe(12);
  expect(lab.plugin.live).toBe(0);
});

test("a data region that ends under it leaves its memory to it", async () => {
  const lab = new Lab();
  const host = new Host(64);
  const data = targetData(lab.device, [host.item(MAP.TO, 0, 64)]);
  const { done, end } = begin(lab, [host.item(MAP.FROM, 0, 64)], ({ word, memory }) => memory(word(0), 64).fill(9));
  data.end();
  end();
  await done;
  expect(host.bytes[63]).toBe(9);
  expect(lab.plugin.live).toBe(0);
});

test("memory that is deleted under it is unmapped, and freed when it is over", async () => {
  const lab = new Lab();
  const host = new Host(64);
  host.bytes.fill(1);
  targetEnterData(lab.device, [host.item(MAP.STRUCT, 0, 2), host.item(MAP.TO, 0, 16), host.item(MAP.TO, 32, 16)]);
  const { done, end } = begin(lab, [host.item(MAP.TOFROM, 0, 16)], ({ word, memory }) => memory(word(0), 48).fill(9));
  targetExitData(lab.device, [host.item(MAP.DELETE, 0, 16)]);
  expect([lab.device.table.size, lab.plugin.live]).toEqual([0, 2]);
  // Mapped anew, it is other memory.
  targetEnterData(lab.device, [host.item(MAP.TO, 0, 16)]);
  end();
  await done;
  expect(host.bytes[0]).toBe(1);
  expect([...lab.plugin.at(lab.onDevice(host.base), 16)]).toEqual(Array(16).fill(1));
  expect([lab.count(host.base), lab.plugin.live]).toEqual([1, 1]);
});

test("memory that is released under it is not freed late", async () => {
  const lab = new Lab();
  const host = new Host(64);
  targetEnterData(lab.device, [host.item(MAP.TO, 32, 16)]);
  const { done, end } = begin(lab, [host.item(MAP.TO, 0, 16)]);
  const { bytes } = lab.plugin;
  targetExitData(lab.device, [host.item(MAP.RELEASE, 32, 16)]);
  expect(lab.plugin.bytes).toBeLessThan(bytes);
  end();
  await done;
});

test("one that fails copies nothing back, and leaves nothing", async () => {
  const lab = new Lab();
  const host = new Host(64);
  const before = host.part(0, 64);
  const { done, end } = begin(lab, [host.item(MAP.TOFROM, 0, 64)]);
  end(new Error("on purpose"));
  await expect(done).rejects.toThrow("on purpose");
  expect(host.bytes).toEqual(before);
  expect([lab.device.table.size, lab.plugin.live, lab.plugin.stats().sessions]).toEqual([0, 0, 0]);
});

test("what cannot be mapped, or run, is its promise's error", async () => {
  const lab = new Lab();
  const host = new Host(64);
  const fn = (name: string) => lab.plugin.fn(name, () => {});
  await expect(targetNowait(lab.device, fn("f"), [host.item(MAP.FORCE_PRESENT, 0, 8)])).rejects.toMatchObject({
    code: "ERR_OFFLOAD_NOT_MAPPED",
  });
  await expect(targetNowait(lab.device, fn("cannot run"), [])).rejects.toMatchObject({
    code: "ERR_OFFLOAD_UNKNOWN_KERNEL",
  });
  expect([lab.plugin.live, lab.plugin.stats().sessions]).toEqual([0, 0]);
});
