// Operand kinds and modifiers of every VALU encoding, each against what it means for a plain copy of the operand.
#include <cmath>

#include "vector_harness.h"

using namespace softgpu;
using namespace softgpu::vectortest;

namespace {

using vector::Type;

Instruction vop2(Opcode op, uint16_t src0, uint16_t src1 = vgpr(kSrc[1])) {
  Instruction in;
  in.opcode = op;
  in.encoding = Encoding::VOP2;
  in.dst = vgpr(kDst);
  in.src[0] = src0;
  in.src[1] = src1;
  return in;
}
Instruction vop1(Opcode op, uint16_t src0) {
  Instruction in = vop2(op, src0, operand::kNone);
  in.encoding = Encoding::VOP1;
  return in;
}

// A wave with lane-dependent values in the source rows.
struct Filled : TestWave {
  Filled() {
    std::mt19937 random(41);
    for (unsigned r = 0; r < 64; ++r) {
      for (unsigned l = 0; l < 64; ++l) v(r, l) = random();
    }
    for (unsigned l = 0; l < 64; ++l) v(kDst, l) = kSentinel, v(kDst + 1, l) = kSentinel;
    for (unsigned i = 0; i < 102; ++i) wave->sgpr[i] = 0x01010101 * i;
  }
};

}  // namespace

TEST_CASE("vector operands: registers, inline constants, literals, special values") {
  for (const vector::Level* level : levels()) {
    Filled t;
    t.wave->scc = true;
    t.wave->setVcc(0);
    const auto move = [&](uint16_t source, uint32_t literal = 0) {
      Instruction in = vop1(Opcode::v_mov_b32, source);
      in.literal = literal;
      REQUIRE(t.run(*level, in, Target::gfx900));
      for (unsigned l = 1; l < 64; ++l) CHECK((t.v(kDst, l) == t.v(kDst, 0) || operand::isVgpr(source)));
      return t.v(kDst, 37);
    };
    CHECK(move(vgpr(12)) == t.v(12, 37));
    CHECK(move(45) == 0x01010101 * 45);
    CHECK(move(operand::kExecLo) == 0xffffffff);
    CHECK(move(128) == 0);
    CHECK(move(192) == 64);
    CHECK(move(193) == 0xffffffff);
    CHECK(move(208) == 0xfffffff0);
    const float constants[] = {0.5f, -0.5f, 1, -1, 2, -2, 4, -4};
    for (unsigned i = 0; i < 8; ++i) CHECK(move(static_cast<uint16_t>(240 + i)) == bits(constants[i]));
    CHECK(move(248) == 0x3e22f983);
    CHECK(move(operand::kLiteral, 0xcafe1234) == 0xcafe1234);
    CHECK(move(operand::kVccz) == 1);
    CHECK(move(operand::kExecz) == 0);
    CHECK(move(operand::kScc) == 1);

    // 64-bit: SGPR pairs, constants of the operand's type, literals widened by type.
    const auto add64 = [&](uint16_t source, uint32_t literal = 0) {
      Instruction in;
      in.opcode = Opcode::v_add_f64;
      in.encoding = Encoding::VOP3;
      in.dst = vgpr(kDst);
      in.src[0] = source;
      in.src[1] = operand::kInlineZero;
      in.literal = literal;
      REQUIRE(t.run(*level, in, Target::gfx900));
      return f64(t.v64(kDst, 3));
    };
    t.wave->setPair(10, bits(1.25));
    CHECK(add64(10) == 1.25);
    CHECK(add64(241) == -0.5);
    CHECK(add64(248) == 0.15915494309189532);
    CHECK(add64(operand::kLiteral, 0x40080000) == 3);
    const auto shift = [&](uint16_t source, uint32_t literal = 0) {
      Instruction in;
      in.opcode = Opcode::v_ashrrev_i64;
      in.encoding = Encoding::VOP3;
      in.dst = vgpr(kDst);
      in.src[0] = operand::kInlineZero;
      in.src[1] = source;
      in.literal = literal;
      REQUIRE(t.run(*level, in, Target::gfx900));
      return t.v64(kDst, 60);
    };
    CHECK(shift(193) == ~0ull);
    CHECK(shift(242) == bits(1.0));
    CHECK(shift(operand::kLiteral, 0x80000000) == 0xffffffff80000000);
    Instruction logical = vop2(Opcode::v_lshrrev_b64, operand::kInlineZero, operand::kLiteral);
    logical.encoding = Encoding::VOP3;
    logical.literal = 0x80000000;
    REQUIRE(t.run(*level, logical, Target::gfx900));
    CHECK(t.v64(kDst, 60) == 0x80000000);

    // Half-precision constants; 16-bit integers see the low half of the 32-bit float.
    REQUIRE(t.run(*level, vop2(Opcode::v_add_f16, 242, vgpr(60)), Target::gfx900));
    for (unsigned l = 0; l < 64; ++l) t.v(60, l) = 0x3c00;
    REQUIRE(t.run(*level, vop2(Opcode::v_add_f16, 242, vgpr(60)), Target::gfx900));
    CHECK(t.v(kDst, 0) == 0x4000);
    REQUIRE(t.run(*level, vop2(Opcode::v_add_u16, 242, vgpr(60)), Target::gfx900));
    CHECK(t.v(kDst, 0) == 0x3c00);
  }
}

