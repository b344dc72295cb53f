/** Launch plans: the steady launch is one native call, and what it sees is what is there. */
import { expect, test } from "vitest";
import { f32 } from "../../../lib/device/arguments.js";
import type { PluginStats } from "../../../lib/plugin/index.js";
import { map } from "../../../lib/target/index.js";
import { FOREIGN, testBut } from "../../plugin/under-test.js";
import { useRegions } from "./fixture.js";

const n = 500;
const x = Float32Array.from({ length: n }, (_, i) => i / 8);
const COUNTED = ["nativeCalls", "allocations", "copies", "signalsCreated", "bytes", "sessions"] as const;

const regions = useRegions();
const apart = FOREIGN ? regions : useRegions({ environment: { GCN_INHIBIT_KERNARGS_TVT_MERGE: "1" } });

const stats = (): PluginStats => regions.omp.plugin?.stats() as PluginStats;
/** What grows with each launch. One that takes longer than a millisecond is waited for in several calls: the least of all. */
function perLaunch(launch: () => void): Record<string, number> {
  launch();
  const rounds = Array.from({ length: 40 }, () => {
    const before = stats();
    launch();
    const after = stats();
    return COUNTED.map((name) => after[name] - before[name]);
  });
  return Object.fromEntries(COUNTED.map((name, i) => [name, Math.min(...rounds.map((round) => round[i] as number))]));
}
const ONE_CALL = { nativeCalls: 1, allocations: 0, copies: 0, signalsCreated: 0, bytes: 0, sessions: 0 };

testBut(
  "counts device calls",
  "a steady launch: one native call, nothing allocated, nothing copied, no signal made",
  () => {
    const { omp } = regions;
    const y = new Float32Array(n);
    const maps = [map.tofrom(y), map.to(x), map.firstprivate(f32(2)), map.firstprivate(n)];
    using _ = omp.targetData([map.tofrom(y), map.to(x)]);
    using plan = omp.prepare(regions.name("saxpy", maps), maps, { teams: 2 });
    expect(perLaunch(() => plan.launch())).toEqual(ONE_CALL);
    omp.update([map.from(y)]);
    expect(y).toEqual(x.map((value) => 41 * 2 * value));
  },
);

testBut(
  "counts device calls",
  "a plain region of which all is present: no more of it, but for what looks things up",
  () => {
    const { omp } = regions;
    const y = new Float32Array(n);
    const maps = [map.tofrom(y), map.to(x), map.firstprivate(f32(2)), map.firstprivate(n)];
    using _ = omp.targetData([map.tofrom(y), map.to(x)]);
    const name = regions.name("saxpy", maps);
    expect(perLaunch(() => omp.targetSync(name, maps, { teams: 2 }))).toEqual(ONE_CALL);
  },
);

test.each([
  ["with the session's own table", regions],
  ["with a table in device memory", apart],
])("private copies have the values of the launch, %s", (_, own) => {
  const y = new Float32Array(n);
  const factor = Float32Array.of(1);
  const maps = [map.tofrom(y), map.to(x), map.firstprivate(factor), map.firstprivate(n)];
  using __ = own.omp.targetData([map.tofrom(y), map.to(x)]);
  using plan = own.omp.prepare(own.name("saxpy", maps), maps, { teams: 1 });
  plan.launch();
  factor[0] = 10;
  plan.launch();
  own.omp.update([map.from(y)]);
  expect(y).toEqual(x.map((value) => 11 * value));
});

test("an item that is unmapped makes the next launch an error, and mapped anew it is found where it is then", () => {
  const { omp } = regions;
  const to = new Int32Array(4);
  const maps = [map.firstprivate(1), map.firstprivate(4), map.from(to)];
  omp.enterData([map.alloc(to)]);
  using plan = omp.prepare(regions.name("fill", maps), maps, { teams: 1 });
  plan.launch();
  omp.exitData([map.from(to)]);
  expect([...to]).toEqual([1, 2, 3, 4]);
  expect(() => plan.launch()).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_NOT_MAPPED" }));
  to.fill(0);
  const [padding, again] = [new Int32Array(100), [map.alloc(to)]];
  omp.enterData([map.alloc(padding), ...again]);
  plan.launch();
  omp.exitData([map.from(to), map.release(padding)]);
  expect([...to]).toEqual([1, 2, 3, 4]);
});

testBut(
  "goes on after a fault",
  "a kernel that faults under a plan: the error tells, and the plan launches again",
  () => {
    const { omp } = regions;
    const sessions = stats().sessions;
    using bad = omp.prepare(regions.name("fail", [map.firstprivate(64)]), [map.firstprivate(64)], { teams: 1 });
    for (let i = 0; i < 2; i++) {
      expect(() => bad.launch()).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_MEMORY_FAULT" }));
    }
    expect(stats().sessions).toBe(sessions);
  },
);

test("a plan of nothing", () => {
  const seen = new Float64Array(2);
  const { omp } = regions;
  using _ = omp.targetData([map.from(seen)]);
  using plan = omp.prepare(regions.name("count_up", [map.from(seen)]), [map.from(seen)], { teams: 1 });
  plan.launch();
  plan.launch();
  omp.update([map.from(seen)]);
  expect([...seen]).toEqual([25, 2]);
});
