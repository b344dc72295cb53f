#include "isa/memory/simd/kernels.h"

#include "isa/lds/simd/lds.h"
#include "isa/memory/simd/flat.h"
#include "isa/memory/simd/move.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

extern const MemoryKernels kMemoryKernels;
const MemoryKernels kMemoryKernels = {
    flatHandler,     globalHandler,   globalScalarHandler, scratchHandler, bufferHandler, ldsLoadHandler,
    ldsStoreHandler, ldsLoad2Handler, ldsStore2Handler,    move,           pullLanes,
};

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
