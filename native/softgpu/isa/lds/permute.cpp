// DS operations that move data between lanes without touching LDS (Vega ISA, 12.13 and 12.13.1).
#include "isa/lds/permute.h"

#include <bit>
#include <cstring>

#include "isa/lds/operands.h"

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

// Inactive lanes read as zero.
template <class From>
void pull(Wave& wave, const uint32_t* data, uint32_t* result, From from) {
  const uint64_t exec = wave.exec();
  uint32_t visible[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) visible[lane] = exec >> lane & 1 ? data[lane] : 0;
  uint32_t pulled[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) pulled[lane] = visible[from(lane) % kLanes];
  if (exec == ~0ull) {
    std::memcpy(result, pulled, sizeof pulled);
  } else {
    forEachLane(exec, [&](unsigned lane) { result[lane] = pulled[lane]; });
  }
}

const MicroOp* backwardPermute(Wave& wave, const MicroOp* op) {
  const uint32_t* address = memoryRow(wave, op->src[0].index);
  const uint32_t offset = static_cast<uint32_t>(op->imm);
  pull(wave, memoryRow(wave, op->src[1].index), memoryRow(wave, op->dst),
       [&](unsigned lane) { return (address[lane] + offset) / 4; });
  return next(op);
}

unsigned reverse5(unsigned bits) {
  unsigned reversed = 0;
  for (unsigned i = 0; i < 5; ++i) reversed |= (bits >> i & 1) << (4 - i);
  return reversed;
}

// The lane that `lane` reads; each mode stays within 32 lanes.
unsigned swizzleSource(unsigned pattern, unsigned lane) {
  const unsigned within = lane & 31, mask = pattern & 31;
  unsigned from;
  if (pattern >= 0xe000) {  // the order of an FFT's butterflies
    from = reverse5(within) >> std::popcount(mask) | (within & mask);
  } else if (pattern >= 0xc000) {  // rotation by up to 31 lanes of those that the mask leaves free
    const unsigned distance = pattern >> 5 & 31;
    const unsigned turned = pattern & 0x400 ? lane - distance : lane + distance;
    from = (lane & mask) | (turned & ~mask);
  } else if (pattern & 0x8000) {  // any of the four lanes of a quad
    from = (within & ~3u) | (pattern >> (2 * (lane & 3)) & 3);
  } else {
    from = ((within & mask) | (pattern >> 5 & 31)) ^ (pattern >> 10 & 31);
  }
  return (from & 31) | (lane & 32);
}

const MicroOp* swizzle(Wave& wave, const MicroOp* op) {
  const unsigned pattern = static_cast<unsigned>(op->imm) & 0xffff;
  // Its data come from the address register.
  pull(wave, memoryRow(wave, op->src[0].index), memoryRow(wave, op->dst),
       [pattern](unsigned lane) { return swizzleSource(pattern, lane); });
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
