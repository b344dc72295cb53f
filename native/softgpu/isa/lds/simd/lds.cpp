// DS loads and stores (Vega ISA, 10.3.3). Out of range, loads read zeros and stores vanish.
#include "isa/lds/simd/lds.h"

#include <cstring>

#include "isa/lds/operands.h"
#include "isa/memory/simd/lane_rows.h"
#include "isa/memory/simd/move.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

namespace {

// Offsets wrap at 32 bits: a negative address plus the instruction's offset may be in range.
[[gnu::noinline]] void accessPartly(Wave& wave, Access access, uint32_t* row, const uint32_t* address, uint32_t offset,
                                    uint64_t exec) {
  alignas(64) uint32_t at[kLanes];
  uint64_t inside = 0;
  const uint64_t limit = lds::limitOf(wave);
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    at[lane] = address[lane] + offset;
    inside |= uint64_t{uint64_t{at[lane]} + bytesOf(access) <= limit} << lane;
  }
  Lanes lanes;
  lanes.offset = at;
  lanes.base = reinterpret_cast<uint64_t>(wave.lds);
  lanes.exec = exec & inside;
  if (lanes.exec) {
    findShape(lanes, bytesOf(access));
    move(access, row, lanes);
  }
  lanes.exec = exec & ~inside;
  if (isLoad(access) && lanes.exec) {
    static constexpr uint8_t kNothing[16] = {};
    std::memset(at, 0, sizeof at);
    lanes.base = reinterpret_cast<uint64_t>(kNothing);
    lanes.low = lanes.high = 0;
    lanes.shape = Shape::Uniform;
    move(access, row, lanes);
  }
}

inline void access(Wave& wave, Access access, uint32_t* row, const uint32_t* address, uint32_t offset, uint64_t exec) {
  Lanes lanes;
  lanes.exec = exec;
  lanes.offset = address;
  findShape(lanes, bytesOf(access));
  if (uint64_t{lanes.high} + offset + bytesOf(access) > lds::limitOf(wave)) [[unlikely]] {
    return accessPartly(wave, access, row, address, offset, exec);
  }
  lanes.base = reinterpret_cast<uint64_t>(wave.lds) + offset;
  move(access, row, lanes);
}

}  // namespace

const MicroOp* ldsLoadHandler(Wave& wave, const MicroOp* op) {
  if (const uint64_t exec = wave.exec()) {
    access(wave, static_cast<Access>(op->flags), memoryRow(wave, op->dst), memoryRow(wave, op->src[0].index),
           static_cast<uint32_t>(op->imm), exec);
  }
  return next(op);
}

const MicroOp* ldsStoreHandler(Wave& wave, const MicroOp* op) {
  if (const uint64_t exec = wave.exec()) {
    access(wave, static_cast<Access>(op->flags), memoryRow(wave, op->src[1].index), memoryRow(wave, op->src[0].index),
           static_cast<uint32_t>(op->imm), exec);
  }
  return next(op);
}

const MicroOp* ldsLoad2Handler(Wave& wave, const MicroOp* op) {
  const uint64_t exec = wave.exec();
  if (!exec) return next(op);
  const Access kind = static_cast<Access>(op->flags);
  alignas(64) uint32_t address[kLanes];  // the first result may overwrite the row
  std::memcpy(address, memoryRow(wave, op->src[0].index), sizeof address);
  uint32_t* row = memoryRow(wave, op->dst);
  access(wave, kind, row, address, static_cast<uint32_t>(op->imm), exec);
  access(wave, kind, row + resultRows(kind) * kLanes, address, op->literal, exec);
  return next(op);
}

const MicroOp* ldsStore2Handler(Wave& wave, const MicroOp* op) {
  const uint64_t exec = wave.exec();
  if (!exec) return next(op);
  const Access kind = static_cast<Access>(op->flags);
  const uint32_t* address = memoryRow(wave, op->src[0].index);
  access(wave, kind, memoryRow(wave, op->src[1].index), address, static_cast<uint32_t>(op->imm), exec);
  access(wave, kind, memoryRow(wave, op->src[2].index), address, op->literal, exec);
  return next(op);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
