/** What makes no sense is refused by name and code, whatever its type. Nothing here needs a device. */
import { describe, expect, test } from "vitest";
import type { Depend } from "../../../lib/target/index.js";
import { type MapItem, map, type Offload, type OffloadOptions, offload } from "../../../lib/target/index.js";

const NONSENSE = [null, Number.NaN, -1, 1.5, "text", {}, [null], Symbol("s"), () => 1, 10n, true, new Proxy({}, {})];
const environment = { OMP_TARGET_OFFLOAD: "disabled" };
const open = (options: object = {}): Promise<Offload> =>
  offload(new Uint8Array(8), { environment, fallback: { f: () => {} }, ...options } as OffloadOptions);

/** The code of what a call throws or rejects with. */
async function codeOf(body: () => unknown): Promise<string> {
  try {
    await body();
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
  return "nothing failed";
}

test.each(["fallback", "environment", "missing", "output", "device"])("offload's %s", async (option) => {
  const objects = option === "fallback" || option === "environment";
  // Of objects any is one; what is in them is looked at when it is used.
  for (const value of NONSENSE.filter((each) => !objects || typeof each !== "object" || each === null)) {
    const wanted = option === "missing" ? "ERR_OUT_OF_RANGE" : "ERR_INVALID_ARG_TYPE";
    const settings = option === "output" || option === "device" ? { environment: {}, fallback: {} } : {};
    if (option === "device" && typeof value === "string") continue;
    expect(await codeOf(() => open({ ...settings, [option]: value })), String(value)).toBe(wanted);
  }
});

describe("a program on the host", () => {
  const memory = new Float32Array(8);
  const calls: Readonly<Record<string, (omp: Offload, value: never) => unknown>> = {
    "a function's name": (omp, value) => omp.target(value, []),
    "a blocking function's name": (omp, value) => omp.targetSync(value, []),
    "a variable's name": (omp, value) => omp.variable(value),
    "a map list": (omp, value) => omp.target("f", value),
    "an item of a map list": (omp, value) => omp.targetData([value]),
    "the members of a struct": (_, value) => map.struct(memory, value),
    "a box": (_, value) => map.to(memory, { box: value }),
    "the dimensions of a box": (_, value) =>
      map.to(memory, { box: { element: 4, dimensions: value, offsets: [0], volume: [1] } }),
    "one dimension of a box": (_, value) =>
      map.to(memory, { box: { element: 4, dimensions: [value], offsets: [0], volume: [1] } }),
    teams: (omp, value) => omp.target("f", [], { teams: (value as unknown) ?? "none" } as object),
    threads: (omp, value) => omp.target("f", [], { threads: value }),
    grid: (omp, value) => omp.target("f", [], { grid: Array.isArray(value) ? null : value } as object),
    "a task's work": (omp, value) => omp.task({}, typeof value === "function" ? (null as never) : value),
    "a task's dependences": (omp, value) => omp.task(isPlain(value) ? (null as never) : value, () => 1),
    "places of a dependence": (omp, value) => omp.task({ in: value }, () => 1),
    "places that are written": (omp, value) => omp.target("f", [], { depend: { inout: value } }),
    "a place of a dependence": (omp, value) => omp.task({ out: [value] } satisfies Depend, () => 1),
    "one side of a copy": (omp, value) => omp.memory.memcpy(value, { at: memory, device: 0 }, 4),
    "an offset of a copy": (omp, value) =>
      omp.memory.memcpy({ at: memory, device: 0, offset: value }, { at: memory, device: 0 }, 4),
    "a place of a copy": (omp, value) => omp.memory.memcpy({ at: memory, device: 0 }, { at: value, device: 0 }, 4),
    "the bytes of a copy": (omp, value) =>
      omp.memory.memcpy({ at: memory, device: 0 }, { at: memory, device: 0 }, value),
    "the volume of a box": (omp, value) => omp.memory.memcpyRect(4, value, row(), row()),
    "a size of a box": (omp, value) => omp.memory.memcpyRect(4, [value], row(), row()),
    "an offset of a box": (omp, value) => omp.memory.memcpyRect(4, [1], { ...row(), offsets: [value] }, row()),
    "a dimension of an array": (omp, value) => omp.memory.memcpyRect(4, [1], row(), { ...row(), dimensions: [value] }),
    "host memory": (omp, value) => omp.memory.isAccessible(value, 0),
  };
  const row = () => ({ at: memory, device: 0, offsets: [0], dimensions: [8] });
  const isPlain = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

  test.each(Object.keys(calls))("%s", async (name) => {
    await using omp = await open();
    for (const value of NONSENSE) {
      const code = await codeOf(() => calls[name]?.(omp, value as never));
      expect(code, String(value)).toMatch(/^ERR_(INVALID_ARG_(TYPE|VALUE)|OUT_OF_RANGE|OFFLOAD_[A-Z_]+)$/);
    }
  });

  test("more memory than the host has", async () => {
    await using omp = await open();
    expect(await codeOf(() => omp.memory.alloc(2 ** 53 - 1, 0))).toBe("ERR_OFFLOAD_OUT_OF_MEMORY");
    const address = omp.memory.alloc(16, 0);
    for (const bytes of [17, -1, Number.NaN]) {
      expect(await codeOf(() => omp.memory.memset(address, 1, bytes, 0))).toMatch(/^ERR_O/);
    }
  });

  test("items that are made by hand", async () => {
    await using omp = await open();
    const item = map.to(memory);
    for (const wrong of [
      { kind: Number.NaN },
      { address: 1.5 },
      { size: 2 ** 60 },
      { owner: undefined },
      { owner: {} },
    ]) {
      const list = [{ ...item, ...wrong } as unknown as MapItem];
      expect(await codeOf(() => omp.enterData(list)), JSON.stringify(wrong)).toBe("ERR_OFFLOAD_MAP_KIND");
    }
  });
});
