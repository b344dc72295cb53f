// Single and double precision VALU arithmetic against the host's wider types and its C library.
#include <cfenv>
#include <cmath>

#include "vector_harness.h"

using namespace softgpu;
using namespace softgpu::vectortest;

namespace {

using wide = __float128;  // more than twice the bits of a double and two more: rounding through it rounds once

constexpr uint64_t kSign64 = 1ull << 63;

Formula f32Of(std::function<float(float, float, float)> f, int operands) {
  return [=](uint64_t a, uint64_t b, uint64_t c) {
    const float r = f(f32(a), f32(b), f32(c));
    const uint32_t x = static_cast<uint32_t>(a), y = static_cast<uint32_t>(b), z = static_cast<uint32_t>(c);
    if (operands == 1) return Expected{nan32(r, {x})};
    return operands == 2 ? Expected{nan32(r, {x, y})} : Expected{nan32(r, {x, y, z})};
  };
}
Formula f64Of(std::function<double(double, double, double)> f, int operands) {
  return [=](uint64_t a, uint64_t b, uint64_t c) {
    const double r = f(f64(a), f64(b), f64(c));
    if (operands == 1) return Expected{nan64(r, {a})};
    return operands == 2 ? Expected{nan64(r, {a, b})} : Expected{nan64(r, {a, b, c})};
  };
}
float flushed(float v) {
  return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(0.0f, v) : v;
}

bool isSignaling32(uint64_t v) {
  return (v & 0x7fffffff) > 0x7f800000 && !(v & 0x400000);
}
bool isSignaling64(uint64_t v) {
  return (v & ~kSign64) > 0x7ff0000000000000 && !(v & 1ull << 51);
}

uint64_t min32(uint64_t a, uint64_t b, bool ieee) {
  if (ieee && isSignaling32(a)) return a | 0x400000;
  if (ieee && isSignaling32(b)) return b | 0x400000;
  if (std::isnan(f32(a))) return b;
  if (std::isnan(f32(b))) return a;
  if (f32(a) == 0 && f32(b) == 0) return a | b;
  return f32(a) < f32(b) ? a : b;
}
uint64_t max32(uint64_t a, uint64_t b, bool ieee) {
  if (ieee && isSignaling32(a)) return a | 0x400000;
  if (ieee && isSignaling32(b)) return b | 0x400000;
  if (std::isnan(f32(a))) return b;
  if (std::isnan(f32(b))) return a;
  if (f32(a) == 0 && f32(b) == 0) return a & b;
  return f32(a) > f32(b) ? a : b;
}
uint64_t min64(uint64_t a, uint64_t b) {
  if (isSignaling64(a)) return a | 1ull << 51;
  if (isSignaling64(b)) return b | 1ull << 51;
  if (std::isnan(f64(a))) return b;
  if (std::isnan(f64(b))) return a;
  if (f64(a) == 0 && f64(b) == 0) return a | b;
  return f64(a) < f64(b) ? a : b;
}
uint64_t max64(uint64_t a, uint64_t b) {
  const auto flip = [](uint64_t v) { return std::isnan(f64(v)) ? v : v ^ kSign64; };
  return flip(min64(flip(a), flip(b)));
}

// Exceeds the bound in units of the last place, or not.
double ulps(float got, long double exact) {
  if (std::isnan(got) || std::isinf(got)) return std::isnan(exact) == std::isnan(got) ? 0 : 1e9;
  const int e = std::max(std::ilogb(static_cast<float>(exact)), -126);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - exact) / std::ldexp(1.0L, e - 23));
}

}  // namespace

