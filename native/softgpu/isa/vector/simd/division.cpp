// The steps of a correctly rounded division, and the argument reduction of f64 circular functions (Vega ISA, 12.12).
#include "isa/vector/simd/transcendental.h"
#include "isa/vector/two_over_pi.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

template <class V>
struct Division;
template <>
struct Division<f32x> {
  using Mask = i32x;
  static constexpr float kUp = 0x1p64f, kDown = 0x1p-64f;                  // what v_div_scale multiplies by
  static constexpr int kHugeQuotient = 96, kTinyNumerator = 23;            // exponents from where on it does
  static constexpr uint32_t kHugeDenominator = 0x7e800000;                 // above 2^126 the reciprocal is denormal
  static constexpr float kQuotientUp = 0x1p64f, kQuotientDown = 0x1p-62f;  // their ratio is the smallest normal number
  static constexpr int kUnderflow = -150, kOverflow = 129, kModerate = 40;
};
template <>
struct Division<f64x> {
  using Mask = i64x;
  static constexpr double kUp = 0x1p128, kDown = 0x1p-128;
  static constexpr int kHugeQuotient = 768, kTinyNumerator = 53;
  static constexpr uint64_t kHugeDenominator = 0x7fd0000000000000;
  static constexpr double kQuotientUp = 0x1p600, kQuotientDown = 0x1p-422;
  static constexpr int kUnderflow = -1075, kOverflow = 1025, kModerate = 300;
};

// Whether some exponent lies so near to the format's ends that a quotient could, too. Without the sign, the exponent
// field is the top of the number.
template <class V>
SIMD_INLINE bool anyExtreme(V a, V b) {
  constexpr auto kOne = static_cast<decltype(FloatBits<V>::kExponent)>(1) << (FloatFormat<V>::kFraction + 1);
  constexpr auto kLow = (FloatFormat<V>::kBias - Division<V>::kModerate) * kOne;
  constexpr auto kRange = 2 * Division<V>::kModerate * kOne;
  const auto x = (bitsOf(a) << 1) - kLow, y = (bitsOf(b) << 1) - kLow;
  return anyAbove(x > y ? x : y, x - x + kRange);
}

template <class V>
__attribute__((noinline)) auto divScaleAny(V a, V b, V c) {
  using D = Division<V>;
  using Mask = typename D::Mask;
  const V denominator = absolute(b), numerator = absolute(c), zero{};
  const Mask isDenominator = a == b, isNumerator = a == c;
  const Mask invalid = (b == 0) | (c == 0);
  const Mask huge = (exponentOf(c) - exponentOf(b)) >= D::kHugeQuotient;
  const Mask tinyDenominator = isDenormal(b);
  const Mask tinyReciprocal = (bitsOf(denominator) > D::kHugeDenominator) & isNumber(b);
  const Mask tinyQuotient = numerator * D::kQuotientUp < denominator * D::kQuotientDown;
  const Mask tinyNumerator = exponentOf(c) <= D::kTinyNumerator;

  // In the order of the manual: the first that holds decides.
  const Mask case1 = huge, case2 = ~huge & tinyDenominator, rest2 = ~(huge | tinyDenominator);
  const Mask case3 = rest2 & tinyReciprocal & tinyQuotient, case4 = rest2 & tinyReciprocal & ~tinyQuotient;
  const Mask case5 = rest2 & ~tinyReciprocal & tinyQuotient;
  const Mask case6 = rest2 & ~tinyReciprocal & ~tinyQuotient & tinyNumerator;
  // The manual scales the denominator of case 3 up, out of range: 1 / FLT_MAX would be NaN. Only down gives the
  // quotient that v_div_fmas's factor makes right.
  const Mask up = (case1 & isDenominator) | case2 | (case5 & isNumerator) | case6;
  const Mask down = case4 | (case3 & isDenominator);
  const V one = zero + 1;
  const V scaled = a * (up ? zero + D::kUp : (down ? zero + D::kDown : one));
  const V nan = (V)(bitsOf(zero) + (FloatBits<V>::kSign | FloatBits<V>::kExponent | FloatBits<V>::kQuiet));
  return Carried{invalid ? nan : (a != a ? quiet(a) : scaled), ~invalid & (case1 | case3 | case5)};
}
// a: the operand to scale, which is the denominator b or the numerator c. The mask asks v_div_fmas to scale the
// quotient. Exponents near the middle of the range need nothing: no scaling, no special value.
template <class V>
SIMD_INLINE auto divScale(V a, V b, V c) {
  // The same type on both sides: clang has two integer vectors of 64 bits.
  return anyExtreme(b, c) ? divScaleAny(a, b, c) : decltype(divScaleAny(a, b, c)){a, b != b};
}

