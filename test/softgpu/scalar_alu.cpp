// SOP1, SOP2, SOPC and SOPK against formulas over 64- and 128-bit arithmetic.
#include <functional>

#include "coverage.h"
#include "harness.h"

using namespace softgpu;
using namespace softgpu::test;

namespace {

using i128 = __int128;

struct Inputs {
  uint64_t a, b, old, exec;
  bool scc;
};
struct Expected {
  std::optional<uint64_t> value;  // none: the destination keeps what it had
  std::optional<bool> scc;        // none: unchanged
  std::optional<uint64_t> exec = {};
};
using Formula = std::function<Expected(const Inputs&)>;

// Widths in bits of destination (0: none) and sources.
struct Operation {
  const char* name;
  unsigned d, a, b;
  Formula formula;
  bool gfx9 = false;
};

int64_t signedOf(uint64_t v, unsigned bits) {
  return static_cast<int64_t>(v << (64 - bits)) >> (64 - bits);
}
uint64_t mask(unsigned bits) {
  return bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}

// Bit loops, so that the expectation shares no trick with the code under test.
unsigned ones(uint64_t v, unsigned bits) {
  unsigned n = 0;
  for (unsigned i = 0; i < bits; ++i) n += v >> i & 1;
  return n;
}
uint64_t firstFromLow(uint64_t v, unsigned bits, bool wanted) {
  for (unsigned i = 0; i < bits; ++i) {
    if ((v >> i & 1) == wanted) return i;
  }
  return 0xffffffff;
}
uint64_t firstFromHigh(uint64_t v, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    if (v >> (bits - 1 - i) & 1) return i;
  }
  return 0xffffffff;
}
uint64_t signRun(uint64_t v, unsigned bits) {
  for (unsigned i = 1; i < bits; ++i) {
    if ((v >> (bits - 1 - i) & 1) != (v >> (bits - 1) & 1)) return i;
  }
  return 0xffffffff;
}

Formula withoutScc(std::function<uint64_t(uint64_t, uint64_t)> f) {
  return [f](const Inputs& in) { return Expected{f(in.a, in.b), std::nullopt}; };
}
Formula nonZero(unsigned bits, std::function<uint64_t(uint64_t, uint64_t)> f) {
  return [=](const Inputs& in) {
    const uint64_t value = f(in.a, in.b) & mask(bits);
    return Expected{value, value != 0};
  };
}
Formula compare(std::function<bool(uint64_t, uint64_t)> f) {
  return [f](const Inputs& in) { return Expected{std::nullopt, f(in.a, in.b)}; };
}
Formula saveExec(std::function<uint64_t(uint64_t, uint64_t)> f) {
  return [f](const Inputs& in) {
    const uint64_t exec = f(in.a, in.exec);
    return Expected{in.exec, exec != 0, exec};
  };
}
Formula writeExec(std::function<uint64_t(uint64_t, uint64_t)> f) {
  return [f](const Inputs& in) {
    const uint64_t exec = f(in.a, in.exec);
    return Expected{exec, exec != 0, exec};
  };
}
Formula unsignedSum(std::function<i128(i128, i128, bool)> f) {
  return [f](const Inputs& in) {
    const i128 exact = f(in.a & mask(32), in.b & mask(32), in.scc);
    return Expected{static_cast<uint64_t>(exact) & mask(32), exact < 0 || exact > i128{mask(32)}};
  };
}
Formula signedSum(std::function<i128(i128, i128)> f) {
  return [f](const Inputs& in) {
    const i128 exact = f(signedOf(in.a, 32), signedOf(in.b, 32));
    return Expected{static_cast<uint64_t>(exact) & mask(32), exact < INT32_MIN || exact > INT32_MAX};
  };
}
Formula choice(bool isSigned, bool smaller) {
  return [=](const Inputs& in) {
    const int64_t a = isSigned ? signedOf(in.a, 32) : static_cast<int64_t>(in.a & mask(32));
    const int64_t b = isSigned ? signedOf(in.b, 32) : static_cast<int64_t>(in.b & mask(32));
    const bool first = smaller ? a < b : a > b;
    return Expected{static_cast<uint64_t>(first ? a : b) & mask(32), first};
  };
}
Formula extract(unsigned bits, bool isSigned) {
  return [=](const Inputs& in) {
    const unsigned offset = in.b & (bits - 1), width = in.b >> 16 & 0x7f;
    uint64_t value = 0;
    for (unsigned i = 0; i < bits; ++i) {  // bit by bit: past the width the sign, past the register its extension
      unsigned from = i < width ? i : isSigned && width ? width - 1 : 64;
      if (from == 64) continue;
      from += offset;
      const bool bit = from < bits ? in.a >> from & 1 : isSigned && (in.a >> (bits - 1) & 1);
      value |= uint64_t{bit} << i;
    }
    return Expected{value, value != 0};
  };
}

