/** The kernels of `scripts/bench --softgpu`, on small sizes: their results are those of the same source on this CPU. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { build, run } from "../../scripts/benchmarks/softgpu/build.mjs";

const KERNELS = ["straight", "matmul", "triad", "nbody", "sha256", "bitonic", "collatz", "vector_add", "copy", "fill"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gcn-offload-bench-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

// The program itself compares, and ends with an error where a result or a count of instructions differs.
it.each(["gfx803", "gfx906"])("computes on %s what the same source computes on this CPU", (target) => {
  const { program, object } = build(target, folder);
  for (const threads of [1, 2]) {
    const results = run(target, threads, program, [object, 2, "small"]);
    expect(results.map(({ name }) => name)).toEqual(KERNELS);
    for (const { bytes, instructions } of results) expect(bytes ?? instructions).toBeGreaterThan(0);
  }
});
