// Half-precision arithmetic on f32 lanes: products of halves are exact there, and f32 has enough bits that rounding to
// f32 first and to half then gives what rounding once gives (24 >= 2 * 11 + 2) for sums, products, quotients and roots.
#pragma once

#include "isa/vector/simd/float_functions.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

// Not so for a * b + c, where the first rounding may land between two halves: an inexact sum is made odd in its last
// bit, so that the second one still knows (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums").
SIMD_INLINE f32x fmaHalf(f32x a, f32x b, f32x c) {
  const f32x product = a * b, sum = product + c, back = sum - product;
  const f32x error = (product - (sum - back)) + (c - back);
  const i32x away = (error > 0) == (sum > 0);  // the exact sum is further from zero than the rounded one
  const i32x inexact = ((error > 0) | (error < 0)) & (((u32x)sum & 1) == 0) & (sum != 0);
  const u32x odd = away ? (u32x)sum + 1 : (u32x)sum - 1;
  return inexact ? (f32x)odd : sum;
}

SIMD_INLINE f32x flushHalf(f32x v) {
  return absolute(v) < 0x1p-14f ? (f32x)((u32x)v & 0x80000000) : v;
}
SIMD_INLINE f32x roundHalf(f32x v) {
  return halfToFloat(floatToHalf(v));
}

// Not fused, denormals flushed, as `mad` is for f32.
SIMD_INLINE f32x madHalf(f32x a, f32x b, f32x c) {
  a = flushHalf(a), b = flushHalf(b), c = flushHalf(c);
  const f32x product = flushHalf(roundHalf(a * b));
  return flushHalf(roundHalf(product + c));
}

// Minimum and maximum look at the halves' own bits: widening would quiet a signaling NaN.
SIMD_INLINE i32x isNanHalf(u32x v) {
  return (v & 0x7fff) > 0x7c00;
}
SIMD_INLINE i32x isSignalingHalf(u32x v) {
  return isNanHalf(v) & ((v & 0x200) == 0);
}
SIMD_INLINE u32x chooseHalf(u32x r, u32x a, u32x b, bool ieee) {
  r = isNanHalf(b) ? a : r;
  r = isNanHalf(a) ? b : r;
  if (ieee) {
    r = isSignalingHalf(b) ? b | 0x200 : r;
    r = isSignalingHalf(a) ? a | 0x200 : r;
  }
  return r;
}
// Halves ordered as integers: -0 below +0.
SIMD_INLINE i32x orderedHalf(u32x v) {
  const i32x s = (i32x)(v << 16) >> 16;
  return s ^ ((s >> 31) & 0x7fff);
}
SIMD_INLINE u32x minHalf(u32x a, u32x b, bool ieee) {
  return chooseHalf(orderedHalf(a) < orderedHalf(b) ? a : b, a, b, ieee);
}
SIMD_INLINE u32x maxHalf(u32x a, u32x b, bool ieee) {
  return chooseHalf(orderedHalf(a) > orderedHalf(b) ? a : b, a, b, ieee);
}
// By the manual's rule (Vega ISA, V_MED3_F16), which takes zeros of both signs for equal: the larger of what is left
// without the first operand that equals the largest.
SIMD_INLINE u32x medianHalf(u32x a, u32x b, u32x c, bool ieee) {
  const i32x nan = isNanHalf(a) | isNanHalf(b) | isNanHalf(c);
  const u32x largest = maxHalf(maxHalf(a, b, ieee), c, ieee);
  const auto isLargest = [&](u32x v) -> i32x { return (v << 16 == largest << 16) | (((v | largest) & 0x7fff) == 0); };
  const u32x median = isLargest(a) ? maxHalf(b, c, ieee) : isLargest(b) ? maxHalf(a, c, ieee) : maxHalf(a, b, ieee);
  return nan ? minHalf(minHalf(a, b, ieee), c, ieee) : median;
}

// An operation on both halves of a row.
template <class F>
SIMD_INLINE u32x halves(u32x a, u32x b, F f) {
  return (f(a & 0xffff, b & 0xffff) & 0xffff) | f(a >> 16, b >> 16) << 16;
}
template <class F>
SIMD_INLINE u32x halves(u32x a, u32x b, u32x c, F f) {
  return (f(a & 0xffff, b & 0xffff, c & 0xffff) & 0xffff) | f(a >> 16, b >> 16, c >> 16) << 16;
}
SIMD_INLINE i32x signed16(u32x v) {
  return (i32x)(v << 16) >> 16;
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
