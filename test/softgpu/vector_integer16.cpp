// 16-bit and packed integers, integer dot products and pixel operations, against wide arithmetic.
#include "vector_harness.h"

using namespace softgpu;
using namespace softgpu::vectortest;

namespace {

using Function = std::function<int64_t(int64_t, int64_t, int64_t)>;

int64_t s16(uint64_t v) {
  return static_cast<int16_t>(v);
}
int64_t u16(uint64_t v) {
  return static_cast<uint16_t>(v);
}
int64_t limit(int64_t v, int64_t low, int64_t high) {
  return std::clamp(v, low, high);
}

const Setting kClamp{kDefaultMode, Target::gfx900, [](Instruction& in) { in.clamp = true; }};

// The operation, and its clamped form, on 16-bit numbers; `high` is what is expected of the upper half.
void check16(Opcode op, bool isSigned, const Function& f, bool clamps, uint64_t high = 0) {
  const auto of = [=](uint64_t v) { return isSigned ? s16(v) : u16(v); };
  const auto exact = [=](uint64_t a, uint64_t b, uint64_t c) { return f(of(a), of(b), of(c)); };
  check(op, [=](uint64_t a, uint64_t b, uint64_t c) { return Expected{static_cast<uint16_t>(exact(a, b, c)) | high}; });
  if (!clamps) return;
  check(
      op,
      [=](uint64_t a, uint64_t b, uint64_t c) {
        const int64_t r = isSigned ? limit(exact(a, b, c), INT16_MIN, INT16_MAX) : limit(exact(a, b, c), 0, UINT16_MAX);
        return Expected{static_cast<uint16_t>(r) | high};
      },
      kClamp);
}
void checkPacked(Opcode op, bool isSigned, const Function& f, bool clamps) {
  for (const bool clamp : {false, true}) {
    if (clamp && !clamps) continue;
    const auto of = [=](uint64_t v) { return isSigned ? s16(v) : u16(v); };
    const auto one = [=](uint64_t a, uint64_t b, uint64_t c) {
      const int64_t r = f(of(a), of(b), of(c));
      return static_cast<uint16_t>(!clamp ? r : isSigned ? limit(r, INT16_MIN, INT16_MAX) : limit(r, 0, UINT16_MAX));
    };
    check(
        op,
        [=](uint64_t a, uint64_t b, uint64_t c) {
          return Expected{one(a, b, c) | static_cast<uint64_t>(one(a >> 16, b >> 16, c >> 16)) << 16};
        },
        clamp ? kClamp : Setting{});
  }
}

void checkDot(Opcode op, unsigned width, bool isSigned) {
  for (const bool clamp : {false, true}) {
    Setting setting;
    setting.target = Target::gfx90a;
    setting.modify = [=](Instruction& in) {
      in.encoding = Encoding::VOP3P;
      in.opSelHi = 7;
      in.clamp = clamp;
    };
    check(
        op,
        [=](uint64_t a, uint64_t b, uint64_t c) {
          const auto field = [=](uint64_t v, unsigned i) {
            const int64_t x = static_cast<int64_t>(v >> (width * i) & ((1ull << width) - 1));
            return isSigned && x >> (width - 1) ? x - (1ll << width) : x;
          };
          int64_t sum = isSigned ? static_cast<int32_t>(c) : static_cast<int64_t>(c);
          for (unsigned i = 0; i < 32 / width; ++i) sum += field(a, i) * field(b, i);
          if (clamp) sum = isSigned ? limit(sum, INT32_MIN, INT32_MAX) : limit(sum, 0, UINT32_MAX);
          return Expected{static_cast<uint32_t>(sum)};
        },
        setting);
  }
}

}  // namespace

