// Half precision, packed and mixed operations, and conversions, against doubles rounded by a formula of their own.
#include <cfenv>
#include <cmath>

#include "vector_harness.h"

using namespace softgpu;
using namespace softgpu::vectortest;

namespace {

using vector::Type;

double half(uint64_t bits) {
  const unsigned h = bits & 0xffff, exponent = h >> 10 & 31, fraction = h & 0x3ff;
  const double sign = h & 0x8000 ? -1 : 1;
  if (exponent == 31) return fraction ? std::copysign(NAN, sign) : sign * INFINITY;
  return sign * (exponent ? std::ldexp(1024.0 + fraction, static_cast<int>(exponent) - 25) : std::ldexp(fraction, -24));
}
bool isNanHalf(uint64_t h) {
  return (h & 0x7fff) > 0x7c00;
}
bool isSignalingHalf(uint64_t h) {
  return isNanHalf(h) && !(h & 0x200);
}

// Rounds in the host's current mode.
uint32_t toHalf(double v) {
  const uint32_t sign = std::signbit(v) ? 0x8000 : 0;
  if (std::isnan(v)) return 0xfe00;
  if (v == 0) return sign;
  if (std::isinf(v)) return sign | 0x7c00;
  const int exponent = std::max(std::ilogb(v), -14);
  const double units = std::fabs(std::nearbyint(std::ldexp(v, 10 - exponent)));
  const double rounded = std::ldexp(units, exponent - 10);
  if (rounded > 65504) {
    // The mode's own choice between the largest number and infinity, read off a sum that rounds the same way.
    volatile double big = std::copysign(0x1.fffffffffffffp1023, v), more = std::copysign(1.0, v);
    return sign | (fegetround() == FE_TONEAREST || std::isinf(big + more) ? 0x7c00 : 0x7bff);
  }
  if (rounded < 0x1p-14) return sign | static_cast<uint32_t>(std::ldexp(rounded, 24));
  const int e = std::ilogb(rounded);
  return sign | static_cast<uint32_t>(e + 15) << 10 | (static_cast<uint32_t>(std::ldexp(rounded, 10 - e)) & 0x3ff);
}
uint32_t nan16(double r, std::initializer_list<uint64_t> operands) {
  if (!std::isnan(r)) return toHalf(r);
  for (const uint64_t o : operands) {
    if (isNanHalf(o)) return static_cast<uint32_t>(o & 0xffff) | 0x200;
  }
  return 0xfe00;
}
Formula halfOf(std::function<double(double, double, double)> f, int operands) {
  return [=](uint64_t a, uint64_t b, uint64_t c) {
    const double r = f(half(a), half(b), half(c));
    if (operands == 1) return Expected{nan16(r, {a})};
    return operands == 2 ? Expected{nan16(r, {a, b})} : Expected{nan16(r, {a, b, c})};
  };
}
// v_fma_f16 and its like preserve the upper half on gfx9.
Formula keepingHigh(const Formula& f) {
  return [=](uint64_t a, uint64_t b, uint64_t c) { return Expected{f(a, b, c).value | (kSentinel & 0xffff0000)}; };
}

// Sums of products of halves span 80 bits: doubles are not enough for a reference, x87's 64 with __float128's 113 are.
double fmaReference(double a, double b, double c) {
  const __float128 exact = static_cast<__float128>(a) * b + c;
  // To double with a sticky last bit, so that the rounding to half that follows is the only one.
  double d = static_cast<double>(exact);
  const __float128 rest = exact - d;
  if (rest != 0) {
    const double towards = rest > 0 ? INFINITY : -INFINITY;
    if (!(std::bit_cast<uint64_t>(d) & 1)) d = std::nextafter(d, towards);
  }
  return d;
}
double flushHalf(double v) {
  return std::fabs(v) < 0x1p-14 ? std::copysign(0.0, v) : v;
}
double rounded(double v) {
  return std::isnan(v) ? v : half(toHalf(v));
}

uint64_t minHalf(uint64_t a, uint64_t b, bool maximum) {
  a &= 0xffff, b &= 0xffff;
  if (isSignalingHalf(a)) return a | 0x200;
  if (isSignalingHalf(b)) return b | 0x200;
  if (isNanHalf(a)) return b;
  if (isNanHalf(b)) return a;
  if (half(a) == 0 && half(b) == 0) return maximum ? a & b : a | b;
  return (half(a) < half(b)) != maximum ? a : b;
}

}  // namespace

