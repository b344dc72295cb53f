// 32-bit and 64-bit integer arithmetic (Vega ISA, 12.7 and 12.12).
#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/integer_rules.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

SIMD_INLINE auto addCarry(u32x a, u32x b) {
  return Carried{a + b, below(a + b, a)};
}
SIMD_INLINE auto addCarry(u32x a, u32x b, LaneMask in) {
  const u32x sum = a + b, result = increment(sum, in);
  return Carried{result, LaneMask{below(sum, a).bits | below(result, sum).bits}};
}
SIMD_INLINE auto subBorrow(u32x a, u32x b) {
  return Carried{a - b, below(a, b)};
}
SIMD_INLINE auto subBorrow(u32x a, u32x b, LaneMask in) {
  const u32x difference = a - b, result = decrement(difference, in);
  return Carried{result, LaneMask{below(a, b).bits | below(difference, result).bits}};
}
template <class C>
SIMD_INLINE auto saturate(C c, uint32_t limit) {
  return Carried{select(c.carry, splat(limit), c.value), c.carry};
}

SIMD_INLINE auto madU64(u64x a, u64x b, u64x c) {
  const u64x product = mulEven((u32x)a, (u32x)b);
  return Carried{product + c, product + c < product};
}
// The carry is bit 64 of the exact sum, which is its sign.
SIMD_INLINE auto madI64(i64x a, i64x b, i64x c) {
  const u64x x = (u64x)a, y = (u64x)b;
  const u64x correction = (((u64x)(a >> 63) & y) + ((u64x)(b >> 63) & x)) << 32;
  const i64x product = (i64x)(mulEven((u32x)x, (u32x)y) - correction);
  const i64x sum = (i64x)((u64x)product + (u64x)c);
  const i64x overflow = ~(product ^ c) & (product ^ sum);
  return Carried{sum, (sum ^ overflow) < 0};
}

SIMD_INLINE u32x absoluteDifference(u32x a, u32x b) {
  return greater(a, b) - lesser(a, b);
}
SIMD_INLINE u32x madSaturated(u32x a, u32x b, u32x c) {
  return Sum64{a * b, (i32x)mulHi(a, b)}.plus(c, i32x{}).saturatedUnsigned();
}
SIMD_INLINE i32x madSaturated(i32x a, i32x b, i32x c) {
  return Sum64{(u32x)a * (u32x)b, mulHi(a, b)}.plus(c).saturatedSigned();
}

