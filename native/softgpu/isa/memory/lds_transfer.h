#pragma once

#include "isa/micro_op.h"

namespace softgpu::memory {

// After the operands were set. Null for what the LDS bit does not combine with.
Handler lowerLoadToLds(const Instruction& in, MicroOp& out);
Handler lowerStoreFromLds(MicroOp& out);

}  // namespace softgpu::memory
