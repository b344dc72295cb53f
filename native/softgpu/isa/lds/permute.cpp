// DS operations that move data between lanes without touching LDS (Vega ISA, 12.13 and 12.13.1).
#include "isa/lds/permute.h"

#include <bit>

#include "isa/lds/operands.h"
#include "isa/memory/simd/kernels.h"

namespace softgpu::lds {

namespace {

// The highest of the lanes that send to one lane wins; a lane that nobody sends to gets zero.
const MicroOp* permute(Wave& wave, const MicroOp* op) {
  const uint32_t* address = memoryRow(wave, op->src[0].index);
  const uint32_t* data = memoryRow(wave, op->src[1].index);
  uint32_t sent[kLanes] = {};
  forEachLane(wave.exec(),
              [&](unsigned lane) { sent[(address[lane] + static_cast<uint32_t>(op->imm)) / 4 % kLanes] = data[lane]; });
  uint32_t* result = memoryRow(wave, op->dst);
  forEachLane(wave.exec(), [&](unsigned lane) { result[lane] = sent[lane]; });
  return next(op);
}

const MicroOp* backwardPermute(Wave& wave, const MicroOp* op) {
  const uint32_t* address = memoryRow(wave, op->src[0].index);
  const uint32_t offset = static_cast<uint32_t>(op->imm);
  uint32_t from[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) from[lane] = (address[lane] + offset) / 4;
  memoryKernels().pull(memoryRow(wave, op->dst), memoryRow(wave, op->src[1].index), from, wave.exec());
  return next(op);
}

constexpr uint32_t reverse5(uint32_t bits) {
  uint32_t reversed = 0;
  for (unsigned i = 0; i < 5; ++i) reversed |= (bits >> i & 1) << (4 - i);
  return reversed;
}

// from[l]: the lane that lane l reads. Each mode stays within 32 lanes.
void swizzleSources(uint32_t pattern, uint32_t* from) {
  const uint32_t mask = pattern & 31;
  if (pattern >= 0xe000) {  // the order of an FFT's butterflies
    const int shift = std::popcount(mask);
    for (uint32_t lane = 0; lane < 32; ++lane) from[lane] = reverse5(lane) >> shift | (lane & mask);
  } else if (pattern >= 0xc000) {  // rotation of the lane bits that the mask leaves free
    const uint32_t distance = pattern >> 5 & 31, turn = pattern & 0x400 ? 32 - distance : distance;
    for (uint32_t lane = 0; lane < 32; ++lane) from[lane] = (lane & mask) | ((lane + turn) & ~mask & 31);
  } else if (pattern & 0x8000) {  // any of the four lanes of a quad
    for (uint32_t lane = 0; lane < 32; ++lane) from[lane] = (lane & ~3u) | (pattern >> (2 * (lane & 3)) & 3);
  } else {
    const uint32_t set = pattern >> 5 & 31, flip = pattern >> 10 & 31;
    for (uint32_t lane = 0; lane < 32; ++lane) from[lane] = ((lane & mask) | set) ^ flip;
  }
  for (uint32_t lane = 0; lane < 32; ++lane) from[lane + 32] = from[lane] + 32;
}

const MicroOp* swizzle(Wave& wave, const MicroOp* op) {
  uint32_t from[kLanes];
  swizzleSources(static_cast<uint32_t>(op->imm) & 0xffff, from);
  // Its data come from the address register.
  memoryKernels().pull(memoryRow(wave, op->dst), memoryRow(wave, op->src[0].index), from, wave.exec());
  return next(op);
}

}  // namespace

Handler permuteHandlerOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::ds_permute_b32:
      return permute;
    case Opcode::ds_bpermute_b32:
      return backwardPermute;
    case Opcode::ds_swizzle_b32:
      return swizzle;
    default:
      return nullptr;
  }
}

}  // namespace softgpu::lds
