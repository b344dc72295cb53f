import { expect, test } from "vitest";
import { type KernelDescriptor, parseCodeObject } from "../../lib/codeobject/index.js";
import { compile } from "./toolchain.js";

/** Assembles a kernel whose descriptor has what the directives say, and reads it back. */
function describe(cpu: string, directives: Record<string, number>): KernelDescriptor {
  const lines = Object.entries({ next_free_vgpr: 8, next_free_sgpr: 16, ...directives });
  const source = `
    .text
    .protected k
    .type k,@function
    .p2align 8
    k: s_endpgm
    .rodata
    .protected k.kd
    .globl k.kd
    .p2align 6
    .amdhsa_kernel k
    ${lines.map(([name, value]) => `.amdhsa_${name} ${value}`).join("\n")}
    .end_amdhsa_kernel
    .amdgpu_metadata
---
amdhsa.version: [1, 2]
amdhsa.kernels:
  - .name: k
    .symbol: k.kd
    .kernarg_segment_size: 0
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 64
    .sgpr_count: 16
    .vgpr_count: 8
    .max_flat_workgroup_size: 256
    .end_amdgpu_metadata`;
  const [kernel] = parseCodeObject(compile(source, { cpu, language: "assembler" })).kernels;
  if (!kernel) throw new Error("the object has one kernel");
  return kernel.descriptor;
}

const accum = (cpu: string) => (/^gfx9(0a|4)/.test(cpu) ? { accum_offset: 8 } : {});

test.each(["gfx803", "gfx900", "gfx906", "gfx908", "gfx90a", "gfx942", "gfx1030", "gfx1100", "gfx1201"])(
  "sizes, properties and modes of a descriptor are those it was assembled with: %s",
  (cpu) => {
    const architected = /^gfx(94|1[12])/.test(cpu);
    const before12 = !cpu.startsWith("gfx12");
    const got = describe(cpu, {
      ...accum(cpu),
      group_segment_fixed_size: 1234,
      private_segment_fixed_size: 560,
      kernarg_size: 72,
      user_sgpr_dispatch_ptr: 1,
      user_sgpr_queue_ptr: 0,
      user_sgpr_kernarg_segment_ptr: 1,
      user_sgpr_dispatch_id: 1,
      system_sgpr_workgroup_id_x: 1,
      system_sgpr_workgroup_id_y: 0,
      system_sgpr_workgroup_id_z: 1,
      system_sgpr_workgroup_info: 1,
      system_vgpr_workitem_id: 2,
      float_round_mode_32: 1,
      float_round_mode_16_64: 2,
      float_denorm_mode_32: 3,
      float_denorm_mode_16_64: 0,
      exception_fp_ieee_div_zero: 1,
      exception_int_div_zero: 1,
      uses_dynamic_stack: 1,
      ...(architected
        ? { enable_private_segment: 1 }
        : {
            user_sgpr_private_segment_buffer: 1,
            user_sgpr_flat_scratch_init: 1,
            system_sgpr_private_segment_wavefront_offset: 1,
          }),
      ...(before12 ? { dx10_clamp: 1, ieee_mode: 0 } : {}),
    });
    expect(got).toMatchObject({ groupSegmentFixedSize: 1234, privateSegmentFixedSize: 560, kernargSize: 72 });
    expect(got.address % 64).toBe(0);
    expect(got.entryAddress % 256).toBe(0);
    expect(got.properties).toMatchObject({
      enablePrivateSegmentBuffer: !architected,
      enableDispatchPtr: true,
      enableQueuePtr: false,
      enableKernargSegmentPtr: true,
      enableDispatchId: true,
      enableFlatScratchInit: !architected,
      usesDynamicStack: true,
    });
    expect(got.computePgmRsrc1).toMatchObject({
      floatRoundMode32: 1,
      floatRoundMode16_64: 2,
      floatDenormMode32: 3,
      floatDenormMode16_64: 0,
      enableDx10Clamp: before12 ? true : null,
      enableIeeeMode: before12 ? false : null,
      privileged: false,
    });
    // Two SGPRs for each pointer and id, four for the buffer, two for flat scratch.
    expect(got.computePgmRsrc2).toMatchObject({
      enablePrivateSegment: true,
      userSgprCount: architected ? 6 : 12,
      enableWorkgroupIdX: true,
      enableWorkgroupIdY: false,
      enableWorkgroupIdZ: true,
      enableWorkgroupInfo: true,
      enableWorkitemId: 2,
      exceptionDivisionByZero: true,
      exceptionIntDivideByZero: true,
      exceptionOverflow: false,
    });
  },
);

