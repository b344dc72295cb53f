// What matrix instructions do beside the products: registers of either file, constants, EXEC, MODE, and what they
// refuse.
#include "harness.h"
#include "matrix_fixture.h"

using namespace softgpu;
using namespace softgpu::matrixtest;
using softgpu::test::WaveTest;

namespace {

constexpr Matrix kWide = {"v_mfma_f32_32x32x1f32", Type::F32, 32, 1, 2, 1};
constexpr Matrix kTall = {"v_mfma_f32_16x16x4f32", Type::F32, 16, 4, 1, 1};
constexpr Matrix kBytes = {"v_mfma_i32_16x16x16i8", Type::I8, 16, 16, 1, 4};
constexpr Matrix kDoubles = {"v_mfma_f64_16x16x4f64", Type::F64, 16, 4, 1, 1, false};
constexpr Matrix kSmallDoubles = {"v_mfma_f64_4x4x4f64", Type::F64, 4, 4, 4, 1, false};
constexpr Matrix kSmall = {"v_mfma_f32_4x4x1f32", Type::F32, 4, 1, 16, 1};

MatrixCase with(const Matrix& m, Target target, const Operands& operands) {
  return {m, target, Numbers::Any, {}, operands};
}

bool isLowered(const MatrixCase& c) {
  MicroOp op;
  return vector::lower(*levels()[0], instructionOf(c), c.target, op) != nullptr;
}

}  // namespace

