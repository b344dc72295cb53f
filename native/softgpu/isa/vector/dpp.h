// Data-parallel primitives: which lane each lane reads.
#pragma once

#include <cstdint>

#include "isa/micro_op.h"

namespace softgpu::vector {

struct DppPattern {
  uint8_t from[64];
  uint64_t inRange;  // lanes whose source lies inside the row or wave
};

const DppPattern& dppPattern(const MicroOp* op);

// Lanes that have a source: in range and, since a disabled lane's register is not read, active.
uint64_t dppValid(const DppPattern& pattern, uint64_t exec);

// The lanes that row_mask, bank_mask and, without bound_ctrl, the lack of a source leave to be written.
uint64_t dppWritten(const MicroOp* op, uint64_t exec);

bool isDppControl(uint16_t control, bool gfx90a);

}  // namespace softgpu::vector
