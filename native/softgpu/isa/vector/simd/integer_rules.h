// Integer arithmetic that the host's vectors do not have as one operator.
#pragma once

#include "isa/vector/simd/lanes.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

SIMD_INLINE u32x mulHi(u32x a, u32x b) {
  const u64x even = mulEven(a, b), odd = mulEven((u32x)((u64x)a >> 32), (u32x)((u64x)b >> 32));
  return (u32x)(even >> 32 | (odd & 0xffffffff00000000));
}
// hi(a * b) of signed operands is the unsigned one less b where a < 0 and a where b < 0.
SIMD_INLINE i32x mulHi(i32x a, i32x b) {
  return (i32x)(mulHi((u32x)a, (u32x)b) - (u32x)((a >> 31) & b) - (u32x)((b >> 31) & a));
}

SIMD_INLINE i32x signExtend24(u32x v) {
  return (i32x)(v << 8) >> 8;
}

template <class V>
SIMD_INLINE V lesser(V a, V b) {
  return a < b ? a : b;
}
template <class V>
SIMD_INLINE V greater(V a, V b) {
  return a > b ? a : b;
}
template <class V>
SIMD_INLINE V median(V a, V b, V c) {
  return greater(lesser(a, b), lesser(greater(a, b), c));
}

// With the clamp bit: the nearest representable value.
SIMD_INLINE u32x addSaturated(u32x a, u32x b) {
  return a + b < a ? splat(~0u) : a + b;
}
SIMD_INLINE u32x subSaturated(u32x a, u32x b) {
  return a < b ? splat(0) : a - b;
}
SIMD_INLINE i32x limitOfSign(i32x v) {
  return (v >> 31) ^ 0x7fffffff;
}
SIMD_INLINE i32x addSaturated(i32x a, i32x b) {
  const i32x sum = (i32x)((u32x)a + (u32x)b);
  return (~(a ^ b) & (a ^ sum)) < 0 ? limitOfSign(a) : sum;
}
SIMD_INLINE i32x subSaturated(i32x a, i32x b) {
  const i32x difference = (i32x)((u32x)a - (u32x)b);
  return ((a ^ b) & (a ^ difference)) < 0 ? limitOfSign(a) : difference;
}
SIMD_INLINE u32x clampU16(u32x v) {
  return lesser(v, splat(0xffff));
}
SIMD_INLINE i32x clampI16(i32x v) {
  return lesser(greater(v, (i32x)splat(-32768u)), (i32x)splat(32767));
}

// Sums of more than 32 bits, for saturation.
struct Sum64 {
  u32x lo;
  i32x hi;
  SIMD_INLINE Sum64 plus(u32x addend, i32x addendHigh) const {
    const u32x sum = lo + addend;
    return {sum, hi + addendHigh - (sum < lo)};
  }
  SIMD_INLINE Sum64 plus(i32x addend) const { return plus((u32x)addend, addend >> 31); }
  SIMD_INLINE i32x saturatedSigned() const { return hi == (i32x)lo >> 31 ? (i32x)lo : limitOfSign(hi); }
  SIMD_INLINE u32x saturatedUnsigned() const { return hi == 0 ? lo : splat(~0u); }
};

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
