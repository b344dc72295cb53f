/** The README's examples run and print what they say. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "./codeobject/toolchain.js";
import { regions } from "./openacc/images.js";

/** In their order. */
const examples = [...readFileSync(join(repository, "README.md"), "utf8").matchAll(/```js\n(.*?)```/gs)].map(
  ([, text]) => text as string,
);
const promisedBy = (example: string): string | undefined => /console\.log.*\/\/ (.*)$/m.exec(example)?.[1];

/** In the repository, where the package finds itself by its name. */
function run(example: string): string[] {
  const file = join(repository, `readme-example-${process.pid}.mjs`);
  try {
    writeFileSync(file, example);
    return execFileSync(process.execPath, [file], { cwd: repository, encoding: "utf8" }).trim().split("\n");
  } finally {
    rmSync(file, { force: true });
  }
}

test("the first: a kernel", () => {
  const [example = ""] = examples;
  expect(example.trim().split("\n").length).toBeLessThanOrEqual(15);
  const printed = run(example);
  expect(printed[0]).toMatch(/^amdgcn-amd-amdhsa--gfx\S+: \d+ ns$|^amdgcn-amd-amdhsa--gfx\S+, software: \d+ ns$/);
  expect([printed[1], promisedBy(example)]).toEqual(["5", "5"]);
});

test("OpenACC, on a program that has such a region", async () => {
  const example = examples.find((text) => text.includes("app-openacc")) ?? "";
  const { path } = await regions();
  const printed = run(example.replace('"app-openacc"', JSON.stringify(path)));
  expect([printed, promisedBy(example)]).toEqual([["4"], "4"]);
}, 120_000);
