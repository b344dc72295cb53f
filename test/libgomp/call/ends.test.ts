/** What libgomp ends its process for, and other ends of it, are errors of an isolated libgomp's calls. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { map } from "../../../lib/index.js";
import { open } from "../../../lib/libgomp/index.js";
import { build } from "../../cli/fixture.js";
import { calls, codeOf, Gomp } from "./fixture.js";

const HOST = 2;
beforeAll(async () => {
  build();
  await calls("gfx906");
}, 120_000);

const isolated = (options: Parameters<typeof open>[0] = {}): Promise<Gomp> =>
  Gomp.open("gfx906", { isolate: true, ...options });

/** The processes of this one's isolated libgomps. */
function children(): number[] {
  const ids = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(/\s+/);
  return ids
    .filter((id) => id !== "" && readFileSync(`/proc/${id}/cmdline`, "utf8").includes("isolated_process"))
    .map(Number);
}

const bytes = new Int32Array(16);
const ENDS: readonly (readonly [string, (gomp: Gomp) => Promise<unknown>, RegExp])[] = [
  [
    "a fatal error: a part is mapped",
    async ({ libgomp }) => {
      await libgomp.enterData([map.to(bytes.subarray(0, 8))]);
      await libgomp.update([map.to(bytes.subarray(4, 12))]);
    },
    /ended with status 1 during GOMP_target_update_ext\. It said: libgomp: Trying to update .* only .* is mapped/s,
  ],
  [
    "a fatal error: something has to be mapped, and is not",
    ({ libgomp }) => libgomp.enterData([map.to(bytes, { present: true })]),
    /status 1 during GOMP_target_enter_exit_data\. It said: libgomp: present clause/,
  ],
  [
    "a kernel's memory fault",
    (gomp) => gomp.target("store", { where: map.firstprivate(16) }),
    /SIGABRT during GOMP_target_ext.*memory access fault in kernel store\._omp_fn\.0/s,
  ],
  [
    "a memory fault of a launch that nobody waited for",
    async (gomp) => {
      await gomp.nowait("store", { where: map.firstprivate(16) });
      await gomp.libgomp.taskwait();
    },
    /SIGABRT during .*memory access fault in kernel store\._omp_fn\.0/s,
  ],
  ["a trap in a kernel", (gomp) => gomp.target("trap", {}), /status 1 during GOMP_target_ext.*GCN fatal error/s],
  ["a kernel's abort()", (gomp) => gomp.target("give_up", {}), /SIGABRT during GOMP_target_ext/],
  [
    "a kernel's exit()",
    (gomp) => gomp.target("leave", { code: map.firstprivate(7) }, { threads: 1 }),
    /ended with status 7 during GOMP_target_ext/,
  ],
  [
    "a crash",
    ({ libgomp }) => libgomp.memory.memcpy({ at: 16, device: HOST }, { at: bytes, device: HOST }, 8),
    /SIGSEGV during omp_target_memcpy/,
  ],
];

describe.each(ENDS)("%s", (_, work, message) => {
  test("is the call's error; later calls say that the process is gone, and it can be opened anew", async () => {
    const gomp = await isolated({ timeout: 20_000 });
    await expect(work(gomp)).rejects.toMatchObject({
      code: "ERR_OFFLOAD_LIBGOMP",
      message: expect.stringMatching(message),
    });
    await expect(gomp.libgomp.numDevices()).rejects.toMatchObject({
      code: "ERR_OFFLOAD_LIBGOMP",
      message: expect.stringMatching(/process is gone/),
    });
    await gomp.libgomp.dispose();
    expect(children()).toEqual([]);
  });
});

test("a call without an end is ended in time", async () => {
  const { libgomp } = await isolated({ timeout: 2000 });
  const began = Date.now();
  const spinning = libgomp.target("spin._omp_fn.0", [map.to(Int32Array.of(1))]);
  // It waits for its turn, which does not come.
  const later = libgomp.numDevices();
  await expect(spinning).rejects.toMatchObject({
    code: "ERR_OFFLOAD_TIMEOUT",
    message: expect.stringMatching(/GOMP_target_ext within 2000 ms/),
  });
  expect(await codeOf(later)).toBe("ERR_OFFLOAD_LIBGOMP");
  expect(Date.now() - began).toBeLessThan(10_000);
  await libgomp.dispose();
});

