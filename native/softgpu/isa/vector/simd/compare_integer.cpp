// Integer comparisons (Vega ISA, 12.9).
#include "isa/vector/simd/compare.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

#define INTEGER_COMPARES(type, T)                                                              \
  COMPARE(f, type, T, a != a), COMPARE(lt, type, T, a < b), COMPARE(eq, type, T, a == b),      \
      COMPARE(le, type, T, a <= b), COMPARE(gt, type, T, a > b), COMPARE(ne, type, T, a != b), \
      COMPARE(ge, type, T, a >= b), COMPARE(t, type, T, a == a)

constexpr Compare kCompares[] = {
    INTEGER_COMPARES(i16, I16), INTEGER_COMPARES(u16, U16), INTEGER_COMPARES(i32, I32),
    INTEGER_COMPARES(u32, U32), INTEGER_COMPARES(i64, I64), INTEGER_COMPARES(u64, U64),
};
constexpr CompareTable kTable(kCompares);

}  // namespace

OperationList integerCompares() {
  return listOf(kTable.rows);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
