// Integer VALU operations against 64- and 128-bit arithmetic.
#include "vector_harness.h"

using namespace softgpu;
using namespace softgpu::vectortest;

namespace {

using i128 = __int128;
using u128 = unsigned __int128;

uint32_t lo(uint64_t v) {
  return static_cast<uint32_t>(v);
}
int64_t s32(uint64_t v) {
  return static_cast<int32_t>(v);
}
int64_t s24(uint64_t v) {
  return static_cast<int32_t>(v << 8) >> 8;
}
uint64_t u24(uint64_t v) {
  return v & 0xffffff;
}
int64_t s16(uint64_t v) {
  return static_cast<int16_t>(v);
}
uint64_t clampU32(i128 v) {
  return v < 0 ? 0 : v > 0xffffffffll ? 0xffffffff : static_cast<uint64_t>(v);
}
uint64_t clampI32(i128 v) {
  return lo(static_cast<uint64_t>(v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : static_cast<int64_t>(v)));
}

Formula plain(std::function<uint64_t(uint64_t, uint64_t, uint64_t)> f) {
  return [f](uint64_t a, uint64_t b, uint64_t c) { return Expected{f(a, b, c), false}; };
}
Formula low32(std::function<uint64_t(uint64_t, uint64_t, uint64_t)> f) {
  return [f](uint64_t a, uint64_t b, uint64_t c) { return Expected{lo(f(a, b, c)), false}; };
}
const Setting kClamp{kDefaultMode, Target::gfx900, [](Instruction& in) { in.clamp = true; }};

}  // namespace

TEST_CASE("vector integers: addition, subtraction, with and without clamp") {
  check(Opcode::v_add_u32, low32([](auto a, auto b, auto) { return a + b; }));
  check(Opcode::v_sub_u32, low32([](auto a, auto b, auto) { return a - b; }));
  check(Opcode::v_subrev_u32, low32([](auto a, auto b, auto) { return b - a; }));
  check(Opcode::v_add_i32, low32([](auto a, auto b, auto) { return a + b; }));
  check(Opcode::v_sub_i32, low32([](auto a, auto b, auto) { return a - b; }));
  check(Opcode::v_add3_u32, low32([](auto a, auto b, auto c) { return a + b + c; }));
  check(Opcode::v_add_u32, plain([](auto a, auto b, auto) { return clampU32(i128(a) + b); }), kClamp);
  check(Opcode::v_sub_u32, plain([](auto a, auto b, auto) { return clampU32(i128(a) - b); }), kClamp);
  check(Opcode::v_subrev_u32, plain([](auto a, auto b, auto) { return clampU32(i128(b) - a); }), kClamp);
  check(Opcode::v_add_i32, plain([](auto a, auto b, auto) { return clampI32(i128(s32(a)) + s32(b)); }), kClamp);
  check(Opcode::v_sub_i32, plain([](auto a, auto b, auto) { return clampI32(i128(s32(a)) - s32(b)); }), kClamp);
}

TEST_CASE("vector integers: carries in and out") {
  check(Opcode::v_add_co_u32, [](uint64_t a, uint64_t b, uint64_t) { return Expected{lo(a + b), (a + b) >> 32 != 0}; });
  check(Opcode::v_sub_co_u32, [](uint64_t a, uint64_t b, uint64_t) { return Expected{lo(a - b), b > a}; });
  check(Opcode::v_subrev_co_u32, [](uint64_t a, uint64_t b, uint64_t) { return Expected{lo(b - a), a > b}; });
  check(Opcode::v_addc_co_u32,
        [](uint64_t a, uint64_t b, uint64_t c) { return Expected{lo(a + b + c), (a + b + c) >> 32 != 0}; });
  check(Opcode::v_subb_co_u32, [](uint64_t a, uint64_t b, uint64_t c) { return Expected{lo(a - b - c), b + c > a}; });
  check(Opcode::v_subbrev_co_u32,
        [](uint64_t a, uint64_t b, uint64_t c) { return Expected{lo(b - a - c), a + c > b}; });
  check(Opcode::v_mad_u64_u32, [](uint64_t a, uint64_t b, uint64_t c) {
    const u128 r = u128(a) * b + c;
    return Expected{static_cast<uint64_t>(r), (r >> 64) != 0};
  });
  check(Opcode::v_mad_i64_i32, [](uint64_t a, uint64_t b, uint64_t c) {
    const i128 r = i128(s32(a)) * s32(b) + static_cast<int64_t>(c);
    return Expected{static_cast<uint64_t>(r), (r >> 64 & 1) != 0};
  });
}

