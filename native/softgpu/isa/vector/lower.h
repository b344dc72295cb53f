// Lowering onto a given level: what lowerVector does with the process's own, and tests with each.
#pragma once

#include "isa/target.h"
#include "isa/vector/operation.h"

namespace softgpu::vector {

Handler lower(const Level& level, const Instruction& in, Target target, MicroOp& out);

}  // namespace softgpu::vector