TEST_CASE("vector f16: sums, products, fused and not") {
  check(Opcode::v_add_f16, halfOf([](double a, double b, double) { return a + b; }, 2));
  check(Opcode::v_sub_f16, halfOf([](double a, double b, double) { return a - b; }, 2));
  check(Opcode::v_subrev_f16, halfOf([](double a, double b, double) { return b - a; }, 2));
  check(Opcode::v_mul_f16, halfOf([](double a, double b, double) { return a * b; }, 2));
  const auto fma = halfOf(fmaReference, 3);
  check(Opcode::v_fma_f16, keepingHigh(fma));
  check(Opcode::v_fma_legacy_f16, fma);
  check(Opcode::v_fma_f16, fma, {kDefaultMode, Target::gfx803});
  const auto mad = halfOf(
      [](double a, double b, double c) {
        const double product = flushHalf(rounded(flushHalf(a) * flushHalf(b)));
        return flushHalf(rounded(product + flushHalf(c)));
      },
      3);
  for (const Opcode op : {Opcode::v_mad_f16, Opcode::v_madmk_f16, Opcode::v_madak_f16}) check(op, keepingHigh(mad));
  check(Opcode::v_mad_legacy_f16, mad);
  check(Opcode::v_mac_f16, keepingHigh(mad));
  check(Opcode::v_mac_f16, mad, {kDefaultMode, Target::gfx803});
}

TEST_CASE("vector f16: a product that is half-way between two results is decided by the addend") {
  // 0x3c01 * 0x3c01 = 1 + 2^-9 + 2^-20; with 0x0001 = 2^-24 and such, sums that a first rounding moves onto a tie.
  std::mt19937 random(3);
  for (const vector::Level* level : levels()) {
    TestWave t;
    for (int batch = 0; batch < 3000; ++batch) {
      for (unsigned l = 0; l < 64; ++l) {
        t.v(kSrc[0], l) = 0x3c00 | (random() & 0x3ff);
        t.v(kSrc[1], l) = 0x4000 | (random() & 0x3ff);
        t.v(kSrc[2], l) = (random() & 0x8000) | (random() & 7);
      }
      REQUIRE(t.run(*level, instructionOf(shapeOf(Opcode::v_fma_legacy_f16)), Target::gfx900));
      for (unsigned l = 0; l < 64; ++l) {
        const double want = fmaReference(half(t.v(kSrc[0], l)), half(t.v(kSrc[1], l)), half(t.v(kSrc[2], l)));
        CHECK(t.v(kDst, l) == toHalf(want));
      }
    }
  }
}

