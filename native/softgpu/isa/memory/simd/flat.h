#pragma once

#include "isa/micro_op.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

const MicroOp* flatHandler(Wave& wave, const MicroOp* op);
const MicroOp* globalHandler(Wave& wave, const MicroOp* op);
const MicroOp* globalScalarHandler(Wave& wave, const MicroOp* op);
const MicroOp* scratchHandler(Wave& wave, const MicroOp* op);
const MicroOp* bufferHandler(Wave& wave, const MicroOp* op);

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