template <class V>
__attribute__((noinline)) V divFixupAny(V a, V b, V c, bool directed) {
  const unsigned roundingTowards = directed ? _MM_GET_ROUNDING_MODE() : _MM_ROUND_NEAREST;
  using D = Division<V>;
  const auto sign = (bitsOf(b) ^ bitsOf(c)) & FloatBits<V>::kSign;
  const auto negative = sign != 0;
  const auto infinite = [](V v) { return (bitsOf(v) & ~FloatBits<V>::kSign) == FloatBits<V>::kExponent; };
  const auto zeroBits = bitsOf(V{}), infinity = zeroBits + FloatBits<V>::kExponent;
  // The quotient is below half of the smallest denormal: directed rounding reaches it all the same.
  auto underflow = zeroBits;
  if (roundingTowards == _MM_ROUND_UP) underflow = negative ? zeroBits : zeroBits + 1;
  if (roundingTowards == _MM_ROUND_DOWN) underflow = negative ? zeroBits + 1 : zeroBits;
  // Above twice the largest number. The steps before have made inf - inf of it.
  auto overflow = infinity;
  if (roundingTowards == _MM_ROUND_TOWARD_ZERO) overflow = infinity - 1;
  if (roundingTowards == _MM_ROUND_UP) overflow = negative ? infinity - 1 : infinity;
  if (roundingTowards == _MM_ROUND_DOWN) overflow = negative ? infinity : infinity - 1;
  auto r = bitsOf(absolute(a));
  r = (exponentOf(c) - exponentOf(b)) < D::kUnderflow ? underflow : r;
  r = (exponentOf(c) - exponentOf(b)) >= D::kOverflow ? overflow : r;
  r = infinite(b) | (c == 0) ? zeroBits : r;
  r = (b == 0) | infinite(c) ? infinity : r;
  r |= sign;
  const auto invalid = ((b == 0) & (c == 0)) | (infinite(b) & infinite(c));
  r = invalid ? zeroBits + (FloatBits<V>::kSign | FloatBits<V>::kExponent | FloatBits<V>::kQuiet) : r;
  r = b != b ? bitsOf(quiet(b)) : r;
  return (V)(c != c ? bitsOf(quiet(c)) : r);
}

// a: the quotient, b: the denominator, c: the numerator.
template <class V>
SIMD_INLINE V divFixup(V a, V b, V c, bool directed) {
  if (anyExtreme(b, c)) return divFixupAny(a, b, c, directed);
  return (V)(bitsOf(absolute(a)) | ((bitsOf(b) ^ bitsOf(c)) & FloatBits<V>::kSign));
}

// The sign of a * b + c - r, where r is that sum rounded to nearest.
SIMD_INLINE f64x residualSign(f64x a, f64x b, f64x c, f64x r) {
  // Boldo and Muller, "Some functions computable with a fused-mac", error of an FMA.
  const f64x product = a * b, productError = fma(a, b, -product);
  const f64x sum = c + productError, back = sum - productError;
  const f64x sumError = (c - back) + (productError - (sum - back));
  const f64x total = product + sum, backTotal = total - sum;
  const f64x totalError = (product - backTotal) + (sum - (total - backTotal));
  const f64x rest = ((total - r) + totalError) + sumError;
  return rest > 0 ? splatF64(1) : (rest < 0 ? splatF64(-1) : f64x{});
}
SIMD_INLINE f32x residualSign(f32x a, f32x b, f32x c, f32x r) {
  const Pair<f64x> wa = widenFloats(a), wb = widenFloats(b), wc = widenFloats(c), wr = widenFloats(r);
  const auto sign = [](f64x x, f64x y, f64x z, f64x rounded) {
    const f64x rest = (z - rounded) + x * y;
    return rest > 0 ? splatF64(1) : (rest < 0 ? splatF64(-1) : f64x{});
  };
  return narrowFloats(sign(wa.first, wb.first, wc.first, wr.first), sign(wa.second, wb.second, wc.second, wr.second));
}