TEST_CASE("vector f32: sums, products, fused and not") {
  check(Opcode::v_add_f32, f32Of([](float a, float b, float) { return static_cast<float>(double(a) + double(b)); }, 2));
  check(Opcode::v_sub_f32, f32Of([](float a, float b, float) { return static_cast<float>(double(a) - double(b)); }, 2));
  check(Opcode::v_subrev_f32,
        f32Of([](float a, float b, float) { return static_cast<float>(double(b) - double(a)); }, 2));
  check(Opcode::v_mul_f32, f32Of([](float a, float b, float) { return static_cast<float>(double(a) * double(b)); }, 2));
  check(Opcode::v_fma_f32, f32Of([](float a, float b, float c) { return std::fma(a, b, c); }, 3));
  check(Opcode::v_fmac_f32, f32Of([](float a, float b, float c) { return std::fma(a, b, c); }, 3));
  const auto mad =
      f32Of([](float a, float b, float c) { return flushed(flushed(flushed(a) * flushed(b)) + flushed(c)); }, 3);
  for (const Opcode op : {Opcode::v_mad_f32, Opcode::v_mac_f32, Opcode::v_madmk_f32, Opcode::v_madak_f32})
    check(op, mad);
  check(Opcode::v_mul_legacy_f32, [](uint64_t a, uint64_t b, uint64_t) {
    if (f32(a) == 0 || f32(b) == 0) return Expected{0};
    return Expected{nan32(f32(a) * f32(b), {static_cast<uint32_t>(a), static_cast<uint32_t>(b)})};
  });
  check(Opcode::v_mad_legacy_f32, f32Of(
                                      [](float a, float b, float c) {
                                        a = flushed(a), b = flushed(b), c = flushed(c);
                                        return flushed((a == 0 || b == 0 ? 0.0f : flushed(a * b)) + c);
                                      },
                                      3));
}

TEST_CASE("vector f64: sums, products, fused") {
  check(Opcode::v_add_f64, f64Of([](double a, double b, double) { return static_cast<double>(wide(a) + wide(b)); }, 2));
  check(Opcode::v_mul_f64, f64Of([](double a, double b, double) { return static_cast<double>(wide(a) * wide(b)); }, 2));
  check(Opcode::v_fma_f64, f64Of([](double a, double b, double c) { return std::fma(a, b, c); }, 3));
  check(Opcode::v_fmac_f64, f64Of([](double a, double b, double c) { return std::fma(a, b, c); }, 3));
}

TEST_CASE("vector floats: minimum, maximum, median with NaNs and zeros, in and out of IEEE mode") {
  for (const bool ieee : {true, false}) {
    const Setting setting{ieee ? kDefaultMode : kDefaultMode & ~mode::kIeee};
    check(Opcode::v_min_f32, [=](uint64_t a, uint64_t b, uint64_t) { return Expected{min32(a, b, ieee)}; }, setting);
    check(Opcode::v_max_f32, [=](uint64_t a, uint64_t b, uint64_t) { return Expected{max32(a, b, ieee)}; }, setting);
    check(
        Opcode::v_min3_f32,
        [=](uint64_t a, uint64_t b, uint64_t c) { return Expected{min32(min32(a, b, ieee), c, ieee)}; }, setting);
    check(
        Opcode::v_max3_f32,
        [=](uint64_t a, uint64_t b, uint64_t c) { return Expected{max32(max32(a, b, ieee), c, ieee)}; }, setting);
    check(
        Opcode::v_med3_f32,
        [=](uint64_t a, uint64_t b, uint64_t c) {
          if (std::isnan(f32(a)) || std::isnan(f32(b)) || std::isnan(f32(c))) {
            return Expected{min32(min32(a, b, ieee), c, ieee)};
          }
          const float largest = f32(max32(max32(a, b, ieee), c, ieee));
          if (largest == f32(a)) return Expected{max32(b, c, ieee)};
          return Expected{largest == f32(b) ? max32(a, c, ieee) : max32(a, b, ieee)};
        },
        setting);
  }
  check(Opcode::v_min_f64, [](uint64_t a, uint64_t b, uint64_t) { return Expected{min64(a, b)}; });
  check(Opcode::v_max_f64, [](uint64_t a, uint64_t b, uint64_t) { return Expected{max64(a, b)}; });
}

