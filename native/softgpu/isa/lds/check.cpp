#include "isa/lds/check.h"

#include "isa/lds/operands.h"

namespace softgpu::lds {

bool everyLaneAligned(Wave& wave, const MicroOp* op, uint32_t offset, unsigned bytes) {
  const uint32_t* address = memoryRow(wave, op->src[0].index);
  uint32_t any = 0;  // of lanes that are off, too: then each is looked at
  for (unsigned lane = 0; lane < kLanes; ++lane) any |= address[lane] + offset;
  if (any % bytes == 0) return true;
  for (uint64_t rest = wave.exec(); rest; rest &= rest - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctzll(rest));
    const uint32_t at = address[lane] + offset;
    if (at % bytes == 0) continue;
    Fault fault;
    fault.kind = FaultKind::MemoryAccess;
    fault.address = wave.sharedAperture + at;
    fault.lane = static_cast<int8_t>(lane);
    fault.write = true;
    wave.raise(op, fault);
    return false;
  }
  return true;
}

}  // namespace softgpu::lds
