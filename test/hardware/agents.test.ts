import { expect, test } from "vitest";
import { useBench } from "./fixture.js";

const bench = useBench();

test("a host processor and a GPU are there, each with its facts", () => {
  const { cpu, gpu } = bench();
  expect(cpu.facts.deviceType).toBe("cpu");
  expect(gpu.facts.deviceType).toBe("gpu");
  expect(gpu.facts.name).toMatch(/^gfx[0-9a-f]+$/);
  expect(gpu.facts.isas.some((isa) => isa.startsWith(`amdgcn-amd-amdhsa--${gpu.facts.name}`))).toBe(true);
  expect(gpu.facts.features & 1).toBe(1);
  expect([32, 64]).toContain(gpu.facts.wavefrontSize);
  expect(gpu.facts.computeUnits).toBeGreaterThan(0);
  expect(gpu.facts.workgroupMaxSize).toBeGreaterThanOrEqual(256);
  expect(gpu.facts.workgroupMaxDim.every((n) => n > 0)).toBe(true);
  expect(gpu.facts.gridMaxSize).toBeGreaterThan(1 << 20);
  expect(gpu.facts.queueMaxSize).toBeGreaterThanOrEqual(gpu.facts.queueMinSize);
  expect(gpu.facts.queueType).toBe("multi");
  expect(gpu.facts.productName.length).toBeGreaterThan(0);
});

test("simulation is visible, and only a simulation says so", () => {
  const { runtime, gpus, cpu } = bench();
  for (const gpu of gpus) expect(gpu.software).toBe(runtime.facts.software);
  expect(cpu.software).toBe(false);
  if (runtime.facts.software) for (const gpu of gpus) expect(gpu.facts.productName).toMatch(/software/i);
});

test("agents are the GPUs that were configured, in order", () => {
  const { runtime, gpus } = bench();
  const config = runtime.choice.config;
  if (config === null) return expect(gpus.length).toBeGreaterThan(0);
  const wanted = config.split(",").flatMap((part) => {
    const [name = "", count = "1"] = part.split("*");
    return Array<string>(Number(count)).fill(name);
  });
  expect(gpus.map((gpu) => gpu.facts.name)).toEqual(wanted);
});

test("a GPU has a kernarg region and device-local memory; the host has memory it can open to GPUs", () => {
  const here = bench();
  expect(here.kernargRegion().info.allocAllowed).toBe(true);
  const local = here.localPool().info;
  expect(local.size).toBeGreaterThan(1 << 28);
  expect(local.allocGranule).toBeGreaterThanOrEqual(4096);
  expect(here.hostPool().access(here.gpu)).not.toBe("never");
});

test("every region and pool answers its properties", () => {
  for (const agent of bench().runtime.agents) {
    for (const { info } of agent.pools) {
      expect(["global", "readonly", "private", "group"]).toContain(info.segment);
      if (info.allocAllowed) expect(info.allocGranule).toBeGreaterThan(0);
    }
    for (const { info } of agent.regions) {
      expect(["global", "readonly", "private", "group", "kernarg"]).toContain(info.segment);
      expect(info.size).toBeGreaterThan(0);
    }
  }
});