const Operation kOperations[] = {
    withSaturation(OP2(v_add_u32, U32, U32, U32, a + b), OP2(v_add_u32, U32, U32, U32, addSaturated(a, b))),
    withSaturation(OP2(v_sub_u32, U32, U32, U32, a - b), OP2(v_sub_u32, U32, U32, U32, subSaturated(a, b))),
    withSaturation(OP2(v_subrev_u32, U32, U32, U32, b - a), OP2(v_subrev_u32, U32, U32, U32, subSaturated(b, a))),
    withSaturation(OP2(v_add_i32, U32, U32, U32, a + b), OP2(v_add_i32, I32, I32, I32, addSaturated(a, b))),
    withSaturation(OP2(v_sub_i32, U32, U32, U32, a - b), OP2(v_sub_i32, I32, I32, I32, subSaturated(a, b))),

    withSaturation(CARRY2(v_add_co_u32, U32, U32, U32, addCarry(a, b)),
                   CARRY2(v_add_co_u32, U32, U32, U32, saturate(addCarry(a, b), ~0u))),
    withSaturation(CARRY2(v_sub_co_u32, U32, U32, U32, subBorrow(a, b)),
                   CARRY2(v_sub_co_u32, U32, U32, U32, saturate(subBorrow(a, b), 0))),
    withSaturation(CARRY2(v_subrev_co_u32, U32, U32, U32, subBorrow(b, a)),
                   CARRY2(v_subrev_co_u32, U32, U32, U32, saturate(subBorrow(b, a), 0))),
    withSaturation(CARRY3(v_addc_co_u32, U32, U32, U32, Mask, addCarry(a, b, c)),
                   CARRY3(v_addc_co_u32, U32, U32, U32, Mask, saturate(addCarry(a, b, c), ~0u))),
    withSaturation(CARRY3(v_subb_co_u32, U32, U32, U32, Mask, subBorrow(a, b, c)),
                   CARRY3(v_subb_co_u32, U32, U32, U32, Mask, saturate(subBorrow(a, b, c), 0))),
    withSaturation(CARRY3(v_subbrev_co_u32, U32, U32, U32, Mask, subBorrow(b, a, c)),
                   CARRY3(v_subbrev_co_u32, U32, U32, U32, Mask, saturate(subBorrow(b, a, c), 0))),

    OP2(v_mul_lo_u32, U32, U32, U32, a* b),
    OP2(v_mul_hi_u32, U32, U32, U32, mulHi(a, b)),
    OP2(v_mul_hi_i32, I32, I32, I32, mulHi(a, b)),
    OP2(v_mul_u32_u24, U32, U32, U32, (a & 0xffffff) * (b & 0xffffff)),
    OP2(v_mul_hi_u32_u24, U32, U32, U32, mulHi(a & 0xffffff, b & 0xffffff)),
    OP2(v_mul_i32_i24, U32, U32, U32, (u32x)signExtend24(a) * (u32x)signExtend24(b)),
    OP2(v_mul_hi_i32_i24, I32, U32, U32, mulHi(signExtend24(a), signExtend24(b))),
    withSaturation(OP3(v_mad_u32_u24, U32, U32, U32, U32, (a & 0xffffff) * (b & 0xffffff) + c),
                   OP3(v_mad_u32_u24, U32, U32, U32, U32, madSaturated(a & 0xffffff, b & 0xffffff, c))),
    withSaturation(OP3(v_mad_i32_i24, U32, U32, U32, U32, (u32x)signExtend24(a) * (u32x)signExtend24(b) + c),
                   OP3(v_mad_i32_i24, I32, U32, U32, I32, madSaturated(signExtend24(a), signExtend24(b), c))),
    withSaturation(OP3(v_mad_u32_u16, U32, U16, U16, U32, a* b + c),
                   OP3(v_mad_u32_u16, U32, U16, U16, U32, addSaturated(a* b, c))),
    withSaturation(OP3(v_mad_i32_i16, U32, I16, I16, U32, (u32x)(a* b) + c),
                   OP3(v_mad_i32_i16, I32, I16, I16, I32, addSaturated(a* b, c))),
    withSaturation(
        CARRY3(v_mad_u64_u32, U64, U32, U32, U64, madU64(a, b, c)),
        CARRY3(v_mad_u64_u32, U64, U32, U32, U64,
               Carried{madU64(a, b, c).carry ? splat64(~0ull) : madU64(a, b, c).value, madU64(a, b, c).carry})),
    CARRY3(v_mad_i64_i32, I64, I32, I32, I64, madI64(a, b, c)),

    OP2(v_min_i32, I32, I32, I32, lesser(a, b)),
    OP2(v_max_i32, I32, I32, I32, greater(a, b)),
    OP2(v_min_u32, U32, U32, U32, lesser(a, b)),
    OP2(v_max_u32, U32, U32, U32, greater(a, b)),
    OP3(v_min3_i32, I32, I32, I32, I32, lesser(lesser(a, b), c)),
    OP3(v_max3_i32, I32, I32, I32, I32, greater(greater(a, b), c)),
    OP3(v_med3_i32, I32, I32, I32, I32, median(a, b, c)),
    OP3(v_min3_u32, U32, U32, U32, U32, lesser(lesser(a, b), c)),
    OP3(v_max3_u32, U32, U32, U32, U32, greater(greater(a, b), c)),
    OP3(v_med3_u32, U32, U32, U32, U32, median(a, b, c)),

    OP3(v_add3_u32, U32, U32, U32, U32, a + b + c),
    OP3(v_lshl_add_u32, U32, U32, U32, U32, (a << (b & 31)) + c),
    OP3(v_add_lshl_u32, U32, U32, U32, U32, (a + b) << (c & 31)),
    OP3(v_xad_u32, U32, U32, U32, U32, (a ^ b) + c),
    withSaturation(OP3(v_sad_u32, U32, U32, U32, U32, absoluteDifference(a, b) + c),
                   OP3(v_sad_u32, U32, U32, U32, U32, addSaturated(absoluteDifference(a, b), c))),
};

}  // namespace

OperationList integer32Operations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
