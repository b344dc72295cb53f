// Operands of memory micro-ops.
#pragma once

#include "isa/micro_op.h"

namespace softgpu::memory {

// A VGPR or AccVGPR as memoryRow() takes it.
uint16_t rowOperand(uint16_t operand);
// soffset: an SGPR, M0 or an inline constant. False for anything else.
bool setScalarOffset(uint16_t operand, MicroOp& out);

}  // namespace softgpu::memory
