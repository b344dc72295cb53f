// Conversions (Vega ISA, 12.8 and 12.12). From float to integer they truncate, saturate, and turn NaN to 0.
#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/float_functions.h"
#include "isa/vector/simd/integer_rules.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

SIMD_INLINE i32x toI32(f32x v) {
  const f32x top = splatF32(0x1p31f), bottom = splatF32(-0x1p31f);
  const f32x inside = (v < top) & (v >= bottom) ? v : f32x{};
  const i32x r = __builtin_convertvector(inside, i32x);
  return v >= top ? (i32x)splat(0x7fffffff) : (v < bottom ? (i32x)splat(0x80000000) : r);
}
SIMD_INLINE u32x toU32(f32x v) {
  const f32x half = splatF32(0x1p31f);
  const i32x high = v >= half;
  const f32x low = high ? v - half : v;
  const f32x inside = (low > 0) & (low < half) ? low : f32x{};
  const u32x r = (u32x) __builtin_convertvector(inside, i32x) ^ (high ? splat(0x80000000) : splat(0));
  return v >= 0x1p32f ? splat(~0u) : r;
}
// From f64, in 64-bit lanes whose low halves count. Adding 2^52 + 2^51 to an integral value leaves it in the low bits.
SIMD_INLINE u64x integralBits(f64x v) {
  return (u64x)(v + 0x1.8p52);
}
SIMD_INLINE i64x toI32(f64x v) {
  const f64x low = splatF64(-0x1p31), high = splatF64(0x1p31 - 1);
  const f64x inside = trunc(v) > high ? high : (trunc(v) < low ? low : trunc(v));
  return (i64x)(v != v ? u64x{} : integralBits(inside));
}
SIMD_INLINE u64x toU32(f64x v) {
  const f64x high = splatF64(0x1p32 - 1);
  const f64x inside = trunc(v) > high ? high : (trunc(v) > 0 ? trunc(v) : f64x{});
  return integralBits(inside);
}

SIMD_INLINE f32x fromU32(u32x v) {
  // Both halves are exact, their sum rounds once; |0| because towards minus infinity 0 - 0 would be -0.
  const f32x high = __builtin_convertvector((i32x)(v >> 16), f32x) * 65536.0f;
  return absolute(high + __builtin_convertvector((i32x)(v & 0xffff), f32x));
}
SIMD_INLINE f64x fromU32(u64x v) {
  return absolute((f64x)(v | 0x4330000000000000) - 0x1p52);
}
SIMD_INLINE f64x fromI32(i64x v) {
  const f64x r = (f64x)((u64x)v + 0x4338000000000000) - 0x1.8p52;
  return v == 0 ? f64x{} : r;
}
SIMD_INLINE f32x fromByte(u32x v) {
  return __builtin_convertvector((i32x)(v & 0xff), f32x);
}

// Normalised integers: clamped, scaled, rounded to nearest, NaN as 0. The product's rounding error decides what looks
// like a tie.
SIMD_INLINE i32x scaledNearest(f32x v, f32x scale) {
  const f32x product = v * scale, error = fma(v, scale, -product), integer = nearest(product), rest = product - integer;
  const f32x up = (rest == 0.5f) & (error > 0) ? integer + 1 : integer;
  return __builtin_convertvector((rest == -0.5f) & (error < 0) ? integer - 1 : up, i32x);
}
SIMD_INLINE u32x snorm(f32x v) {
  const f32x one = splatF32(1), clamped = v > one ? one : (v < -one ? -one : v);
  return (u32x)scaledNearest(v != v ? f32x{} : clamped, splatF32(32767)) & 0xffff;
}
SIMD_INLINE u32x unorm(f32x v) {
  const f32x one = splatF32(1), clamped = v > one ? one : (v > 0 ? v : f32x{});
  return (u32x)scaledNearest(clamped, splatF32(65535)) & 0xffff;
}

// floor(v + 0.5) without the sum's rounding.
SIMD_INLINE f32x roundHalfUp(f32x v) {
  const f32x below = floor(v);
  return v - below >= 0.5f ? below + 1 : below;
}

// Towards zero by bits: the fraction is cut, what overflows is the largest number.
SIMD_INLINE u32x toHalfTowardsZero(f32x v) {
  const u32x bits = (u32x)v, sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  const u32x wanted = 126 - (magnitude >> 23), shift = wanted > 31 ? splat(31) : wanted;
  const u32x tiny = ((magnitude & 0x7fffff) | 0x800000) >> shift;
  const u32x normal = (magnitude - (112u << 23)) >> 13;
  u32x r = magnitude < (113u << 23) ? tiny : normal;
  r = magnitude >= 0x47800000 ? splat(0x7bff) : r;
  r = magnitude == 0x7f800000 ? splat(0x7c00) : r;
  r = magnitude > 0x7f800000 ? (0x7e00 | (magnitude >> 13 & 0x3ff)) : r;
  return sign | r;
}

