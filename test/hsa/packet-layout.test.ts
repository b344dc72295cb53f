import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  AMD_QUEUE,
  BARRIER,
  FENCE_SCOPE,
  HEADER,
  KERNEL_DISPATCH,
  PACKET_BYTES,
  PACKET_TYPE,
  packetHeader,
  writeBarrier,
  writeKernelDispatch,
} from "../../lib/hsa/packet.js";

/** Compiles and runs a C program against the installed HSA headers; answers what it prints, as JSON. */
function fromHeaders(body: string): Record<string, number> {
  const folder = mkdtempSync(join(tmpdir(), "gcn-offload-layout-"));
  try {
    const source = join(folder, "layout.c");
    const program = join(folder, "layout");
    writeFileSync(
      source,
      `#include <stddef.h>\n#include <stdio.h>\n#include <string.h>\n#include <hsa/hsa.h>\n#include <hsa/hsa_ext_amd.h>\n
       #include <hsa/amd_hsa_queue.h>\n
       static const char* separator = "{";
       static void say(const char* name, unsigned long value) { printf("%s\\"%s\\":%lu", separator, name, value); separator = ","; }
       int main(void) { ${body} puts("}"); return 0; }`,
    );
    const rocm = process.env.ROCM_PATH ?? "/opt/rocm";
    execFileSync("cc", ["-I", join(rocm, "include"), "-o", program, source]);
    return JSON.parse(execFileSync(program, { encoding: "utf8" })) as Record<string, number>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const offsets = (type: string, fields: object): string =>
  Object.keys(fields)
    .map((field) => `say("${field}", offsetof(${type}, ${field}));`)
    .join("\n");

test.each([
  ["hsa_kernel_dispatch_packet_t", KERNEL_DISPATCH],
  ["hsa_barrier_and_packet_t", BARRIER],
  ["hsa_barrier_or_packet_t", BARRIER],
  ["amd_queue_t", AMD_QUEUE],
])("the table of offsets of %s is the C compiler's", (type, table) => {
  expect(fromHeaders(offsets(type, table))).toEqual(table);
});

test("packet types, fence scopes and header bits are the headers'", () => {
  const constants = (prefix: string, table: object): string =>
    Object.keys(table)
      .map((name) => `say("${prefix}${name}", ${prefix}${name});`)
      .join("\n");
  const prefixed = (prefix: string, table: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.entries(table).map(([name, value]) => [`${prefix}${name}`, value]));
  const printed = fromHeaders(
    constants("HSA_PACKET_TYPE_", PACKET_TYPE) +
      constants("HSA_FENCE_SCOPE_", FENCE_SCOPE) +
      constants("HSA_PACKET_HEADER_", HEADER) +
      `say("bytes", sizeof(hsa_kernel_dispatch_packet_t));`,
  );
  expect(printed).toEqual({
    ...prefixed("HSA_PACKET_TYPE_", PACKET_TYPE),
    ...prefixed("HSA_FENCE_SCOPE_", FENCE_SCOPE),
    ...prefixed("HSA_PACKET_HEADER_", HEADER),
    bytes: PACKET_BYTES,
  });
});

test("a dispatch packet written here has the bytes that C writes", () => {
  const bytes = fromHeaders(`
    hsa_kernel_dispatch_packet_t p; memset(&p, 0, sizeof p);
    p.setup = 3 << HSA_KERNEL_DISPATCH_PACKET_SETUP_DIMENSIONS;
    p.workgroup_size_x = 64; p.workgroup_size_y = 4; p.workgroup_size_z = 2;
    p.grid_size_x = 4000000000u; p.grid_size_y = 9; p.grid_size_z = 3;
    p.private_segment_size = 16384; p.group_segment_size = 65535;
    p.kernel_object = 0x7fff1234abc0ull; p.kernarg_address = (void*)0x00007f0180000040ull;
    p.header = HSA_PACKET_TYPE_KERNEL_DISPATCH << HSA_PACKET_HEADER_TYPE | 1 << HSA_PACKET_HEADER_BARRIER
      | HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCACQUIRE_FENCE_SCOPE
      | HSA_FENCE_SCOPE_AGENT << HSA_PACKET_HEADER_SCRELEASE_FENCE_SCOPE;
    for (size_t i = 0; i < sizeof p; i++) { char name[8]; sprintf(name, "b%zu", i); say(name, ((unsigned char*)&p)[i]); }`);
  const view = new DataView(new ArrayBuffer(64));
  writeKernelDispatch(view, {
    dimensions: 3,
    workgroup: [64, 4, 2],
    grid: [4000000000, 9, 3],
    privateBytes: 16384,
    groupBytes: 65535,
    kernelObject: 0x7fff1234abc0,
    kernargAddress: 0x7f0180000040,
  });
  view.setUint16(0, packetHeader(PACKET_TYPE.KERNEL_DISPATCH, true, FENCE_SCOPE.SYSTEM, FENCE_SCOPE.AGENT), true);
  expect([...new Uint8Array(view.buffer)]).toEqual(Object.values(bytes));
});

test("a barrier takes five signals and not six, and leaves no earlier packet's bytes", () => {
  const view = new DataView(new ArrayBuffer(64));
  new Uint8Array(view.buffer).fill(0xff);
  writeBarrier(view, [0x7f0000001000, 0x7f0000001040]);
  expect(view.getBigUint64(BARRIER.dep_signal, true)).toBe(0x7f0000001000n);
  expect(view.getBigUint64(BARRIER.dep_signal + 8, true)).toBe(0x7f0000001040n);
  for (let i = 2; i < 5; i++) expect(view.getBigUint64(BARRIER.dep_signal + 8 * i, true)).toBe(0n);
  expect(view.getUint32(BARRIER.reserved1, true)).toBe(0);
  expect(() => writeBarrier(view, [1, 2, 3, 4, 5, 6])).toThrow(RangeError);
});
