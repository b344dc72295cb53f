// What happens where lanes do not all lie within one mapped block.
#include "isa/memory/check.h"

#include "isa/memory/simd/kernels.h"
#include "isa/memory_access.h"

namespace softgpu::memory {

const MicroOp* raiseMemoryFault(Wave& wave, const MicroOp* op, FaultKind kind, uint64_t address, unsigned lane) {
  Fault fault;
  fault.kind = kind;
  fault.address = address;
  fault.lane = static_cast<int8_t>(lane);
  fault.write = !isLoad(accessKind(op));
  return wave.raise(op, fault);
}

void performAccess(Wave& wave, const MicroOp* op, const Lanes& lanes) {
  const Access access = accessKind(op);
  if (isAtomic(access)) {
    kAtomicAccess[static_cast<size_t>(access) - static_cast<size_t>(Access::moves)](wave, op, lanes);
  } else {
    memoryKernels().move(access, memoryRow(wave, isLoad(access) ? op->dst : op->src[1].index), lanes);
  }
}

bool laneMapped(Wave& wave, const MicroOp* op, uint64_t address, unsigned bytes, unsigned lane) {
  if (hostPointer(wave, address, bytes)) return true;
  raiseMemoryFault(wave, op, FaultKind::MemoryAccess, firstOffendingByte(wave, address, bytes), lane);
  return false;
}

bool everyLaneMapped(Wave& wave, const MicroOp* op, const Lanes& lanes) {
  const unsigned bytes = op->extra[kBytes];
  const bool apart = lanes.stride != 4 && bytes > 4;
  const unsigned unit = apart ? 4 : bytes, units = apart ? bytes / 4 : 1;
  for (uint64_t rest = lanes.exec; rest; rest &= rest - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctzll(rest));
    for (unsigned k = 0; k < units; ++k) {
      const uint64_t address = lanes.base + lanes.offset[lane] + uint64_t{k} * lanes.stride;
      if (!laneMapped(wave, op, address, unit, lane)) return false;
    }
  }
  return true;
}

bool everyLaneAligned(Wave& wave, const MicroOp* op, const Lanes& lanes) {
  const unsigned bytes = op->extra[kBytes];
  if (lanes.shape == Shape::Uniform || lanes.shape == Shape::Ramp) {
    if ((lanes.base + lanes.low) % bytes == 0) return true;  // a ramp's steps are `bytes`
  }
  for (uint64_t rest = lanes.exec; rest; rest &= rest - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctzll(rest));
    const uint64_t address = lanes.base + lanes.offset[lane];
    if (address % bytes) {
      raiseMemoryFault(wave, op, FaultKind::MemoryAccess, address, lane);
      return false;
    }
  }
  return true;
}

}  // namespace softgpu::memory
