// Inline constants as rows that an operand can point at.
#pragma once

#include <cstdint>

#include "isa/vector/operation.h"

namespace softgpu::vector {

// Sixteen equal dwords for operand number 128-208 or 240-248 as an operand of `type` has it; for a 64-bit type the high
// dwords lie 64 dwords behind.
const uint32_t* constantRow(unsigned operand, Type type);
uint64_t constant64(unsigned operand);

}  // namespace softgpu::vector
