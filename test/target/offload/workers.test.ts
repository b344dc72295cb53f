/** Target regions in several worker threads at once, in a process of their own on the built package. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { useRegions } from "./fixture.js";

const regions = useRegions();

test("each worker has its own environment, devices and memory table", async () => {
  const child = fileURLToPath(new URL("children/worker.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [child, regions.program.path]);
  expect(JSON.parse(stdout)).toEqual(
    [0, 1, 2, 3, 4].map((index) => ({ device: index % 2, last: 100 * index + 49 + 7, left: 0 })),
  );
}, 60_000);