TEST_CASE("vector modifiers: neg and abs on f32, f64 and half operands") {
  for (unsigned m = 0; m < 16; ++m) {
    Setting setting;
    setting.modify = [=](Instruction& in) {
      in.neg = static_cast<uint8_t>(m & 3);
      in.abs = static_cast<uint8_t>(m >> 2);
    };
    const auto modified = [=](auto v, unsigned i) {
      if (m >> (2 + i) & 1) v = std::fabs(v);
      return m >> i & 1 ? -v : v;
    };
    check(
        Opcode::v_add_f32,
        [=](uint64_t a, uint64_t b, uint64_t) {
          const float x = modified(f32(a), 0), y = modified(f32(b), 1);
          return Expected{nan32(x + y, {bits(x), bits(y)})};
        },
        setting);
    check(
        Opcode::v_mul_f64,
        [=](uint64_t a, uint64_t b, uint64_t) {
          const double x = modified(f64(a), 0), y = modified(f64(b), 1);
          return Expected{nan64(x * y, {bits(x), bits(y)})};
        },
        setting);
    check(
        Opcode::v_cndmask_b32,
        [=](uint64_t a, uint64_t b, uint64_t c) {
          return Expected{c ? bits(modified(f32(b), 1)) : bits(modified(f32(a), 0))};
        },
        setting);
    check(
        Opcode::v_max_f16,
        [=](uint64_t a, uint64_t b, uint64_t) {
          const auto half = [=](uint64_t h, unsigned i) {
            h &= m >> (2 + i) & 1 ? 0x7fff : 0xffff;
            return m >> i & 1 ? h ^ 0x8000 : h;
          };
          const uint64_t x = half(a, 0), y = half(b, 1);
          const auto nan = [](uint64_t h) { return (h & 0x7fff) > 0x7c00; };
          if (nan(x) && !(x & 0x200)) return Expected{x | 0x200};
          if (nan(y) && !(y & 0x200)) return Expected{y | 0x200};
          if (nan(x)) return Expected{y};
          if (nan(y)) return Expected{x};
          const auto order = [](uint64_t h) {
            return h & 0x8000 ? -static_cast<int>(h & 0x7fff) - 1 : static_cast<int>(h);
          };
          return Expected{order(x) > order(y) ? x : y};
        },
        setting);
  }
}