// fma whose result is scaled where v_div_scale asked for it (by its factor, up where the quotient is large: RDNA3 ISA,
// V_DIV_FMAS_F32; the Vega manual names neither), rounded once.
template <class V, class M>
__attribute__((noinline)) V scaledFmas(V a, V b, V c, M scale) {
  using D = Division<V>;
  constexpr auto kOne = static_cast<decltype(FloatBits<V>::kExponent)>(FloatFormat<V>::kBias)
                        << FloatFormat<V>::kFraction;
  const V r = fma(a, b, c), zero{};
  const auto up = (bitsOf(c) & FloatBits<V>::kExponent) > kOne;
  V scaled = r * (up ? zero + D::kUp : zero + D::kDown);
  // Scaling down to a denormal rounds again. That goes wrong only where r lies half-way between two denormals and the
  // first rounding had moved it there.
  const V unit = (V)(bitsOf(zero) + 1);
  const V rest = r - scaled * D::kUp, tie = unit * (D::kUp / 2);
  const auto doubtful = ~up & (absolute(rest) == tie);
  const V direction = residualSign(a, b, c, r);
  if (_MM_GET_ROUNDING_MODE() == _MM_ROUND_NEAREST) {
    scaled = doubtful & (rest > 0) & (direction > 0) ? scaled + unit : scaled;
    scaled = doubtful & (rest < 0) & (direction < 0) ? scaled - unit : scaled;
  }
  return arith(scale ? scaled : r, a, b, c);
}
// The segment of 2/pi that a's exponent and b select, scaled to its place.
__attribute__((noinline)) f64x trigPreop(f64x a, u64x segment) {
  f64x r{};
  for (unsigned i = 0; i < kWidth / 2; ++i) {
    const unsigned exponent = static_cast<unsigned>(((u64x)a)[i] >> 52 & 0x7ff);
    unsigned shift = static_cast<unsigned>(segment[i] & 31) * 53;
    if (exponent > 1077) shift += exponent - 1077;
    int scale = -53 - static_cast<int>(shift);
    if (exponent >= 1968) scale += 128;
    r[i] = __builtin_ldexp(static_cast<double>(vector::twoOverPiSegment(shift)), scale);
  }
  return r;
}

const Operation kOperations[] = {
    CARRY3(v_div_scale_f32, F32, F32, F32, F32, divScale(a, b, c)),
    CARRY3(v_div_scale_f64, F64, F64, F64, F64, divScale(a, b, c)),
    OP3(v_div_fmas_f32, F32, F32, F32, F32, e.anyVcc() ? scaledFmas(a, b, c, e.vcc32()) : arith(fma(a, b, c), a, b, c)),
    OP3(v_div_fmas_f64, F64, F64, F64, F64, e.anyVcc() ? scaledFmas(a, b, c, e.vcc64()) : arith(fma(a, b, c), a, b, c)),
    OP3(v_div_fixup_f32, F32, F32, F32, F32, divFixup(a, b, c, true)),
    OP3(v_div_fixup_f64, F64, F64, F64, F64, divFixup(a, b, c, true)),
    OP3(v_div_fixup_f16, F16, F16, F16, F16, divFixup(a, b, c, false)),
    OP3(v_div_fixup_legacy_f16, F16, F16, F16, F16, divFixup(a, b, c, false)),
    OP2(v_trig_preop_f64, F64, F64, U32, trigPreop(a, b)),
};

}  // namespace

OperationList divisionOperations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
