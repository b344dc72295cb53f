// The only place that knows the host's vector instructions: vectors of the level's width and what GCC's vector
// extensions cannot say. Everything here lies in the level's own namespace, so that no level runs another's code.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#define SIMD_ALWAYS __attribute__((always_inline))
#define SIMD_INLINE SIMD_ALWAYS inline

namespace softgpu::SOFTGPU_SIMD_LEVEL {

#if defined(__AVX512F__)
constexpr unsigned kBytes = 64;
#elif defined(__AVX2__)
constexpr unsigned kBytes = 32;
#else
constexpr unsigned kBytes = 16;
#endif
constexpr unsigned kWidth = kBytes / 4;    // 32-bit lanes in a vector
constexpr unsigned kChunks = 64 / kWidth;  // vectors in a row

using u32x = uint32_t __attribute__((vector_size(kBytes)));
using i32x = int32_t __attribute__((vector_size(kBytes)));
using f32x = float __attribute__((vector_size(kBytes)));
using u64x = uint64_t __attribute__((vector_size(kBytes)));
using i64x = int64_t __attribute__((vector_size(kBytes)));
using f64x = double __attribute__((vector_size(kBytes)));
using u32h = uint32_t __attribute__((vector_size(kBytes / 2)));  // as many 32-bit lanes as a vector has 64-bit ones
using i32h = int32_t __attribute__((vector_size(kBytes / 2)));
using f32h = float __attribute__((vector_size(kBytes / 2)));

SIMD_INLINE u32x load(const uint32_t* p) {
  u32x v;
  __builtin_memcpy(&v, __builtin_assume_aligned(p, kBytes), kBytes);
  return v;
}
SIMD_INLINE void store(uint32_t* p, u32x v) {
  __builtin_memcpy(__builtin_assume_aligned(p, kBytes), &v, kBytes);
}
SIMD_INLINE u32x splat(uint32_t v) {
  return u32x{} + v;
}
SIMD_INLINE u64x splat64(uint64_t v) {
  return u64x{} + v;
}
SIMD_INLINE f32x splatF32(float v) {
  return (f32x)splat(__builtin_bit_cast(uint32_t, v));
}
SIMD_INLINE f64x splatF64(double v) {
  return (f64x)splat64(__builtin_bit_cast(uint64_t, v));
}

SIMD_INLINE u32x laneNumbers() {
  u32x v;
  for (unsigned i = 0; i < kWidth; ++i) v[i] = i;
  return v;
}

// Bit l stands for lane l of a vector.
struct LaneMask {
  uint32_t bits;
};

#if defined(__AVX512F__)

SIMD_INLINE i32x expand(LaneMask m) {
  return (i32x)_mm512_movm_epi32(static_cast<__mmask16>(m.bits));
}
SIMD_INLINE u32x select(LaneMask m, u32x a, u32x b) {
  return (u32x)_mm512_mask_blend_epi32(static_cast<__mmask16>(m.bits), (__m512i)b, (__m512i)a);
}
SIMD_INLINE LaneMask collect(i32x v) {
  return {_mm512_movepi32_mask((__m512i)v)};
}
SIMD_INLINE bool anyNan(f32x v) {
  return _mm512_cmp_ps_mask((__m512)v, (__m512)v, _CMP_UNORD_Q) != 0;
}
SIMD_INLINE bool anyNan(f64x v) {
  return _mm512_cmp_pd_mask((__m512d)v, (__m512d)v, _CMP_UNORD_Q) != 0;
}
// The 64-bit lanes of two rows, lows and highs, in an order that `evens` and `odds` undo: each 128-bit block gives its
// first two lanes to `first` and the others to `second`.
SIMD_INLINE u64x first(u32x lo, u32x hi) {
  return (u64x)_mm512_unpacklo_epi32((__m512i)lo, (__m512i)hi);
}
SIMD_INLINE u64x second(u32x lo, u32x hi) {
  return (u64x)_mm512_unpackhi_epi32((__m512i)lo, (__m512i)hi);
}
SIMD_INLINE u32x evens(u64x a, u64x b) {
  return (u32x)_mm512_shuffle_ps((__m512)a, (__m512)b, 0x88);
}
SIMD_INLINE u32x odds(u64x a, u64x b) {
  return (u32x)_mm512_shuffle_ps((__m512)a, (__m512)b, 0xdd);
}
SIMD_INLINE f32x fma(f32x a, f32x b, f32x c) {
  return (f32x)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
SIMD_INLINE f64x fma(f64x a, f64x b, f64x c) {
  return (f64x)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
SIMD_INLINE f32x sqrt(f32x v) {
  return (f32x)_mm512_sqrt_ps((__m512)v);
}
SIMD_INLINE f64x sqrt(f64x v) {
  return (f64x)_mm512_sqrt_pd((__m512d)v);
}
SIMD_INLINE u64x mulEven(u32x a, u32x b) {
  return (u64x)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}
SIMD_INLINE f32x halfToFloatRaw(u32x v) {
  return (f32x)_mm512_cvtph_ps(_mm512_cvtepi32_epi16((__m512i)v));
}
SIMD_INLINE u32x floatToHalf(f32x v) {
  return (u32x)_mm512_cvtepu16_epi32(_mm512_cvtps_ph((__m512)v, _MM_FROUND_CUR_DIRECTION));
}
#define SIMD_ROUND(name, mode)                                                 \
  SIMD_INLINE f32x name(f32x v) {                                              \
    return (f32x)_mm512_roundscale_ps((__m512)v, (mode) | _MM_FROUND_NO_EXC);  \
  }                                                                            \
  SIMD_INLINE f64x name(f64x v) {                                              \
    return (f64x)_mm512_roundscale_pd((__m512d)v, (mode) | _MM_FROUND_NO_EXC); \
  }

#elif defined(__AVX2__)

SIMD_INLINE i32x expand(LaneMask m) {
  const u32x bit = {1, 2, 4, 8, 16, 32, 64, 128};
  return (splat(m.bits) & bit) != 0;
}
SIMD_INLINE u32x select(LaneMask m, u32x a, u32x b) {
  return (u32x)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)expand(m));
}
SIMD_INLINE LaneMask collect(i32x v) {
  return {static_cast<uint32_t>(_mm256_movemask_ps((__m256)v))};
}
SIMD_INLINE bool anyNan(f32x v) {
  return _mm256_movemask_ps(_mm256_cmp_ps((__m256)v, (__m256)v, _CMP_UNORD_Q)) != 0;
}
SIMD_INLINE bool anyNan(f64x v) {
  return _mm256_movemask_pd(_mm256_cmp_pd((__m256d)v, (__m256d)v, _CMP_UNORD_Q)) != 0;
}
SIMD_INLINE u64x first(u32x lo, u32x hi) {
  return (u64x)_mm256_unpacklo_epi32((__m256i)lo, (__m256i)hi);
}
SIMD_INLINE u64x second(u32x lo, u32x hi) {
  return (u64x)_mm256_unpackhi_epi32((__m256i)lo, (__m256i)hi);
}
SIMD_INLINE u32x evens(u64x a, u64x b) {
  return (u32x)_mm256_shuffle_ps((__m256)a, (__m256)b, 0x88);
}
SIMD_INLINE u32x odds(u64x a, u64x b) {
  return (u32x)_mm256_shuffle_ps((__m256)a, (__m256)b, 0xdd);
}
SIMD_INLINE f32x fma(f32x a, f32x b, f32x c) {
  return (f32x)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
SIMD_INLINE f64x fma(f64x a, f64x b, f64x c) {
  return (f64x)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
SIMD_INLINE f32x sqrt(f32x v) {
  return (f32x)_mm256_sqrt_ps((__m256)v);
}
SIMD_INLINE f64x sqrt(f64x v) {
  return (f64x)_mm256_sqrt_pd((__m256d)v);
}
SIMD_INLINE u64x mulEven(u32x a, u32x b) {
  return (u64x)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}
SIMD_INLINE f32x halfToFloatRaw(u32x v) {
  const __m128i low = _mm256_castsi256_si128((__m256i)v), high = _mm256_extracti128_si256((__m256i)v, 1);
  return (f32x)_mm256_cvtph_ps(_mm_packus_epi32(low, high));
}
SIMD_INLINE u32x floatToHalf(f32x v) {
  return (u32x)_mm256_cvtepu16_epi32(_mm256_cvtps_ph((__m256)v, _MM_FROUND_CUR_DIRECTION));
}
#define SIMD_ROUND(name, mode)                                            \
  SIMD_INLINE f32x name(f32x v) {                                         \
    return (f32x)_mm256_round_ps((__m256)v, (mode) | _MM_FROUND_NO_EXC);  \
  }                                                                       \
  SIMD_INLINE f64x name(f64x v) {                                         \
    return (f64x)_mm256_round_pd((__m256d)v, (mode) | _MM_FROUND_NO_EXC); \
  }

#else

SIMD_INLINE i32x expand(LaneMask m) {
  const u32x bit = {1, 2, 4, 8};
  return (splat(m.bits) & bit) != 0;
}
SIMD_INLINE u32x select(LaneMask m, u32x a, u32x b) {
  const u32x mask = (u32x)expand(m);
  return (a & mask) | (b & ~mask);
}
SIMD_INLINE LaneMask collect(i32x v) {
  return {static_cast<uint32_t>(_mm_movemask_ps((__m128)v))};
}
SIMD_INLINE bool anyNan(f32x v) {
  return _mm_movemask_ps(_mm_cmpunord_ps((__m128)v, (__m128)v)) != 0;
}
SIMD_INLINE bool anyNan(f64x v) {
  return _mm_movemask_pd(_mm_cmpunord_pd((__m128d)v, (__m128d)v)) != 0;
}
SIMD_INLINE u64x first(u32x lo, u32x hi) {
  return (u64x)_mm_unpacklo_epi32((__m128i)lo, (__m128i)hi);
}
SIMD_INLINE u64x second(u32x lo, u32x hi) {
  return (u64x)_mm_unpackhi_epi32((__m128i)lo, (__m128i)hi);
}
SIMD_INLINE u32x evens(u64x a, u64x b) {
  return (u32x)_mm_shuffle_ps((__m128)a, (__m128)b, 0x88);
}
SIMD_INLINE u32x odds(u64x a, u64x b) {
  return (u32x)_mm_shuffle_ps((__m128)a, (__m128)b, 0xdd);
}
SIMD_INLINE f32x sqrt(f32x v) {
  return (f32x)_mm_sqrt_ps((__m128)v);
}
SIMD_INLINE f64x sqrt(f64x v) {
  return (f64x)_mm_sqrt_pd((__m128d)v);
}
SIMD_INLINE u64x mulEven(u32x a, u32x b) {
  return (u64x)_mm_mul_epu32((__m128i)a, (__m128i)b);
}
// SSE2 has neither fused multiply-add nor rounding to integers: the C library has both, exact in every rounding mode.
SIMD_INLINE f32x fma(f32x a, f32x b, f32x c) {
  for (unsigned i = 0; i < kWidth; ++i) a[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return a;
}
SIMD_INLINE f64x fma(f64x a, f64x b, f64x c) {
  for (unsigned i = 0; i < kWidth / 2; ++i) a[i] = __builtin_fma(a[i], b[i], c[i]);
  return a;
}
#define SIMD_ROUND_EACH(name, each)                              \
  SIMD_INLINE f32x name(f32x v) {                                \
    for (unsigned i = 0; i < kWidth; ++i) v[i] = each##f(v[i]);  \
    return v;                                                    \
  }                                                              \
  SIMD_INLINE f64x name(f64x v) {                                \
    for (unsigned i = 0; i < kWidth / 2; ++i) v[i] = each(v[i]); \
    return v;                                                    \
  }
SIMD_ROUND_EACH(floor, __builtin_floor)
SIMD_ROUND_EACH(ceil, __builtin_ceil)
SIMD_ROUND_EACH(trunc, __builtin_trunc)
SIMD_ROUND_EACH(nearest, __builtin_roundeven)
#undef SIMD_ROUND_EACH

// binary16 by its bits; NaNs come out quiet with their payload, as F16C does it.
SIMD_INLINE f32x halfToFloatRaw(u32x v) {
  const u32x sign = (v & 0x8000) << 16, magnitude = v & 0x7fff;
  const u32x normal = (magnitude << 13) + (112u << 23);
  const u32x special = (magnitude << 13) | 0x7f800000 | (magnitude > 0x7c00 ? splat(0x400000) : splat(0));
  const u32x tiny = (u32x)(__builtin_convertvector((i32x)magnitude, f32x) * 0x1p-24f);
  return (f32x)(sign | (magnitude >= 0x7c00 ? special : (magnitude < 0x400 ? tiny : normal)));
}
SIMD_INLINE u32x floatToHalf(f32x value) {
  const u32x bits = (u32x)value, sign = bits >> 31, magnitude = bits & 0x7fffffff, exponent = magnitude >> 23;
  const u32x fraction = magnitude & 0x7fffff;
  const u32x mantissa = exponent == 0 ? fraction : (fraction | 0x800000);
  // Denormal results have the unit 2^-24; the shift that brings the mantissa there is at most 31.
  const u32x wanted = splat(126) - exponent;
  const u32x tinyShift = wanted > 31 ? splat(31) : wanted;
  const i32x tiny = exponent < 113;
  const u32x shift = tiny ? tinyShift : splat(13);
  const u32x source = tiny ? mantissa : magnitude - (112u << 23);
  const u32x kept = source >> shift, dropped = source & ((splat(1) << shift) - 1), half = splat(1) << (shift - 1);
  u32x up, limit;  // one more in the last place; the result of an overflow
  switch (_MM_GET_ROUNDING_MODE()) {
    case _MM_ROUND_NEAREST:
      up = (u32x)((dropped > half) | ((dropped == half) & ((kept & 1) != 0)));
      limit = splat(0x7c00);
      break;
    case _MM_ROUND_UP:
      up = (u32x)((dropped != 0) & (sign == 0));
      limit = 0x7bff + (sign ^ 1);
      break;
    case _MM_ROUND_DOWN:
      up = (u32x)((dropped != 0) & (sign != 0));
      limit = 0x7bff + sign;
      break;
    default:
      up = splat(0);
      limit = splat(0x7bff);
      break;
  }
  u32x result = kept + (up & 1);
  result = (result >= 0x7c00) | (magnitude >= 0x47800000) ? limit : result;
  result = magnitude == 0x7f800000 ? splat(0x7c00) : result;
  result = magnitude > 0x7f800000 ? (0x7e00 | ((magnitude >> 13) & 0x3ff)) : result;
  return result | sign << 15;
}

#endif

#if defined(__AVX512F__)
SIMD_INLINE bool anyAbove(u32x v, u32x limit) {
  return _mm512_cmpgt_epu32_mask((__m512i)v, (__m512i)limit) != 0;
}
SIMD_INLINE bool anyAbove(u64x v, u64x limit) {
  return _mm512_cmpgt_epu64_mask((__m512i)v, (__m512i)limit) != 0;
}
#else
SIMD_INLINE bool anyAbove(u32x v, u32x limit) {
  return collect(v > limit).bits != 0;
}
SIMD_INLINE bool anyAbove(u64x v, u64x limit) {
  return collect((i32x)(v > limit)).bits != 0;
}
#endif

#if defined(__AVX512F__)
SIMD_INLINE LaneMask below(u32x a, u32x b) {
  return {_mm512_cmplt_epu32_mask((__m512i)a, (__m512i)b)};
}
// One more, or one less, in the lanes of `m`.
SIMD_INLINE u32x increment(u32x v, LaneMask m) {
  return (u32x)_mm512_mask_add_epi32((__m512i)v, static_cast<__mmask16>(m.bits), (__m512i)v, _mm512_set1_epi32(1));
}
SIMD_INLINE u32x decrement(u32x v, LaneMask m) {
  return (u32x)_mm512_mask_sub_epi32((__m512i)v, static_cast<__mmask16>(m.bits), (__m512i)v, _mm512_set1_epi32(1));
}
#else
SIMD_INLINE LaneMask below(u32x a, u32x b) {
  return collect(a < b);
}
SIMD_INLINE u32x increment(u32x v, LaneMask m) {
  return v - (u32x)expand(m);
}
SIMD_INLINE u32x decrement(u32x v, LaneMask m) {
  return v + (u32x)expand(m);
}
#endif

#ifdef SIMD_ROUND
SIMD_ROUND(floor, _MM_FROUND_TO_NEG_INF)
SIMD_ROUND(ceil, _MM_FROUND_TO_POS_INF)
SIMD_ROUND(trunc, _MM_FROUND_TO_ZERO)
SIMD_ROUND(nearest, _MM_FROUND_TO_NEAREST_INT)
#undef SIMD_ROUND
#endif

SIMD_INLINE f32x halfToFloat(u32x v) {
  return halfToFloatRaw(v & 0xffff);
}

// Bytes of each dword by the two low bits of the bytes of `places`, whose other bits are zero.
SIMD_INLINE u32x selectBytes(u32x v, u32x places) {
#if defined(__AVX512F__)
  const __m512i first = _mm512_set4_epi32(0x0c0c0c0c, 0x08080808, 0x04040404, 0);
  return (u32x)_mm512_shuffle_epi8((__m512i)v, _mm512_or_si512((__m512i)places, first));
#elif defined(__AVX2__)
  const __m256i first = _mm256_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c, 0, 0x04040404, 0x08080808, 0x0c0c0c0c);
  return (u32x)_mm256_shuffle_epi8((__m256i)v, _mm256_or_si256((__m256i)places, first));
#else
  u32x result{};
  for (unsigned at = 0; at < 32; at += 8) result |= (v >> ((places >> at & 3) << 3) & 0xff) << at;
  return result;
#endif
}

SIMD_INLINE u32x leadingZeros(u32x v) {
#if defined(__AVX512CD__)
  return (u32x)_mm512_lzcnt_epi32((__m512i)v);
#else
  // The exponent of what is left after the top bit and the one beneath it cannot round up.
  const u32x top = v & ~(v >> 1);
  const u32x exponent = (u32x) __builtin_convertvector((i32x)top, f32x) >> 23;
  const u32x bits = (i32x)v < 0 ? splat(32) : exponent - 126;
  return v == 0 ? splat(32) : 32 - bits;
#endif
}

SIMD_INLINE u64x widen(u32h v) {
  return __builtin_convertvector(v, u64x);
}
SIMD_INLINE u32h narrow(u64x v) {
  return __builtin_convertvector(v, u32h);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
