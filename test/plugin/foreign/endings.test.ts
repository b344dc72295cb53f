/** What a C plugin and its kernels do to a process, each in one of its own: an error in time, or an end that says why. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { program } from "../gcn/programs.js";

const child = fileURLToPath(new URL("children/ending.mjs", import.meta.url));
const programs = fileURLToPath(new URL("programs", import.meta.url));
let [openmp, openacc] = ["", ""];
beforeAll(async () => {
  openmp = (await program("regions.c", "gfx906")).path;
  openacc = (await program("accendings.c", "gfx906", [], programs)).path;
}, 120_000);

interface End {
  readonly status: number | null;
  readonly signal: string | null;
  readonly told: readonly ({ readonly code?: string; readonly message?: string; readonly address?: number } | null)[];
  readonly errors: string;
}

/** @param word - the region's variable; -1: an address at which there is no 0. */
function end(region: string, how: string, word = 0, ...more: readonly string[]): Promise<End> {
  const path = how === "openacc" || how === "queue" ? openacc : openmp;
  const running = spawn(process.execPath, [child, path, "gfx906", region, how, String(word), ...more], {
    timeout: 20_000,
  });
  let [output, errors] = ["", ""];
  running.stdout.on("data", (text) => (output += text));
  running.stderr.on("data", (text) => (errors += text));
  return new Promise((resolve) => {
    running.on("close", (status, signal) => {
      const lines = output.split("\n").filter((line) => line.startsWith("{") || line === "null");
      resolve({ status, signal, told: lines.map((line) => JSON.parse(line)), errors });
    });
  });
}

const LAUNCHES = ["run", "asyncRun", "openacc", "queue"] as const;

describe("the process goes on, without the device", () => {
  const lost = {
    code: "ERR_OFFLOAD_PLUGIN",
    message: expect.stringMatching(/^device 0 \(gfx906, software\) is lost: /),
  };
  const after = [lost, null, { code: "ERR_OFFLOAD_DISPOSED", message: expect.any(String) }];

  test.each(LAUNCHES)("after a kernel's memory fault, by %s", async (how) => {
    const { status, told } = await end("store", how, 64);
    const fault = { code: "ERR_OFFLOAD_MEMORY_FAULT", address: 64, message: expect.stringContaining("kernel store") };
    expect([status, ...told]).toEqual([0, fault, ...after]);
  });

  test.each(LAUNCHES)("after a kernel that does not end in its time, by %s", async (how) => {
    const { status, told } = await end("spin", how, -1);
    const late = {
      code: "ERR_OFFLOAD_TIMEOUT",
      address: null,
      message: expect.stringMatching(
        /^kernel spin\._omp_fn\.0: did not end within 300 ms\. No C plugin gives a launch up/,
      ),
    };
    expect([status, ...told]).toEqual([0, late, ...after]);
  });

  test.each([
    ["store", "asyncRun", 64, "ERR_OFFLOAD_MEMORY_FAULT"],
    ["store", "queue", 64, "ERR_OFFLOAD_MEMORY_FAULT"],
    ["spin", "asyncRun", -1, "ERR_OFFLOAD_TIMEOUT"],
    ["spin", "queue", -1, "ERR_OFFLOAD_TIMEOUT"],
  ] as const)("where the device's end waits for such a kernel: %s, by %s", async (region, how, word, code) => {
    const { status, told } = await end(region, how, word, "fini");
    expect(status).toBe(0);
    expect(told).toMatchObject([{ code }, { code: "ERR_OFFLOAD_NO_DEVICE" }, null, { code: "ERR_OFFLOAD_DISPOSED" }]);
  });
});

describe("the process ends, and says why", () => {
  test.each(["run", "asyncRun"])("by a kernel's exit(), in %s", async (how) => {
    const { status, told, errors } = await end("leave", how, 3);
    expect([status, told]).toEqual([3, []]);
    expect(errors).toMatch(
      /kernel leave\._omp_fn\.0, or the C plugin that has launched it, has ended the process by exit\(3\)/,
    );
  });
  test.each(["run", "asyncRun"])("by a kernel's abort(), in %s", async (how) => {
    const { signal, told, errors } = await end("give_up", how);
    expect([signal, told]).toEqual(["SIGABRT", []]);
    expect(errors).toMatch(
      /kernel give_up\._omp_fn\.0, or the C plugin that has launched it, has ended the process by abort/,
    );
  });
  test.each(["run", "asyncRun"])("by a trap, which the C plugin ends it for, in %s", async (how) => {
    const { status, told, errors } = await end("trap", how);
    expect([status, told]).toEqual([1, []]);
    expect(errors).toMatch(/libgomp: GCN fatal error: Asynchronous queue error/);
    expect(errors).toMatch(/gcn-offload: the C plugin has ended the process under a launch, by exit\(1\)/);
  });
});

test("process.exit() does not wait for launches that do not end", async () => {
  const { status, signal } = await end("spin", "leave", -1);
  expect([status, signal]).toEqual([7, null]);
});