TEST_CASE("vector f16: minimum, maximum, rounding, exponents") {
  check(Opcode::v_min_f16, [](uint64_t a, uint64_t b, uint64_t) { return Expected{minHalf(a, b, false)}; });
  check(Opcode::v_max_f16, [](uint64_t a, uint64_t b, uint64_t) { return Expected{minHalf(a, b, true)}; });
  check(Opcode::v_min3_f16, keepingHigh([](uint64_t a, uint64_t b, uint64_t c) {
          return Expected{minHalf(minHalf(a, b, false), c, false)};
        }));
  check(Opcode::v_max3_f16, keepingHigh([](uint64_t a, uint64_t b, uint64_t c) {
          return Expected{minHalf(minHalf(a, b, true), c, true)};
        }));
  check(Opcode::v_med3_f16, keepingHigh([](uint64_t a, uint64_t b, uint64_t c) {
          if (isNanHalf(a) || isNanHalf(b) || isNanHalf(c)) return Expected{minHalf(minHalf(a, b, false), c, false)};
          const auto largest = minHalf(minHalf(a, b, true), c, true);
          if (half(largest) == half(a)) return Expected{minHalf(b, c, true)};
          return Expected{half(largest) == half(b) ? minHalf(a, c, true) : minHalf(a, b, true)};
        }));
  check(Opcode::v_trunc_f16, halfOf([](double a, double, double) { return std::trunc(a); }, 1));
  check(Opcode::v_ceil_f16, halfOf([](double a, double, double) { return std::ceil(a); }, 1));
  check(Opcode::v_floor_f16, halfOf([](double a, double, double) { return std::floor(a); }, 1));
  check(Opcode::v_rndne_f16, halfOf([](double a, double, double) { return std::nearbyint(a); }, 1));
  check(Opcode::v_fract_f16,
        halfOf([](double a, double, double) { return std::isinf(a) ? NAN : std::min(a - std::floor(a), 1 - 0x1p-11); },
               1));
  check(Opcode::v_frexp_mant_f16, halfOf(
                                      [](double a, double, double) {
                                        int e;
                                        return std::isinf(a) ? a : std::frexp(a, &e);
                                      },
                                      1));
  check(Opcode::v_frexp_exp_i16_f16, [](uint64_t a, uint64_t, uint64_t) {
    int e = 0;
    if (std::isfinite(half(a))) std::frexp(half(a), &e);
    return Expected{static_cast<uint16_t>(e)};
  });
  check(Opcode::v_ldexp_f16, [](uint64_t a, uint64_t b, uint64_t) {
    return Expected{nan16(std::ldexp(half(a), static_cast<int16_t>(b)), {a})};
  });
  check(Opcode::v_rcp_f16, halfOf([](double a, double, double) { return 1 / a; }, 1));
  check(Opcode::v_sqrt_f16, halfOf([](double a, double, double) { return std::sqrt(a); }, 1));
  check(Opcode::v_pack_b32_f16,
        [](uint64_t a, uint64_t b, uint64_t) { return Expected{(a & 0xffff) | (b & 0xffff) << 16}; });
}

TEST_CASE("vector f16: transcendentals of every value are within 0.51 ulp") {
  constexpr long double kTwoPi = 6.283185307179586476925286766559L;
  const struct {
    Opcode op;
    std::function<long double(long double)> exact;
  } functions[] = {
      {Opcode::v_rsq_f16, [](long double x) { return 1 / std::sqrt(x); }},
      {Opcode::v_exp_f16, [](long double x) { return std::exp2(x); }},
      {Opcode::v_log_f16, [](long double x) { return std::log2(x); }},
      {Opcode::v_sin_f16,
       [](long double x) {
         const long double turn = x - std::nearbyint(x);
         return std::sin((std::fabs(turn) > 0.25L ? std::copysign(0.5L, turn) - turn : turn) * kTwoPi);
       }},
      {Opcode::v_cos_f16, [](long double x) { return std::sin((0.25L - std::fabs(x - std::nearbyint(x))) * kTwoPi); }},
  };
  for (const vector::Level* level : levels()) {
    TestWave t;
    for (const auto& f : functions) {
      long double worst = 0;
      for (unsigned base = 0; base < 0x10000; base += 64) {
        for (unsigned l = 0; l < 64; ++l) t.v(kSrc[0], l) = base + l;
        REQUIRE(t.run(*level, instructionOf(shapeOf(f.op)), Target::gfx900));
        for (unsigned l = 0; l < 64; ++l) {
          const double x = half(base + l), got = half(t.v(kDst, l));
          if (!std::isfinite(x) || x == 0) continue;
          const long double want = f.exact(x);
          if (std::isnan(want)) {
            CHECK(t.v(kDst, l) == 0xfe00);
          } else if (std::fabs(want) < 65504 && want != 0) {
            const int e = std::max(std::ilogb(want), -14);
            worst = std::max(worst, std::fabs(got - want) / std::ldexp(1.0L, e - 10));
          }
        }
      }
      CHECK_MESSAGE(worst <= 0.51,
                    level->name << " " << opcodeName(f.op) << ": " << static_cast<double>(worst) << " ulp");
    }
  }
}