TEST_CASE("vector modifiers: clamp and omod follow MODE") {
  const auto clamp = [](Instruction& in) { in.clamp = true; };
  const auto clamped = [](float v, bool dx10) {
    if (std::isnan(v)) return dx10 ? 0u : bits(v) | 0x400000;
    return bits(v > 0 ? std::min(v, 1.0f) : 0.0f);
  };
  for (const bool dx10 : {true, false}) {
    const uint32_t mode = dx10 ? kDefaultMode : kDefaultMode & ~mode::kDx10Clamp;
    check(Opcode::v_add_f32,
          [=](uint64_t a, uint64_t b, uint64_t) {
            const uint32_t sum = nan32(f32(a) + f32(b), {static_cast<uint32_t>(a), static_cast<uint32_t>(b)});
            return Expected{clamped(f32(sum), dx10)};
          },
          {mode, Target::gfx900, clamp});
  }
  check(Opcode::v_add_f64,
        [](uint64_t a, uint64_t b, uint64_t) {
          const double v = f64(a) + f64(b);
          return Expected{bits(v > 0 ? std::min(v, 1.0) : 0.0)};
        },
        {kDefaultMode, Target::gfx900, clamp});
  // Output modifiers need flushed denormals and no IEEE mode; otherwise they are ignored.
  constexpr uint32_t kOmodMode = kDefaultMode & ~(mode::kIeee | mode::kDenorm32);
  const float factor[] = {1, 2, 4, 0.5f};
  for (unsigned omod = 1; omod < 4; ++omod) {
    const auto modify = [=](Instruction& in) { in.omod = static_cast<uint8_t>(omod); };
    const auto flushed = [](float v) { return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(0.0f, v) : v; };
    check(Opcode::v_mul_f32,
          [=](uint64_t a, uint64_t b, uint64_t) {
            const float product = flushed(flushed(f32(a)) * flushed(f32(b)));
            const float r = flushed(product * factor[omod]);
            return Expected{nan32(r == 0 ? 0.0f : r, {static_cast<uint32_t>(a), static_cast<uint32_t>(b)})};
          },
          {kOmodMode, Target::gfx900, modify});
    check(Opcode::v_mul_f32,
          [=](uint64_t a, uint64_t b, uint64_t) {
            return Expected{nan32(f32(a) * f32(b), {static_cast<uint32_t>(a), static_cast<uint32_t>(b)})};
          },
          {kDefaultMode, Target::gfx900, modify});
  }
}

TEST_CASE("vector modifiers: neg, abs, clamp and omod of SDWA, neg and abs of DPP") {
  constexpr uint32_t kOmodMode = kDefaultMode & ~(mode::kIeee | mode::kDenorm32);
  const auto flushed = [](float v) { return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(0.0f, v) : v; };
  const float factor[] = {1, 2, 4, 0.5f};
  for (unsigned m = 0; m < 128; ++m) {
    const bool dpp = m & 1, clamp = !dpp && m & 2;
    const unsigned neg = m >> 2 & 3, abs = m >> 4 & 1 ? 2 : 1, omod = dpp ? 0 : m >> 5;
    Setting setting{kOmodMode, Target::gfx900, [=](Instruction& in) {
                      in.encoding = Encoding::VOP2;
                      in.neg = static_cast<uint8_t>(neg);
                      in.abs = static_cast<uint8_t>(abs);
                      in.clamp = clamp;
                      in.omod = static_cast<uint8_t>(omod);
                      in.sdwa.present = !dpp;
                      in.dpp = {dpp, 0xe4, 0xf, 0xf, false};
                    }};
    const auto source = [=](uint64_t v, unsigned i) {
      const float absolute = abs >> i & 1 ? std::fabs(f32(v)) : f32(v);
      return neg >> i & 1 ? -absolute : absolute;
    };
    check(
        Opcode::v_mul_f32,
        [=](uint64_t a, uint64_t b, uint64_t) {
          const float x = source(a, 0), y = source(b, 1);
          const uint32_t product = nan32(flushed(flushed(x) * flushed(y)), {bits(x), bits(y)});
          float r = f32(product);
          if (omod && !std::isnan(r)) {
            r = flushed(r * factor[omod]);
            if (r == 0) r = 0;
          }
          if (clamp) r = r > 0 ? std::min(r, 1.0f) : 0;  // DX10_CLAMP: a NaN too
          return Expected{std::isnan(r) ? product : bits(r)};
        },
        setting);
  }
}

