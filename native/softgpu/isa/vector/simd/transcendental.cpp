// Reciprocals, roots, exponentials, logarithms and circular functions in single precision (Vega ISA, 12.8). The f32
// forms flush denormals whatever MODE says, except sine and cosine.
#include "isa/vector/simd/transcendental.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

SIMD_INLINE f32x reciprocal(f32x v) {
  return flush(1.0f / flush(v));
}
SIMD_INLINE f32x root(f32x v) {
  return sqrt(flush(v));
}
// Two roundings alone would miss by up to 1.5 ulp: one step of Newton's method with an exact residual mends the
// quotient.
SIMD_INLINE f32x reciprocalRoot(f32x v) {
  const f32x x = flush(v), y = 1.0f / sqrt(x);
  const f32x product = x * y, productError = fma(x, y, -product);
  const f32x residual = fma(-product, y, splatF32(1)) - productError * y;
  const f32x better = fma(y * 0.5f, residual, y);
  return (x > 0) & (x < __builtin_inff()) ? better : y;
}

const Operation kOperations[] = {
    OP1(v_rcp_f32, F32, F32, arith(reciprocal(a), a)),
    OP1(v_rcp_iflag_f32, F32, F32, arith(reciprocal(a), a)),
    OP1(v_sqrt_f32, F32, F32, arith(root(a), a)),
    OP1(v_rsq_f32, F32, F32, arith(reciprocalRoot(a), a)),
    OP1(v_exp_f32, F32, F32, flush(exp2(flush(a)))),
    OP1(v_log_f32, F32, F32, log2(flush(a))),
    OP1(v_sin_f32, F32, F32, sinOfTurns(a)),
    OP1(v_cos_f32, F32, F32, cosOfTurns(a)),
    // Legacy: the precision of older chips, which is no closer bound.
    OP1(v_exp_legacy_f32, F32, F32, flush(exp2(flush(a)))),
    OP1(v_log_legacy_f32, F32, F32, log2(flush(a))),

    OP1(v_rcp_f16, F16, F16, arith(1.0f / a, a)),
    OP1(v_sqrt_f16, F16, F16, arith(sqrt(a), a)),
    OP1(v_rsq_f16, F16, F16, arith(1.0f / sqrt(a), a)),
    OP1(v_exp_f16, F16, F16, exp2(a)),
    OP1(v_log_f16, F16, F16, log2(a)),
    OP1(v_sin_f16, F16, F16, sinOfTurns(a)),
    OP1(v_cos_f16, F16, F16, cosOfTurns(a)),
};

}  // namespace

OperationList transcendentalOperations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