TEST_CASE("vector f16: packed operations work on both halves") {
  const auto both = [](std::function<uint64_t(uint64_t, uint64_t, uint64_t)> f) {
    return [f](uint64_t a, uint64_t b, uint64_t c) {
      return Expected{(f(a & 0xffff, b & 0xffff, c & 0xffff) & 0xffff) | (f(a >> 16, b >> 16, c >> 16) & 0xffff) << 16};
    };
  };
  const auto value = [](Formula f) { return [f](uint64_t a, uint64_t b, uint64_t c) { return f(a, b, c).value; }; };
  check(Opcode::v_pk_add_f16, both(value(halfOf([](double a, double b, double) { return a + b; }, 2))));
  check(Opcode::v_pk_mul_f16, both(value(halfOf([](double a, double b, double) { return a * b; }, 2))));
  check(Opcode::v_pk_fma_f16, both(value(halfOf(fmaReference, 3))));
  check(Opcode::v_pk_fmac_f16, both(value(halfOf(fmaReference, 3))), {kDefaultMode, Target::gfx906});
  check(Opcode::v_pk_min_f16, both([](uint64_t a, uint64_t b, uint64_t) { return minHalf(a, b, false); }));
  check(Opcode::v_pk_max_f16, both([](uint64_t a, uint64_t b, uint64_t) { return minHalf(a, b, true); }));
  // op_sel swaps the halves of src0, op_sel_hi duplicates the low half of src1, neg_lo and neg_hi negate halves of
  // src0.
  Setting modified;
  modified.modify = [](Instruction& in) {
    in.opSel = 1;
    in.opSelHi = 0b100;
    in.neg = 1;
    in.abs = 2;
  };
  const auto product = [](uint64_t a, uint64_t b) { return uint64_t{nan16(half(a) * half(b), {a, b})}; };
  check(
      Opcode::v_pk_mul_f16,
      [=](uint64_t a, uint64_t b, uint64_t) {
        const uint64_t low = product((a >> 16) ^ 0x8000, b & 0xffff), high = product(a & 0xffff, (b & 0xffff) ^ 0x8000);
        return Expected{low | high << 16};
      },
      modified);
}

TEST_CASE("vector mixed precision: each source a float or either half of a register") {
  for (unsigned select = 0; select < 64; ++select) {
    Setting setting;
    setting.target = Target::gfx906;
    setting.modify = [=](Instruction& in) {
      in.encoding = Encoding::VOP3P;
      in.opSel = select & 7;
      in.opSelHi = select >> 3;
      in.neg = 1;
      in.abs = 3;
    };
    const auto source = [select](unsigned i, uint64_t v) {
      uint32_t f = static_cast<uint32_t>(v);
      if (select >> (3 + i) & 1) {
        const uint64_t h = select >> i & 1 ? v >> 16 : v & 0xffff;
        f = isNanHalf(h) ? static_cast<uint32_t>((h & 0x8000) << 16 | 0x7fc00000 | (h & 0x3ff) << 13)
                         : bits(static_cast<float>(half(h)));
      }
      if (i < 2) f &= 0x7fffffff;
      return i == 0 ? f ^ 0x80000000 : f;
    };
    const Formula fma = [source](uint64_t a, uint64_t b, uint64_t c) {
      const uint32_t x = source(0, a), y = source(1, b), z = source(2, c);
      return Expected{nan32(std::fma(f32(x), f32(y), f32(z)), {x, y, z})};
    };
    check(Opcode::v_fma_mix_f32, fma, setting);
    if (select % 9 != 0) continue;
    // gfx900's, like v_mad_f32: a product rounded for itself, and no denormals.
    const Formula mad = [source](uint64_t a, uint64_t b, uint64_t c) {
      const auto flush = [](float v) { return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(0.0f, v) : v; };
      const uint32_t x = source(0, a), y = source(1, b), z = source(2, c);
      return Expected{nan32(flush(flush(flush(f32(x)) * flush(f32(y))) + flush(f32(z))), {x, y, z})};
    };
    check(Opcode::v_mad_mix_f32, mad, setting);
    for (const bool fused : {true, false}) {
      const auto toHalfOf = [=](uint64_t a, uint64_t b, uint64_t c) -> uint64_t {
        const uint32_t r = static_cast<uint32_t>((fused ? fma : mad)(a, b, c).value);
        return std::isnan(f32(r)) ? (r >> 16 & 0x8000) | 0x7e00 | (r >> 13 & 0x3ff) : toHalf(f32(r));
      };
      check(
          fused ? Opcode::v_fma_mixlo_f16 : Opcode::v_mad_mixlo_f16,
          [=](uint64_t a, uint64_t b, uint64_t c) { return Expected{toHalfOf(a, b, c) | (kSentinel & 0xffff0000)}; },
          setting);
      check(
          fused ? Opcode::v_fma_mixhi_f16 : Opcode::v_mad_mixhi_f16,
          [=](uint64_t a, uint64_t b, uint64_t c) { return Expected{toHalfOf(a, b, c) << 16 | (kSentinel & 0xffff)}; },
          setting);
    }
  }
}

