/** How a program under `gcn-offload host` ends: as it does by itself under GCC's plugin, or with an error that says what is wrong. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build, gcnOffload, type Outcome } from "../cli/fixture.js";
import { compile } from "../openmp/toolchain.js";

const folder = fileURLToPath(new URL("programs", import.meta.url));
const own = mkdtempSync(join(tmpdir(), "gcn-offload-host-"));
const limit = 120_000;
let [program, shared] = ["", ""];

beforeAll(async () => {
  build();
  program = await compile("ends.c", "gfx906", { folder });
  shared = await compile("ends.c", "gfx906", { folder }, "shared object");
}, limit);
afterAll(() => rmSync(own, { recursive: true }));

/** Both streams in one, since their order counts; the pipe is the same for both. */
const byItself = (word: string): Promise<Outcome> => gcnOffload(["exec", "--gpu", "gfx906", "--", program, word]);
const hosted = (word: string, ...options: readonly string[]): Promise<Outcome> =>
  gcnOffload(["host", "--gpu", "gfx906", ...options, shared, word]);

/** Addresses differ from run to run. */
const plain = (text: string): string => text.replace(/0x[0-9a-f]+/g, "0x…");

function makeObject(name: string, source: string, ...options: readonly string[]): string {
  const object = join(own, name);
  writeFileSync(`${object}.c`, source);
  execFileSync("gcc-12", ["-shared", "-fPIC", `${object}.c`, "-o", object, ...options]);
  return object;
}

describe("a program ends as it does by itself under GCC's plugin", () => {
  test.each(["by its main", "exit", "thread", "abort", "crash", "at once", "fatal", "kernel"])(
    "%s",
    async (word) => {
      const [expected, outcome] = await Promise.all([byItself(word), hosted(word)]);
      expect([outcome.code, outcome.signal]).toEqual([expected.code, expected.signal]);
      // What is in its buffer when it dies is lost in both.
      expect(outcome.stdout).toBe(expected.stdout);
      const told = outcome.signal === null ? "" : `gcn-offload: ${shared} was ended by ${outcome.signal}\n`;
      expect(plain(outcome.stderr)).toBe(plain(expected.stderr) + told);
    },
    limit,
  );
});

test("a process that the program has forked off ends by itself", async () => {
  const { code, stdout, stderr } = await hosted("fork");
  expect([code, stderr]).toEqual([8, ""]);
  // Both run what has been registered for the end.
  expect(stdout.match(/at exit\ndestructor\n/g)).toHaveLength(2);
});

// With GCC's plugin the runtime aborts the process, and says an address.
test("a kernel that reaches for memory that is not there ends the program as libgomp's fatal errors do", async () => {
  const { code, signal, stderr } = await hosted("fault");
  expect([code, signal]).toEqual([1, null]);
  expect(stderr).toMatch(/libgomp: kernel main\._omp_fn\.\d+: .*at address 0x70000000[0-9a-f]+/);
});

// With GCC's plugin the program never ends: its queue's thread calls exit(), whose handlers wait for that thread.
test("exit() in a region that nobody waits for is the program's status", async () => {
  const outcome = await hosted("task");
  expect([outcome.code, outcome.signal, outcome.stderr]).toEqual([7, null, ""]);
  expect(outcome.stdout).toMatch(/at exit\ndestructor\n$/);
});

test(
  "a deadlock ends after its time, with status 124",
  async () => {
    const begun = performance.now();
    const outcome = await hosted("hang", "--timeout", "3");
    expect(outcome.code).toBe(124);
    expect(outcome.stderr).toBe(`gcn-offload: ${shared} did not end within 3 s, and was ended\n`);
    expect(performance.now() - begun).toBeLessThan(30_000);
  },
  limit,
);

describe("what cannot be run is an error with status 127", () => {
  test("a file that is not there", async () => {
    const outcome = await gcnOffload(["host", "nowhere.so"]);
    expect([outcome.code, outcome.stderr]).toEqual([
      127,
      "gcn-offload: nowhere.so is not there [ERR_OFFLOAD_PROGRAM]\n",
    ]);
  });

  test("a file that is no shared object", async () => {
    const text = join(own, "text.so");
    writeFileSync(text, "no program");
    const outcome = await gcnOffload(["host", text]);
    expect(outcome.code).toBe(127);
    expect(outcome.stderr).toContain("text.so");
  });

  test("a program whose library is not there", async () => {
    makeObject("libmissing.so", "int missing(void) { return 0; }");
    const needing = makeObject(
      "needing.so",
      "int missing(void); int main(void) { return missing(); }",
      "-L",
      own,
      "-lmissing",
    );
    rmSync(join(own, "libmissing.so"));
    const outcome = await gcnOffload(["host", needing]);
    expect(outcome.code).toBe(127);
    expect(outcome.stderr).toMatch(/^gcn-offload: .*libmissing\.so.*ERR_OFFLOAD_PROGRAM/);
  });

  test("a program without a main", async () => {
    const outcome = await gcnOffload(["host", makeObject("no-main.so", "int other(void) { return 0; }")]);
    expect(outcome.code).toBe(127);
    expect(outcome.stderr).toMatch(/no-main\.so has no main/);
  });

  test("an executable", async () => {
    const outcome = await gcnOffload(["host", program]);
    expect(outcome.code).toBe(127);
    expect(outcome.stderr).toContain("ERR_OFFLOAD_PROGRAM");
  });
});

describe("without a device the program is not begun", () => {
  test("no HSA runtime", async () => {
    const { code, stdout, stderr } = await gcnOffload(["host", "--gpu", "gfx906", shared], {
      env: { HSA_RUNTIME_LIB: "/nowhere/libhsa.so" },
    });
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/^gcn-offload: .*\/nowhere\/libhsa\.so.*ERR_HSA_LIBRARY_NOT_FOUND/);
  });

  test("a GPU that the software GPU does not model", async () => {
    const { code, stdout, stderr } = await gcnOffload(["host", "--gpu", "gfx1234", shared]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("gfx1234");
  });
});

test("a libgomp that does not look for plugins is refused", async () => {
  const fake = makeObject("libgomp.so.1", "int nothing;");
  const outcome = await gcnOffload(["host", "--libgomp", fake, shared]);
  expect(outcome.code).toBe(127);
  expect(outcome.stderr).toContain("looks for no offload plugins");
});

test("a program that has nothing to do with OpenMP runs, too", async () => {
  const outcome = await gcnOffload(["host", makeObject("plain.so", "int main(int n) { return n; }"), "a", "b"]);
  expect([outcome.code, outcome.stderr]).toEqual([3, ""]);
});
