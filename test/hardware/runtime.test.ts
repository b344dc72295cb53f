import { expect, test } from "vitest";
import { HsaRuntime } from "../../lib/hsa/index.js";
import { useBench } from "./fixture.js";

const bench = useBench();

test("the runtime says its version, its clock and its file", () => {
  const { runtime } = bench();
  const info = runtime.systemInfo();
  expect(info.versionMajor).toBe(1);
  expect(info.versionMinor).toBeGreaterThanOrEqual(0);
  expect(info.timestampFrequency).toBeGreaterThan(0);
  expect(info.signalMaxWait).toBeGreaterThan(0n);
  expect(info.endianness).toBe("little");
  expect(info.machineModel).toBe("large");
  expect(runtime.facts.path).toMatch(/libhsa-runtime64\.so/);
});

test("the system clock runs forward at its frequency", async () => {
  const { runtime } = bench();
  const before = runtime.systemInfo();
  const host = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const ticks = runtime.systemInfo().timestamp - before.timestamp;
  const seconds = (performance.now() - host) / 1000;
  expect(ticks / before.timestampFrequency / seconds).toBeGreaterThan(0.5);
  expect(ticks / before.timestampFrequency / seconds).toBeLessThan(2);
});

test("statuses have the runtime's own words", () => {
  const { runtime } = bench();
  expect(runtime.statusString(0)).toMatch(/success/i);
  expect(runtime.statusString(0x1008)).toMatch(/resource/i);
});

test("a second open is the same runtime, and outlives the first's disposal", () => {
  const again = HsaRuntime.open();
  expect(again).toBe(bench().runtime);
  again.dispose();
  expect(bench().runtime.systemInfo().versionMajor).toBe(1);
});

test("an open that contradicts the first one is refused", () => {
  const { choice } = bench().runtime;
  const other =
    choice.device === "hardware" ? "software" : choice.config === "gfx906" ? "software:gfx900" : "software:gfx906";
  expect(() => HsaRuntime.open({ device: other })).toThrow(expect.objectContaining({ code: "ERR_HSA_ALREADY_OPEN" }));
});