TEST_CASE("vector dot products of halves") {
  for (const vector::Level* level : levels()) {
    TestWave t;
    std::mt19937 random(9);
    const auto small = [&] { return static_cast<uint32_t>(toHalf(static_cast<int>(random() % 129) - 64)); };
    for (unsigned l = 0; l < 64; ++l) {
      t.v(kSrc[0], l) = small() | small() << 16;
      t.v(kSrc[1], l) = small() | small() << 16;
      t.v(kSrc[2], l) = bits(static_cast<float>(l) - 32);
    }
    for (const Opcode op : {Opcode::v_dot2_f32_f16, Opcode::v_dot2c_f32_f16}) {
      Instruction in = instructionOf(shapeOf(op));
      in.encoding = op == Opcode::v_dot2_f32_f16 ? Encoding::VOP3P : Encoding::VOP2;
      in.opSelHi = 7;
      REQUIRE(t.run(*level, in, Target::gfx908));
      for (unsigned l = 0; l < 64; ++l) {
        const uint32_t a = t.v(kSrc[0], l), b = t.v(kSrc[1], l);
        CHECK(f32(t.v(kDst, l)) == half(a) * half(b) + half(a >> 16) * half(b >> 16) + l - 32);
      }
    }
  }
}

TEST_CASE("vector conversions: integers and floats, out of range too") {
  const auto toI = [](long double v, long double low, long double high) -> int64_t {
    return std::isnan(v) ? 0 : static_cast<int64_t>(std::clamp(std::trunc(v), low, high));
  };
  const auto i32 = [=](long double v) { return Expected{static_cast<uint32_t>(toI(v, INT32_MIN, INT32_MAX))}; };
  const auto u32 = [=](long double v) { return Expected{static_cast<uint32_t>(toI(v, 0, UINT32_MAX))}; };
  check(Opcode::v_cvt_i32_f32, [=](uint64_t a, uint64_t, uint64_t) { return i32(f32(a)); });
  check(Opcode::v_cvt_u32_f32, [=](uint64_t a, uint64_t, uint64_t) { return u32(f32(a)); });
  check(Opcode::v_cvt_i32_f64, [=](uint64_t a, uint64_t, uint64_t) { return i32(f64(a)); });
  check(Opcode::v_cvt_u32_f64, [=](uint64_t a, uint64_t, uint64_t) { return u32(f64(a)); });
  check(Opcode::v_cvt_flr_i32_f32, [=](uint64_t a, uint64_t, uint64_t) { return i32(std::floor(f32(a))); });
  check(Opcode::v_cvt_rpi_i32_f32, [=](uint64_t a, uint64_t, uint64_t) { return i32(std::floor(f32(a) + 0.5L)); });
  check(Opcode::v_cvt_i16_f16, [=](uint64_t a, uint64_t, uint64_t) {
    return Expected{static_cast<uint16_t>(toI(half(a), INT16_MIN, INT16_MAX))};
  });
  check(Opcode::v_cvt_u16_f16,
        [=](uint64_t a, uint64_t, uint64_t) { return Expected{static_cast<uint16_t>(toI(half(a), 0, UINT16_MAX))}; });
  check(Opcode::v_cvt_f32_i32,
        [](uint64_t a, uint64_t, uint64_t) { return Expected{bits(float(static_cast<int32_t>(a)))}; });
  check(Opcode::v_cvt_f32_u32,
        [](uint64_t a, uint64_t, uint64_t) { return Expected{bits(float(static_cast<uint32_t>(a)))}; });
  check(Opcode::v_cvt_f64_i32,
        [](uint64_t a, uint64_t, uint64_t) { return Expected{bits(double(static_cast<int32_t>(a)))}; });
  check(Opcode::v_cvt_f64_u32,
        [](uint64_t a, uint64_t, uint64_t) { return Expected{bits(double(static_cast<uint32_t>(a)))}; });
  check(Opcode::v_cvt_f16_i16,
        [](uint64_t a, uint64_t, uint64_t) { return Expected{toHalf(static_cast<int16_t>(a))}; });
  check(Opcode::v_cvt_f16_u16,
        [](uint64_t a, uint64_t, uint64_t) { return Expected{toHalf(static_cast<uint16_t>(a))}; });
  for (unsigned i = 0; i < 4; ++i) {
    const Opcode op[] = {Opcode::v_cvt_f32_ubyte0, Opcode::v_cvt_f32_ubyte1, Opcode::v_cvt_f32_ubyte2,
                         Opcode::v_cvt_f32_ubyte3};
    check(op[i], [=](uint64_t a, uint64_t, uint64_t) { return Expected{bits(float(a >> 8 * i & 255))}; });
  }
  check(Opcode::v_cvt_off_f32_i4,
        [](uint64_t a, uint64_t, uint64_t) { return Expected{bits((static_cast<int>((a & 15) ^ 8) - 8) / 16.0f)}; });
}

