/** Target variable tables of every size arrive on the device as they were written, and nothing is touched behind their block. */
import { afterAll, describe, expect, test, vi } from "vitest";
import { GLOBAL_FLAG, type Memory, Region } from "../../../lib/hsa/index.js";
import type { OffloadPlugin } from "../../../lib/plugin/plugin.js";
import type { Session } from "../../../lib/plugin/session.js";
import { FOREIGN, openTested } from "../under-test.js";
import { Bench, ONE, openPlugin, testedKernels } from "./fixture.js";

const SIZES = [0, 1, 63, 64, 65, 502, 503, 504, 5000, 100_000];

/** Behind each kernel-argument block lies this, which is nobody's. (What a C plugin allocates does not pass here.) */
const GUARD_BYTES = 4096;
const GUARD = 0xa5;
const guarded: { readonly memory: Memory; readonly from: number }[] = [];
const allocate = Region.prototype.allocate;
vi.spyOn(Region.prototype, "allocate").mockImplementation(function (this: Region, bytes: number): Memory {
  if ((this.info.flags & GLOBAL_FLAG.KERNARG) === 0) return allocate.call(this, bytes);
  const memory = allocate.call(this, bytes + GUARD_BYTES);
  new Uint8Array(memory.view()).fill(GUARD, bytes);
  guarded.push({ memory, from: bytes });
  const { dispose } = memory.native;
  // Looked at for the last time when it goes.
  vi.spyOn(memory.native, "dispose").mockImplementation(() => {
    if (!memory.disposed) mustBeUntouched(memory, bytes);
    dispose.call(memory.native);
  });
  return memory;
});
function mustBeUntouched(memory: Memory, from: number): void {
  const behind = new Uint8Array(memory.view(), from);
  expect(behind.length).toBe(GUARD_BYTES);
  expect(behind.every((byte) => byte === GUARD)).toBe(true);
}

/** The i-th word of the k-th table: all bits take part, and no two launches agree. */
const word = (k: number, i: number): bigint => BigInt.asUintN(64, BigInt(k * 1_000_003 + i + 1) * 0x9e3779b97f4a7c15n);

const code = testedKernels();
type Tested = Bench<OffloadPlugin>;
const tested: Tested = new Bench(openTested(), 0, code);
const PLACES: readonly (readonly [string, Tested])[] = FOREIGN
  ? [["held until its launch", tested]]
  : [
      ["in the kernel-argument block", tested],
      ["in device memory", new Bench(openPlugin({ GCN_INHIBIT_KERNARGS_TVT_MERGE: "1" }), 1, code)],
    ];
let launches = 0;

/** A table on its way to the device; `check` looks at what arrived, and gives back. */
interface Sent {
  readonly session: Session;
  readonly name: string;
  check(): void;
}

/** A session with a table of `size` words, the first of which is where `copy_table` puts them all. */
function send(bench: Tested, size: number): Sent {
  if (size === 0) return sendNothing(bench);
  const { plugin, device } = bench;
  const k = launches++;
  const out = plugin.alloc(device, 8 * (1 + size));
  plugin.memset(device, out, 0xee, 8 * (1 + size));
  plugin.host2dev(device, out, BigUint64Array.of(BigInt(size)));
  const words = BigUint64Array.from({ length: size }, (_, i) => (i === 0 ? BigInt(out) : word(k, i)));
  const { session, end } = bench.session([...words]);
  return {
    session,
    name: "copy_table",
    check: () => {
      end();
      const arrived = new BigUint64Array(size);
      plugin.dev2host(device, arrived, out + 8);
      plugin.free(device, out);
      expect(Buffer.compare(Buffer.from(arrived.buffer), Buffer.from(words.buffer))).toBe(0);
    },
  };
}

const expectedRuns = new Map<Tested, number>();
function sendNothing(bench: Tested): Sent {
  expectedRuns.set(bench, (expectedRuns.get(bench) ?? 0) + 1);
  return { session: bench.session([]).session, name: "count_run", check: () => {} };
}
const runsOf = (bench: Tested): number => {
  const out = bench.zeros(1);
  bench.run("tell_runs", [out]);
  const [runs] = bench.read(out, 1);
  bench.plugin.free(bench.device, out);
  return runs as number;
};

function runNow(bench: Tested, size: number): void {
  const { session, name, check } = send(bench, size);
  bench.plugin.run(session, bench.fn(name), ONE);
  check();
}
async function runLater(bench: Tested, size: number): Promise<void> {
  const { session, name, check } = send(bench, size);
  await bench.plugin.asyncRun(session, bench.fn(name), ONE);
  check();
}

describe.each(PLACES)("a table %s", (_, bench) => {
  test.each(SIZES)("of %i words arrives, in a blocking launch and in one that is awaited", async (size) => {
    runNow(bench, size);
    await runLater(bench, size);
    runNow(bench, size);
    expect(runsOf(bench)).toBe(expectedRuns.get(bench) ?? 0);
  });

  test("arrives whatever came before it: sizes in random order, several launches in flight", async () => {
    // A generator by Lehmer, so that a failure comes again.
    let state = 20260601;
    const random = (below: number): number => {
      state = (state * 48271) % 0x7fffffff;
      return state % below;
    };
    const small = SIZES.filter((size) => size <= 5000);
    for (let round = 0; round < 40; round++) {
      const sizes = Array.from({ length: 1 + random(4) }, () => small[random(small.length)] as number);
      const under = sizes.map((size) => runLater(bench, size));
      // A blocking launch overtakes those that are in flight: it has a block of its own.
      if (random(2) === 0) runNow(bench, small[random(small.length)] as number);
      await Promise.all(under);
    }
    await Promise.all([runLater(bench, 100_000), runLater(bench, 1), runLater(bench, 100_000)]);
    expect(runsOf(bench)).toBe(expectedRuns.get(bench) ?? 0);
  });
});

test("tables are 16-byte aligned, as long as asked for, and apart from each other", () => {
  const { plugin } = tested;
  const sessions = SIZES.map(() => plugin.newSession());
  const ranges: [number, number][] = [];
  for (const [i, session] of sessions.entries()) {
    plugin.sessionStart(session, 0);
    const size = SIZES[i] as number;
    const table = plugin.sessionAllocateTargetVarTable?.(session, size);
    expect(table?.words.length).toBeGreaterThanOrEqual(2 * size);
    expect((table?.address ?? 1) % 16).toBe(0);
    ranges.push([table?.address ?? 0, (table?.address ?? 0) + 8 * size]);
    table?.words.fill(0xffffffff);
  }
  ranges.sort(([a], [b]) => a - b);
  for (const [i, [from]] of ranges.entries()) if (i > 0) expect(from).toBeGreaterThanOrEqual(ranges[i - 1]?.[1] ?? 0);
  for (const session of sessions) plugin.sessionAbandon(session);
});

afterAll(() => {
  // The tests above have had blocks of every size, each with its guard.
  if (!FOREIGN) expect(guarded.length).toBeGreaterThan(10);
  for (const { memory, from } of guarded) if (!memory.disposed) mustBeUntouched(memory, from);
});