TEST_CASE("vector floats: rounding to integers, fractions, exponents") {
  check(Opcode::v_trunc_f32, f32Of([](float a, float, float) { return std::trunc(a); }, 1));
  check(Opcode::v_ceil_f32, f32Of([](float a, float, float) { return std::ceil(a); }, 1));
  check(Opcode::v_floor_f32, f32Of([](float a, float, float) { return std::floor(a); }, 1));
  check(Opcode::v_rndne_f32, f32Of([](float a, float, float) { return std::nearbyint(a); }, 1));
  check(Opcode::v_trunc_f64, f64Of([](double a, double, double) { return std::trunc(a); }, 1));
  check(Opcode::v_ceil_f64, f64Of([](double a, double, double) { return std::ceil(a); }, 1));
  check(Opcode::v_floor_f64, f64Of([](double a, double, double) { return std::floor(a); }, 1));
  check(Opcode::v_rndne_f64, f64Of([](double a, double, double) { return std::nearbyint(a); }, 1));
  check(Opcode::v_fract_f32,
        f32Of([](float a, float, float) { return std::isinf(a) ? NAN : std::min(a - std::floor(a), 0x1.fffffep-1f); },
              1));
  check(Opcode::v_fract_f64,
        f64Of([](double a, double,
                 double) { return std::isinf(a) ? NAN : std::min(a - std::floor(a), 0x1.fffffffffffffp-1); },
              1));
  const auto mantissa = [](auto a) {
    int e;
    return std::isinf(a) ? a : std::frexp(a, &e);
  };
  const auto exponent = [](auto a) {
    int e = 0;
    if (std::isfinite(a)) std::frexp(a, &e);
    return Expected{static_cast<uint32_t>(e)};
  };
  check(Opcode::v_frexp_mant_f32, f32Of([=](float a, float, float) { return mantissa(a); }, 1));
  check(Opcode::v_frexp_mant_f64, f64Of([=](double a, double, double) { return mantissa(a); }, 1));
  check(Opcode::v_frexp_exp_i32_f32, [=](uint64_t a, uint64_t, uint64_t) { return exponent(f32(a)); });
  check(Opcode::v_frexp_exp_i32_f64, [=](uint64_t a, uint64_t, uint64_t) { return exponent(f64(a)); });
  const auto power = [](uint64_t b) { return std::clamp(static_cast<int32_t>(b), -10000, 10000); };
  check(Opcode::v_ldexp_f32, [=](uint64_t a, uint64_t b, uint64_t) {
    return Expected{nan32(std::ldexp(f32(a), power(b)), {static_cast<uint32_t>(a)})};
  });
  check(Opcode::v_ldexp_f64,
        [=](uint64_t a, uint64_t b, uint64_t) { return Expected{nan64(std::ldexp(f64(a), power(b)), {a})}; });
}

TEST_CASE("vector floats: ldexp rounds once, into the denormals too") {
  for (const vector::Level* level : levels()) {
    TestWave t;
    for (int n = -1100; n < 1100; n += 7) {
      for (unsigned l = 0; l < 64; ++l) {
        const uint64_t a = l * 0x123456789abcdefull ^ 0x3ff5555555555555;
        t.set(kSrc[0], l, a, true);
        t.v(kSrc[1], l) = static_cast<uint32_t>(n - static_cast<int>(l));
      }
      REQUIRE(t.run(*level, instructionOf(shapeOf(Opcode::v_ldexp_f64)), Target::gfx900));
      for (unsigned l = 0; l < 64; ++l) {
        const uint64_t a = l * 0x123456789abcdefull ^ 0x3ff5555555555555;
        CHECK(t.v64(kDst, l) == nan64(std::ldexp(f64(a), n - static_cast<int>(l)), {a}));
      }
    }
  }
}

TEST_CASE("vector floats: comparisons and classes") {
  checkComparisons("f32", [](uint64_t v) { return double{f32(v)}; });
  checkComparisons("f64", [](uint64_t v) { return f64(v); });

  const auto classBit = [](auto v, bool signaling) {
    const bool negative = std::signbit(v);
    switch (std::fpclassify(v)) {
      case FP_NAN:
        return signaling ? 0 : 1;
      case FP_INFINITE:
        return negative ? 2 : 9;
      case FP_ZERO:
        return negative ? 5 : 6;
      case FP_SUBNORMAL:
        return negative ? 4 : 7;
      default:
        return negative ? 3 : 8;
    }
  };
  for (const Opcode op : {Opcode::v_cmp_class_f32, Opcode::v_cmpx_class_f32}) {
    check(op, [=](uint64_t a, uint64_t b, uint64_t) {
      return Expected{0, (b >> classBit(f32(a), isSignaling32(a)) & 1) != 0};
    });
  }
  for (const Opcode op : {Opcode::v_cmp_class_f64, Opcode::v_cmpx_class_f64}) {
    check(op, [=](uint64_t a, uint64_t b, uint64_t) {
      return Expected{0, (b >> classBit(f64(a), isSignaling64(a)) & 1) != 0};
    });
  }
}