TEST_CASE("vector conversions: between floats, in every rounding mode") {
  const auto narrow = [](uint64_t a) {
    const uint32_t x = static_cast<uint32_t>(a);
    return std::isnan(f32(a)) ? (x >> 16 & 0x8000) | 0x7e00 | (x >> 13 & 0x3ff) : toHalf(f32(a));
  };
  const int host[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  for (unsigned m = 0; m < 4; ++m) {
    check(Opcode::v_cvt_f16_f32,
          [=](uint64_t a, uint64_t, uint64_t) {
            std::fesetround(host[m]);
            volatile uint32_t r = narrow(a);
            std::fesetround(FE_TONEAREST);
            return Expected{r};
          },
          {kDefaultMode | m << 2});
  }
  check(Opcode::v_cvt_pkrtz_f16_f32, [=](uint64_t a, uint64_t b, uint64_t) {
    std::fesetround(FE_TOWARDZERO);
    volatile uint64_t r = narrow(a) | static_cast<uint64_t>(narrow(b)) << 16;
    std::fesetround(FE_TONEAREST);
    return Expected{r};
  });
  check(Opcode::v_cvt_f32_f16, [](uint64_t a, uint64_t, uint64_t) {
    const uint32_t nan = static_cast<uint32_t>((a & 0x8000) << 16 | 0x7fc00000 | (a & 0x3ff) << 13);
    return Expected{isNanHalf(a) ? nan : bits(static_cast<float>(half(a)))};
  });
  check(Opcode::v_cvt_f32_f64, [](uint64_t a, uint64_t, uint64_t) {
    return Expected{std::isnan(f64(a)) ? static_cast<uint32_t>(a >> 32 & 0x80000000) | 0x7fc00000 |
                                             static_cast<uint32_t>(a >> 29 & 0x3fffff)
                                       : bits(static_cast<float>(f64(a)))};
  });
  check(Opcode::v_cvt_f64_f32, [](uint64_t a, uint64_t, uint64_t) {
    const uint64_t nan = (a & 0x80000000) << 32 | 0x7ff8000000000000 | (a & 0x3fffff) << 29;
    return Expected{std::isnan(f32(a)) ? nan : bits(static_cast<double>(f32(a)))};
  });
}

TEST_CASE("vector conversions: normalised and packed integers") {
  const auto snorm = [](long double v) -> uint64_t {
    return std::isnan(v) ? 0
                         : static_cast<uint16_t>(static_cast<int>(std::nearbyint(std::clamp(v, -1.0L, 1.0L) * 32767)));
  };
  const auto unorm = [](long double v) -> uint64_t {
    return std::isnan(v) ? 0 : static_cast<uint64_t>(std::nearbyint(std::clamp(v, 0.0L, 1.0L) * 65535));
  };
  check(Opcode::v_cvt_norm_i16_f16, [=](uint64_t a, uint64_t, uint64_t) { return Expected{snorm(half(a))}; });
  check(Opcode::v_cvt_norm_u16_f16, [=](uint64_t a, uint64_t, uint64_t) { return Expected{unorm(half(a))}; });
  check(Opcode::v_cvt_pknorm_i16_f16,
        [=](uint64_t a, uint64_t b, uint64_t) { return Expected{snorm(half(a)) | snorm(half(b)) << 16}; });
  check(Opcode::v_cvt_pknorm_u16_f16,
        [=](uint64_t a, uint64_t b, uint64_t) { return Expected{unorm(half(a)) | unorm(half(b)) << 16}; });
  check(Opcode::v_cvt_pknorm_i16_f32,
        [=](uint64_t a, uint64_t b, uint64_t) { return Expected{snorm(f32(a)) | snorm(f32(b)) << 16}; });
  check(Opcode::v_cvt_pknorm_u16_f32,
        [=](uint64_t a, uint64_t b, uint64_t) { return Expected{unorm(f32(a)) | unorm(f32(b)) << 16}; });
  const auto u16 = [](uint64_t v) { return std::min<uint64_t>(v, 0xffff); };
  const auto i16 = [](uint64_t v) {
    return uint64_t{static_cast<uint16_t>(std::clamp<int32_t>(static_cast<int32_t>(v), INT16_MIN, INT16_MAX))};
  };
  check(Opcode::v_cvt_pk_u16_u32, [=](uint64_t a, uint64_t b, uint64_t) { return Expected{u16(a) | u16(b) << 16}; });
  check(Opcode::v_cvt_pk_i16_i32, [=](uint64_t a, uint64_t b, uint64_t) { return Expected{i16(a) | i16(b) << 16}; });
  for (const Opcode op : {Opcode::v_cvt_pk_u8_f32, Opcode::v_cvt_pkaccum_u8_f32}) {
    check(op, [](uint64_t a, uint64_t b, uint64_t c) {
      const float v = f32(a);
      const uint64_t byte = std::isnan(v) ? 0 : static_cast<uint64_t>(std::nearbyint(std::clamp(v, 0.0f, 255.0f)));
      const unsigned shift = b % 4 * 8;
      return Expected{(c & ~(255ull << shift)) | byte << shift};
    });
  }
  check(Opcode::v_sat_pk_u8_i16, [](uint64_t a, uint64_t, uint64_t) {
    const auto byte = [](uint64_t v) {
      return static_cast<uint64_t>(std::clamp<int>(static_cast<int16_t>(v), 0, 255));
    };
    return Expected{byte(a) | byte(a >> 16) << 8};
  });
}

TEST_CASE("vector f16: FP16_OVFL keeps overflows finite and infinities infinite") {
  const Setting setting{kDefaultMode | mode::kFp16Overflow};
  check(
      Opcode::v_mul_f16,
      [](uint64_t a, uint64_t b, uint64_t) {
        const double r = half(a) * half(b);
        const uint64_t h = nan16(r, {a, b});
        return Expected{(h & 0x7fff) == 0x7c00 && !std::isinf(r) ? h - 1 : h};
      },
      setting);
}

TEST_CASE("vector f16: comparisons") {
  checkComparisons("f16", half);
  const auto classes = [](uint64_t a, uint64_t b, uint64_t) {
    const unsigned h = a & 0xffff, m = h & 0x7fff;
    const bool negative = h & 0x8000;
    const int kind = m > 0x7c00    ? (h & 0x200 ? 1 : 0)
                     : m == 0x7c00 ? (negative ? 2 : 9)
                     : m == 0      ? (negative ? 5 : 6)
                     : m < 0x400   ? (negative ? 4 : 7)
                                   : (negative ? 3 : 8);
    return Expected{0, (b >> kind & 1) != 0};
  };
  check(Opcode::v_cmp_class_f16, classes);
  check(Opcode::v_cmpx_class_f16, classes);
}
