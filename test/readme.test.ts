import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "./codeobject/toolchain.js";

test("the README's example runs and prints what it says", () => {
  const readme = readFileSync(join(repository, "README.md"), "utf8");
  const example = /```js\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const promised = /console\.log.*\/\/ (.*)$/m.exec(example)?.[1];
  expect(example.trim().split("\n").length).toBeLessThanOrEqual(15);
  expect(promised).toBe("5");
  // In the repository, where the package finds itself by its name.
  const file = join(repository, `readme-example-${process.pid}.mjs`);
  try {
    writeFileSync(file, example);
    const printed = execFileSync(process.execPath, [file], { cwd: repository, encoding: "utf8" }).trim().split("\n");
    expect(printed[0]).toMatch(/^amdgcn-amd-amdhsa--gfx\S+: \d+ ns$|^amdgcn-amd-amdhsa--gfx\S+, software: \d+ ns$/);
    expect(printed[1]).toBe(promised);
  } finally {
    rmSync(file, { force: true });
  }
});