TEST_CASE("vector floats: v_fma in every rounding mode and with denormals flushed") {
  const int host[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  const auto inMode = [](int mode, auto f) {
    std::fesetround(mode);
    volatile auto r = f();  // computed before the mode goes back
    std::fesetround(FE_TONEAREST);
    return +r;
  };
  for (unsigned m = 0; m < 4; ++m) {
    const Setting setting{kDefaultMode | m | m << 2};
    check(Opcode::v_fma_f32,
          f32Of(
              [=](float a, float b, float c) {
                volatile float x = a, y = b, z = c;
                return inMode(host[m], [&] { return std::fma(x, y, z); });
              },
              3),
          setting);
    check(Opcode::v_add_f64,
          f64Of(
              [=](double a, double b, double) {
                volatile double x = a, y = b;
                return inMode(host[m], [&] { return x + y; });
              },
              2),
          setting);
    check(
        Opcode::v_cvt_f32_f64,
        [=](uint64_t a, uint64_t, uint64_t) {
          volatile double x = f64(a);
          const float r = inMode(host[m], [&] { return static_cast<float>(x); });
          return Expected{bits(r) | (std::isnan(r) ? 0x400000u : 0)};
        },
        setting);
  }
  const Setting flushAll{kDefaultMode & ~(mode::kDenorm32 | mode::kDenorm64)};
  check(Opcode::v_mul_f32, f32Of([](float a, float b, float) { return flushed(flushed(a) * flushed(b)); }, 2),
        flushAll);
  const Setting flushOut{(kDefaultMode & ~mode::kDenorm32) | 1u << 4};
  check(Opcode::v_mul_f32, f32Of([](float a, float b, float) { return flushed(a * b); }, 2), flushOut);
  const Setting flushIn{(kDefaultMode & ~mode::kDenorm32) | 2u << 4};
  check(Opcode::v_mul_f32, f32Of([](float a, float b, float) { return flushed(a) * flushed(b); }, 2), flushIn);
  check(Opcode::v_mul_f64,
        f64Of(
            [](double a, double b, double) {
              const auto flush = [](double v) {
                return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(0.0, v) : v;
              };
              return flush(flush(a) * flush(b));
            },
            2),
        flushAll);
}

TEST_CASE("vector f32: reciprocals and roots are within 1 ulp and flush denormals") {
  const auto within = [](Opcode op, std::function<long double(long double)> exact, double bound) {
    for (const vector::Level* level : levels()) {
      TestWave t;
      std::mt19937 random(7);
      double worst = 0;
      for (int batch = 0; batch < 2000; ++batch) {
        for (unsigned l = 0; l < 64; ++l) t.v(kSrc[0], l) = random() & (batch & 1 ? 0xffffffff : 0x7fffffff);
        REQUIRE(t.run(*level, instructionOf(shapeOf(op)), Target::gfx900));
        for (unsigned l = 0; l < 64; ++l) {
          const float x = flushed(f32(t.v(kSrc[0], l)));
          if (std::isnan(x)) continue;
          const long double want = exact(x);
          if (std::isnan(want)) {
            CHECK(std::isnan(f32(t.v(kDst, l))));
          } else if (std::fabs(want) < 0x1p-126L) {
            CHECK(std::fabs(f32(t.v(kDst, l))) <= 0x1p-126f);
          } else if (std::fabs(want) < 0x1.ffffffp127L) {
            worst = std::max(worst, ulps(f32(t.v(kDst, l)), want));
          } else {
            CHECK(std::isinf(f32(t.v(kDst, l))));
          }
        }
      }
      CHECK_MESSAGE(worst <= bound, level->name << " " << opcodeName(op) << ": " << worst << " ulp");
    }
  };
  within(Opcode::v_rcp_f32, [](long double x) { return 1 / x; }, 0.5);
  within(Opcode::v_rcp_iflag_f32, [](long double x) { return 1 / x; }, 0.5);
  within(Opcode::v_exp_legacy_f32, [](long double x) { return std::exp2(x); }, 0.51);
  within(Opcode::v_log_legacy_f32, [](long double x) { return std::log2(x); }, 0.51);
  within(Opcode::v_sqrt_f32, [](long double x) { return std::sqrt(x); }, 0.5);
  within(Opcode::v_rsq_f32, [](long double x) { return 1 / std::sqrt(x); }, 0.51);
  within(Opcode::v_exp_f32, [](long double x) { return std::exp2(x); }, 0.51);
  within(Opcode::v_log_f32, [](long double x) { return std::log2(x); }, 0.51);
}

TEST_CASE("vector f32: sine and cosine of turns") {
  constexpr long double kTwoPi = 6.283185307179586476925286766559L;
  for (const vector::Level* level : levels()) {
    TestWave t;
    std::mt19937 random(11);
    double worst = 0;
    for (int batch = 0; batch < 4000; ++batch) {
      for (unsigned l = 0; l < 64; ++l) {
        t.v(kSrc[0], l) = bits(
            std::ldexp(static_cast<float>(static_cast<int32_t>(random())), -31 + static_cast<int>(random() % 12) - 3));
      }
      for (const bool sine : {true, false}) {
        REQUIRE(t.run(*level, instructionOf(shapeOf(sine ? Opcode::v_sin_f32 : Opcode::v_cos_f32)), Target::gfx900));
        for (unsigned l = 0; l < 64; ++l) {
          long double turn = f32(t.v(kSrc[0], l));
          turn -= std::nearbyint(turn);
          // Near a zero only the distance from it gives the reference its relative precision.
          const long double fromZero = std::fabs(turn) > 0.25L ? std::copysign(0.5L, turn) - turn : turn;
          const long double want = std::sin((sine ? fromZero : 0.25L - std::fabs(turn)) * kTwoPi);
          if (std::fabs(want) > 0x1p-100L) worst = std::max(worst, ulps(f32(t.v(kDst, l)), want));
        }
      }
    }
    CHECK_MESSAGE(worst <= 0.51, level->name << ": " << worst << " ulp");
  }
}

TEST_CASE("vector floats: special values as the manual's examples have them") {
  const struct {
    Opcode op;
    uint32_t in, out;
  } examples[] = {
      {Opcode::v_exp_f32, 0xff800000, 0},
      {Opcode::v_exp_f32, 0x80000000, 0x3f800000},
      {Opcode::v_exp_f32, 0x7f800000, 0x7f800000},
      {Opcode::v_log_f32, 0xff800000, 0xffc00000},
      {Opcode::v_log_f32, 0xbf800000, 0xffc00000},
      {Opcode::v_log_f32, 0x80000000, 0xff800000},
      {Opcode::v_log_f32, 0, 0xff800000},
      {Opcode::v_log_f32, 0x3f800000, 0},
      {Opcode::v_log_f32, 0x7f800000, 0x7f800000},
      {Opcode::v_rcp_f32, 0xff800000, 0x80000000},
      {Opcode::v_rcp_f32, 0xc0000000, 0xbf000000},
      {Opcode::v_rcp_f32, 0x80000000, 0xff800000},
      {Opcode::v_rcp_f32, 0, 0x7f800000},
      {Opcode::v_rcp_f32, 0x7f800000, 0},
      {Opcode::v_rsq_f32, 0xff800000, 0xffc00000},
      {Opcode::v_rsq_f32, 0x80000000, 0xff800000},
      {Opcode::v_rsq_f32, 0, 0x7f800000},
      {Opcode::v_rsq_f32, 0x40800000, 0x3f000000},
      {Opcode::v_rsq_f32, 0x7f800000, 0},
      {Opcode::v_sqrt_f32, 0xff800000, 0xffc00000},
      {Opcode::v_sqrt_f32, 0x80000000, 0x80000000},
      {Opcode::v_sqrt_f32, 0x40800000, 0x40000000},
      {Opcode::v_sin_f32, 0xff800000, 0xffc00000},
      {Opcode::v_sin_f32, 0xff7fffff, 0},
      {Opcode::v_sin_f32, 0x80000000, 0x80000000},
      {Opcode::v_sin_f32, 0x3e800000, 0x3f800000},
      {Opcode::v_sin_f32, 0x7f800000, 0xffc00000},
      {Opcode::v_cos_f32, 0xff7fffff, 0x3f800000},
      {Opcode::v_cos_f32, 0x80000000, 0x3f800000},
      {Opcode::v_cos_f32, 0x3e800000, 0},
      {Opcode::v_cos_f32, 0x7f800000, 0xffc00000},
      {Opcode::v_rcp_f16, 0xfc00, 0x8000},
      {Opcode::v_rcp_f16, 0xc000, 0xb800},
      {Opcode::v_rcp_f16, 0x8000, 0xfc00},
      {Opcode::v_rcp_f16, 0, 0x7c00},
      {Opcode::v_rcp_f16, 0x7c00, 0},
      {Opcode::v_sqrt_f16, 0xfc00, 0xfe00},
      {Opcode::v_sqrt_f16, 0x8000, 0x8000},
      {Opcode::v_sqrt_f16, 0x4400, 0x4000},
      {Opcode::v_rsq_f16, 0xfc00, 0xfe00},
      {Opcode::v_rsq_f16, 0x8000, 0xfc00},
      {Opcode::v_rsq_f16, 0x4400, 0x3800},
      {Opcode::v_log_f16, 0xfc00, 0xfe00},
      {Opcode::v_log_f16, 0xbc00, 0xfe00},
      {Opcode::v_log_f16, 0x8000, 0xfc00},
      {Opcode::v_log_f16, 0x3c00, 0},
      {Opcode::v_exp_f16, 0xfc00, 0},
      {Opcode::v_exp_f16, 0x8000, 0x3c00},
      {Opcode::v_exp_f16, 0x7c00, 0x7c00},
      {Opcode::v_sin_f16, 0xfc00, 0xfe00},
      {Opcode::v_sin_f16, 0xfbff, 0},
      {Opcode::v_sin_f16, 0x8000, 0x8000},
      {Opcode::v_sin_f16, 0x3400, 0x3c00},
      {Opcode::v_cos_f16, 0xfbff, 0x3c00},
      {Opcode::v_cos_f16, 0x3400, 0},
      {Opcode::v_cos_f16, 0x7c00, 0xfe00},
  };
  for (const vector::Level* level : levels()) {
    TestWave t;
    for (const auto& x : examples) {
      for (unsigned l = 0; l < 64; ++l) t.v(kSrc[0], l) = x.in;
      REQUIRE(t.run(*level, instructionOf(shapeOf(x.op)), Target::gfx900));
      CHECK_MESSAGE(t.v(kDst, 63) == x.out,
                    level->name << " " << opcodeName(x.op) << " of " << hex(x.in) << " gave " << hex(t.v(kDst, 63)));
    }
  }
}

TEST_CASE("vector f64: reciprocals and roots are correctly rounded") {
  check(Opcode::v_rcp_f64, f64Of([](double a, double, double) { return static_cast<double>(wide(1) / wide(a)); }, 1));
  check(Opcode::v_sqrt_f64, f64Of([](double a, double, double) { return std::sqrt(a); }, 1));
  check(Opcode::v_rsq_f64, f64Of([](double a, double, double) { return 1 / std::sqrt(a); }, 1));
}

TEST_CASE("vector floats: cube map faces and coordinates") {
  const auto choose = [](float x, float y, float z) {
    return std::fabs(z) >= std::fabs(x) && std::fabs(z) >= std::fabs(y) ? 2 : std::fabs(y) >= std::fabs(x) ? 1 : 0;
  };
  for (const vector::Level* level : levels()) {
    TestWave t;
    std::mt19937 random(5);
    for (unsigned l = 0; l < 64; ++l) {
      for (const unsigned row : kSrc) t.v(row, l) = bits(static_cast<float>(static_cast<int>(random() % 9) - 4));
    }
    const auto run = [&](Opcode op) {
      REQUIRE(t.run(*level, instructionOf(shapeOf(op)), Target::gfx900));
      return [&t](unsigned l) { return f32(t.v(kDst, l)); };
    };
    for (const Opcode op : {Opcode::v_cubeid_f32, Opcode::v_cubesc_f32, Opcode::v_cubetc_f32, Opcode::v_cubema_f32}) {
      const auto got = run(op);
      for (unsigned l = 0; l < 64; ++l) {
        const float v[3] = {f32(t.v(kSrc[0], l)), f32(t.v(kSrc[1], l)), f32(t.v(kSrc[2], l))};
        const int axis = choose(v[0], v[1], v[2]);
        const bool negative = v[axis] < 0;
        const float s[3] = {negative ? v[2] : -v[2], v[0], negative ? -v[0] : v[0]};
        const float tc[3] = {-v[1], negative ? -v[2] : v[2], -v[1]};
        if (op == Opcode::v_cubeid_f32) CHECK(got(l) == 2 * axis + negative);
        if (op == Opcode::v_cubesc_f32) CHECK(got(l) == s[axis]);
        if (op == Opcode::v_cubetc_f32) CHECK(got(l) == tc[axis]);
        if (op == Opcode::v_cubema_f32) CHECK(got(l) == 2 * v[axis]);
      }
    }
  }
}
