/** How a program under `gcn-offload host` ends: as it does by itself under GCC's plugin, or with an error that says what is wrong. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { build, gcnOffload, type Outcome } from "../cli/fixture.js";
import { compile } from "../openmp/toolchain.js";

const folder = fileURLToPath(new URL("programs", import.meta.url));
const limit = 300_000;
let [program, shared, queued] = ["", "", ""];

beforeAll(async () => {
  build();
  program = await compile("ends.c", "gfx906", { folder });
  shared = await compile("ends.c", "gfx906", { folder }, "shared object");
  queued = await compile("queue_ends.c", "gfx906", { folder }, "shared object");
}, limit);

/** Both streams in one, since their order counts; the pipe is the same for both. */
const byItself = (word: string): Promise<Outcome> => gcnOffload(["exec", "--gpu", "gfx906", "--", program, word]);
const hosted = (word: string, ...options: readonly string[]): Promise<Outcome> =>
  gcnOffload(["host", "--gpu", "gfx906", ...options, shared, word]);

const inQueue = (word: string): Promise<Outcome> => gcnOffload(["host", "--gpu", "gfx906", queued, word]);

/** Addresses differ from run to run. */
const plain = (text: string): string => text.replace(/0x[0-9a-f]+/g, "0x…");

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
describe("a kernel that goes wrong ends the program as libgomp's fatal errors do", () => {
  const fault = /libgomp: kernel main\._omp_fn\.\d+: .*at address 0x70000000[0-9a-f]+/;

  test.each([
    ["fault", fault],
    ["task fault", fault],
    ["trap", /libgomp: kernel main\._omp_fn\.\d+: the kernel trapped/],
  ])("%s", async (word, message) => {
    const { code, signal, stdout, stderr } = await hosted(word);
    expect([code, signal]).toEqual([1, null]);
    expect(stderr).toMatch(message);
    expect(stdout).toMatch(/at exit\ndestructor\n$/);
  });

  test("in a queue of OpenACC's", async () => {
    const { code, signal, stderr } = await inQueue("fault");
    expect([code, signal]).toEqual([1, null]);
    expect(stderr).toMatch(fault);
  });
});

// With GCC's plugin the program never ends: its queue's thread calls exit(), whose handlers wait for that thread.
test("exit() in a region that nobody waits for is the program's status", async () => {
  const outcome = await hosted("task");
  expect([outcome.code, outcome.signal, outcome.stderr]).toEqual([7, null, ""]);
  expect(outcome.stdout).toMatch(/at exit\ndestructor\n$/);
});

test("exit() and abort() in a region in a queue of OpenACC's are the program's", async () => {
  expect(await inQueue("")).toEqual({ code: 2, signal: null, stdout: "after it: 42\n", stderr: "" });
  // Several at once: main may be over, too, before libgomp's handlers are.
  const words = ["exit", "abort", "exit", "exit", "exit"];
  const ends = await Promise.all(words.map((word) => inQueue(word)));
  expect(ends.map(({ code, signal }) => code ?? signal)).toEqual(
    words.map((word) => (word === "exit" ? 9 : "SIGABRT")),
  );
});

test("a signal for the command is the program's", async () => {
  const outcome = await gcnOffload(["host", "--gpu", "gfx906", shared, "hang"], {
    onOutput: (pid) => process.kill(pid, "SIGTERM"),
  });
  expect([outcome.code, outcome.signal]).toEqual([null, "SIGTERM"]);
});

test(
  "what does not end by itself ends after its time, with status 124: a deadlock, and kernels",
  async () => {
    const begun = performance.now();
    const outcomes = await Promise.all(["hang", "spin", "endless"].map((word) => hosted(word, "--timeout", "3")));
    for (const { code, stderr } of outcomes) {
      expect([code, stderr]).toEqual([124, `gcn-offload: ${shared} did not end within 3 s, and was ended\n`]);
    }
    expect(performance.now() - begun).toBeLessThan(60_000);
  },
  limit,
);
