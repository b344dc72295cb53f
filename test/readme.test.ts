/** The README's examples run and print what they say. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "./codeobject/toolchain.js";
import { regions } from "./openacc/images.js";
import { compile } from "./openmp/toolchain.js";

const readme = readFileSync(join(repository, "README.md"), "utf8");
/** In their order. */
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))].map(([, text]) => text as string);
const examples = blocks("js");
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

test("target regions, of a program that has these loops in its main", async () => {
  const example = examples.find((text) => text.includes("app-openmp")) ?? "";
  const folder = mkdtempSync(join(tmpdir(), "gcn-offload-readme-"));
  try {
    const declared = "int n = 1000; double *a = calloc(n, sizeof *a), *b = calloc(n, sizeof *b);";
    writeFileSync(join(folder, "app.c"), `#include <stdlib.h>\nint main(void) {\n${declared}\n${blocks("c")[0]}}\n`);
    const path = await compile("app.c", "gfx906", { folder });
    const printed = run(example.replace('"app-openmp"', JSON.stringify(path)));
    expect([printed, promisedBy(example)]).toEqual([["102"], "102"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

test("OpenACC, on a program that has such a region", async () => {
  const example = examples.find((text) => text.includes("app-openacc")) ?? "";
  const { path } = await regions();
  const printed = run(example.replace('"app-openacc"', JSON.stringify(path)));
  expect([printed, promisedBy(example)]).toEqual([["4"], "4"]);
}, 120_000);