test("so is a wait for a launch without an end; a host function may take its time", async () => {
  const made = await calls("gfx906");
  const libgomp = await open({ device: "software:gfx906", isolate: true, timeout: 2000 });
  const slowly = () => new Promise<void>((resolve) => setTimeout(resolve, 2300));
  await libgomp.register(made.image, { fallback: { "trap._omp_fn.0": slowly as () => void } });
  await libgomp.target("trap._omp_fn.0", [], { device: HOST });
  const launch = await libgomp.target("spin._omp_fn.0", [map.to(Int32Array.of(1))], { nowait: true });
  await expect(launch.wait()).rejects.toMatchObject({
    code: "ERR_OFFLOAD_TIMEOUT",
    message: expect.stringMatching(/GOMP_taskwait_depend/),
  });
  expect(await codeOf(launch.over)).toBe("ERR_OFFLOAD_TIMEOUT");
  await libgomp.dispose();
});

test("a process that is killed, in a call and between calls", async () => {
  const gomp = await isolated();
  const spinning = gomp.target("spin", { on: map.to(Int32Array.of(1)) });
  setTimeout(() => {
    for (const id of children()) process.kill(id, "SIGKILL");
  }, 300);
  await expect(spinning).rejects.toThrow(/died of SIGKILL during GOMP_target_ext/);
  await gomp.libgomp.dispose();
  const idle = await isolated();
  for (const id of children()) process.kill(id, "SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 300));
  await expect(idle.libgomp.numDevices()).rejects.toThrow(/process is gone: it died of SIGTERM/);
  await idle.libgomp.dispose();
});

test("disposal waits for what is under way, and ends the process", async () => {
  const gomp = await isolated();
  const to = new Int32Array(4);
  const region = await gomp.libgomp.targetData([map.tofrom(to)]);
  const launch = await gomp.nowait("fill", { to: map.from(to), n: map.firstprivate(4), value: map.firstprivate(3) });
  expect(children()).toHaveLength(1);
  await gomp.libgomp.dispose();
  await launch.over;
  expect([[...to], region.ended]).toEqual([[3, 4, 5, 6], false]);
  expect(children()).toEqual([]);
});

describe("OMP_TARGET_OFFLOAD", () => {
  const fill = (to: Int32Array) => ({ to: map.from(to), n: map.firstprivate(2), value: map.firstprivate(3) });

  test("disabled: there is no device, and regions run on the host", async () => {
    const made = await calls("gfx906");
    await using libgomp = await open({ isolate: true, environment: { OMP_TARGET_OFFLOAD: "disabled" } });
    expect([await libgomp.numDevices(), await libgomp.initialDevice()]).toEqual([0, 0]);
    await using program = await libgomp.register(made.image, {
      fallback: { "fill._omp_fn.0": ([, , to]) => void (to as Int32Array).fill(8) },
    });
    const gomp = new Gomp(made, libgomp);
    const to = new Int32Array(2);
    await gomp.target("fill", fill(to));
    expect([...to]).toEqual([8, 8]);
    expect(program.functions).toContain("spin._omp_fn.0");
    await expect(gomp.target("trap", {})).rejects.toThrow(/has found no device: OMP_TARGET_OFFLOAD says disabled/);
  });
  test("mandatory: a device that is none is an error", async () => {
    const gomp = await isolated({ environment: { OMP_TARGET_OFFLOAD: "mandatory" } });
    await expect(gomp.target("fill", fill(new Int32Array(2)), { device: 99 })).rejects.toThrow(
      /libgomp: OMP_TARGET_OFFLOAD is set to MANDATORY, but device not found/,
    );
    await gomp.libgomp.dispose();
  });
});

test("a library that cannot be opened, or is no libgomp, or looks for no plugins", async () => {
  const opened = (library: string) => open({ isolate: true, device: "software:gfx906", library });
  await expect(opened("/nowhere/libgomp.so.1")).rejects.toMatchObject({
    code: "ERR_OFFLOAD_LIBGOMP",
    message: expect.stringMatching(/Install GCC's libgomp.*LIBGOMP_LIB/s),
  });
  await expect(opened("libm.so.6")).rejects.toMatchObject({
    code: "ERR_OFFLOAD_LIBGOMP",
    message: expect.stringMatching(/libm\S* has no function GOMP_offload_register_ver/),
  });
});

test("pointers that lie in host memory are refused", async () => {
  const gomp = await isolated();
  const pointer = new BigInt64Array(1);
  expect(await codeOf(gomp.libgomp.enterData([map.to(pointer), map.attach(pointer)]))).toBe("ERR_OFFLOAD_MAP_KIND");
  await gomp.libgomp.dispose();
});