// "compute_pgm_rsrc1": VGPRs come in fours, in eights on gfx90a and gfx942 and for waves of 32 lanes; SGPRs in eights up to gfx8, in
// sixteens on gfx9, where VCC, flat scratch and XNACK take up to six more.
test.each([
  ["gfx803", {}, 25, 28],
  ["gfx906", {}, 24, 24],
  ["gfx90a", { accum_offset: 24 }, 25, 32],
  ["gfx942", { accum_offset: 24 }, 200, 200],
  ["gfx1030", { wavefront_size32: 1 }, 25, 32],
  ["gfx1030", { wavefront_size32: 0 }, 25, 28],
  ["gfx1100", { wavefront_size32: 1 }, 40, 40],
  ["gfx1201", { wavefront_size32: 0 }, 41, 44],
])("VGPRs are counted in the target's granules: %s %o, %d used, %d allocated", (cpu, directives, used, allocated) => {
  const got = describe(cpu, { ...directives, next_free_vgpr: used });
  expect(got.vgprCount).toBe(allocated);
  expect(got.properties.enableWavefrontSize32).toBe(
    "wavefront_size32" in directives && directives.wavefront_size32 === 1,
  );
});

test.each([
  ["gfx803", 40, 40],
  ["gfx803", 33, 40],
  ["gfx900:xnack-", 33, 48],
  ["gfx906:xnack-", 48, 48],
  ["gfx90a:xnack-", 49, 64],
])("SGPRs are counted in the target's granules: %s, %d used, %d allocated", (cpu, used, allocated) => {
  const reserved = { reserve_vcc: 0, ...(cpu === "gfx803" ? {} : { reserve_xnack_mask: 0 }), reserve_flat_scratch: 0 };
  expect(describe(cpu, { ...accum(cpu), ...reserved, next_free_sgpr: used }).sgprCount).toBe(allocated);
});

test("fields that a generation has or has not", () => {
  const gfx90a = describe("gfx90a", { accum_offset: 24, next_free_vgpr: 40, tg_split: 1 });
  expect(gfx90a.accumOffset).toBe(24);
  expect(gfx90a.computePgmRsrc3.tgSplit).toBe(true);
  expect(gfx90a.computePgmRsrc1.wgpMode).toBeNull();
  const gfx1030 = describe("gfx1030", {
    workgroup_processor_mode: 1,
    memory_ordered: 0,
    forward_progress: 1,
    shared_vgpr_count: 3,
    wavefront_size32: 0,
  });
  expect(gfx1030.computePgmRsrc1).toMatchObject({ wgpMode: true, memOrdered: false, forwardProgress: true });
  expect(gfx1030.computePgmRsrc3).toMatchObject({ sharedVgprCount: 3, instPrefSize: null, tgSplit: null });
  expect(gfx1030.sgprCount).toBeNull();
  expect(gfx1030.accumOffset).toBeNull();
  expect(describe("gfx900", { fp16_overflow: 1 }).computePgmRsrc1.fp16Overflow).toBe(true);
  expect(describe("gfx803", {}).computePgmRsrc1.fp16Overflow).toBeNull();
  const preloaded = describe("gfx942", {
    accum_offset: 8,
    user_sgpr_kernarg_segment_ptr: 1,
    user_sgpr_kernarg_preload_length: 6,
    user_sgpr_kernarg_preload_offset: 2,
  });
  expect(preloaded.kernargPreload).toEqual({ length: 6, offset: 2 });
});
