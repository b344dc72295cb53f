// v_cmp and v_cmpx: one comparison under two opcodes, the second of which writes EXEC too.
#pragma once

#include "isa/vector/simd/executor.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

struct Compare {
  Operation operation;
  Opcode writingExec;
};

#define COMPARE(condition, type, T, ...)                                                          \
  Compare {                                                                                       \
    OP2(v_cmp_##condition##_##type, Mask, T, T, __VA_ARGS__), Opcode::v_cmpx_##condition##_##type \
  }

// Both opcodes of every comparison.
template <size_t N>
struct CompareTable {
  Operation rows[2 * N];
  constexpr explicit CompareTable(const Compare (&compares)[N]) : rows{} {
    for (size_t i = 0; i < N; ++i) {
      rows[2 * i] = rows[2 * i + 1] = compares[i].operation;
      rows[2 * i + 1].opcode = compares[i].writingExec;
      rows[2 * i + 1].writesExec = true;
    }
  }
};

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