TEST_CASE("vector modifiers: op_sel picks halves of sources and destination") {
  for (unsigned select = 0; select < 16; ++select) {
    Setting setting;
    setting.modify = [=](Instruction& in) { in.opSel = static_cast<uint8_t>(select); };
    const auto source = [=](uint64_t v, unsigned i) { return select >> i & 1 ? v >> 16 & 0xffff : v & 0xffff; };
    check(
        Opcode::v_mad_u16,
        [=](uint64_t a, uint64_t b, uint64_t c) {
          const uint64_t r = (source(a, 0) * source(b, 1) + source(c, 2)) & 0xffff;
          return Expected{select & 8 ? (kSentinel & 0xffff) | r << 16 : (kSentinel & 0xffff0000) | r};
        },
        setting);
  }
}

TEST_CASE("vector SDWA: every selector of sources and destination, every treatment of the rest") {
  const auto selected = [](uint32_t v, unsigned sel, bool sext) -> uint32_t {
    const unsigned width = sel < 4 ? 8 : sel < 6 ? 16 : 32, shift = sel < 4 ? 8 * sel : sel == 5 ? 16 : 0;
    const uint64_t field = v >> shift & ((1ull << width) - 1);
    return static_cast<uint32_t>(sext && field >> (width - 1) ? field | ~0ull << width : field);
  };
  for (const vector::Level* level : levels()) {
    for (unsigned sel = 0; sel < 7; ++sel) {
      for (unsigned unused = 0; unused < 3; ++unused) {
        for (unsigned sext = 0; sext < 4; ++sext) {
          Filled t;
          t.wave->setExec(0xffff00000fffffff);
          Instruction in = vop2(Opcode::v_add_u32, vgpr(kSrc[0]));
          in.words = 2;
          in.sdwa.present = true;
          in.sdwa.dstSel = static_cast<uint8_t>(sel);
          in.sdwa.dstUnused = static_cast<uint8_t>(unused);
          in.sdwa.srcSel[0] = static_cast<uint8_t>((sel + 2) % 7);
          in.sdwa.srcSel[1] = static_cast<uint8_t>((sel * 3 + 1) % 7);
          in.sdwa.srcSext[0] = sext & 1;
          in.sdwa.srcSext[1] = sext & 2;
          REQUIRE(t.run(*level, in, Target::gfx900));
          for (unsigned l = 0; l < 64; ++l) {
            const uint32_t sum = selected(t.v(kSrc[0], l), in.sdwa.srcSel[0], sext & 1) +
                                 selected(t.v(kSrc[1], l), in.sdwa.srcSel[1], sext & 2);
            const unsigned width = sel < 4 ? 8 : sel < 6 ? 16 : 32, shift = sel < 4 ? 8 * sel : sel == 5 ? 16 : 0;
            const uint32_t field = static_cast<uint32_t>(((1ull << width) - 1) << shift), placed = sum << shift & field;
            uint32_t want = placed;
            if (unused == 2) want |= kSentinel & ~field;
            if (unused == 1 && sum >> (width - 1) & 1)
              want |= ~((field >> shift << shift) | (static_cast<uint32_t>((1ull << shift) - 1)));
            if (!(t.wave->exec() >> l & 1)) want = kSentinel;
            CHECK(t.v(kDst, l) == want);
          }
        }
      }
    }
    // A scalar source (gfx9), a float one with neg and abs after the selection, a compare with a scalar destination.
    Filled t;
    Instruction cvt = vop1(Opcode::v_cvt_f32_f16, vgpr(kSrc[0]));
    cvt.words = 2;
    cvt.sdwa.present = true;
    cvt.sdwa.srcSel[0] = 5;
    cvt.abs = cvt.neg = 1;
    for (unsigned l = 0; l < 64; ++l) t.v(kSrc[0], l) = 0xc5000000 | l;  // -5 above
    REQUIRE(t.run(*level, cvt, Target::gfx900));
    CHECK(f32(t.v(kDst, 11)) == -5);
    Instruction compare = vop2(Opcode::v_cmp_eq_u32, 33);
    compare.encoding = Encoding::VOPC;
    compare.words = 2;
    compare.dst = operand::kNone;
    compare.sdst = kSdst;
    compare.sdwa.present = true;
    compare.sdwa.srcSel[0] = 1;
    compare.sdwa.srcSel[1] = 0;
    for (unsigned l = 0; l < 64; ++l) t.v(kSrc[1], l) = 0xabcdef00 | (l & 1 ? 33 : 0);
    REQUIRE(t.run(*level, compare, Target::gfx900));
    CHECK(t.wave->pair(kSdst) == 0xaaaaaaaaaaaaaaaa);
  }
}

