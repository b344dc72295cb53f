// Exponentials, logarithms and circular functions of f32 values, evaluated in f64 with plain products and sums: within
// 0.51 ulp of f32 before the final rounding, and the same bits on every level.
#pragma once

#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/float_functions.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

// The lanes of a row as f64, in the order of `first` and `second`, and back.
SIMD_INLINE Pair<f64x> widenFloats(f32x v) {
  return {widenFloat(first((u32x)v, u32x{})), widenFloat(second((u32x)v, u32x{}))};
}
SIMD_INLINE f32x narrowFloats(f64x a, f64x b) {
  return (f32x)evens(narrowFloat(a), narrowFloat(b));
}
template <class F>
SIMD_INLINE f32x viaF64(f32x v, F f) {
  const Pair<f64x> wide = widenFloats(v);
  return narrowFloats(f(wide.first), f(wide.second));
}

template <size_t I = 0, size_t N>
SIMD_INLINE f64x polynomial(f64x x, const double (&coefficients)[N]) {
  if constexpr (I + 1 == N)
    return splatF64(coefficients[I]);
  else
    return polynomial<I + 1>(x, coefficients) * x + coefficients[I];
}

// An integral f64 below 2^51 in magnitude as an integer, and back.
SIMD_INLINE i64x toInteger(f64x v) {
  return (i64x)((u64x)(v + 0x1.8p52) - 0x4338000000000000);
}
SIMD_INLINE f64x fromInteger(i64x v) {
  return (f64x)((u64x)v + 0x4338000000000000) - 0x1.8p52;
}

// 2^x for x in ±200, beyond which f32 overflows or vanishes anyway. ln(2)^k / k!.
SIMD_INLINE f64x exp2Wide(f64x x) {
  static constexpr double kTaylor[] = {1.0,
                                       0.6931471805599453,
                                       0.24022650695910072,
                                       0.05550410866482158,
                                       0.009618129107628477,
                                       0.0013333558146428443,
                                       0.0001540353039338161,
                                       1.5252733804059841e-05,
                                       1.321548679014431e-06,
                                       1.01780860092397e-07,
                                       7.054911620801123e-09};
  const f64x low = splatF64(-200), high = splatF64(200);
  x = x > high ? high : (x < low ? low : x);
  const f64x integer = nearest(x);
  return polynomial(x - integer, kTaylor) * powerOf2(toInteger(integer));
}

// log2 of a positive normal f64: exponent and a series in (m - 1) / (m + 1), 2 / ((2k + 1) ln 2).
SIMD_INLINE f64x log2Wide(f64x x) {
  static constexpr double kSeries[] = {2.8853900817779268,  0.9617966939259756, 0.5770780163555853,
                                       0.4121985831111324,  0.3205988979753252, 0.2623081892525388,
                                       0.22195308321368667, 0.19235933878519512};
  constexpr uint64_t kRootHalf = 0x3fe6a09e667f3bcd;
  const i64x exponent = (i64x)((u64x)x - kRootHalf) >> 52;
  const f64x mantissa = (f64x)((u64x)x - ((u64x)exponent << 52));
  const f64x z = (mantissa - 1.0) / (mantissa + 1.0);
  return fromInteger(exponent) + z * polynomial(z * z, kSeries);
}

// sin(2 pi x), |x| <= 0.25: (-1)^k (2 pi)^(2k+1) / (2k+1)!.
SIMD_INLINE f64x sinTurns(f64x x) {
  static constexpr double kTaylor[] = {
      6.283185307179586,  -41.34170224039976, 81.60524927607506,   -76.70585975306139,  42.058693944897655,
      -15.09464257682299, 3.819952584848282,  -0.7181223017785006, 0.10422916220813984, -0.012031585942120627};
  return x * polynomial(x * x, kTaylor);
}
SIMD_INLINE f64x sinWide(f64x x) {
  const f64x turn = x - nearest(x), half = turn < 0 ? splatF64(-0.5) : splatF64(0.5);
  const f64x r = sinTurns(absolute(turn) > 0.25 ? half - turn : turn);
  return x == 0 ? x : r;
}
SIMD_INLINE f64x cosWide(f64x x) {
  return sinTurns(0.25 - absolute(x - nearest(x)));
}

SIMD_INLINE f32x exp2(f32x v) {
  return arith(viaF64(v, [](f64x x) { return exp2Wide(x); }), v);
}
SIMD_INLINE f32x log2(f32x v) {
  const f32x infinity = splatF32(__builtin_inff());
  const f32x positive = (v > 0) & (v < infinity) ? v : splatF32(1);
  f32x r = viaF64(positive, [](f64x x) { return log2Wide(x); });
  r = v == infinity ? infinity : r;
  r = v == 0 ? -infinity : r;
  r = v < 0 ? (f32x)splat(0xffc00000) : r;
  return arith(v != v ? v : r, v);
}
SIMD_INLINE f32x sinOfTurns(f32x v) {
  return arith(viaF64(v, [](f64x x) { return sinWide(x); }), v);
}
SIMD_INLINE f32x cosOfTurns(f32x v) {
  return arith(viaF64(v, [](f64x x) { return cosWide(x); }), v);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