TEST_CASE("vector 16-bit integers: results, clamping, and the other half of the register") {
  const auto add = [](int64_t a, int64_t b, int64_t) { return a + b; };
  const auto sub = [](int64_t a, int64_t b, int64_t) { return a - b; };
  const auto mad = [](int64_t a, int64_t b, int64_t c) { return a * b + c; };
  constexpr uint64_t kKept = kSentinel & 0xffff0000;
  check16(Opcode::v_add_u16, false, add, true);
  check16(Opcode::v_sub_u16, false, sub, true);
  check16(Opcode::v_subrev_u16, false, [](int64_t a, int64_t b, int64_t) { return b - a; }, true);
  check16(Opcode::v_mul_lo_u16, false, [](int64_t a, int64_t b, int64_t) { return a * b; }, true);
  check16(Opcode::v_add_i16, true, add, true, kKept);
  check16(Opcode::v_sub_i16, true, sub, true, kKept);
  check16(Opcode::v_mad_u16, false, mad, true, kKept);
  check16(Opcode::v_mad_i16, true, mad, true, kKept);
  check16(Opcode::v_mad_legacy_u16, false, mad, true);
  check16(Opcode::v_mad_legacy_i16, true, mad, true);
  check16(Opcode::v_lshlrev_b16, false, [](int64_t a, int64_t b, int64_t) { return b << a % 16; }, false);
  check16(Opcode::v_lshrrev_b16, false, [](int64_t a, int64_t b, int64_t) { return b >> a % 16; }, false);
  check16(Opcode::v_ashrrev_i16, true, [](int64_t a, int64_t b, int64_t) { return b >> (a & 15); }, false);
  const auto sorted = [](unsigned i) {
    return [i](int64_t a, int64_t b, int64_t c) {
      int64_t v[3] = {a, b, c};
      std::sort(v, v + 3);
      return v[i];
    };
  };
  for (const bool isSigned : {false, true}) {
    check16(
        isSigned ? Opcode::v_min_i16 : Opcode::v_min_u16, isSigned,
        [](int64_t a, int64_t b, int64_t) { return std::min(a, b); }, false);
    check16(
        isSigned ? Opcode::v_max_i16 : Opcode::v_max_u16, isSigned,
        [](int64_t a, int64_t b, int64_t) { return std::max(a, b); }, false);
    check16(isSigned ? Opcode::v_min3_i16 : Opcode::v_min3_u16, isSigned, sorted(0), false, kKept);
    check16(isSigned ? Opcode::v_med3_i16 : Opcode::v_med3_u16, isSigned, sorted(1), false, kKept);
    check16(isSigned ? Opcode::v_max3_i16 : Opcode::v_max3_u16, isSigned, sorted(2), false, kKept);
  }
  check(Opcode::v_mad_u16,
        [](uint64_t a, uint64_t b, uint64_t c) { return Expected{static_cast<uint16_t>(u16(a) * u16(b) + u16(c))}; },
        {kDefaultMode, Target::gfx803});
}

TEST_CASE("vector packed integers") {
  const auto add = [](int64_t a, int64_t b, int64_t) { return a + b; };
  const auto sub = [](int64_t a, int64_t b, int64_t) { return a - b; };
  const auto mad = [](int64_t a, int64_t b, int64_t c) { return a * b + c; };
  const auto least = [](int64_t a, int64_t b, int64_t) { return std::min(a, b); };
  const auto most = [](int64_t a, int64_t b, int64_t) { return std::max(a, b); };
  checkPacked(Opcode::v_pk_add_u16, false, add, true);
  checkPacked(Opcode::v_pk_sub_u16, false, sub, true);
  checkPacked(Opcode::v_pk_mad_u16, false, mad, true);
  checkPacked(Opcode::v_pk_mul_lo_u16, false, [](int64_t a, int64_t b, int64_t) { return a * b; }, true);
  checkPacked(Opcode::v_pk_add_i16, true, add, true);
  checkPacked(Opcode::v_pk_sub_i16, true, sub, true);
  checkPacked(Opcode::v_pk_mad_i16, true, mad, true);
  checkPacked(Opcode::v_pk_min_u16, false, least, false);
  checkPacked(Opcode::v_pk_max_u16, false, most, false);
  checkPacked(Opcode::v_pk_min_i16, true, least, false);
  checkPacked(Opcode::v_pk_max_i16, true, most, false);
  checkPacked(Opcode::v_pk_lshlrev_b16, false, [](int64_t a, int64_t b, int64_t) { return b << (a & 15); }, false);
  checkPacked(Opcode::v_pk_lshrrev_b16, false, [](int64_t a, int64_t b, int64_t) { return b >> (a & 15); }, false);
  checkPacked(Opcode::v_pk_ashrrev_i16, true, [](int64_t a, int64_t b, int64_t) { return b >> (a & 15); }, false);
}

