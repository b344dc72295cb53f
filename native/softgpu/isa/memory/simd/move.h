// Loads and stores of checked lanes.
#pragma once

#include "isa/memory/access.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

// `row`: the first register row that is written or read; a lane's further dwords are in the rows after it.
void move(Access access, uint32_t* row, const Lanes& lanes);

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
