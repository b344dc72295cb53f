// Division as compilers spell it, from v_div_scale to v_div_fixup: the result is the host's correctly rounded quotient.
#include <cmath>

#include "isa/vector/two_over_pi.h"
#include "vector_harness.h"

using namespace softgpu;
using namespace softgpu::vectortest;

namespace {

// Rows: numerator 10, denominator 20; everything else is scratch.
class Sequence {
 public:
  Sequence(TestWave& t, const vector::Level& level, bool wide) : t_(t), level_(level), wide_(wide) {}

  void operator()(Opcode op, unsigned dst, std::initializer_list<unsigned> sources, unsigned negated = 0,
                  uint16_t sdst = operand::kNone) const {
    Instruction in;
    in.opcode = op;
    in.encoding = Encoding::VOP3;
    in.words = 2;
    in.dst = vgpr(dst);
    in.sdst = sdst;
    in.neg = static_cast<uint8_t>(negated);
    unsigned i = 0;
    for (const unsigned s : sources) in.src[i++] = s == kOne ? 242 : vgpr(s);
    REQUIRE(t_.run(level_, in, Target::gfx900));
  }
  static constexpr unsigned kOne = ~0u;

  // LLVM's expansion of fdiv (AMDGPULegalizerInfo, legalizeFDIV32 and legalizeFDIV64).
  void divide() const {
    const Opcode scale = wide_ ? Opcode::v_div_scale_f64 : Opcode::v_div_scale_f32;
    const Opcode fma = wide_ ? Opcode::v_fma_f64 : Opcode::v_fma_f32;
    const Opcode mul = wide_ ? Opcode::v_mul_f64 : Opcode::v_mul_f32;
    const Sequence& s = *this;
    s(scale, 30, {20, 20, 10}, 0, kSdst);
    s(wide_ ? Opcode::v_rcp_f64 : Opcode::v_rcp_f32, 40, {30});
    s(fma, 50, {30, 40, kOne}, 1);
    s(fma, 40, {40, 50, 40});
    if (wide_) {
      s(fma, 50, {30, 40, kOne}, 1);
      s(fma, 40, {40, 50, 40});
    }
    s(scale, 60, {10, 20, 10}, 0, operand::kVccLo);
    s(mul, 70, {60, 40});
    s(fma, 80, {30, 70, 60}, 1);
    if (!wide_) {
      s(fma, 70, {80, 40, 70});
      s(fma, 80, {30, 70, 60}, 1);
    }
    s(wide_ ? Opcode::v_div_fmas_f64 : Opcode::v_div_fmas_f32, 90, {80, 40, 70});
    s(wide_ ? Opcode::v_div_fixup_f64 : Opcode::v_div_fixup_f32, kDst, {90, 20, 10});
  }

 private:
  TestWave& t_;
  const vector::Level& level_;
  bool wide_;
};

}  // namespace

TEST_CASE("vector division: f32 quotients are correctly rounded over the whole range") {
  for (const vector::Level* level : levels()) {
    TestWave t;
    Values values(vector::Type::F32, 17);
    std::mt19937_64 random(23);
    for (int batch = 0; batch < 1500; ++batch) {
      for (unsigned l = 0; l < 64; ++l) {
        const bool edge = batch < 30;
        t.v(10, l) = static_cast<uint32_t>(edge ? values.edge(static_cast<size_t>(batch) * 64 + l) : random());
        t.v(20, l) = static_cast<uint32_t>(edge ? values.edge((static_cast<size_t>(batch) * 64 + l) / values.edges())
                                                : random());
        // One third with quotients among the denormals.
        if (batch % 3 == 2) {
          t.v(10, l) = (t.v(10, l) & 0x807fffff) | (1 + random() % 60) << 23;
          t.v(20, l) = (t.v(20, l) & 0x807fffff) | (130 + random() % 60) << 23;
        }
      }
      Sequence(t, *level, false).divide();
      for (unsigned l = 0; l < 64; ++l) {
        const float n = f32(t.v(10, l)), d = f32(t.v(20, l));
        const float want = static_cast<float>(double(n) / double(d));
        // Through double a denormal quotient could round twice.
        const float exact =
            std::fpclassify(want) == FP_SUBNORMAL ? static_cast<float>(static_cast<__float128>(n) / d) : want;
        if (std::isnan(exact)) {
          CHECK(std::isnan(f32(t.v(kDst, l))));
        } else {
          CHECK_MESSAGE(t.v(kDst, l) == bits(exact),
                        level->name << ": " << n << " / " << d << " gave " << hex(t.v64(kDst, l)));
        }
      }
    }
  }
}

