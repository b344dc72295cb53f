// What IEEE 754 leaves open and AMD decides: which NaN comes out, minimum and maximum, denormals that are always
// flushed.
#pragma once

#include "isa/vector/simd/lanes.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

template <class V>
struct FloatBits;
template <>
struct FloatBits<f32x> {
  using Bits = u32x;
  using Mask = i32x;
  static constexpr uint32_t kQuiet = 0x00400000, kSign = 0x80000000, kExponent = 0x7f800000;
};
template <>
struct FloatBits<f64x> {
  using Bits = u64x;
  using Mask = i64x;
  static constexpr uint64_t kQuiet = 0x0008000000000000, kSign = 0x8000000000000000, kExponent = 0x7ff0000000000000;
};

template <class V>
SIMD_INLINE auto bitsOf(V v) {
  return (typename FloatBits<V>::Bits)v;
}
template <class V>
SIMD_INLINE V quiet(V v) {
  return (V)(bitsOf(v) | FloatBits<V>::kQuiet);
}
template <class V>
SIMD_INLINE V absolute(V v) {
  return (V)(bitsOf(v) & ~FloatBits<V>::kSign);
}
template <class V>
SIMD_INLINE auto isSignaling(V v) {
  return (v != v) & ((bitsOf(v) & FloatBits<V>::kQuiet) == 0);
}
template <class V>
SIMD_INLINE auto isDenormal(V v) {
  return ((bitsOf(v) & FloatBits<V>::kExponent) == 0) & ((bitsOf(v) & ~FloatBits<V>::kSign) != 0);
}

// Denormals to zeros of their sign: v_mad_f32, v_mac_f32, v_rcp_f32 … do so in every MODE.
template <class V>
SIMD_INLINE V flush(V v) {
  const auto bits = bitsOf(v);
  return (V)((bits & FloatBits<V>::kExponent) == 0 ? (bits & FloatBits<V>::kSign) : bits);
}

// The first NaN among the operands, quiet; where an operation is invalid the host's default NaN is AMD's (sign set, as
// the examples of Vega ISA 12.8 show). Which operand's NaN an x86 instruction returns depends on how it is encoded.
template <class V>
__attribute__((noinline, cold)) V firstNan(V r, V a, V b, V c) {
  using Bits = typename FloatBits<V>::Bits;
  const auto nan = r != r;
  r = nan ? (V)(Bits{} + (FloatBits<V>::kSign | FloatBits<V>::kExponent | FloatBits<V>::kQuiet)) : r;
  r = nan & (c != c) ? quiet(c) : r;
  r = nan & (b != b) ? quiet(b) : r;
  return nan & (a != a) ? quiet(a) : r;
}
template <class V>
SIMD_INLINE V arith(V r, V a, V b, V c) {
  return anyNan(r) ? firstNan(r, a, b, c) : r;
}
template <class V>
SIMD_INLINE V arith(V r, V a, V b) {
  return arith(r, a, b, b);
}
template <class V>
SIMD_INLINE V arith(V r, V a) {
  return arith(r, a, a, a);
}

// v_min, v_max (Vega ISA, 12.7): a signaling NaN wins in IEEE mode, otherwise a number wins over a NaN; -0 < +0.
template <class V>
SIMD_INLINE V minMaxNan(V r, V a, V b, bool ieee) {
  r = b != b ? a : r;
  r = a != a ? b : r;
  if (ieee) {
    r = isSignaling(b) ? quiet(b) : r;
    r = isSignaling(a) ? quiet(a) : r;
  }
  return r;
}
template <class V>
SIMD_INLINE V minimum(V a, V b, bool ieee) {
  V r = a < b ? a : b;
  r = a == b ? (V)(bitsOf(a) | bitsOf(b)) : r;
  if (anyNan(a + b)) return minMaxNan(r, a, b, ieee);
  return r;
}
template <class V>
SIMD_INLINE V maximum(V a, V b, bool ieee) {
  V r = a > b ? a : b;
  r = a == b ? (V)(bitsOf(a) & bitsOf(b)) : r;
  if (anyNan(a + b)) return minMaxNan(r, a, b, ieee);
  return r;
}

// Not fused, denormals flushed before, between and after. Its NaNs are `arith`'s to choose.
SIMD_INLINE f32x mad(f32x a, f32x b, f32x c) {
  a = flush(a), b = flush(b), c = flush(c);
  return flush(flush(a * b) + c);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
