// Single-precision arithmetic (Vega ISA, 12.7, 12.8 and 12.12).
#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/float_functions.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

// DX9: zero times anything is +0.
SIMD_INLINE f32x mulLegacy(f32x a, f32x b) {
  return (a == 0) | (b == 0) ? f32x{} : arith(a * b, a, b);
}
SIMD_INLINE f32x madLegacy(f32x a, f32x b, f32x c) {
  a = flush(a), b = flush(b), c = flush(c);
  const f32x product = (a == 0) | (b == 0) ? f32x{} : flush(a * b);
  return arith(flush(product + c), a, b, c);
}

// Cube maps: the axis of the largest magnitude, z before y before x.
struct Cube {
  i32x z, y;  // that axis wins
  SIMD_INLINE Cube(f32x a, f32x b, f32x c)
      : z((absolute(c) >= absolute(a)) & (absolute(c) >= absolute(b))), y(~z & (absolute(b) >= absolute(a))) {}
};
SIMD_INLINE f32x negate(f32x v) {
  return (f32x)((u32x)v ^ 0x80000000);
}
SIMD_INLINE f32x cubeFace(f32x a, f32x b, f32x c) {
  const Cube cube(a, b, c);
  const f32x x = a < 0 ? splatF32(1) : splatF32(0), y = b < 0 ? splatF32(3) : splatF32(2);
  const f32x z = c < 0 ? splatF32(5) : splatF32(4);
  return cube.z ? z : (cube.y ? y : x);
}
SIMD_INLINE f32x cubeS(f32x a, f32x b, f32x c) {
  const Cube cube(a, b, c);
  const f32x z = c < 0 ? negate(a) : a, x = a < 0 ? c : negate(c);
  return cube.z ? z : (cube.y ? a : x);
}
SIMD_INLINE f32x cubeT(f32x a, f32x b, f32x c) {
  const Cube cube(a, b, c);
  const f32x y = b < 0 ? negate(c) : c;
  return cube.y ? y : negate(b);
}
SIMD_INLINE f32x cubeMajor(f32x a, f32x b, f32x c) {
  const Cube cube(a, b, c);
  return 2 * (cube.z ? c : (cube.y ? b : a));
}

const Operation kOperations[] = {
    OP2(v_add_f32, F32, F32, F32, arith(a + b, a, b)),
    OP2(v_sub_f32, F32, F32, F32, arith(a - b, a, b)),
    OP2(v_subrev_f32, F32, F32, F32, arith(b - a, a, b)),
    OP2(v_mul_f32, F32, F32, F32, arith(a* b, a, b)),
    OP2(v_mul_legacy_f32, F32, F32, F32, mulLegacy(a, b)),
    OP2(v_min_f32, F32, F32, F32, minimum(a, b, e.ieee)),
    OP2(v_max_f32, F32, F32, F32, maximum(a, b, e.ieee)),
    OP3(v_min3_f32, F32, F32, F32, F32, minimum(minimum(a, b, e.ieee), c, e.ieee)),
    OP3(v_max3_f32, F32, F32, F32, F32, maximum(maximum(a, b, e.ieee), c, e.ieee)),
    OP3(v_med3_f32, F32, F32, F32, F32, median(a, b, c, e.ieee)),

    OP3(v_fma_f32, F32, F32, F32, F32, arith(fma(a, b, c), a, b, c)),
    OP3(v_fmac_f32, F32, F32, F32, F32, arith(fma(a, b, c), a, b, c)),
    OP3(v_mad_f32, F32, F32, F32, F32, arith(mad(a, b, c), a, b, c)),
    OP3(v_mac_f32, F32, F32, F32, F32, arith(mad(a, b, c), a, b, c)),
    OP3(v_madmk_f32, F32, F32, F32, F32, arith(mad(a, b, c), a, b, c)),
    OP3(v_madak_f32, F32, F32, F32, F32, arith(mad(a, b, c), a, b, c)),
    OP3(v_mad_legacy_f32, F32, F32, F32, F32, madLegacy(a, b, c)),

    OP1(v_trunc_f32, F32, F32, arith(trunc(a), a)),
    OP1(v_ceil_f32, F32, F32, arith(ceil(a), a)),
    OP1(v_floor_f32, F32, F32, arith(floor(a), a)),
    OP1(v_rndne_f32, F32, F32, arith(nearest(a), a)),
    OP1(v_fract_f32, F32, F32, fraction(a)),
    OP1(v_frexp_exp_i32_f32, I32, F32, frexpExponent(a)),
    OP1(v_frexp_mant_f32, F32, F32, frexpMantissa(a)),

    OP3(v_cubeid_f32, F32, F32, F32, F32, cubeFace(a, b, c)),
    OP3(v_cubesc_f32, F32, F32, F32, F32, cubeS(a, b, c)),
    OP3(v_cubetc_f32, F32, F32, F32, F32, cubeT(a, b, c)),
    OP3(v_cubema_f32, F32, F32, F32, F32, cubeMajor(a, b, c)),

    // gfx90a: the same operation on two registers.
    OP3(v_pk_fma_f32, PackedF32, PackedF32, PackedF32, PackedF32, arith(fma(a, b, c), a, b, c)),
    OP2(v_pk_mul_f32, PackedF32, PackedF32, PackedF32, arith(a* b, a, b)),
    OP2(v_pk_add_f32, PackedF32, PackedF32, PackedF32, arith(a + b, a, b)),
    // Both results come from the dwords that op_sel names, which fetch has put low.
    OP2(v_pk_mov_b32, PackedF32, PackedF32, PackedF32, (f32x)(((u64x)a & 0xffffffff) | (u64x)b << 32)),
};

}  // namespace

OperationList float32Operations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
