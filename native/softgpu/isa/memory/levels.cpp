#include "isa/memory/simd/kernels.h"

namespace softgpu {

namespace {

const MemoryKernels& choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd")) {
    return avx512::kMemoryKernels;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) return avx2::kMemoryKernels;
#endif
  return portable::kMemoryKernels;
}

}  // namespace

const MemoryKernels& memoryKernels() {
  static const MemoryKernels& chosen = choose();
  return chosen;
}

}  // namespace softgpu
