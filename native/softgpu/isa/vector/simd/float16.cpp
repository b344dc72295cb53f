// Half precision, packed halves, and products of halves summed in f32 (Vega ISA, 12.7, 12.8, 12.10, 12.12; Vega 7nm ISA
// for fma_mix and the dot products).
#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/half.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

SIMD_INLINE f32x fractionHalf(f32x v) {
  const f32x r = v - floor(v), limit = splatF32(1 - 0x1p-11f);
  return arith(r > limit ? limit : r, v);
}
SIMD_INLINE f32x ldexpHalf(f32x v, u32x exponent) {
  const i32x n = signed16(exponent), limit = (i32x)splat(60);
  return arith(v * powerOf2(n > limit ? limit : (n < -limit ? -limit : n)), v);
}

template <class F>
SIMD_INLINE u32x packed(u32x a, u32x b, F f) {
  return halves(a, b, [&](u32x x, u32x y) { return floatToHalf(f(halfToFloat(x), halfToFloat(y))); });
}
template <class F>
SIMD_INLINE u32x packed(u32x a, u32x b, u32x c, F f) {
  return halves(a, b, c,
                [&](u32x x, u32x y, u32x z) { return floatToHalf(f(halfToFloat(x), halfToFloat(y), halfToFloat(z))); });
}

// The products are exact; the sums round one after the other, the low halves' first.
SIMD_INLINE f32x dot2(u32x a, u32x b, f32x c) {
  const f32x al = halfToFloat(a), bl = halfToFloat(b), ah = halfToFloat(a >> 16), bh = halfToFloat(b >> 16);
  const f32x low = arith(fma(al, bl, c), al, bl, c);
  return arith(fma(ah, bh, low), ah, bh, low);
}

const Operation kOperations[] = {
    OP2(v_add_f16, F16, F16, F16, arith(a + b, a, b)),
    OP2(v_sub_f16, F16, F16, F16, arith(a - b, a, b)),
    OP2(v_subrev_f16, F16, F16, F16, arith(b - a, a, b)),
    OP2(v_mul_f16, F16, F16, F16, arith(a* b, a, b)),
    OP2(v_min_f16, H16, H16, H16, minHalf(a, b, e.ieee)),
    OP2(v_max_f16, H16, H16, H16, maxHalf(a, b, e.ieee)),
    OP3(v_min3_f16, H16, H16, H16, H16, minHalf(minHalf(a, b, e.ieee), c, e.ieee)),
    OP3(v_max3_f16, H16, H16, H16, H16, maxHalf(maxHalf(a, b, e.ieee), c, e.ieee)),
    OP3(v_med3_f16, H16, H16, H16, H16, medianHalf(a, b, c, e.ieee)),
    OP3(v_fma_f16, F16, F16, F16, F16, arith(fmaHalf(a, b, c), a, b, c)),
    OP3(v_fma_legacy_f16, F16, F16, F16, F16, arith(fmaHalf(a, b, c), a, b, c)),
    OP3(v_mad_f16, F16, F16, F16, F16, arith(madHalf(a, b, c), a, b, c)),
    OP3(v_mad_legacy_f16, F16, F16, F16, F16, arith(madHalf(a, b, c), a, b, c)),
    OP3(v_mac_f16, F16, F16, F16, F16, arith(madHalf(a, b, c), a, b, c)),
    OP3(v_madmk_f16, F16, F16, F16, F16, arith(madHalf(a, b, c), a, b, c)),
    OP3(v_madak_f16, F16, F16, F16, F16, arith(madHalf(a, b, c), a, b, c)),

    OP1(v_trunc_f16, F16, F16, arith(trunc(a), a)),
    OP1(v_ceil_f16, F16, F16, arith(ceil(a), a)),
    OP1(v_floor_f16, F16, F16, arith(floor(a), a)),
    OP1(v_rndne_f16, F16, F16, arith(nearest(a), a)),
    OP1(v_fract_f16, F16, F16, fractionHalf(a)),
    OP1(v_frexp_exp_i16_f16, I16, F16, frexpExponent(a)),
    OP1(v_frexp_mant_f16, F16, F16, frexpMantissa(a)),
    // Inline floats of the exponent are halves' bits (Vega ISA, V_LDEXP_F16).
    OP2(v_ldexp_f16, F16, F16, H16, ldexpHalf(a, b)),
    OP2(v_pack_b32_f16, U32, H16, H16, a | b << 16),

    OP2(v_pk_add_f16, PackedF16, PackedF16, PackedF16,
        packed(a, b, [&](f32x x, f32x y) { return arith(x + y, x, y); })),
    OP2(v_pk_mul_f16, PackedF16, PackedF16, PackedF16,
        packed(a, b, [&](f32x x, f32x y) { return arith(x * y, x, y); })),
    OP2(v_pk_min_f16, PackedF16, PackedF16, PackedF16,
        halves(a, b, [&](u32x x, u32x y) { return minHalf(x, y, e.ieee); })),
    OP2(v_pk_max_f16, PackedF16, PackedF16, PackedF16,
        halves(a, b, [&](u32x x, u32x y) { return maxHalf(x, y, e.ieee); })),
    OP3(v_pk_fma_f16, PackedF16, PackedF16, PackedF16, PackedF16,
        packed(a, b, c, [&](f32x x, f32x y, f32x z) { return arith(fmaHalf(x, y, z), x, y, z); })),
    OP3(v_pk_fmac_f16, PackedF16, PackedF16, PackedF16, PackedF16,
        packed(a, b, c, [&](f32x x, f32x y, f32x z) { return arith(fmaHalf(x, y, z), x, y, z); })),

    OP3(v_mad_mix_f32, F32, Mix, Mix, Mix, arith(mad(a, b, c), a, b, c)),
    OP3(v_mad_mixlo_f16, F16, Mix, Mix, Mix, arith(mad(a, b, c), a, b, c)),
    OP3(v_mad_mixhi_f16, F16, Mix, Mix, Mix, arith(mad(a, b, c), a, b, c)),
    OP3(v_fma_mix_f32, F32, Mix, Mix, Mix, arith(fma(a, b, c), a, b, c)),
    OP3(v_fma_mixlo_f16, F16, Mix, Mix, Mix, arith(fma(a, b, c), a, b, c)),
    OP3(v_fma_mixhi_f16, F16, Mix, Mix, Mix, arith(fma(a, b, c), a, b, c)),

    OP3(v_dot2_f32_f16, F32, PackedF16, PackedF16, F32, dot2(a, b, c)),
    OP3(v_dot2c_f32_f16, F32, PackedF16, PackedF16, F32, dot2(a, b, c)),
};

}  // namespace

OperationList float16Operations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