const std::vector<Operation>& operations() {
  using u = uint64_t;
  static const std::vector<Operation> all = {
      {"s_add_u32", 32, 32, 32, unsignedSum([](i128 a, i128 b, bool) { return a + b; })},
      {"s_sub_u32", 32, 32, 32, unsignedSum([](i128 a, i128 b, bool) { return a - b; })},
      {"s_addc_u32", 32, 32, 32, unsignedSum([](i128 a, i128 b, bool c) { return a + b + c; })},
      {"s_subb_u32", 32, 32, 32, unsignedSum([](i128 a, i128 b, bool c) { return a - b - c; })},
      {"s_add_i32", 32, 32, 32, signedSum([](i128 a, i128 b) { return a + b; })},
      {"s_sub_i32", 32, 32, 32, signedSum([](i128 a, i128 b) { return a - b; })},
      {"s_min_i32", 32, 32, 32, choice(true, true)},
      {"s_min_u32", 32, 32, 32, choice(false, true)},
      {"s_max_i32", 32, 32, 32, choice(true, false)},
      {"s_max_u32", 32, 32, 32, choice(false, false)},
      {"s_cselect_b32", 32, 32, 32, [](const Inputs& in) { return Expected{in.scc ? in.a : in.b, std::nullopt}; }},
      {"s_cselect_b64", 64, 64, 64, [](const Inputs& in) { return Expected{in.scc ? in.a : in.b, std::nullopt}; }},
      {"s_and_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return a & b; })},
      {"s_and_b64", 64, 64, 64, nonZero(64, [](u a, u b) { return a & b; })},
      {"s_or_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return a | b; })},
      {"s_or_b64", 64, 64, 64, nonZero(64, [](u a, u b) { return a | b; })},
      {"s_xor_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return a ^ b; })},
      {"s_xor_b64", 64, 64, 64, nonZero(64, [](u a, u b) { return a ^ b; })},
      {"s_andn2_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return a & ~b; })},
      {"s_andn2_b64", 64, 64, 64, nonZero(64, [](u a, u b) { return a & ~b; })},
      {"s_orn2_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return a | ~b; })},
      {"s_orn2_b64", 64, 64, 64, nonZero(64, [](u a, u b) { return a | ~b; })},
      {"s_nand_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return ~(a & b); })},
      {"s_nand_b64", 64, 64, 64, nonZero(64, [](u a, u b) { return ~(a & b); })},
      {"s_nor_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return ~(a | b); })},
      {"s_nor_b64", 64, 64, 64, nonZero(64, [](u a, u b) { return ~(a | b); })},
      {"s_xnor_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return ~(a ^ b); })},
      {"s_xnor_b64", 64, 64, 64, nonZero(64, [](u a, u b) { return ~(a ^ b); })},
      {"s_lshl_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return a << b % 32; })},
      {"s_lshl_b64", 64, 64, 32, nonZero(64, [](u a, u b) { return a << b % 64; })},
      {"s_lshr_b32", 32, 32, 32, nonZero(32, [](u a, u b) { return a >> b % 32; })},
      {"s_lshr_b64", 64, 64, 32, nonZero(64, [](u a, u b) { return a >> b % 64; })},
      {"s_ashr_i32", 32, 32, 32, nonZero(32, [](u a, u b) { return static_cast<u>(signedOf(a, 32) >> b % 32); })},
      {"s_ashr_i64", 64, 64, 32, nonZero(64, [](u a, u b) { return static_cast<u>(signedOf(a, 64) >> b % 64); })},
      {"s_bfm_b32", 32, 32, 32, withoutScc([](u a, u b) { return mask(a % 32) << b % 32 & mask(32); })},
      {"s_bfm_b64", 64, 32, 32, withoutScc([](u a, u b) { return mask(a % 64) << b % 64; })},
      {"s_mul_i32", 32, 32, 32, withoutScc([](u a, u b) { return a * b & mask(32); })},
      {"s_bfe_u32", 32, 32, 32, extract(32, false)},
      {"s_bfe_i32", 32, 32, 32, extract(32, true)},
      {"s_bfe_u64", 64, 64, 32, extract(64, false)},
      {"s_bfe_i64", 64, 64, 32, extract(64, true)},
      {"s_absdiff_i32", 32, 32, 32,
       nonZero(32,
               [](u a, u b) {
                 const auto rest = signedOf((a - b) & mask(32), 32);
                 return static_cast<u>(rest < 0 ? -rest : rest);
               })},
      {"s_mul_hi_u32", 32, 32, 32, withoutScc([](u a, u b) { return a * b >> 32; }), true},
      {"s_mul_hi_i32", 32, 32, 32,
       withoutScc([](u a, u b) { return static_cast<u>(signedOf(a, 32) * signedOf(b, 32) >> 32) & mask(32); }), true},
      {"s_lshl1_add_u32", 32, 32, 32, unsignedSum([](i128 a, i128 b, bool) { return a * 2 + b; }), true},
      {"s_lshl2_add_u32", 32, 32, 32, unsignedSum([](i128 a, i128 b, bool) { return a * 4 + b; }), true},
      {"s_lshl3_add_u32", 32, 32, 32, unsignedSum([](i128 a, i128 b, bool) { return a * 8 + b; }), true},
      {"s_lshl4_add_u32", 32, 32, 32, unsignedSum([](i128 a, i128 b, bool) { return a * 16 + b; }), true},
      {"s_pack_ll_b32_b16", 32, 32, 32, withoutScc([](u a, u b) { return (b & 0xffff) << 16 | (a & 0xffff); }), true},
      {"s_pack_lh_b32_b16", 32, 32, 32, withoutScc([](u a, u b) { return b >> 16 << 16 | (a & 0xffff); }), true},
      {"s_pack_hh_b32_b16", 32, 32, 32, withoutScc([](u a, u b) { return b >> 16 << 16 | a >> 16; }), true},

      {"s_mov_b32", 32, 32, 0, withoutScc([](u a, u) { return a; })},
      {"s_mov_b64", 64, 64, 0, withoutScc([](u a, u) { return a; })},
      {"s_cmov_b32", 32, 32, 0, [](const Inputs& in) { return Expected{in.scc ? in.a : in.old, std::nullopt}; }},
      {"s_cmov_b64", 64, 64, 0, [](const Inputs& in) { return Expected{in.scc ? in.a : in.old, std::nullopt}; }},
      {"s_not_b32", 32, 32, 0, nonZero(32, [](u a, u) { return ~a; })},
      {"s_not_b64", 64, 64, 0, nonZero(64, [](u a, u) { return ~a; })},
      {"s_wqm_b32", 32, 32, 0,
       nonZero(32,
               [](u a, u) {
                 u d = 0;
                 for (unsigned i = 0; i < 32; ++i) d |= u{(a >> (i & ~3u) & 15) != 0} << i;
                 return d;
               })},
      {"s_wqm_b64", 64, 64, 0,
       nonZero(64,
               [](u a, u) {
                 u d = 0;
                 for (unsigned i = 0; i < 64; ++i) d |= u{(a >> (i & ~3u) & 15) != 0} << i;
                 return d;
               })},
      {"s_quadmask_b32", 32, 32, 0,
       nonZero(32,
               [](u a, u) {
                 u d = 0;
                 for (unsigned i = 0; i < 8; ++i) d |= u{(a >> i * 4 & 15) != 0} << i;
                 return d;
               })},
      {"s_quadmask_b64", 64, 64, 0,
       nonZero(64,
               [](u a, u) {
                 u d = 0;
                 for (unsigned i = 0; i < 16; ++i) d |= u{(a >> i * 4 & 15) != 0} << i;
                 return d;
               })},
      {"s_brev_b32", 32, 32, 0, withoutScc([](u a, u) {
         u d = 0;
         for (unsigned i = 0; i < 32; ++i) d |= (a >> i & 1) << (31 - i);
         return d;
       })},
      {"s_brev_b64", 64, 64, 0, withoutScc([](u a, u) {
         u d = 0;
         for (unsigned i = 0; i < 64; ++i) d |= (a >> i & 1) << (63 - i);
         return d;
       })},
      {"s_bcnt0_i32_b32", 32, 32, 0, nonZero(32, [](u a, u) { return 32 - ones(a, 32); })},
      {"s_bcnt0_i32_b64", 32, 64, 0, nonZero(32, [](u a, u) { return 64 - ones(a, 64); })},
      {"s_bcnt1_i32_b32", 32, 32, 0, nonZero(32, [](u a, u) { return ones(a, 32); })},
      {"s_bcnt1_i32_b64", 32, 64, 0, nonZero(32, [](u a, u) { return ones(a, 64); })},
      {"s_ff0_i32_b32", 32, 32, 0, withoutScc([](u a, u) { return firstFromLow(a, 32, false); })},
      {"s_ff0_i32_b64", 32, 64, 0, withoutScc([](u a, u) { return firstFromLow(a, 64, false); })},
      {"s_ff1_i32_b32", 32, 32, 0, withoutScc([](u a, u) { return firstFromLow(a, 32, true); })},
      {"s_ff1_i32_b64", 32, 64, 0, withoutScc([](u a, u) { return firstFromLow(a, 64, true); })},
      {"s_flbit_i32_b32", 32, 32, 0, withoutScc([](u a, u) { return firstFromHigh(a, 32); })},
      {"s_flbit_i32_b64", 32, 64, 0, withoutScc([](u a, u) { return firstFromHigh(a, 64); })},
      {"s_flbit_i32", 32, 32, 0, withoutScc([](u a, u) { return signRun(a, 32); })},
      {"s_flbit_i32_i64", 32, 64, 0, withoutScc([](u a, u) { return signRun(a, 64); })},
      {"s_sext_i32_i8", 32, 32, 0, withoutScc([](u a, u) { return static_cast<u>(signedOf(a, 8)) & mask(32); })},
      {"s_sext_i32_i16", 32, 32, 0, withoutScc([](u a, u) { return static_cast<u>(signedOf(a, 16)) & mask(32); })},
      {"s_bitset0_b32", 32, 32, 0,
       [](const Inputs& in) { return Expected{in.old & ~(u{1} << in.a % 32), std::nullopt}; }},
      {"s_bitset0_b64", 64, 32, 0,
       [](const Inputs& in) { return Expected{in.old & ~(u{1} << in.a % 64), std::nullopt}; }},
      {"s_bitset1_b32", 32, 32, 0, [](const Inputs& in) { return Expected{in.old | u{1} << in.a % 32, std::nullopt}; }},
      {"s_bitset1_b64", 64, 32, 0, [](const Inputs& in) { return Expected{in.old | u{1} << in.a % 64, std::nullopt}; }},
      {"s_abs_i32", 32, 32, 0,
       nonZero(32, [](u a, u) { return static_cast<u>(signedOf(a, 32) < 0 ? -signedOf(a, 32) : signedOf(a, 32)); })},
      {"s_bitreplicate_b64_b32", 64, 32, 0, withoutScc([](u a, u) {
         u d = 0;
         for (unsigned i = 0; i < 64; ++i) d |= (a >> i / 2 & 1) << i;
         return d;
       }),
       true},
      {"s_and_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return a & e; })},
      {"s_or_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return a | e; })},
      {"s_xor_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return a ^ e; })},
      {"s_andn2_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return a & ~e; })},
      {"s_orn2_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return a | ~e; })},
      {"s_nand_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return ~(a & e); })},
      {"s_nor_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return ~(a | e); })},
      {"s_xnor_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return ~(a ^ e); })},
      {"s_andn1_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return ~a & e; }), true},
      {"s_orn1_saveexec_b64", 64, 64, 0, saveExec([](u a, u e) { return ~a | e; }), true},
      {"s_andn1_wrexec_b64", 64, 64, 0, writeExec([](u a, u e) { return ~a & e; }), true},
      {"s_andn2_wrexec_b64", 64, 64, 0, writeExec([](u a, u e) { return a & ~e; }), true},

      {"s_cmp_eq_i32", 0, 32, 32, compare([](u a, u b) { return a == b; })},
      {"s_cmp_lg_i32", 0, 32, 32, compare([](u a, u b) { return a != b; })},
      {"s_cmp_gt_i32", 0, 32, 32, compare([](u a, u b) { return signedOf(a, 32) > signedOf(b, 32); })},
      {"s_cmp_ge_i32", 0, 32, 32, compare([](u a, u b) { return signedOf(a, 32) >= signedOf(b, 32); })},
      {"s_cmp_lt_i32", 0, 32, 32, compare([](u a, u b) { return signedOf(a, 32) < signedOf(b, 32); })},
      {"s_cmp_le_i32", 0, 32, 32, compare([](u a, u b) { return signedOf(a, 32) <= signedOf(b, 32); })},
      {"s_cmp_eq_u32", 0, 32, 32, compare([](u a, u b) { return a == b; })},
      {"s_cmp_lg_u32", 0, 32, 32, compare([](u a, u b) { return a != b; })},
      {"s_cmp_gt_u32", 0, 32, 32, compare([](u a, u b) { return a > b; })},
      {"s_cmp_ge_u32", 0, 32, 32, compare([](u a, u b) { return a >= b; })},
      {"s_cmp_lt_u32", 0, 32, 32, compare([](u a, u b) { return a < b; })},
      {"s_cmp_le_u32", 0, 32, 32, compare([](u a, u b) { return a <= b; })},
      {"s_cmp_eq_u64", 0, 64, 64, compare([](u a, u b) { return a == b; })},
      {"s_cmp_lg_u64", 0, 64, 64, compare([](u a, u b) { return a != b; })},
      {"s_bitcmp0_b32", 0, 32, 32, compare([](u a, u b) { return !(a >> b % 32 & 1); })},
      {"s_bitcmp1_b32", 0, 32, 32, compare([](u a, u b) { return a >> b % 32 & 1; })},
      {"s_bitcmp0_b64", 0, 64, 32, compare([](u a, u b) { return !(a >> b % 64 & 1); })},
      {"s_bitcmp1_b64", 0, 64, 32, compare([](u a, u b) { return a >> b % 64 & 1; })},
  };
  return all;
}

const std::vector<uint64_t>& values() {
  static const std::vector<uint64_t> all = {0,
                                            1,
                                            2,
                                            5,
                                            31,
                                            32,
                                            33,
                                            63,
                                            64,
                                            0x7f,
                                            0x80,
                                            0x7fff,
                                            0x8000,
                                            0xffff,
                                            0x7fffffff,
                                            0x80000000,
                                            0x80000001,
                                            0xffffffff,
                                            0xfffffffe,
                                            0x55555555,
                                            0xaaaaaaaa,
                                            0x00080004,
                                            0x00200000,
                                            0x0020001f,
                                            0x007f0003,
                                            0x00400020,
                                            0x0001001f,
                                            0x0123456789abcdef,
                                            0x8000000000000000,
                                            0xffffffffffffffff,
                                            0x7fffffffffffffff,
                                            0xffffffff00000000};
  return all;
}

void put(WaveTest& test, unsigned sgpr, unsigned bits, uint64_t value) {
  test.s(sgpr) = static_cast<uint32_t>(value);
  if (bits == 64) test.s(sgpr + 1) = static_cast<uint32_t>(value >> 32);
}

// s[2:3] and s[4:5] are the sources, s[8:9] the destination; s6, s7, s10 must stay as they are.
void expect(WaveTest& test, const Operation& op, const Inputs& in, const std::vector<uint32_t>& code) {
  constexpr uint32_t kGuard = 0x600dca7e;
  for (unsigned sgpr = 0; sgpr < 12; ++sgpr) test.s(sgpr) = kGuard;
  put(test, 2, op.a, in.a);
  put(test, 4, op.b, in.b);
  if (op.d) put(test, 8, op.d, in.old);
  test.wave.scc = in.scc;
  test.wave.setExec(in.exec);
  const Stop stop = test.run(code);
  const Expected want =
      op.formula({in.a & mask(op.a), in.b & mask(op.b ? op.b : 64), in.old & mask(op.d ? op.d : 64), in.exec, in.scc});
  CAPTURE(op.name);
  CAPTURE(in.a);
  CAPTURE(in.b);
  CAPTURE(in.scc);
  REQUIRE_MESSAGE(stop == Stop::Ended, test.wave.fault.instruction);
  if (op.d) CHECK((test.s64(8) & mask(op.d)) == want.value.value());
  if (op.d != 64) CHECK(test.s(9) == kGuard);
  CHECK(test.wave.scc == want.scc.value_or(in.scc));
  CHECK(test.wave.exec() == want.exec.value_or(in.exec));
  for (unsigned guard : {6u, 7u, 10u}) CHECK(test.s(guard) == kGuard);
}

std::string registers(unsigned first, unsigned bits) {
  const std::string n = std::to_string(first);
  return bits == 64 ? "s[" + n + ":" + std::to_string(first + 1) + "]" : "s" + n;
}

std::string line(const Operation& op, const std::string& a, const std::string& b) {
  std::string text = op.name;
  const char* separator = " ";
  for (const std::string& operand : {op.d ? registers(8, op.d) : "", a, op.b ? b : ""}) {
    if (operand.empty()) continue;
    text += separator + operand;
    separator = ", ";
  }
  return text + "\ns_endpgm";
}

}  // namespace

TEST_CASE("scalar ALU: every operation, register sources") {
  for (Target target : {Target::gfx803, Target::gfx906}) {
    WaveTest test(target);
    std::vector<const Operation*> present;
    std::vector<std::string> texts;
    for (const Operation& op : operations()) {
      if (op.gfx9 && target == Target::gfx803) continue;
      present.push_back(&op);
      texts.push_back(line(op, registers(2, op.a), registers(4, op.b)));
    }
    const auto programs = assembleAll(target, texts);
    for (size_t i = 0; i < present.size(); ++i) {
      covers(present[i]->name);
      unsigned turn = 0;
      for (uint64_t a : values()) {
        for (uint64_t b : values()) {
          if (!present[i]->b && b != a) continue;
          ++turn;
          expect(test, *present[i],
                 {a, b, uint64_t{0x0f0f1234f00fa5c3} * turn, uint64_t{0x00ff0f0f33335555} * turn, turn % 2 == 1},
                 programs[i]);
        }
      }
    }
  }
}

TEST_CASE("scalar ALU: constant and special sources") {
  // The text of a source and its value at 32 and 64 bits.
  struct Constant {
    const char* text;
    uint64_t narrow, wide;
  };
  constexpr Constant constants[] = {
      {"0", 0, 0},
      {"64", 64, 64},
      {"-1", 0xffffffff, ~uint64_t{0}},
      {"-16", 0xfffffff0, ~uint64_t{15}},
      {"0.5", 0x3f000000, 0x3fe0000000000000},
      {"-4.0", 0xc0800000, 0xc010000000000000},
      {"0.15915494309189532", 0x3e22f983, 0x3fc45f306dc9c882},
      {"0x12345678", 0x12345678, 0x12345678},
      {"src_scc", 1, 1},
      {"src_vccz", 0, 0},
      {"src_execz", 0, 0},
      {"vcc_lo", 0xabcd0001, 0},
      {"m0", 0x1357, 0},
  };
  WaveTest test(Target::gfx900);
  test.wave.setVcc(0x77abcd0001);
  test.s(operand::kM0) = 0x1357;
  std::vector<std::pair<const Operation*, Inputs>> cases;
  std::vector<std::string> texts;
  for (const char* name : {"s_or_b32", "s_add_u32", "s_or_b64", "s_lshr_b64"}) {
    const Operation* op = nullptr;
    for (const Operation& one : operations()) {
      if (std::string(one.name) == name) op = &one;
    }
    for (const Constant& c : constants) {
      const auto valueAt = [&](unsigned bits) { return bits == 64 ? c.wide : c.narrow; };
      const auto add = [&](uint64_t a, uint64_t b, const std::string& textA, const std::string& textB) {
        cases.push_back({op, {a, b, 0, 1, true}});
        texts.push_back(line(*op, textA, textB));
      };
      const bool registerOnly32 = std::string(c.text) == "vcc_lo" || std::string(c.text) == "m0";
      if (!registerOnly32 || op->a == 32) add(valueAt(op->a), 0x21, c.text, registers(4, op->b));
      if (!registerOnly32 || op->b == 32) add(0x1234567890ab, valueAt(op->b), registers(2, op->a), c.text);
      if (!registerOnly32) add(valueAt(op->a), valueAt(op->b), c.text, c.text);
    }
  }
  const auto programs = assembleAll(Target::gfx900, texts);
  for (size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(texts[i]);
    expect(test, *cases[i].first, cases[i].second, programs[i]);
  }
}

TEST_CASE("scalar ALU: 64-bit literals are extended by the operation's sign") {
  WaveTest test(Target::gfx900);
  REQUIRE(test.run(std::vector<uint32_t>{0xbe8001ff, 0x80000000,                  // s_mov_b64 s[0:1], 0x80000000
                                         0x908282ff, 0x80000000, 0xbf810000}) ==  // s_ashr_i64 s[2:3], 0x80000000, 2
          Stop::Ended);
  CHECK(test.s64(0) == 0x80000000);
  CHECK(test.s64(2) == 0xffffffffe0000000);
}

TEST_CASE("scalar ALU: apertures") {
  WaveTest test(Target::gfx900);
  REQUIRE(test.run("s_mov_b64 s[0:1], src_shared_base\ns_mov_b64 s[2:3], src_private_base\n"
                   "s_mov_b64 s[4:5], src_shared_limit\ns_mov_b64 s[6:7], src_private_limit") == Stop::Ended);
  CHECK(test.s64(0) == test.wave.sharedAperture);
  CHECK(test.s64(2) == test.wave.privateAperture);
  CHECK(test.s64(4) == test.wave.sharedAperture + 0xffffffff);
  CHECK(test.s64(6) == test.wave.privateAperture + 0xffffffff);
}

TEST_CASE("scalar ALU: SOPK, over every interesting pair of register and constant") {
  // Of the register, the constant with its sign, and SCC.
  struct Immediate {
    const char* name;
    std::function<Expected(uint32_t, int32_t, bool)> formula;
  };
  const auto compares = [](auto f) {
    return [f](uint32_t s, int32_t k, bool) { return Expected{std::nullopt, f(s, k)}; };
  };
  const auto u = [](auto f) {  // an unsigned comparison does not extend the sign
    return [f](uint32_t s, int32_t k) { return f(s, static_cast<uint32_t>(k) & 0xffff); };
  };
  const auto i = [](auto f) { return [f](uint32_t s, int32_t k) { return f(static_cast<int32_t>(s), k); }; };
  const Immediate all[] = {
      {"s_movk_i32", [](uint32_t, int32_t k, bool) { return Expected{static_cast<uint32_t>(k), std::nullopt}; }},
      {"s_cmovk_i32",
       [](uint32_t s, int32_t k, bool c) { return Expected{c ? static_cast<uint32_t>(k) : s, std::nullopt}; }},
      {"s_addk_i32",
       [](uint32_t s, int32_t k, bool) {
         const int64_t sum = int64_t{static_cast<int32_t>(s)} + k;
         return Expected{static_cast<uint32_t>(sum), sum < INT32_MIN || sum > INT32_MAX};
       }},
      {"s_mulk_i32",
       [](uint32_t s, int32_t k, bool) {
         return Expected{static_cast<uint32_t>(int64_t{static_cast<int32_t>(s)} * k), std::nullopt};
       }},
      {"s_cmpk_eq_i32", compares(i([](int32_t s, int32_t k) { return s == k; }))},
      {"s_cmpk_lg_i32", compares(i([](int32_t s, int32_t k) { return s != k; }))},
      {"s_cmpk_gt_i32", compares(i([](int32_t s, int32_t k) { return s > k; }))},
      {"s_cmpk_ge_i32", compares(i([](int32_t s, int32_t k) { return s >= k; }))},
      {"s_cmpk_lt_i32", compares(i([](int32_t s, int32_t k) { return s < k; }))},
      {"s_cmpk_le_i32", compares(i([](int32_t s, int32_t k) { return s <= k; }))},
      {"s_cmpk_eq_u32", compares(u([](uint32_t s, uint32_t k) { return s == k; }))},
      {"s_cmpk_lg_u32", compares(u([](uint32_t s, uint32_t k) { return s != k; }))},
      {"s_cmpk_gt_u32", compares(u([](uint32_t s, uint32_t k) { return s > k; }))},
      {"s_cmpk_ge_u32", compares(u([](uint32_t s, uint32_t k) { return s >= k; }))},
      {"s_cmpk_lt_u32", compares(u([](uint32_t s, uint32_t k) { return s < k; }))},
      {"s_cmpk_le_u32", compares(u([](uint32_t s, uint32_t k) { return s <= k; }))},
  };
  constexpr uint16_t constants[] = {0, 1, 2, 0x7fff, 0x8000, 0xfff0, 0xffff};
  constexpr uint32_t registers[] = {0,      1,       2,          3,          0x7fff,     0x8000,    0xfff0,
                                    0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff8000, 0xffffffff};
  for (Target target : {Target::gfx803, Target::gfx906}) {
    WaveTest test(target);
    std::vector<std::string> texts;
    for (const Immediate& op : all) {
      for (const uint16_t k : constants)
        texts.push_back(std::string(op.name) + " s8, " + std::to_string(k) + "\ns_endpgm");
    }
    const auto programs = assembleAll(target, texts);
    size_t program = 0;
    for (const Immediate& op : all) {
      covers(op.name);
      for (const uint16_t k : constants) {
        CAPTURE(texts[program]);
        for (const uint32_t value : registers) {
          for (const bool scc : {false, true}) {
            test.s(8) = value;
            test.wave.scc = scc;
            REQUIRE(test.run(programs[program]) == Stop::Ended);
            const Expected want = op.formula(value, static_cast<int16_t>(k), scc);
            CHECK(test.s(8) == want.value.value_or(value));
            CHECK(test.wave.scc == want.scc.value_or(scc));
          }
        }
        ++program;
      }
    }
  }
}

TEST_CASE("scalar ALU: trap registers keep what they had") {
  WaveTest test(Target::gfx900);
  test.s(operand::kTtmp0) = 7;
  REQUIRE(test.run(std::vector<uint32_t>{0xbe8001c1 | operand::kTtmp0 << 16, 0xbf810000}) == Stop::Ended);  // s_mov_b64
  CHECK(test.s(operand::kTtmp0) == 7);
}