TEST_CASE("vector DPP: every control moves lanes as the manual says") {
  // The manual's table, 13.3.9, as "lane n reads lane ...".
  const auto sourceOf = [](unsigned control, int n) {
    const int r = n / 16 * 16, i = n % 16, c = static_cast<int>(control % 16);
    if (control < 0x100) return n / 4 * 4 + static_cast<int>(control >> n % 4 * 2 & 3);
    if (control < 0x110) return i + c < 16 ? n + c : -1;
    if (control < 0x120) return i >= c ? n - c : -1;
    if (control < 0x130) return i >= c ? n - c : n + 16 - c;
    if (control == 0x130) return n < 63 ? n + 1 : -1;
    if (control == 0x134) return n < 63 ? n + 1 : 0;
    if (control == 0x138) return n > 0 ? n - 1 : -1;
    if (control == 0x13c) return n > 0 ? n - 1 : 63;
    if (control == 0x140) return r + 15 - i;
    if (control == 0x141) return n / 8 * 8 + 7 - n % 8;
    if (control == 0x142) return n > 15 ? r - 1 : -1;
    if (control == 0x143) return n > 31 ? 31 : -1;
    return r + c;
  };
  std::vector<unsigned> controls = {0x00,  0x1b,  0xe4,  0xff,  0x4e,  0x130, 0x134,
                                    0x138, 0x13c, 0x140, 0x141, 0x142, 0x143};
  for (unsigned i = 1; i < 16; ++i) controls.insert(controls.end(), {0x100 + i, 0x110 + i, 0x120 + i, 0x150 + i});
  for (const vector::Level* level : levels()) {
    for (const unsigned control : controls) {
      for (unsigned variant = 0; variant < 4; ++variant) {
        Filled t;
        const uint64_t exec = variant == 3 ? 0xf0f0ffff12345678 : ~0ull;
        t.wave->setExec(exec);
        Instruction in = vop2(Opcode::v_add_u32, vgpr(kSrc[0]));
        in.words = 2;
        in.dpp = {true, static_cast<uint16_t>(control), 0xf, 0xf, variant == 1};
        if (variant == 2) in.dpp.rowMask = 0b1010, in.dpp.bankMask = 0b0110;
        REQUIRE(t.run(*level, in, Target::gfx90a));
        for (int n = 0; n < 64; ++n) {
          const int from = sourceOf(control, n);
          const bool valid = from >= 0 && exec >> from & 1;
          bool written = exec >> n & 1 && (valid || variant == 1);
          if (variant == 2) written &= (n / 16 == 1 || n / 16 == 3) && (n % 16 / 4 == 1 || n % 16 / 4 == 2);
          const uint32_t source = valid ? t.v(kSrc[0], static_cast<unsigned>(from)) : 0;
          const auto l = static_cast<unsigned>(n);
          CHECK(t.v(kDst, l) == (written ? source + t.v(kSrc[1], l) : kSentinel));
        }
      }
    }
    // In place: the source is read before it is written.
    Filled t;
    uint32_t before[64];
    for (unsigned l = 0; l < 64; ++l) before[l] = t.v(kSrc[0], l);
    Instruction in = vop1(Opcode::v_mov_b32, vgpr(kSrc[0]));
    in.dst = vgpr(kSrc[0]);
    in.words = 2;
    in.dpp = {true, 0x134, 0xf, 0xf, false};
    REQUIRE(t.run(*level, in, Target::gfx900));
    for (unsigned l = 0; l < 64; ++l) CHECK(t.v(kSrc[0], l) == before[(l + 1) % 64]);
    in.dpp.control = 0x150;
    CHECK_FALSE(t.run(*level, in, Target::gfx900));  // gfx90a alone has row_newbcast
    in.dpp.control = 0x100;
    CHECK_FALSE(t.run(*level, in, Target::gfx90a));
  }
}

