// All operations of this level, by opcode.
#pragma once

#include "isa/vector/operation.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

const vector::Operation* find(Opcode opcode);
Handler special(Opcode opcode);
const vector::Level& level();

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