TEST_CASE("vector integers: products") {
  check(Opcode::v_mul_lo_u32, low32([](auto a, auto b, auto) { return a * b; }));
  check(Opcode::v_mul_hi_u32, low32([](auto a, auto b, auto) { return a * b >> 32; }));
  check(Opcode::v_mul_hi_i32, low32([](auto a, auto b, auto) { return static_cast<uint64_t>(s32(a) * s32(b)) >> 32; }));
  check(Opcode::v_mul_u32_u24, low32([](auto a, auto b, auto) { return u24(a) * u24(b); }));
  check(Opcode::v_mul_hi_u32_u24, low32([](auto a, auto b, auto) { return u24(a) * u24(b) >> 32; }));
  check(Opcode::v_mul_i32_i24, low32([](auto a, auto b, auto) { return static_cast<uint64_t>(s24(a) * s24(b)); }));
  check(Opcode::v_mul_hi_i32_i24,
        low32([](auto a, auto b, auto) { return static_cast<uint64_t>(s24(a) * s24(b) >> 32); }));
  check(Opcode::v_mad_u32_u24, low32([](auto a, auto b, auto c) { return u24(a) * u24(b) + c; }));
  check(Opcode::v_mad_i32_i24,
        low32([](auto a, auto b, auto c) { return static_cast<uint64_t>(s24(a) * s24(b)) + c; }));
  check(Opcode::v_mad_u32_u16, low32([](auto a, auto b, auto c) { return (a & 0xffff) * (b & 0xffff) + c; }));
  check(Opcode::v_mad_i32_i16,
        low32([](auto a, auto b, auto c) { return static_cast<uint64_t>(s16(a) * s16(b)) + c; }));
  check(Opcode::v_mad_u32_u24, plain([](auto a, auto b, auto c) { return clampU32(i128(u24(a) * u24(b)) + c); }),
        kClamp);
  check(Opcode::v_mad_i32_i24, plain([](auto a, auto b, auto c) { return clampI32(i128(s24(a) * s24(b)) + s32(c)); }),
        kClamp);
  check(Opcode::v_mad_u32_u16,
        plain([](auto a, auto b, auto c) { return clampU32(i128((a & 0xffff) * (b & 0xffff)) + c); }), kClamp);
  check(Opcode::v_mad_i32_i16, plain([](auto a, auto b, auto c) { return clampI32(i128(s16(a) * s16(b)) + s32(c)); }),
        kClamp);
}

TEST_CASE("vector integers: minimum, maximum, median") {
  check(Opcode::v_min_u32, plain([](auto a, auto b, auto) { return std::min(a, b); }));
  check(Opcode::v_max_u32, plain([](auto a, auto b, auto) { return std::max(a, b); }));
  check(Opcode::v_min_i32, low32([](auto a, auto b, auto) { return std::min(s32(a), s32(b)); }));
  check(Opcode::v_max_i32, low32([](auto a, auto b, auto) { return std::max(s32(a), s32(b)); }));
  const auto sorted = [](std::vector<int64_t> v, unsigned i) {
    std::sort(v.begin(), v.end());
    return static_cast<uint64_t>(v[i]);
  };
  const Opcode u[] = {Opcode::v_min3_u32, Opcode::v_med3_u32, Opcode::v_max3_u32};
  const Opcode i[] = {Opcode::v_min3_i32, Opcode::v_med3_i32, Opcode::v_max3_i32};
  for (unsigned n = 0; n < 3; ++n) {
    check(u[n], low32([=](int64_t a, int64_t b, int64_t c) { return sorted({a, b, c}, n); }));
    check(i[n], low32([=](auto a, auto b, auto c) { return sorted({s32(a), s32(b), s32(c)}, n); }));
  }
}

