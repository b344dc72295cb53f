// FLAT, GLOBAL and SCRATCH addresses (Vega ISA, chapter 9).
#include "isa/memory/simd/flat.h"

#include "isa/memory/simd/perform.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

namespace {

// An access of lanes that are all in one aperture. `done` is false where they leave LDS.
const MicroOp* apertureAccess(Wave& wave, const MicroOp* op, Lanes& lanes, uint64_t window, bool& done) {
  const uint32_t offset = static_cast<uint32_t>(op->imm);
  done = true;
  if (window == wave.privateAperture >> 32) {
    return performPrivate(wave, op, lanes.exec, memory::privateBase(wave), lanes.offset, offset, wave.scratchPerLane);
  }
  if (window == wave.sharedAperture >> 32) {
    const Access access = memory::accessKind(op);
    findShape(lanes, bytesOf(access));
    if (uint64_t{lanes.high} + offset + bytesOf(access) <= wave.ldsBytes) {
      lanes.base = reinterpret_cast<uint64_t>(wave.lds) + offset;
      return finish(wave, op, access, lanes);
    }
  }
  done = false;
  return nullptr;
}

// Addresses in two rows, low and high words. Nearly always the high words agree.
template <bool Flat>
const MicroOp* wideAddresses(Wave& wave, const MicroOp* op) {
  Lanes lanes;
  lanes.exec = wave.exec();
  if (!lanes.exec) return next(op);
  const uint32_t* low = memoryRow(wave, op->src[0].index);
  const uint32_t* high = low + kLanes;
  lanes.offset = low;
  const uint32_t word = high[lanes.first()];
  const bool apart = (lanes.exec & (lanes.exec - 1)) && (lanesOffRamp(high, word, 0) & lanes.exec);
  const bool aperture = Flat && word && (word == wave.sharedAperture >> 32 || word == wave.privateAperture >> 32);
  if (aperture && !apart) {
    bool done;
    const MicroOp* following = apertureAccess(wave, op, lanes, word, done);
    if (done) return following;
  }
  if (aperture || apart) [[unlikely]] {
    uint64_t address[kLanes];
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      address[lane] = (low[lane] | uint64_t{high[lane]} << 32) + static_cast<int64_t>(op->imm);
    }
    return memory::accessAnywhere(wave, op, address, lanes.exec, Flat);
  }
  lanes.base = (uint64_t{word} << 32) + static_cast<int64_t>(op->imm);
  return perform(wave, op, lanes);
}

}  // namespace

const MicroOp* flatHandler(Wave& wave, const MicroOp* op) {
  return wideAddresses<true>(wave, op);
}
const MicroOp* globalHandler(Wave& wave, const MicroOp* op) {
  return wideAddresses<false>(wave, op);
}

const MicroOp* globalScalarHandler(Wave& wave, const MicroOp* op) {
  Lanes lanes;
  lanes.exec = wave.exec();
  if (!lanes.exec) return next(op);
  lanes.base = wave.pair(op->src[3].index) + static_cast<int64_t>(op->imm);
  lanes.offset = memoryRow(wave, op->src[0].index);
  return perform(wave, op, lanes);
}

// The offset comes from a VGPR or an SGPR.
const MicroOp* scratchHandler(Wave& wave, const MicroOp* op) {
  const uint64_t exec = wave.exec();
  if (!exec) return next(op);
  const uint8_t bits = op->extra[memory::kBits];
  const uint32_t* row = bits & memory::kHasVaddr ? memoryRow(wave, op->src[0].index) : nullptr;
  uint32_t offset = static_cast<uint32_t>(op->imm);
  if (bits & memory::kHasSaddr) offset += wave.sgpr[op->src[3].index];
  return performPrivate(wave, op, exec, memory::privateBase(wave), row, offset, wave.scratchPerLane);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