TEST_CASE("vector division: f64 quotients are correctly rounded over the whole range") {
  for (const vector::Level* level : levels()) {
    TestWave t;
    Values values(vector::Type::F64, 17);
    std::mt19937_64 random(29);
    for (int batch = 0; batch < 1500; ++batch) {
      for (unsigned l = 0; l < 64; ++l) {
        const bool edge = batch < 30;
        uint64_t n = edge ? values.edge(static_cast<size_t>(batch) * 64 + l) : random();
        uint64_t d = edge ? values.edge((static_cast<size_t>(batch) * 64 + l) / values.edges()) : random();
        if (!edge && batch % 3 == 2) {
          n = (n & 0x800fffffffffffff) | (1 + random() % 500) << 52;
          d = (d & 0x800fffffffffffff) | (1020 + random() % 600) << 52;
        }
        if (!edge && batch % 9 == 2) {  // few bits: quotients that lie on ties
          n &= 0xfffff80000000000;
          d &= 0xffffffe000000000;
        }
        t.set(10, l, n, true);
        t.set(20, l, d, true);
      }
      Sequence(t, *level, true).divide();
      for (unsigned l = 0; l < 64; ++l) {
        const double n = f64(t.v64(10, l)), d = f64(t.v64(20, l)), want = n / d;
        if (std::isnan(want)) {
          CHECK(std::isnan(f64(t.v64(kDst, l))));
        } else {
          CHECK_MESSAGE(t.v64(kDst, l) == bits(want),
                        level->name << ": " << n << " / " << d << " gave " << hex(t.v64(kDst, l)));
        }
      }
    }
  }
}

TEST_CASE("vector division: v_div_fixup's special cases, f16 too") {
  const struct {
    double quotient, denominator, numerator, want;
  } cases[] = {{3, 2, 6, 3},
               {-3, -2, 6, -3},
               {3, 0, 1, INFINITY},
               {3, -0.0, 1, -INFINITY},
               {3, INFINITY, 1, 0},
               {3, -INFINITY, 1, -0.0},
               {3, 5, 0, 0},
               {3, 5, INFINITY, INFINITY},
               {3, -5, INFINITY, -INFINITY}};
  for (const vector::Level* level : levels()) {
    TestWave t;
    for (const auto& c : cases) {
      for (unsigned l = 0; l < 64; ++l) {
        t.set(10, l, bits(c.quotient), true), t.set(20, l, bits(c.denominator), true),
            t.set(30, l, bits(c.numerator), true);
      }
      REQUIRE(t.run(*level, instructionOf(shapeOf(Opcode::v_div_fixup_f64)), Target::gfx900));
      CHECK(t.v64(kDst, 5) == bits(c.want));
    }
    // 0/0, inf/inf: 0xfe00; NaN numerator before NaN denominator.
    const uint32_t halves[][4] = {{0x4200, 0, 0, 0xfe00},           {0x4200, 0x7c00, 0xfc00, 0xfe00},
                                  {0x4200, 0x7c01, 0x7d03, 0x7f03}, {0x4200, 0x7c01, 0x3c00, 0x7e01},
                                  {0x4200, 0x8000, 0x3c00, 0xfc00}, {0x4200, 0x4000, 0x4600, 0x4200}};
    for (const auto& h : halves) {
      for (unsigned l = 0; l < 64; ++l) t.v(10, l) = h[0], t.v(20, l) = h[1], t.v(30, l) = h[2];
      t.v(kDst, 9) = kSentinel;
      REQUIRE(t.run(*level, instructionOf(shapeOf(Opcode::v_div_fixup_legacy_f16)), Target::gfx900));
      CHECK(t.v(kDst, 9) == h[3]);
      t.v(kDst, 9) = kSentinel;
      REQUIRE(t.run(*level, instructionOf(shapeOf(Opcode::v_div_fixup_f16)), Target::gfx900));
      CHECK(t.v(kDst, 9) == (h[3] | (kSentinel & 0xffff0000)));
    }
  }
}

TEST_CASE("vector v_trig_preop: three segments of 2/pi reduce large arguments") {
  // The first segment of 2/pi is its first 53 bits: 2/pi truncated, which is within an ulp of the constant.
  for (const vector::Level* level : levels()) {
    TestWave t;
    Instruction in = instructionOf(shapeOf(Opcode::v_trig_preop_f64));
    double sum = 0;
    for (int segment = 2; segment >= 0; --segment) {
      for (unsigned l = 0; l < 64; ++l) t.set(10, l, bits(1.0), true), t.v(20, l) = static_cast<uint32_t>(segment);
      REQUIRE(t.run(*level, in, Target::gfx900));
      sum += f64(t.v64(kDst, 0));
      if (segment == 0) CHECK(std::fabs(f64(t.v64(kDst, 0)) - 0.63661977236758134308) <= 0x1p-53);
    }
    CHECK(sum == 0.63661977236758134308);  // rounded from 159 bits
    // x = 2^900: its product with 2/pi, mod 4, from the segments alone, against long arithmetic on the fraction's bits.
    double parts[3];
    for (unsigned segment = 0; segment < 3; ++segment) {
      for (unsigned l = 0; l < 64; ++l) t.set(10, l, bits(0x1p900), true), t.v(20, l) = segment;
      REQUIRE(t.run(*level, in, Target::gfx900));
      parts[segment] = f64(t.v64(kDst, 7)) * 0x1p900;
    }
    long double want = 0;
    for (unsigned i = 0; i < 60; ++i) {
      const unsigned bit = 900 + i;
      want += std::ldexp(static_cast<long double>(vector::kTwoOverPi[bit / 64] >> (63 - bit % 64) & 1),
                         -static_cast<int>(i) - 1);
    }
    const long double got = std::fmod(static_cast<long double>(parts[0]), 1.0L) +
                            std::fmod(static_cast<long double>(parts[1]), 1.0L) + parts[2];
    CHECK(std::fabs(std::fmod(got, 1.0L) - want) < 1e-15L);
  }
}
