/** OpenMP and OpenACC programs as GCC 12 makes them, under the real libgomp and its GCN plugin, run by `gcn-offload exec`. */
import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { build, gcnOffload, type Outcome } from "../cli/fixture.js";
import { inTurn } from "../in_turn.js";
import { compile, sources, TARGETS, type Target } from "./toolchain.js";

const programs = readdirSync(sources).filter((name) => /\.(c|cpp)$/.test(name));
const targets = Object.keys(TARGETS) as Target[];
/** Milliseconds: one program's run, and a test's whole time, most of which may be waiting for its turn. */
const runLimit = 120_000;
const limit = 1_200_000;

beforeAll(build);

/** The environment says nothing to libgomp but that falling back to the host is an error. */
const run = (program: string, target: Target, words: readonly string[] = []): Promise<Outcome> =>
  gcnOffload(["exec", "--gpu", target, "--", program, ...words], {
    env: { OMP_TARGET_OFFLOAD: "MANDATORY" },
    timeout: runLimit,
  });

test("there are programs in C and in C++, with OpenMP and with OpenACC", () => {
  expect(programs.length).toBeGreaterThanOrEqual(25);
  expect(programs).toEqual(expect.arrayContaining(["tasks.c", "virtual.cpp", "acc_async.c"]));
});

describe.concurrent.each(targets)("%s", (target) => {
  test.each(programs)(
    "%s",
    async (file) => {
      const outcome = await inTurn(async () => run(await compile(file, target), target));
      expect(outcome).toEqual({ code: 0, signal: null, stdout: "ok\n", stderr: "" });
    },
    limit,
  );

  test(
    "exit() in a target region is the program's status",
    async () => {
      const outcome = await inTurn(async () => run(await compile("endings.c", target), target, ["exit"]));
      expect([outcome.code, outcome.signal]).toEqual([7, null]);
    },
    limit,
  );

  test(
    "abort() in a target region aborts the program",
    async () => {
      const outcome = await inTurn(async () => run(await compile("endings.c", target), target, ["abort"]));
      expect([outcome.code, outcome.signal]).toEqual([null, "SIGABRT"]);
      expect(outcome.stdout + outcome.stderr).toContain("GCN Kernel Aborted");
    },
    limit,
  );
});
