// Double-precision arithmetic (Vega ISA, 12.8 and 12.12). Reciprocals and roots are correctly rounded, far inside the
// 2^29 ulp that the manual grants.
#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/float_functions.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

const Operation kOperations[] = {
    OP2(v_add_f64, F64, F64, F64, arith(a + b, a, b)),
    OP2(v_mul_f64, F64, F64, F64, arith(a* b, a, b)),
    OP2(v_min_f64, F64, F64, F64, minimum(a, b, e.ieee)),
    OP2(v_max_f64, F64, F64, F64, maximum(a, b, e.ieee)),
    OP3(v_fma_f64, F64, F64, F64, F64, arith(fma(a, b, c), a, b, c)),
    OP3(v_fmac_f64, F64, F64, F64, F64, arith(fma(a, b, c), a, b, c)),
    OP2(v_ldexp_f64, F64, F64, I32, arith(scaleBy(a, b), a)),
    OP2(v_ldexp_f32, F32, F32, I32Wide, arith(scaleBy(a, b), a)),

    OP1(v_trunc_f64, F64, F64, arith(trunc(a), a)),
    OP1(v_ceil_f64, F64, F64, arith(ceil(a), a)),
    OP1(v_floor_f64, F64, F64, arith(floor(a), a)),
    OP1(v_rndne_f64, F64, F64, arith(nearest(a), a)),
    OP1(v_fract_f64, F64, F64, fraction(a)),
    OP1(v_frexp_exp_i32_f64, I32, F64, frexpExponent(a)),
    OP1(v_frexp_mant_f64, F64, F64, frexpMantissa(a)),

    OP1(v_rcp_f64, F64, F64, arith(1.0 / a, a)),
    OP1(v_sqrt_f64, F64, F64, arith(sqrt(a), a)),
    OP1(v_rsq_f64, F64, F64, arith(1.0 / sqrt(a), a)),
};

}  // namespace

OperationList float64Operations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
