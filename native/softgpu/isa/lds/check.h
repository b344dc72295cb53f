#pragma once

#include "wave/wave.h"

namespace softgpu::lds {

// DS atomics need naturally aligned addresses (Vega ISA, 3.11: an LDS alignment error is a memory violation). `offset`
// is added to the address register. False after it raised the fault.
bool everyLaneAligned(Wave& wave, const MicroOp* op, uint32_t offset, unsigned bytes);

}  // namespace softgpu::lds