TEST_CASE("vector integers: shifts beyond the width, logic, fused forms") {
  check(Opcode::v_lshlrev_b32, low32([](auto a, auto b, auto) { return b << (a % 32); }));
  check(Opcode::v_lshrrev_b32, low32([](auto a, auto b, auto) { return b >> (a % 32); }));
  check(Opcode::v_ashrrev_i32, low32([](auto a, auto b, auto) { return s32(b) >> (a % 32); }));
  check(Opcode::v_lshlrev_b64, plain([](auto a, auto b, auto) { return b << (a % 64); }));
  check(Opcode::v_lshrrev_b64, plain([](auto a, auto b, auto) { return b >> (a % 64); }));
  check(Opcode::v_ashrrev_i64, plain([](auto a, auto b, auto) { return static_cast<int64_t>(b) >> (a % 64); }));
  check(Opcode::v_mov_b32, plain([](auto a, auto, auto) { return a; }));
  check(Opcode::v_not_b32, low32([](auto a, auto, auto) { return ~a; }));
  check(Opcode::v_and_b32, plain([](auto a, auto b, auto) { return a & b; }));
  check(Opcode::v_or_b32, plain([](auto a, auto b, auto) { return a | b; }));
  check(Opcode::v_xor_b32, plain([](auto a, auto b, auto) { return a ^ b; }));
  check(Opcode::v_xnor_b32, low32([](auto a, auto b, auto) { return ~(a ^ b); }));
  check(Opcode::v_and_or_b32, plain([](auto a, auto b, auto c) { return (a & b) | c; }));
  check(Opcode::v_or3_b32, plain([](auto a, auto b, auto c) { return a | b | c; }));
  check(Opcode::v_lshl_or_b32, low32([](auto a, auto b, auto c) { return a << (b % 32) | c; }));
  check(Opcode::v_lshl_add_u32, low32([](auto a, auto b, auto c) { return (a << (b % 32)) + c; }));
  check(Opcode::v_add_lshl_u32, low32([](auto a, auto b, auto c) { return (a + b) << (c % 32); }));
  check(Opcode::v_xad_u32, low32([](auto a, auto b, auto c) { return (a ^ b) + c; }));
  check(Opcode::v_sad_u32, low32([](auto a, auto b, auto c) { return (a > b ? a - b : b - a) + c; }));
  check(Opcode::v_cndmask_b32, plain([](auto a, auto b, auto c) { return c ? b : a; }));
}

TEST_CASE("vector integers: bit fields and counts") {
  check(Opcode::v_bfe_u32, plain([](auto a, auto b, auto c) { return lo(a) >> (b % 32) & ((1ull << c % 32) - 1); }));
  check(Opcode::v_bfe_i32, low32([](auto a, auto b, auto c) -> uint64_t {
          const unsigned width = c % 32;
          if (width == 0) return 0;
          const uint64_t field = static_cast<uint64_t>(s32(a) >> (b % 32)) & ((1ull << width) - 1);
          return field >> (width - 1) ? field | ~0ull << width : field;
        }));
  check(Opcode::v_bfi_b32, plain([](auto a, auto b, auto c) { return (a & b) | (~a & c); }));
  check(Opcode::v_bfm_b32, low32([](auto a, auto b, auto) { return ((1ull << a % 32) - 1) << b % 32; }));
  check(Opcode::v_alignbit_b32, low32([](auto a, auto b, auto c) { return (a << 32 | b) >> c % 32; }));
  check(Opcode::v_alignbyte_b32, low32([](auto a, auto b, auto c) { return (a << 32 | b) >> c % 4 * 8; }));
  check(Opcode::v_perm_b32, plain([](auto a, auto b, auto c) {
          const uint64_t in = a << 32 | b;
          uint64_t out = 0;
          for (unsigned i = 0; i < 4; ++i) {
            const unsigned s = c >> 8 * i & 255;
            const uint64_t byte = s >= 13   ? 255
                                  : s == 12 ? 0
                                  : s >= 8  ? (in >> ((s - 8) * 16 + 15) & 1) * 255
                                            : in >> 8 * s & 255;
            out |= byte << 8 * i;
          }
          return out;
        }));
  check(Opcode::v_bfrev_b32, plain([](auto a, auto, auto) {
          uint64_t r = 0;
          for (unsigned i = 0; i < 32; ++i) r |= (a >> i & 1) << (31 - i);
          return r;
        }));
  check(Opcode::v_ffbh_u32, low32([](auto a, auto, auto) -> uint64_t { return a ? std::countl_zero(lo(a)) : ~0ull; }));
  check(Opcode::v_ffbl_b32, low32([](auto a, auto, auto) -> uint64_t { return a ? std::countr_zero(lo(a)) : ~0ull; }));
  check(Opcode::v_ffbh_i32, low32([](auto a, auto, auto) -> uint64_t {
          const uint32_t x = lo(a) >> 31 ? ~lo(a) : lo(a);
          return x ? std::countl_zero(x) : ~0ull;
        }));
  check(Opcode::v_bcnt_u32_b32, low32([](auto a, auto b, auto) { return std::popcount(lo(a)) + b; }));
}