TEST_CASE("vector lanes and scalars: readlane, writelane, readfirstlane, swap") {
  for (const vector::Level* level : levels()) {
    Filled t;
    Instruction read;
    read.opcode = Opcode::v_readlane_b32;
    read.encoding = Encoding::VOP3;
    read.dst = 50;
    read.src[0] = vgpr(10);
    read.src[1] = 128 + 37;
    t.wave->setExec(0);
    REQUIRE(t.run(*level, read, Target::gfx900));
    CHECK(t.wave->sgpr[50] == t.v(10, 37));
    t.wave->sgpr[9] = 64 + 5;  // only six bits count
    read.src[1] = 9;
    REQUIRE(t.run(*level, read, Target::gfx900));
    CHECK(t.wave->sgpr[50] == t.v(10, 5));

    Instruction write = read;
    write.opcode = Opcode::v_writelane_b32;
    write.dst = vgpr(kDst);
    write.src[0] = 33;
    write.src[1] = 128 + 63;
    REQUIRE(t.run(*level, write, Target::gfx900));
    for (unsigned l = 0; l < 64; ++l) CHECK(t.v(kDst, l) == (l == 63 ? 0x01010101 * 33 : kSentinel));

    Instruction first = vop1(Opcode::v_readfirstlane_b32, vgpr(11));
    first.dst = 51;
    REQUIRE(t.run(*level, first, Target::gfx900));
    CHECK(t.wave->sgpr[51] == t.v(11, 0));  // no lane is active
    t.wave->setExec(0xf000000000);
    REQUIRE(t.run(*level, first, Target::gfx900));
    CHECK(t.wave->sgpr[51] == t.v(11, 36));

    const uint32_t a = t.v(12, 36), b = t.v(13, 36), untouched = t.v(12, 35);
    Instruction swap = vop1(Opcode::v_swap_b32, vgpr(13));
    swap.dst = vgpr(12);
    REQUIRE(t.run(*level, swap, Target::gfx900));
    CHECK(t.v(12, 36) == b);
    CHECK(t.v(13, 36) == a);
    CHECK(t.v(12, 35) == untouched);
  }
}

TEST_CASE("vector lanes and scalars: AccVGPRs, relative moves") {
  for (const vector::Level* level : levels()) {
    Filled t;
    t.wave->setExec(0xff);
    Instruction write;
    write.opcode = Opcode::v_accvgpr_write_b32;
    write.encoding = Encoding::VOP3P;
    write.dst = static_cast<uint16_t>(operand::kAccVgpr0 + 7);
    write.src[0] = vgpr(10);
    REQUIRE(t.run(*level, write, Target::gfx908));
    CHECK(t.wave->accVgpr[7 * 64 + 3] == t.v(10, 3));
    CHECK(t.wave->accVgpr[7 * 64 + 8] == 0);
    Instruction read = write;
    read.opcode = Opcode::v_accvgpr_read_b32;
    read.dst = vgpr(kDst);
    read.src[0] = static_cast<uint16_t>(operand::kAccVgpr0 + 7);
    REQUIRE(t.run(*level, read, Target::gfx908));
    CHECK(t.v(kDst, 3) == t.v(10, 3));
    CHECK(t.v(kDst, 8) == kSentinel);

    Instruction copy = write;
    copy.opcode = Opcode::v_accvgpr_mov_b32;
    copy.dst = static_cast<uint16_t>(operand::kAccVgpr0 + 9);
    copy.src[0] = static_cast<uint16_t>(operand::kAccVgpr0 + 7);
    REQUIRE(t.run(*level, copy, Target::gfx90a));
    CHECK(t.wave->accVgpr[9 * 64 + 3] == t.v(10, 3));
    CHECK(t.wave->accVgpr[9 * 64 + 8] == 0);
    const std::vector<uint32_t> before = t.storage;
    for (const Opcode op : {Opcode::v_nop, Opcode::v_clrexcp})
      REQUIRE(t.run(*level, vop1(op, operand::kNone), Target::gfx900));
    CHECK(t.storage == before);

    t.wave->sgpr[operand::kM0] = 5;
    REQUIRE(t.run(*level, vop1(Opcode::v_movrels_b32, vgpr(10)), Target::gfx803));
    CHECK(t.v(kDst, 1) == t.v(15, 1));
    REQUIRE(t.run(*level, vop1(Opcode::v_movreld_b32, vgpr(10)), Target::gfx803));
    CHECK(t.v(kDst + 5, 1) == t.v(10, 1));
    REQUIRE(t.run(*level, vop1(Opcode::v_movrelsd_b32, vgpr(10)), Target::gfx803));
    CHECK(t.v(kDst + 5, 2) == t.v(15, 2));
    t.wave->sgpr[operand::kM0] = 0xfffffff0;  // outside: v0 as a source, nothing as a destination
    REQUIRE(t.run(*level, vop1(Opcode::v_movrels_b32, vgpr(10)), Target::gfx803));
    CHECK(t.v(kDst, 1) == t.v(0, 1));
    REQUIRE(t.run(*level, vop1(Opcode::v_movreld_b32, vgpr(10)), Target::gfx803));
  }
}

