#pragma once

#include "isa/micro_op.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

const MicroOp* ldsLoadHandler(Wave& wave, const MicroOp* op);
const MicroOp* ldsStoreHandler(Wave& wave, const MicroOp* op);
const MicroOp* ldsLoad2Handler(Wave& wave, const MicroOp* op);
const MicroOp* ldsStore2Handler(Wave& wave, const MicroOp* op);

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