TEST_CASE("matrix: A, B, C and D come from either register file") {
  for (unsigned bits = 0; bits < 8; ++bits) {
    Operands operands{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    for (const Matrix& m : {kWide, kTall, kSmall, kDoubles, kSmallDoubles})
      check(with(m, Target::gfx90a, operands), bits);
  }
}

TEST_CASE("matrix: D may be C, overlap it on either side, or lie on A and B") {
  for (const Matrix& m : {kWide, kTall, kSmall, kDoubles}) {
    for (const unsigned d : {100u, 98u, 102u}) {
      Operands operands;
      operands.c = 100;
      operands.d = d;
      check(with(m, Target::gfx90a, operands), d);
    }
    Operands operands;
    operands.accA = operands.accB = true;
    operands.d = operands.a;
    operands.b = operands.a + 2;
    check(with(m, Target::gfx90a, operands), 7);
  }
}

TEST_CASE("matrix: inline constants as C, which gfx908 cannot have") {
  struct Constant {
    uint16_t operand;
    uint32_t bits;
  };
  for (const Constant& c :
       {Constant{128, 0}, Constant{129, 1}, Constant{192, 64}, Constant{193, 0xffffffff}, Constant{208, 0xfffffff0},
        Constant{240, 0x3f000000}, Constant{243, 0xbf800000}, Constant{247, 0xc0800000}, Constant{248, 0x3e22f983}}) {
    Operands operands;
    operands.constant = c.operand;
    operands.constantBits = c.bits;
    for (const Matrix& m : {kWide, kTall, kSmall, kBytes}) check(with(m, Target::gfx90a, operands), c.operand);
    CHECK_FALSE(isLowered(with(kTall, Target::gfx908, operands)));
    if (c.operand == operand::kInlineZero) {
      check(with(kDoubles, Target::gfx90a, operands), 1);
    } else {
      CHECK_FALSE(isLowered(with(kDoubles, Target::gfx90a, operands)));
    }
  }
}

TEST_CASE("matrix: EXEC has no say") {
  for (const uint64_t exec : {uint64_t{0}, uint64_t{1}, uint64_t{0xffff0000ffff0000}}) {
    MatrixCase c = with(kTall, Target::gfx908, {});
    c.exec = exec;
    check(c, exec);
  }
}

TEST_CASE("matrix: what the manuals leave undefined stops the wave with its disassembly") {
  const auto refused = [](const Matrix& m, const Modifiers& modifiers) {
    MatrixCase c{m, Target::gfx90a, Numbers::Any, modifiers, {}};
    return !isLowered(c);
  };
  CHECK_FALSE(refused(kWide, {1, 1, 0}));
  CHECK(refused(kWide, {2, 0, 0}));  // more blocks than there are
  CHECK(refused(kWide, {1, 2, 0}));  // a block out of reach
  CHECK(refused(kWide, {0, 1, 0}));
  CHECK(refused(kTall, {1, 0, 0}));
  CHECK_FALSE(refused(kSmall, {4, 15, 7}));
  CHECK(refused(kSmall, {5, 0, 0}));
  CHECK_FALSE(refused(kSmallDoubles, {}));
  CHECK(refused(kSmallDoubles, {1, 0, 0}));  // f64 has no modifiers
  CHECK(refused(kSmallDoubles, {0, 0, 1}));

  WaveTest t(Target::gfx90a);
  CHECK(t.run("v_mfma_f32_16x16x4f32 v[0:3], v8, v9, v[0:3] cbsz:1") == Stop::Fault);
  CHECK(t.wave.fault.kind == FaultKind::Unsupported);
  CHECK(t.wave.fault.instruction.find("v_mfma_f32_16x16x4f32") != std::string::npos);
}

TEST_CASE("matrix: f32 flushes denormals where MODE says so") {
  constexpr uint32_t kTiny = 0x00400000, kOne = 0x3f800000, kHalf = 0x3f000000, kSmallest = 0x00800000;
  struct Sample {
    uint32_t a, b, c, kept, inFlushed, outFlushed;
  };
  for (const Sample& s : {Sample{kTiny, kOne, 0, kTiny, 0, 0}, Sample{kOne, kTiny, 0, kTiny, 0, 0},
                          Sample{0, 0, kTiny, kTiny, 0, 0}, Sample{kSmallest, kHalf, 0, kTiny, kTiny, 0}}) {
    for (unsigned denormals = 0; denormals < 4; ++denormals) {  // bit 0 lets them in, bit 1 out
      for (const Target target : {Target::gfx908, Target::gfx90a}) {
        WaveTest t(target);
        t.wave.mode = denormals << 4 | mode::kDenorm64;
        t.v(0, 0) = s.a;
        t.v(1, 0) = s.b;
        t.v(2, 0) = s.c;
        for (unsigned lane = 1; lane < 4; ++lane) t.v(0, lane) = t.v(1, lane) = 0;
        REQUIRE(t.run("v_accvgpr_write_b32 a0, v2\n s_nop 7\n"
                      "v_mfma_f32_4x4x1f32 a[0:3], v0, v1, a[0:3]\n s_nop 7\n"
                      "v_accvgpr_read_b32 v4, a0") == Stop::Ended);
        const uint32_t want = !(denormals & 2) ? s.outFlushed : !(denormals & 1) ? s.inFlushed : s.kept;
        CHECK(t.v(4, 0) == want);
      }
    }
  }
}

TEST_CASE("matrix: halves flush denormals on gfx90a, whatever MODE says") {
  struct Sample {
    const char* name;
    uint32_t a, b, c, kept, flushed;
  };
  constexpr uint32_t kFour = 0x40800000;
  for (const Sample& s : {Sample{"4x4x4f16", 0x0001, 0x3c00, 0, 0x33800000, 0},           // 2^-24, a denormal f16
                          Sample{"4x4x4f16", 0x3c00, 0x8001, 0, 0xb3800000, 0},           // -2^-24
                          Sample{"4x4x4f16", 0x0400, 0x3c00, 0, 0x38800000, 0x38800000},  // 2^-14 is none
                          Sample{"4x4x4f16", 0, 0, 0x00400000, 0x00400000, 0},            // C
                          Sample{"4x4x2bf16", 0x0040, 0x7e80, 0, 0x3f000000, 0},          // 2^-127 * 2^126
                          Sample{"4x4x2bf16", 0x0d80, 0x2b80, 0, 0x00000200, 0},          // 2^-100 * 2^-40
                          Sample{"4x4x2bf16", 0x0d80, 0x2b80, kFour, kFour, kFour}}) {
    for (unsigned denormals = 0; denormals < 16; ++denormals) {
      for (const Target target : {Target::gfx908, Target::gfx90a}) {
        WaveTest t(target);
        t.wave.mode = denormals << 4;
        for (unsigned row = 0; row < 8; ++row) t.v(row, 0) = 0;
        t.v(0, 0) = s.a;
        t.v(2, 0) = s.b;
        t.v(4, 0) = s.c;
        const std::string registers = std::string(s.name) == "4x4x4f16" ? "v[0:1], v[2:3]" : "v0, v2";
        REQUIRE(t.run("v_accvgpr_write_b32 a0, v4\n s_nop 7\n v_mfma_f32_" + std::string(s.name) + " a[0:3], " +
                      registers + ", a[0:3]\n s_nop 7\n v_accvgpr_read_b32 v6, a0") == Stop::Ended);
        const uint32_t got = t.v(6, 0), want = target == Target::gfx90a ? s.flushed : s.kept;
        CHECK_MESSAGE((got & 0x7fffffff ? got : 0) == want, std::string(s.name)
                                                                << " on " << std::string(targetName(target)));
      }
    }
  }
}

TEST_CASE("matrix: zeros of products of halves are positive") {
  WaveTest t(Target::gfx908);
  for (unsigned row = 0; row < 8; ++row) t.v(row, 0) = 0;
  t.v(0, 0) = 0x80008000, t.v(1, 0) = 0x80008000;  // -0
  t.v(2, 0) = 0x3c003c00, t.v(3, 0) = 0x3c003c00;
  t.v(4, 0) = 0x80000000;
  REQUIRE(t.run("v_accvgpr_write_b32 a0, v4\n s_nop 7\n v_mfma_f32_4x4x4f16 a[0:3], v[0:1], v[2:3], a[0:3]\n s_nop 7\n"
                "v_accvgpr_read_b32 v6, a0") == Stop::Ended);
  CHECK(t.v(6, 0) == 0);
}

TEST_CASE("matrix: f64 keeps denormals, whatever MODE says") {
  for (unsigned denormals = 0; denormals < 16; ++denormals) {
    WaveTest t(Target::gfx90a);
    t.wave.mode = denormals << 4;
    for (unsigned lane = 0; lane < 64; ++lane) {
      t.setV64(0, lane, 0);
      t.setV64(2, lane, vectortest::bits(1.0));
      t.setV64(4, lane, 5);  // 5 * 2^-1074
    }
    t.setV64(0, 0, 3);
    REQUIRE(t.run("v_mfma_f64_4x4x4f64 v[6:7], v[0:1], v[2:3], v[4:5]") == Stop::Ended);
    CHECK(t.v64(6, 0) == 8);
    CHECK(t.v64(6, 16) == 5);
  }
}

TEST_CASE("matrix: as an assembler writes it") {
  for (const Target target : {Target::gfx908, Target::gfx90a}) {
    WaveTest t(target);
    for (unsigned lane = 0; lane < 64; ++lane) {
      t.v(0, lane) = vectortest::bits(static_cast<float>(lane));
      t.v(1, lane) = vectortest::bits(static_cast<float>(lane * lane));
    }
    REQUIRE(t.run("v_mov_b32 v2, 1.0\n v_accvgpr_write_b32 a0, v2\n v_accvgpr_write_b32 a1, v2\n"
                  "v_accvgpr_write_b32 a2, v2\n v_accvgpr_write_b32 a3, v2\n s_mov_b64 exec, 1\n s_nop 7\n"
                  "v_mfma_f32_4x4x1f32 a[4:7], v0, v1, a[0:3] cbsz:2 abid:3 blgp:6\n s_nop 7\n s_mov_b64 exec, -1\n"
                  "v_accvgpr_read_b32 v4, a4\n v_accvgpr_read_b32 v5, a5\n"
                  "v_accvgpr_read_b32 v6, a6\n v_accvgpr_read_b32 v7, a7") == Stop::Ended);
    for (unsigned lane = 0; lane < 64; ++lane) {
      // Four blocks share the last one of them: lanes 12-15 of each sixteen.
      const float b = static_cast<float>((32 + lane % 16) * (32 + lane % 16));
      for (unsigned i = 0; i < 4; ++i) {
        const float a = static_cast<float>(lane / 16 * 16 + 12 + i);
        CHECK(t.v(4 + i, lane) == vectortest::bits(a * b + 1));
      }
    }
  }
}
