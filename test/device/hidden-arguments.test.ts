import { afterEach, beforeEach, expect, test } from "vitest";
import type { LaunchOptions } from "../../lib/index.js";
import { type Face, face } from "./fixture.js";

let f: Face;
beforeEach(() => {
  f = face();
});
afterEach(() => f[Symbol.dispose]());

/** What a launch hands over by name, as the metadata places it. */
async function hidden(options: LaunchOptions): Promise<Record<string, number>> {
  const kernel = f.code.kernel("hidden_arguments");
  await kernel.launch(options, f.device.alloc(256));
  const block = f.native.dispatched.at(-1)?.kernarg as DataView;
  const values: Record<string, number> = {};
  for (const { kind, offset, size, hidden: isHidden } of kernel.metadata.arguments) {
    if (!isHidden) continue;
    values[kind.replace("hidden_", "")] =
      size === 2
        ? block.getUint16(offset, true)
        : size === 4
          ? block.getUint32(offset, true)
          : Number(block.getBigUint64(offset, true));
  }
  return values;
}

test("counts, sizes and remainders of a grid that the workgroup does not divide", async () => {
  expect(await hidden({ grid: [1000, 7, 5], workgroup: [64, 4, 1] })).toMatchObject({
    block_count_x: 15,
    block_count_y: 1,
    block_count_z: 5,
    group_size_x: 64,
    group_size_y: 4,
    group_size_z: 1,
    remainder_x: 1000 - 15 * 64,
    remainder_y: 3,
    remainder_z: 0,
    global_offset_x: 0,
    global_offset_y: 0,
    global_offset_z: 0,
    grid_dims: 3,
  });
});

test("one dimension is one dimension", async () => {
  const values = await hidden({ grid: 128, workgroup: 128 });
  expect(values).toMatchObject({ block_count_x: 1, block_count_y: 1, group_size_y: 1, remainder_x: 0, grid_dims: 1 });
});

test("services that there are not get null pointers, whatever the block held before", async () => {
  await f.code.kernel("hidden_arguments").launch({ grid: 64, workgroup: 64 }, f.device.alloc(256));
  const used = f.native.dispatched.at(-1)?.kernarg as DataView;
  new Uint8Array(used.buffer, used.byteOffset, 512).fill(0xee);
  const values = await hidden({ grid: 64, workgroup: 64 });
  for (const [name, value] of Object.entries(values)) {
    if (/buffer|heap|queue$|action|multigrid|global_offset/.test(name)) expect(value, name).toBe(0);
  }
});

test("dynamic LDS is told to the kernel and added to the segment", async () => {
  const kernel = f.code.kernel("lds_reverse_dynamic");
  await kernel.launch({ grid: 256, workgroup: 256, dynamicLds: 1024 }, f.device.alloc(1024));
  expect(f.native.dispatched[0]?.groupBytes).toBe(1024);
  const values = await hidden({ grid: 64, workgroup: 64, dynamicLds: 4096 });
  if ("dynamic_lds_size" in values) expect(values.dynamic_lds_size).toBe(4096);
});

test("a kernel with an unknown stack depth gets a stack, and more on demand", async () => {
  const options = { grid: 64, workgroup: 64 };
  const kernel = f.code.kernel("call_indirect");
  expect(kernel.metadata.usesDynamicStack).toBe(true);
  await kernel.launch(options, f.device.alloc(256));
  expect(f.native.dispatched.at(-1)?.privateBytes).toBe(16384);
  await kernel.launch({ ...options, stack: 65536 }, f.device.alloc(256));
  expect(f.native.dispatched.at(-1)?.privateBytes).toBe(65536);
  const leaf = f.code.kernel("ids");
  await leaf.launch(options, f.device.alloc(4096));
  expect(f.native.dispatched.at(-1)?.privateBytes).toBe(leaf.metadata.privateSegmentSize);
});
