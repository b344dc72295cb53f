/** Variables of `declare` directives in GCC 12's image, on the software GPU. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { i32, openacc } from "../../lib/index.js";
import { program } from "../plugin/gcn/programs.js";
import { refusal } from "./fixture.js";

const { ASYNC, clause, open } = openacc;
const device = "software:gfx906";
const N = 100;
const integers = (first: number): Int32Array => Int32Array.from({ length: N }, (_, i) => first + i);
const declared = () => program("declared.c", "gfx906", [], fileURLToPath(new URL("programs", import.meta.url)));

test("declared variables are updated, mapped where they are linked, and found present", async () => {
  const { image } = await declared();
  await using acc = await open(image, { device, environment: {} });
  const [table, linked, out] = [integers(1000), integers(5), new Int32Array(N)];
  acc.bindVariable("table", table);
  acc.bindVariable("linked", linked);
  expect([acc.memory.isPresent(table), acc.memory.isPresent(linked)]).toEqual([true, false]);
  expect(acc.memory.deviceptr(table)).toBe(acc.variable("table").address);
  await acc.update([clause.device(table)]);
  const add = (async: number) =>
    acc.parallel("add._omp_fn.0", [clause.copyout(out), clause.present(linked), clause.firstprivate(i32(N))], {
      async,
    });
  await expect(add(ASYNC.SYNC)).rejects.toMatchObject({ code: "ERR_OFFLOAD_NOT_MAPPED" });
  for (const async of [ASYNC.SYNC, 1]) {
    out.fill(0);
    void acc.enterData([clause.copyin(linked)], { async });
    const added = add(async);
    await acc.exitData([clause.delete(linked)], { async });
    await added;
    expect([...out]).toEqual(Array.from({ length: N }, (_, i) => 1005 + 2 * i));
    expect(acc.memory.isPresent(linked)).toBe(false);
  }
  // What only the device has is there from one region to the next, and can be brought to the host where that has a place for it.
  await acc.parallel("look._omp_fn.0", [clause.copyout(out), clause.firstprivate(i32(N))]);
  expect([...out]).toEqual(Array.from({ length: N }, (_, i) => 2 * (1005 + 2 * i)));
  const resident = new Int32Array(N);
  acc.bindVariable("resident", resident);
  await acc.update([clause.self(resident)]);
  expect(resident).toEqual(out);
  // A declared variable's memory is nobody's to unmap or to free.
  await acc.exitData([clause.copyout(table)], { finalize: true });
  expect(acc.memory.isPresent(table)).toBe(true);
  expect(refusal(() => acc.memory.unmapData(table))).toBe("ERR_OFFLOAD_NOT_MAPPED");
  expect(refusal(() => acc.memory.free(acc.variable("table").address))).toBe("ERR_OFFLOAD_ADDRESS");
}, 120_000);

test("what cannot be bound is refused, and nothing is mapped", async () => {
  const { image } = await declared();
  await using acc = await open(image, { device, environment: {} });
  const before = acc.device.table.size;
  expect(() => acc.bindVariable("tabel", integers(0))).toThrow(
    /there is no variable "tabel" \(did you mean "table"\?\)/,
  );
  for (const name of ["table", "linked"]) {
    expect(refusal(() => acc.bindVariable(name, new Int32Array(N - 1)))).toBe("ERR_OFFLOAD_ADDRESS");
    expect(refusal(() => acc.bindVariable(name, 400 as never))).toBe("ERR_OFFLOAD_HOST_MEMORY");
    const memory = integers(0);
    acc.memory.copyin(memory);
    expect(refusal(() => acc.bindVariable(name, memory))).toBe("ERR_OFFLOAD_OVERLAP");
    acc.memory.delete(memory);
  }
  expect(acc.device.table.size).toBe(before);
}, 120_000);
