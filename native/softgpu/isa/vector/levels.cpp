// Which of the compiled levels this process uses.
#include <cstdlib>
#include <cstring>

#include "isa/vector/operation.h"

namespace softgpu::portable {
const vector::Level& level();
}
namespace softgpu::avx2 {
const vector::Level& level();
}
namespace softgpu::avx512 {
const vector::Level& level();
}

namespace softgpu::vector {
namespace {

bool hasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt") &&
         __builtin_cpu_supports("popcnt");
}
bool hasAvx512() {
  return hasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
}

const Level& choose() {
  if (const char* name = std::getenv("GCN_SOFTGPU_SIMD")) {
    if (const Level* wanted = levelNamed(name)) return *wanted;
  }
  return hasAvx512() ? avx512::level() : hasAvx2() ? avx2::level() : portable::level();
}

}  // namespace

const Level* levelNamed(const char* name) {
  __builtin_cpu_init();
  if (std::strcmp(name, "portable") == 0) return &portable::level();
  if (std::strcmp(name, "avx2") == 0 && hasAvx2()) return &avx2::level();
  if (std::strcmp(name, "avx512") == 0 && hasAvx512()) return &avx512::level();
  return nullptr;
}

const Level& level() {
  static const Level& chosen = (__builtin_cpu_init(), choose());
  return chosen;
}

}  // namespace softgpu::vector
