/** The OpenMP and OpenACC programs of test/openmp under the real libgomp with this package's plugin, run by `gcn-offload host`. */
import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { build, gcnOffload, type Outcome } from "../cli/fixture.js";
import { inTurn } from "../in_turn.js";
import { compile, sources, type Target } from "../openmp/toolchain.js";

const programs = readdirSync(sources).filter((name) => /\.(c|cpp)$/.test(name));
/** Milliseconds: one program's run, and a test's whole time, most of which may be waiting for its turn. */
const runLimit = 120_000;
const limit = 1_200_000;

beforeAll(build);

const run = (file: string, target: Target, words: readonly string[] = []): Promise<Outcome> =>
  inTurn(async () => {
    const program = await compile(file, target, undefined, "shared object");
    return gcnOffload(["host", "--gpu", target, program, ...words], {
      env: { OMP_TARGET_OFFLOAD: "MANDATORY" },
      timeout: runLimit,
    });
  });

test("there are programs in C and in C++, with OpenMP and with OpenACC", () => {
  expect(programs.length).toBeGreaterThanOrEqual(25);
});

// With GCC's plugin they print the same: test/openmp/programs.test.ts.
describe.concurrent.each(["gfx906", "gfx900"] as const)("%s", (target) => {
  test.each(programs)(
    "%s",
    async (file) => {
      expect(await run(file, target)).toEqual({ code: 0, signal: null, stdout: "ok\n", stderr: "" });
    },
    limit,
  );

  test(
    "exit() in a target region is the program's status",
    async () => {
      const { code, signal } = await run("endings.c", target, ["exit"]);
      expect([code, signal]).toEqual([7, null]);
    },
    limit,
  );

  test(
    "abort() in a target region aborts the program",
    async () => {
      const outcome = await run("endings.c", target, ["abort"]);
      expect([outcome.code, outcome.signal]).toEqual([null, "SIGABRT"]);
      expect(outcome.stdout + outcome.stderr).toContain("GCN Kernel Aborted");
    },
    limit,
  );
});
