// Float comparisons and classes (Vega ISA, 12.9).
#include "isa/vector/simd/compare.h"
#include "isa/vector/simd/float_rules.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

#define FLOAT_COMPARES(type, T)                                                                                       \
  COMPARE(f, type, T, (a == a) & (a != a)), COMPARE(lt, type, T, a < b), COMPARE(eq, type, T, a == b),                \
      COMPARE(le, type, T, a <= b), COMPARE(gt, type, T, a > b), COMPARE(lg, type, T, (a < b) | (a > b)),             \
      COMPARE(ge, type, T, a >= b), COMPARE(o, type, T, (a == a) & (b == b)),                                         \
      COMPARE(u, type, T, (a != a) | (b != b)), COMPARE(nge, type, T, ~(a >= b)),                                     \
      COMPARE(nlg, type, T, ~((a < b) | (a > b))), COMPARE(ngt, type, T, ~(a > b)), COMPARE(nle, type, T, ~(a <= b)), \
      COMPARE(neq, type, T, a != b), COMPARE(nlt, type, T, ~(a < b)), COMPARE(tru, type, T, (a == a) | (a != a))

// Ten classes by bit: signaling and quiet NaN, then -inf, -normal, -denormal, -0, +0, +denormal, +normal, +inf.
template <class Bits>
SIMD_INLINE auto isOfClass(Bits v, Bits classes, Bits sign, Bits exponent, Bits quietBit) {
  const Bits magnitude = v & ~sign, zero = v ^ v, one = zero + 1;
  const auto negative = (v & sign) != 0;
  const Bits nan = (v & quietBit) != 0 ? zero + 1 : zero;
  const Bits number = magnitude == zero       ? (negative ? zero + 5 : zero + 6)
                      : magnitude == exponent ? (negative ? zero + 2 : zero + 9)
                      : (v & exponent) == 0   ? (negative ? zero + 4 : zero + 7)
                                              : (negative ? zero + 3 : zero + 8);
  const Bits kind = magnitude > exponent ? nan : number;
  return (classes >> kind & one) != 0;
}
SIMD_INLINE i32x isOfClass16(u32x v, u32x classes) {
  return isOfClass(v, classes, splat(0x8000), splat(0x7c00), splat(0x200));
}
SIMD_INLINE i32x isOfClass32(u32x v, u32x classes) {
  return isOfClass(v, classes, splat(0x80000000), splat(0x7f800000), splat(0x400000));
}
SIMD_INLINE i64x isOfClass64(u64x v, u64x classes) {
  return isOfClass(v, classes, splat64(1ull << 63), splat64(0x7ff0000000000000), splat64(1ull << 51));
}

constexpr Compare kCompares[] = {
    FLOAT_COMPARES(f16, F16),
    FLOAT_COMPARES(f32, F32),
    FLOAT_COMPARES(f64, F64),
    {OP2(v_cmp_class_f16, Mask, H16, U32, isOfClass16(a, b)), Opcode::v_cmpx_class_f16},
    {OP2(v_cmp_class_f32, Mask, F32, U32, isOfClass32((u32x)a, b)), Opcode::v_cmpx_class_f32},
    {OP2(v_cmp_class_f64, Mask, F64, U32, isOfClass64((u64x)a, b)), Opcode::v_cmpx_class_f64},
};
constexpr CompareTable kTable(kCompares);

}  // namespace

OperationList floatCompares() {
  return listOf(kTable.rows);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