TEST_CASE("vector packed f32 and f64 accumulation on gfx90a") {
  for (const vector::Level* level : levels()) {
    for (unsigned select = 0; select < 64; ++select) {
      Filled t;
      std::mt19937 random(select);
      for (unsigned r : {10u, 11u, 20u, 21u, 30u, 31u}) {
        for (unsigned l = 0; l < 64; ++l) t.v(r, l) = bits(static_cast<float>(random() % 100) - 50);
      }
      Instruction in = instructionOf(shapeOf(Opcode::v_pk_fma_f32));
      in.opSel = select & 7;
      in.opSelHi = select >> 3;
      in.neg = 4;
      in.abs = 1;
      REQUIRE(t.run(*level, in, Target::gfx90a));
      for (unsigned l = 0; l < 64; ++l) {
        const auto source = [&](unsigned i, bool high) {
          const unsigned bit = high ? select >> (3 + i) & 1 : select >> i & 1;
          return f32(t.v(kSrc[i] + bit, l));
        };
        CHECK(f32(t.v(kDst, l)) == source(0, false) * source(1, false) - source(2, false));
        CHECK(f32(t.v(kDst + 1, l)) == -source(0, true) * source(1, true) + source(2, true));
      }
      for (const bool product : {false, true}) {
        Instruction two = instructionOf(shapeOf(product ? Opcode::v_pk_mul_f32 : Opcode::v_pk_add_f32));
        two.opSel = select & 3;
        two.opSelHi = select >> 3 & 3;
        two.neg = 2;
        REQUIRE(t.run(*level, two, Target::gfx90a));
        for (unsigned l = 0; l < 64; ++l) {
          const auto pair = [&](unsigned a, unsigned b, float sign) {
            const float x = f32(t.v(kSrc[0] + a, l)), y = sign * f32(t.v(kSrc[1] + b, l));
            return product ? x * y : x + y;
          };
          CHECK(f32(t.v(kDst, l)) == pair(select & 1, select >> 1 & 1, -1));
          CHECK(f32(t.v(kDst + 1, l)) == pair(select >> 3 & 1, select >> 4 & 1, 1));
        }
      }
      Instruction move = instructionOf(shapeOf(Opcode::v_pk_mov_b32));
      move.opSel = select & 3;
      REQUIRE(t.run(*level, move, Target::gfx90a));
      CHECK(t.v(kDst, 9) == t.v(10 + (select & 1), 9));
      CHECK(t.v(kDst + 1, 9) == t.v(20 + (select >> 1 & 1), 9));
    }
  }
}
