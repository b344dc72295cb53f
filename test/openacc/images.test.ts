/**
 * GCC 12's OpenACC regions on the software GPU: with lists of clauses and with the very lists that the compiler hands over to libgomp, at
 * once and in queues.
 *
 * Where clauses are not what GCC 12 makes of them, on purpose:
 * - firstprivate is a private copy of the launch, and no mapped variable (TO), which another construct may have changed;
 * - deviceptr is a private copy of the pointer, and no mapped pointer variable (FORCE_DEVICEPTR).
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { i32 } from "../../lib/device/arguments.js";
import { f32 } from "../../lib/index.js";
import { clause, finalized, ifPresent, OpenAcc } from "../../lib/openacc/index.js";
import { GcnPlugin, type TargetFunction } from "../../lib/plugin/index.js";
import { addressOf, flatten, MAP, type MapItem, type MapList, map, TargetDevice } from "../../lib/target/index.js";
import { asCompiled, type CompiledList, type Construct, compiledLists, regions, shown } from "./images.js";

const N = 100;
let plugin: GcnPlugin;
/** Of each test its own, with a table of its own. */
let acc: OpenAcc;
let fns: ReadonlyMap<string, TargetFunction>;
let lists: ReadonlyMap<Construct, CompiledList>;

beforeAll(async () => {
  lists = await compiledLists();
  plugin = GcnPlugin.open({ device: "software:gfx906", environment: {} });
  plugin.initDevice(0);
  const module = plugin.loadImage(0, (await regions()).image);
  fns = new Map(module.functions.map((fn) => [fn.name.replace("._omp_fn.0", ""), fn]));
}, 120_000);
afterAll(() => plugin?.dispose());
beforeEach(() => {
  acc = new OpenAcc(new TargetDevice(plugin, 0));
});
afterEach(() => acc[Symbol.asyncDispose]());

const fn = (name: string): TargetFunction => {
  const found = fns.get(name);
  if (found === undefined) throw new Error(`there is no region ${name}`);
  return found;
};
const integers = (first = 0): Int32Array => Int32Array.from({ length: N }, (_, i) => first + i);

/** A `struct list` of the host's, and its values. */
function makeList(count: number) {
  const values = integers();
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, count, true);
  view.setBigUint64(8, BigInt(addressOf(values.buffer)), true);
  return { bytes, values, count: bytes.subarray(0, 4), pointer: bytes.subarray(8, 16) };
}

