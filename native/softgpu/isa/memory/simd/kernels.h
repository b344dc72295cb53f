// The memory handlers that are compiled once per host level.
#pragma once

#include "isa/memory/access.h"
#include "isa/micro_op.h"

namespace softgpu {

struct MemoryKernels {
  Handler flat;                                                    // 64-bit addresses, apertures
  Handler global;                                                  // 64-bit addresses
  Handler globalScalar;                                            // SGPR base, 32-bit offsets
  Handler scratch;                                                 // FLAT_SCRATCH base, swizzled
  Handler buffer;                                                  // descriptor
  Handler ldsLoad, ldsStore;                                       // DS with one address
  Handler ldsLoad2, ldsStore2;                                     // DS with two addresses
  void (*move)(Access access, uint32_t* row, const Lanes& lanes);  // loads and stores of checked lanes
  // Between lanes: see isa/lds/simd/lds.h.
  void (*pull)(uint32_t* result, const uint32_t* data, const uint32_t* from, uint64_t exec);
};

namespace portable {
extern const MemoryKernels kMemoryKernels;
}
namespace avx2 {
extern const MemoryKernels kMemoryKernels;
}
namespace avx512 {
extern const MemoryKernels kMemoryKernels;
}

// Those of the level that the process uses (isa/vector/levels.cpp).
const MemoryKernels& memoryKernels();
// Null where the host does not run the level.
const MemoryKernels* memoryKernelsNamed(const char* level);

}  // namespace softgpu
