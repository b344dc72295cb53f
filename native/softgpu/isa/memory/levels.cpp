#include <cstring>

#include "isa/memory/simd/kernels.h"
#include "isa/vector/operation.h"

namespace softgpu {

const MemoryKernels* memoryKernelsNamed(const char* level) {
  if (!vector::levelNamed(level)) return nullptr;
  if (std::strcmp(level, "avx512") == 0) return &avx512::kMemoryKernels;
  return std::strcmp(level, "avx2") == 0 ? &avx2::kMemoryKernels : &portable::kMemoryKernels;
}

const MemoryKernels& memoryKernels() {
  static const MemoryKernels& chosen = *memoryKernelsNamed(vector::level().name);
  return chosen;
}

}  // namespace softgpu
