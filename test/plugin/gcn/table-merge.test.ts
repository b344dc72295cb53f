/**
 * What GCC's tests gcn-kernel-launch-no-tvt-alloc and gcn-kernel-launch-tvt-alloc are after: a launch whose variables are mapped already
 * allocates no device memory where its table lies in the kernel arguments, and does where that is inhibited. GCN_DEBUG's lines tell.
 */
import { describe, expect, test } from "vitest";
import { openLab, targets } from "./fixture.js";

const ALLOCATING = /^GCN debug: Allocating/gm;
const MARKER = "the variables are mapped\n";

const environments: readonly [string, Readonly<Record<string, string>>, (allocations: number) => void][] = [
  ["the table in the kernel arguments", {}, (allocations) => expect(allocations).toBe(0)],
  ["inhibited", { GCN_INHIBIT_KERNARGS_TVT_MERGE: "" }, (allocations) => expect(allocations).toBeGreaterThanOrEqual(1)],
];

describe.each(environments)("%s", (_, environment, check) => {
  const lab = openLab({ GCN_DEBUG: "1", ...environment });

  test.each(targets)("%s", async (target) => {
    const image = await lab.load("regions.c", target);
    const { plugin, device } = image;
    const n = 100;
    const values = Int32Array.from({ length: n }, (__, i) => i - 10);
    const [mapped, sum] = [plugin.alloc(device, 4 * n), plugin.alloc(device, 8)];
    plugin.host2dev(device, mapped, values);
    plugin.host2dev(device, sum, BigInt64Array.of(1000n));
    let log = `${lab.logged()}${MARKER}`;
    // The mapping itself does allocate: lines are looked for in the right wording.
    expect(log).toMatch(/^GCN debug: Allocating 400 bytes on device /m);

    for (const run of [
      () => image.run("sum_over_teams", { values: mapped, sum, n }),
      () => image.run("sum_over_teams", { values: mapped, sum, n }, {}),
      () => image.runAsync("sum_over_teams", { values: mapped, sum, n }),
    ]) {
      await run();
      log += lab.logged();
      const [, after = ""] = log.split(MARKER);
      expect(after).toContain("GCN debug: GCN launch actuals: grid:[");
      check([...after.matchAll(ALLOCATING)].length);
      log = MARKER;
    }
    const total = new BigInt64Array(1);
    plugin.dev2host(device, total, sum);
    expect(total[0]).toBe(1000n + 3n * BigInt(values.reduce((a, b) => a + b, 0)));
    plugin.free(device, mapped);
    plugin.free(device, sum);
    image.unload();
  });
});

const quiet = openLab();
test("without GCN_DEBUG nothing is logged", async () => {
  const image = await quiet.load("small.c", "gfx906");
  image.run("fill", { to: new Int32Array(4), n: 4, value: 1 });
  image.unload();
  expect(quiet.logged()).toBe("");
});
