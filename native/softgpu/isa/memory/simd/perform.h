// From addresses of a wave to the access itself: one range check where the lanes lie within one block.
#pragma once

#include "isa/memory/operands.h"
#include "isa/memory/simd/lane_rows.h"
#include "isa/memory/simd/move.h"
#include "isa/memory_access.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

// The access itself, at addresses that were checked.
inline const MicroOp* finish(Wave& wave, const MicroOp* op, Access access, const Lanes& lanes) {
  if (access < Access::moves) {
    move(access, memoryRow(wave, isLoad(access) ? op->dst : op->src[1].index), lanes);
  } else {
    if (!memory::everyLaneAligned(wave, op, lanes)) return nullptr;
    memory::performAccess(wave, op, lanes);
  }
  return next(op);
}

// `lanes` has base, exec (not empty), offset and stride.
inline const MicroOp* perform(Wave& wave, const MicroOp* op, Lanes& lanes) {
  const Access access = memory::accessKind(op);
  const unsigned bytes = op->extra[memory::kBytes];
  // Of swizzled dwords the first must be a ramp, and the block ends with the last.
  const bool apart = lanes.stride != 4 && bytes > 4;
  findShape(lanes, apart ? 4 : bytes);
  const uint64_t end = apart ? (bytes / 4 - 1) * uint64_t{lanes.stride} + 4 : bytes;
  if (!hostPointer(wave, lanes.base + lanes.low, lanes.high - lanes.low + end)) [[unlikely]] {
    if (!memory::everyLaneMapped(wave, op, lanes)) return nullptr;
  }
  return finish(wave, op, access, lanes);
}

// Lane l's swizzled dword, for a private offset that all lanes share.
inline const MicroOp* performPrivateUniform(Wave& wave, const MicroOp* op, uint64_t exec, uint64_t base,
                                            uint32_t offset) {
  alignas(64) static constexpr auto kLaneDwords = [] {
    std::array<uint32_t, kLanes> row{};
    for (unsigned lane = 0; lane < kLanes; ++lane) row[lane] = lane * 4;
    return row;
  }();
  Lanes lanes;
  lanes.base = memory::swizzled(base, offset, 0);
  lanes.exec = exec;
  lanes.offset = kLaneDwords.data();
  lanes.stride = memory::kSwizzledStride;
  return perform(wave, op, lanes);
}

// `row` + `offset` is each lane's private byte offset; null where it is `offset` alone. `limit`: bytes that a lane has.
inline const MicroOp* performPrivate(Wave& wave, const MicroOp* op, uint64_t exec, uint64_t base, const uint32_t* row,
                                     uint32_t offset, uint64_t limit) {
  const unsigned bytes = op->extra[memory::kBytes];
  const unsigned unit = bytes < 4 ? bytes : 4;  // what must not cross from one dword to the next
  // The halves of a 64-bit atomic lie apart.
  const bool plain = bytes <= 4 || !isAtomic(memory::accessKind(op));
  alignas(64) uint32_t offsets[kLanes];
  if (!row) {
    if (plain && offset % 4 + unit <= 4 && uint64_t{offset} + bytes <= limit) {
      return performPrivateUniform(wave, op, exec, base, offset);
    }
    for (unsigned lane = 0; lane < kLanes; ++lane) offsets[lane] = offset;
    return memory::accessPrivate(wave, op, base, offsets, exec, limit);
  }
  const unsigned first = static_cast<unsigned>(__builtin_ctzll(exec));
  const uint32_t common = row[first] + offset;
  if (plain && common % 4 + unit <= 4 && uint64_t{common} + bytes <= limit &&
      !(lanesOffRamp(row, row[first], 0) & exec)) {
    return performPrivateUniform(wave, op, exec, base, common);
  }
  // Of lanes that are off anything may be in the row: they only cost the fast way here.
  alignas(64) uint32_t places[kLanes];
  uint32_t misplaced = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    const uint32_t at = row[lane] + offset;
    offsets[lane] = at;
    places[lane] = (at & ~3u) * kLanes + lane * 4 + (at & 3);
    misplaced |= (at & 3) + unit > 4 ? 1 : 0;
  }
  uint32_t low, high;
  boundsOf(offsets, exec, low, high);
  if (!plain || misplaced || uint64_t{high} + bytes > std::min<uint64_t>(limit, UINT32_MAX / kLanes)) {
    return memory::accessPrivate(wave, op, base, offsets, exec, limit);
  }
  Lanes lanes;
  lanes.base = base;
  lanes.exec = exec;
  lanes.offset = places;
  lanes.stride = memory::kSwizzledStride;
  return perform(wave, op, lanes);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
