/** What GCC 12's kernels print: all of it, in order, while they run. */
import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { type Image, openLab, targets } from "./fixture.js";

const lab = openLab();
const lines = (n: number): string => Array.from({ length: n }, (_, i) => `line ${i}\n`).join("");

describe.each(targets)("%s", (target) => {
  let image: Image;
  beforeAll(async () => {
    image = await lab.load("regions.c", target);
  });

  test("formats and lengths, as the host's C library has them", async () => {
    const what = 0x123456789abcd;
    const expected = execFileSync(image.program.path, [`${what}`], {
      encoding: "utf8",
      env: { OMP_TARGET_OFFLOAD: "DISABLED" },
    });
    expect(expected.split("\n").length).toBeGreaterThan(8);
    image.run("print_formats", { what });
    expect(lab.printed()).toBe(expected);
    await image.runAsync("print_formats", { what });
    expect(lab.printed()).toBe(expected);
  });

  // The output block has 1024 entries: the kernel waits until they are read.
  test.each([1, 1023, 1024, 1025, 4000])("%i lines", async (n) => {
    image.run("print_lines", { n });
    expect(lab.printed()).toBe(lines(n));
    await image.runAsync("print_lines", { n });
    expect(lab.printed()).toBe(lines(n));
  });

  test("lines of two launches at once do not mix within a line", async () => {
    await Promise.all([image.runAsync("print_lines", { n: 1500 }), image.runAsync("print_lines", { n: 1500 })]);
    const printed = lab.printed().split("\n").sort();
    expect(printed).toEqual(`${lines(1500)}${lines(1500)}`.split("\n").sort());
  });
});

test("lines arrive while the kernel still runs", async () => {
  const image = await lab.load("regions.c", "gfx906");
  lab.printed();
  const over = image.runAsync("print_and_wait", { on: Int32Array.of(1), n: 3 }, { teams: 1, timeout: 300 });
  const failed = expect(over).rejects.toMatchObject({ code: "ERR_OFFLOAD_TIMEOUT" });
  let seen = "";
  for (let i = 0; i < 100 && seen !== lines(3); i++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    seen += lab.printed();
  }
  expect(seen).toBe(lines(3));
  await failed;
});