describe.each([
  ["at once", undefined],
  ["in a queue", 5],
])("%s", (_when, async) => {
  const when = async === undefined ? {} : { async };

  describe.each([
    ["by clauses", false],
    ["by the compiler's lists", true],
  ])("%s", (_how, raw) => {
    /** The construct's list; its kinds are what the compiler made of the same clauses, but for private copies. */
    const listed = (construct: Construct, clauses: MapList, like = (kind: string) => kind): readonly MapItem[] => {
      const items = flatten(clauses);
      const compiled = lists.get(construct) ?? [];
      expect(shown(items)).toEqual(shown(compiled).map(like));
      return raw ? asCompiled(items, compiled) : items;
    };
    const firstprivate = (...sizes: number[]) => {
      const names = sizes.map((size) => `TO ${size}`);
      return (kind: string) => (names.includes(kind) ? kind.replace("TO", "FIRSTPRIVATE") : kind);
    };
    const run = (construct: Construct, items: readonly MapItem[]) => void acc.parallel(fn(construct), items, when);
    /** Everything is over, and nothing is left. */
    const over = async () => {
      await acc.wait();
      expect([acc.device.table.size, plugin.stats().sessions]).toEqual([0, 0]);
    };

    test("copyin, copy and firstprivate", async () => {
      const [x, y] = [Float32Array.from(integers()), Float32Array.from(integers(1000))];
      const clauses = [clause.copyin(x), clause.copy(y), clause.firstprivate(i32(N)), clause.firstprivate(f32(0.5))];
      run("saxpy", listed("saxpy", clauses, firstprivate(4)));
      await over();
      expect([...y]).toEqual([...x].map((value, i) => 1000 + i + 0.5 * value));
    });

    test("present, and a reduction", async () => {
      const x = integers();
      const sum = BigInt64Array.of(7n);
      void acc.enterData([clause.copyin(x)], when);
      run(
        "total",
        listed("total", [clause.present(x), clause.copy(sum), clause.firstprivate(i32(N))], firstprivate(4)),
      );
      void acc.exitData([clause.delete(x)], when);
      await over();
      expect(sum[0]).toBe(BigInt(7 + (N * (N - 1)) / 2));
    });

    test("what an earlier region has brought back is what the next one takes", async () => {
      const value = Int32Array.of(1);
      let expected = 1;
      for (const factor of [3, 2, 5, 7, 2, 3]) {
        const clauses = [clause.firstprivate(i32(factor)), clause.copy(value)];
        const [, , ...none] = lists.get("step") ?? [];
        expect(none).toEqual([]);
        // The value of the clause's copy is the one of the call, also where the compiler has it mapped.
        run(
          "step",
          listed("step", clauses, (kind) => kind.replace(/^TO /, "FIRSTPRIVATE ")),
        );
        expected = expected * factor + 1;
      }
      await over();
      expect(value[0]).toBe(expected);
    });

    test("kernels, create", async () => {
      const out = new Int32Array(N);
      void acc.enterData([clause.create(out)], when);
      const [first, n] = [Int32Array.of(5), Int32Array.of(N)];
      // Scalars of a kernels region that are not there, and must not be.
      const scalars = [first, n].map((scalar) => ({ ...clause.copy(scalar), kind: MAP.FORCE_TOFROM + 512 }));
      run("fill", listed("fill", [clause.create(out), ...scalars]));
      void acc.exitData([clause.copyout(out)], when);
      await over();
      expect([...out]).toEqual([...integers(5)]);
    });

    test("a struct of the device's, whose pointer enter data attaches", async () => {
      const list = makeList(3);
      const slot = map.struct(list.bytes, [clause.create(list.pointer)]);
      void acc.enterData(listed("enter the struct", [clause.copyin(list.bytes)]), when);
      const values = listed("enter its values", [slot, clause.copyin(list.values), clause.attach(list.pointer)]);
      void acc.enterData(values, when);
      run("through", listed("through", [clause.present(list.bytes)]));
      list.values.fill(0);
      if (async === undefined) list.values.set(integers());
      void acc.update(listed("update device and pointer", [clause.device(list.values), ofPointer(list.pointer)]), when);
      run("through", listed("through", [clause.present(list.bytes)]));
      void acc.exitData(
        listed("leave its values", [
          clause.delete(list.pointer),
          clause.copyout(list.values),
          unsized(clause.detach(list.pointer)),
        ]),
        when,
      );
      const leave = listed("leave the struct", finalized([clause.delete(list.bytes)]));
      void acc.exitData(leave, when);
      await over();
      // Read in their turns, the values that were entered were those of the wait: zeros.
      const entered = async === undefined ? integers() : new Int32Array(N);
      expect([...list.values]).toEqual([...entered].map((value) => value + 3));
    });

    test("a struct's members, mapped by the region that uses them", async () => {
      const list = makeList(4);
      const members = map.struct(list.bytes, [clause.copy(list.count), clause.create(list.pointer)]);
      run("member", listed("member", [members, clause.copy(list.values), clause.attach(list.pointer)]));
      await over();
      expect([...list.values]).toEqual([...integers(4)]);
      expect(new DataView(list.bytes.buffer).getBigUint64(8, true)).toBe(BigInt(addressOf(list.values.buffer)));
    });

    test("deviceptr", async () => {
      const there = acc.memory.malloc(4 * N);
      const x = integers();
      void acc.memory.memcpyToDeviceAsync(there, x, async ?? -2);
      const clauses = [clause.deviceptr(there), clause.firstprivate(i32(N))];
      const privates = (kind: string) => firstprivate(4)(kind).replace("FORCE_DEVICEPTR", "FIRSTPRIVATE");
      run("twice", listed("twice", clauses, privates));
      void acc.memory.memcpyFromDeviceAsync(x, there, async ?? -2);
      await over();
      expect([...x]).toEqual([...integers()].map((value) => 2 * value));
      acc.memory.free(there);
    });

    test("no_create of what is there", async () => {
      const [x, y] = [integers(), new Int32Array(N)];
      void acc.enterData([clause.copyin(x)], when);
      run(
        "maybe",
        listed("maybe", [clause.noCreate(x), clause.copyout(y), clause.firstprivate(i32(N))], firstprivate(4)),
      );
      void acc.update(listed("update self", [clause.self(x)]), when);
      void acc.update(listed("update device if present", ifPresent([clause.device(y)])), when);
      void acc.exitData([clause.delete(x)], when);
      await over();
      expect([...y]).toEqual([...integers(1)]);
    });

    test("serial", async () => {
      const n = Int32Array.of(41);
      run("count", listed("count", [clause.copy(n)]));
      await over();
      expect(n[0]).toBe(42);
    });
  });
});

/** As compiled code has a pointer that is detached. */
const unsized = (item: MapItem): MapItem => ({ ...item, size: 0 });
/** A pointer behind what is updated. */
const ofPointer = (pointer: Uint8Array): MapItem => ({ ...clause.attach(pointer), kind: MAP.ALWAYS_POINTER });

describe("queues on the device", () => {
  const step = (value: Int32Array, factor: number, options: { readonly async: number; readonly wait?: number }) =>
    acc.parallel(fn("step"), [clause.firstprivate(i32(factor)), clause.copy(value)], options);

  test("a queue that waits for another sees what that has done", async () => {
    const value = Int32Array.of(1);
    let expected = 1;
    for (let i = 0; i < 20; i++) {
      void step(value, 2, { async: i % 3, wait: (i + 2) % 3 });
      expected = (expected * 2 + 1) | 0;
    }
    await acc.wait();
    expect(value[0]).toBe(expected);
  });

  test("launches on data that is there allocate nothing and copy nothing", async () => {
    const value = Int32Array.of(0);
    await acc.enterData([clause.copyin(value)]);
    const launches = (times: number) => {
      for (let i = 0; i < times; i++) {
        void acc.parallel(fn("step"), [clause.firstprivate(i32(1)), clause.present(value)], { async: 1 });
      }
      return acc.wait(1);
    };
    await launches(30);
    const { allocations, copies, bytes } = plugin.stats();
    await launches(30);
    expect(plugin.stats()).toMatchObject({ allocations, copies, bytes });
    await acc.exitData([clause.copyout(value)]);
    expect(value[0]).toBe(60);
  });

  test("promises resolve in the order of the queue, and each has its results", async () => {
    const value = Int32Array.of(1);
    const seen: number[] = [];
    const all = [3, 5, 7].map(async (factor) => {
      await step(value, factor, { async: 1 });
      seen.push(factor);
    });
    await Promise.all(all);
    expect([seen, value[0]]).toEqual([[3, 5, 7], ((3 + 1) * 5 + 1) * 7 + 1]);
    expect(acc.queues.testAll()).toBe(true);
  });
});
