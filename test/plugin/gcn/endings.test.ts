/** Kernels that end otherwise than they should: each an error of its launch, after which the plugin goes on. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { DeviceError } from "../../../lib/errors.js";
import { failureOf } from "../../device/fixture.js";
import { type Image, openLab, targets, type Variables } from "./fixture.js";

const lab = openLab();

describe.each(targets)("%s", (target) => {
  let image: Image;
  let other: Image;
  beforeAll(async () => {
    image = await lab.load("regions.c", target);
    other = await lab.load("small.c", target);
  });

  afterEach(async () => {
    // The plugin is as it was: in the image that failed, and in another.
    lab.printed();
    image.run("print_lines", { n: 2 });
    await image.runAsync("print_lines", { n: 1 });
    expect(lab.printed()).toBe("line 0\nline 1\nline 0\n");
    const to = new Int32Array(5);
    other.run("fill", { to, n: 5, value: 3 });
    expect([...to]).toEqual([3, 4, 5, 6, 7]);
    expect(lab.plugin.stats().sessions).toBe(0);
  });

  const cases: readonly [string, string, Variables, string, Partial<DeviceError>][] = [
    ["exit(3)", "leave", { code: 3 }, "leaving with 3\n", { code: "ERR_OFFLOAD_EXIT", exitCode: 3 }],
    ["exit(0)", "leave", { code: 0 }, "leaving with 0\n", { code: "ERR_OFFLOAD_EXIT", exitCode: 0 }],
    // Of a status the host sees the low byte.
    ["exit(513)", "leave", { code: 513 }, "leaving with 513\n", { code: "ERR_OFFLOAD_EXIT", exitCode: 1 }],
    // The second line is newlib's.
    ["abort()", "give_up", {}, "giving up\nGCN Kernel Aborted\n", { code: "ERR_OFFLOAD_ABORT" }],
    [
      "a null pointer",
      "store",
      { where: 0 },
      "",
      { code: "ERR_OFFLOAD_MEMORY_FAULT", address: 0, owner: "a null pointer" },
    ],
    [
      "a wild pointer",
      "store",
      { where: 0x10_0000_0000 },
      "",
      { code: "ERR_OFFLOAD_MEMORY_FAULT", address: 0x10_0000_0000 },
    ],
    ["a trap", "trap", {}, "", { code: "ERR_OFFLOAD_EXCEPTION" }],
    ["no end", "spin", { on: Int32Array.of(1) }, "", { code: "ERR_OFFLOAD_TIMEOUT" }],
  ];

  describe.each(["run", "runAsync"] as const)("%s", (call) => {
    test.each(cases)("%s", async (_, region, variables, text, expected) => {
      lab.printed();
      const attributes = { teams: 1, threads: 1, ...(region === "spin" ? { timeout: 100 } : {}) };
      const error = await failureOf(() => image[call](region, variables, attributes));
      expect(error).toBeInstanceOf(DeviceError);
      expect(error).toMatchObject({ kernel: image.region(region).name, ...expected });
      expect(error.message).toContain(image.region(region).name);
      expect(lab.printed()).toBe(text);
    });
  });
});
