#pragma once

#include "isa/micro_op.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

const MicroOp* ldsLoadHandler(Wave& wave, const MicroOp* op);
const MicroOp* ldsStoreHandler(Wave& wave, const MicroOp* op);
const MicroOp* ldsLoad2Handler(Wave& wave, const MicroOp* op);
const MicroOp* ldsStore2Handler(Wave& wave, const MicroOp* op);

// Lane l of `result` gets lane from[l] % 64 of `data`, or zero where that one is not in `exec`, as l must be.
void pullLanes(uint32_t* result, const uint32_t* data, const uint32_t* from, uint64_t exec);

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
