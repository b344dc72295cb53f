// Functions on floats of either width, exact unless they say otherwise.
#pragma once

#include "isa/vector/simd/float_rules.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

template <class V>
struct FloatFormat;
template <>
struct FloatFormat<f32x> {
  static constexpr int kFraction = 23, kBias = 127;
  using Signed = i32x;
  static constexpr uint32_t kBelowOne = 0x3f7fffff;
};
template <>
struct FloatFormat<f64x> {
  static constexpr int kFraction = 52, kBias = 1023;
  using Signed = i64x;
  static constexpr uint64_t kBelowOne = 0x3fefffffffffffff;
};

// The exponent field.
template <class V>
SIMD_INLINE auto exponentOf(V v) {
  return (typename FloatFormat<V>::Signed)((bitsOf(v) & FloatBits<V>::kExponent) >> FloatFormat<V>::kFraction);
}

// 2^n for n in the range of normal numbers.
SIMD_INLINE f64x powerOf2(i64x n) {
  return (f64x)((n + 1023) << 52);
}
SIMD_INLINE f32x powerOf2(i32x n) {
  return (f32x)((n + 127) << 23);
}

// x * 2^n with one rounding: of several factors all but the last are exact unless the result vanishes.
SIMD_INLINE f64x scaleBy(f64x x, i64x n) {
  const i64x limit = i64x{} + 2100, step = i64x{} + 700;
  n = n > limit ? limit : (n < -limit ? -limit : n);
  const i64x one = n > step ? step : (n < -step ? -step : n), rest = n - one;
  const i64x two = rest > step ? step : (rest < -step ? -step : rest);
  return x * powerOf2(rest - two) * powerOf2(two) * powerOf2(one);
}

template <class V>
SIMD_INLINE auto isNumber(V v) {
  return absolute(v) < (V)(bitsOf(V{}) + FloatBits<V>::kExponent);
}

// frexp: x = mantissa * 2^exponent, mantissa in [0.5, 1).
template <class V>
SIMD_INLINE V normalized(V v) {
  return isDenormal(v) ? v * (V{} + static_cast<float>(1ull << 32) * static_cast<float>(1ull << 32)) : v;
}
template <class V>
SIMD_INLINE auto frexpExponent(V v) {
  using S = typename FloatFormat<V>::Signed;
  const S exponent = exponentOf(normalized(v)) - (FloatFormat<V>::kBias - 1);
  const S shifted = isDenormal(v) ? exponent - 64 : exponent;
  return isNumber(v) & (v != 0) ? shifted : S{};
}
template <class V>
SIMD_INLINE V frexpMantissa(V v) {
  const auto bits = bitsOf(normalized(v));
  const auto half =
      bits - bits +
      (static_cast<decltype(FloatBits<V>::kExponent)>(FloatFormat<V>::kBias - 1) << FloatFormat<V>::kFraction);
  const V mantissa = (V)((bits & ~FloatBits<V>::kExponent) | half);
  const V r = isNumber(v) & (v != 0) ? mantissa : v;
  return arith(r, v);
}

// Kept below one where the subtraction rounds up to it.
template <class V>
SIMD_INLINE V fraction(V v) {
  const V r = v - floor(v), limit = (V)(bitsOf(V{}) + FloatFormat<V>::kBelowOne);
  return arith(r > limit ? limit : r, v);
}

template <class V>
SIMD_INLINE V median(V a, V b, V c, bool ieee) {
  const auto nan = (a != a) | (b != b) | (c != c);
  const V largest = maximum(maximum(a, b, ieee), c, ieee);
  const V r = largest == a ? maximum(b, c, ieee) : (largest == b ? maximum(a, c, ieee) : maximum(a, b, ieee));
  return nan ? minimum(minimum(a, b, ieee), c, ieee) : r;
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
