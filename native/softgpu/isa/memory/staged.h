// Accesses whose bytes do not lie side by side, or not all in range: they go through a copy per lane.
#pragma once

#include <cstring>

#include "isa/memory/access.h"
#include "isa/memory/operands.h"

namespace softgpu::memory {

// `locate(lane, byte)` answers the host's byte, or null where loads read zero and stores vanish. All have been checked.
// Not for atomics.
template <class Locate>
void accessStaged(Wave& wave, const MicroOp* op, uint64_t exec, Locate locate) {
  if (!exec) return;
  constexpr unsigned kRecord = 16;
  alignas(64) uint8_t copies[kLanes * kRecord] = {};
  alignas(64) uint32_t offset[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) offset[lane] = lane * kRecord;
  const unsigned bytes = op->extra[kBytes];
  const bool load = isLoad(accessKind(op));
  if (load) {
    forEachLane(exec, [&](unsigned lane) {
      for (unsigned i = 0; i < bytes; ++i) {
        if (const uint8_t* from = locate(lane, i)) copies[lane * kRecord + i] = *from;
      }
    });
  }
  Lanes lanes;
  lanes.base = reinterpret_cast<uint64_t>(copies);
  lanes.exec = exec;
  lanes.offset = offset;
  lanes.high = (kLanes - 1) * kRecord;
  performAccess(wave, op, lanes);
  if (!load) {
    forEachLane(exec, [&](unsigned lane) {
      for (unsigned i = 0; i < bytes; ++i) {
        if (uint8_t* to = locate(lane, i)) *to = copies[lane * kRecord + i];
      }
    });
  }
}

}  // namespace softgpu::memory
