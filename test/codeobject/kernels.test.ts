import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { demoBundle, repository, run, testBundle } from "./toolchain.js";

test("the committed bundles are what the sources give", { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "gcn-offload-kernels-"));
  try {
    run(join(repository, "scripts", "build-kernels"), [folder]);
    for (const [name, committed] of [
      ["demo.hsaco", demoBundle],
      ["test.hsaco", testBundle],
    ] as const) {
      const same = Buffer.compare(readFileSync(join(folder, name)), readFileSync(committed)) === 0;
      expect(
        same,
        `${name} differs from what ${run("clang-19", ["--version"]).split("\n")[0]} gives: run scripts/build-kernels`,
      ).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