TEST_CASE("vector integers: mbcnt numbers the lanes") {
  for (const vector::Level* level : levels()) {
    TestWave t;
    Instruction low = instructionOf(shapeOf(Opcode::v_mbcnt_lo_u32_b32)),
                high = instructionOf(shapeOf(Opcode::v_mbcnt_hi_u32_b32));
    low.src[0] = high.src[0] = 193;  // -1
    low.src[1] = operand::kInlineZero;
    high.src[1] = vgpr(kDst);
    REQUIRE(t.run(*level, low, Target::gfx900));
    REQUIRE(t.run(*level, high, Target::gfx900));
    for (unsigned l = 0; l < 64; ++l) CHECK(t.v(kDst, l) == l);
  }
}

TEST_CASE("vector integers: a 64-bit result may overlap its sources") {
  for (const vector::Level* level : levels()) {
    for (const int offset : {-1, 0, 1}) {
      TestWave t;
      for (unsigned l = 0; l < 64; ++l) {
        t.set(50, l, 0x0123456789abcdef * (l + 1), true);
        t.v(10, l) = l;
      }
      Instruction in = instructionOf(shapeOf(Opcode::v_lshlrev_b64));
      in.src[1] = vgpr(50);
      in.dst = vgpr(static_cast<unsigned>(50 + offset));
      REQUIRE(t.run(*level, in, Target::gfx900));
      for (unsigned l = 0; l < 64; ++l) {
        CHECK(t.v64(static_cast<unsigned>(50 + offset), l) == (0x0123456789abcdef * (l + 1)) << l);
      }
    }
  }
}

TEST_CASE("vector integers: comparisons write a mask, v_cmpx EXEC too") {
  const struct {
    const char* name;
    std::function<bool(i128, i128)> holds;
  } conditions[] = {{"f", [](i128, i128) { return false; }},       {"lt", [](i128 a, i128 b) { return a < b; }},
                    {"eq", [](i128 a, i128 b) { return a == b; }}, {"le", [](i128 a, i128 b) { return a <= b; }},
                    {"gt", [](i128 a, i128 b) { return a > b; }},  {"ne", [](i128 a, i128 b) { return a != b; }},
                    {"ge", [](i128 a, i128 b) { return a >= b; }}, {"t", [](i128, i128) { return true; }}};
  const auto number = [](const std::string& type, uint64_t v) -> i128 {
    if (type == "i16") return static_cast<int16_t>(v);
    if (type == "u16") return static_cast<uint16_t>(v);
    if (type == "i32") return static_cast<int32_t>(v);
    if (type == "u32") return static_cast<uint32_t>(v);
    return type == "i64" ? i128(static_cast<int64_t>(v)) : i128(v);
  };
  unsigned found = 0;
  for (unsigned o = 0; o < static_cast<unsigned>(Opcode::count); ++o) {
    const std::string name = opcodeName(static_cast<Opcode>(o));
    for (const auto& c : conditions) {
      for (const std::string type : {"i16", "u16", "i32", "u32", "i64", "u64"}) {
        const Formula formula = [&](uint64_t a, uint64_t b, uint64_t) {
          return Expected{0, c.holds(number(type, a), number(type, b))};
        };
        if (name == std::string("v_cmp_") + c.name + "_" + type) check(static_cast<Opcode>(o), formula), ++found;
        if (name == std::string("v_cmpx_") + c.name + "_" + type) check(static_cast<Opcode>(o), formula), ++found;
      }
    }
  }
  CHECK(found == 96);

  for (const vector::Level* level : levels()) {
    TestWave t;
    for (unsigned l = 0; l < 64; ++l) t.v(kSrc[0], l) = l, t.v(kSrc[1], l) = 40;
    t.wave->setExec(0x00ff00ff00ff00ff);
    REQUIRE(t.run(*level, instructionOf(shapeOf(Opcode::v_cmpx_lt_u32)), Target::gfx900));
    CHECK(t.wave->exec() == (0x00ff00ff00ff00ff & ((1ull << 40) - 1)));
    CHECK(t.wave->pair(kSdst) == t.wave->exec());
  }
}