// To u8 as v_cvt_pk_u8_f32 does: rounded to nearest.
SIMD_INLINE u32x toU8(f32x v) {
  const f32x top = splatF32(255);
  return (u32x) __builtin_convertvector(v > top ? top : (v > 0 ? nearest(v) : f32x{}), i32x);
}
SIMD_INLINE u32x insertByte(u32x byte, u32x position, u32x into) {
  const u32x shift = (position & 3) << 3;
  return (into & ~(splat(0xff) << shift)) | byte << shift;
}

SIMD_INLINE u32x saturatedByte(i32x v) {
  return (u32x)lesser(greater(v, i32x{}), (i32x)splat(255));
}

const Operation kOperations[] = {
    OP1(v_cvt_f32_i32, F32, I32, __builtin_convertvector(a, f32x)),
    OP1(v_cvt_f32_u32, F32, U32, fromU32(a)),
    OP1(v_cvt_u32_f32, U32, F32, toU32(a)),
    OP1(v_cvt_i32_f32, I32, F32, toI32(a)),
    OP1(v_cvt_rpi_i32_f32, I32, F32, toI32(roundHalfUp(a))),
    OP1(v_cvt_flr_i32_f32, I32, F32, toI32(floor(a))),
    OP1(v_cvt_f64_i32, F64, I32, fromI32(a)),
    OP1(v_cvt_f64_u32, F64, U32, fromU32(a)),
    OP1(v_cvt_i32_f64, I32, F64, toI32(a)),
    OP1(v_cvt_u32_f64, U32, F64, toU32(a)),
    OP1(v_cvt_f32_f64, F32, F64, a),
    OP1(v_cvt_f64_f32, F64, F32, a),
    OP1(v_cvt_f16_f32, F16, F32, a),
    OP1(v_cvt_f32_f16, F32, F16, a),
    OP1(v_cvt_f32_ubyte0, F32, U32, fromByte(a)),
    OP1(v_cvt_f32_ubyte1, F32, U32, fromByte(a >> 8)),
    OP1(v_cvt_f32_ubyte2, F32, U32, fromByte(a >> 16)),
    OP1(v_cvt_f32_ubyte3, F32, U32, fromByte(a >> 24)),
    OP1(v_cvt_off_f32_i4, F32, I32, __builtin_convertvector(a << 28 >> 28, f32x) * 0.0625f),

    OP1(v_cvt_f16_u16, F16, U16, __builtin_convertvector((i32x)a, f32x)),
    OP1(v_cvt_f16_i16, F16, I16, __builtin_convertvector(a, f32x)),
    OP1(v_cvt_u16_f16, U16, F16, lesser(toU32(a), splat(0xffff))),
    OP1(v_cvt_i16_f16, I16, F16, clampI16(toI32(a))),
    OP1(v_cvt_norm_i16_f16, U16, F16, snorm(a)),
    OP1(v_cvt_norm_u16_f16, U16, F16, unorm(a)),
    OP2(v_cvt_pknorm_i16_f16, U32, F16, F16, snorm(a) | snorm(b) << 16),
    OP2(v_cvt_pknorm_u16_f16, U32, F16, F16, unorm(a) | unorm(b) << 16),
    OP1(v_sat_pk_u8_i16, U32, I32, saturatedByte(a << 16 >> 16) | saturatedByte(a >> 16) << 8),

    OP2(v_cvt_pknorm_i16_f32, U32, F32, F32, snorm(a) | snorm(b) << 16),
    OP2(v_cvt_pknorm_u16_f32, U32, F32, F32, unorm(a) | unorm(b) << 16),
    OP2(v_cvt_pkrtz_f16_f32, U32, F32, F32, toHalfTowardsZero(a) | toHalfTowardsZero(b) << 16),
    OP2(v_cvt_pk_u16_u32, U32, U32, U32, clampU16(a) | clampU16(b) << 16),
    OP2(v_cvt_pk_i16_i32, U32, I32, I32, ((u32x)clampI16(a) & 0xffff) | (u32x)clampI16(b) << 16),
    OP3(v_cvt_pk_u8_f32, U32, F32, U32, U32, insertByte(toU8(a), b, c)),
    OP3(v_cvt_pkaccum_u8_f32, U32, F32, U32, U32, insertByte(toU8(a), b, c)),
};

}  // namespace

OperationList conversionOperations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