TEST_CASE("vector integer dot products") {
  checkDot(Opcode::v_dot2_i32_i16, 16, true);
  checkDot(Opcode::v_dot2_u32_u16, 16, false);
  checkDot(Opcode::v_dot4_i32_i8, 8, true);
  checkDot(Opcode::v_dot4_u32_u8, 8, false);
  checkDot(Opcode::v_dot8_i32_i4, 4, true);
  checkDot(Opcode::v_dot8_u32_u4, 4, false);
  checkDot(Opcode::v_dot2c_i32_i16, 16, true);
  checkDot(Opcode::v_dot4c_i32_i8, 8, true);
  checkDot(Opcode::v_dot8c_i32_i4, 4, true);
}

TEST_CASE("vector pixels: averages and sums of absolute differences") {
  const auto byte = [](uint64_t v, unsigned i) { return static_cast<int64_t>(v >> 8 * i & 255); };
  const auto sad = [=](uint64_t a, uint64_t b, bool masked) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < 4; ++i) {
      if (!masked || byte(b, i) != 0) sum += static_cast<uint64_t>(std::abs(byte(a, i) - byte(b, i)));
    }
    return sum;
  };
  const auto low = [](uint64_t v) { return Expected{static_cast<uint32_t>(v)}; };
  const auto high = [](uint64_t v) { return Expected{std::min<uint64_t>(v, 0xffffffff)}; };
  check(Opcode::v_lerp_u8, [=](uint64_t a, uint64_t b, uint64_t c) {
    uint64_t r = 0;
    for (unsigned i = 0; i < 4; ++i)
      r |= static_cast<uint64_t>((byte(a, i) + byte(b, i) + (byte(c, i) & 1)) / 2) << 8 * i;
    return Expected{r};
  });
  check(Opcode::v_sad_u8, [=](uint64_t a, uint64_t b, uint64_t c) { return low(sad(a, b, false) + c); });
  check(Opcode::v_sad_u8, [=](uint64_t a, uint64_t b, uint64_t c) { return high(sad(a, b, false) + c); }, kClamp);
  check(Opcode::v_sad_hi_u8, [=](uint64_t a, uint64_t b, uint64_t c) { return low((sad(a, b, false) << 16) + c); });
  check(Opcode::v_msad_u8, [=](uint64_t a, uint64_t b, uint64_t c) { return low(sad(a, b, true) + c); });
  check(Opcode::v_sad_u16, [=](uint64_t a, uint64_t b, uint64_t c) {
    return low(static_cast<uint64_t>(std::abs(u16(a) - u16(b)) + std::abs(u16(a >> 16) - u16(b >> 16))) + c);
  });
  for (const bool masked : {false, true}) {
    const auto quad = [=](uint64_t a, uint64_t b, uint64_t c) {
      uint64_t r = 0;
      for (unsigned i = 0; i < 4; ++i)
        r |= ((sad(a >> 8 * i & 0xffffffff, b, masked) + (c >> 16 * i)) & 0xffff) << 16 * i;
      return Expected{r};
    };
    check(masked ? Opcode::v_mqsad_pk_u16_u8 : Opcode::v_qsad_pk_u16_u8, quad);
  }
  for (const vector::Level* level : levels()) {
    TestWave t;
    std::mt19937 random(2);
    for (unsigned l = 0; l < 64; ++l) {
      t.set(10, l, random() | static_cast<uint64_t>(random()) << 32, true);
      t.v(20, l) = random() & (l & 1 ? 0xff00ff00 : ~0u);
      for (unsigned i = 0; i < 4; ++i) t.v(30 + i, l) = random();
    }
    Instruction in;
    in.opcode = Opcode::v_mqsad_u32_u8;
    in.encoding = Encoding::VOP3;
    in.words = 2;
    in.dst = vgpr(32);  // over its own addend
    in.src[0] = vgpr(10), in.src[1] = vgpr(20), in.src[2] = vgpr(30);
    uint32_t want[64][4];
    for (unsigned l = 0; l < 64; ++l) {
      for (unsigned i = 0; i < 4; ++i) {
        want[l][i] = t.v(30 + i, l) + static_cast<uint32_t>(sad(t.v64(10, l) >> 8 * i & 0xffffffff, t.v(20, l), true));
      }
    }
    REQUIRE(t.run(*level, in, Target::gfx900));
    for (unsigned l = 0; l < 64; ++l) {
      for (unsigned i = 0; i < 4; ++i) CHECK(t.v(32 + i, l) == want[l][i]);
    }
  }
}
