// Moves, logic, shifts, bit fields and bit counts (Vega ISA, 12.7, 12.8 and 12.12).
#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/integer_rules.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

SIMD_INLINE u32x reverse(u32x v) {
  v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
  v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
  v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
  v = (v >> 8 & 0x00ff00ff) | (v & 0x00ff00ff) << 8;
  return v >> 16 | v << 16;
}
SIMD_INLINE u32x countOnes(u32x v) {
  v = v - (v >> 1 & 0x55555555);
  v = (v & 0x33333333) + (v >> 2 & 0x33333333);
  v = (v + (v >> 4)) & 0x0f0f0f0f;
  return v * 0x01010101 >> 24;
}
// Position of the first one, -1 without any.
SIMD_INLINE u32x firstOneLow(u32x v) {
  return v == 0 ? splat(~0u) : countOnes(~v & (v - 1));
}
SIMD_INLINE u32x firstOneHigh(u32x v) {
  return v == 0 ? splat(~0u) : leadingZeros(v);
}
// The sign bit counts as the first of its run; the answer is where the run ends.
SIMD_INLINE u32x firstOpposite(u32x v) {
  return firstOneHigh(v ^ (u32x)((i32x)v >> 31));
}

SIMD_INLINE u32x bitFieldU(u32x v, u32x offset, u32x width) {
  return v >> (offset & 31) & ((splat(1) << (width & 31)) - 1);
}
SIMD_INLINE i32x bitFieldI(i32x v, i32x offset, i32x width) {
  const i32x w = width & 31, unused = 31 & (32 - w);
  const i32x field = (i32x)((u32x)(v >> (offset & 31)) << (u32x)unused) >> unused;
  return w == 0 ? i32x{} : field;
}
SIMD_INLINE u32x align(u32x high, u32x low, u32x shift) {
  return low >> shift | high << 1 << (31 - shift);
}

// Bytes of {a, b} by selectors: 0-7 a byte, 8-11 the sign of byte 1, 3, 5, 7, 12 zero, above that ones.
SIMD_INLINE u32x permute(u32x a, u32x b, u32x selectors) {
  using u8x = uint8_t __attribute__((vector_size(kBytes)));
  using i8x = int8_t __attribute__((vector_size(kBytes)));
  const u32x places = selectors & 0x03030303;
  const u8x selector = (u8x)selectors;
  u8x result = (selector & 4) != 0 ? (u8x)selectBytes(a, places) : (u8x)selectBytes(b, places);
  if (anyAbove(selectors & 0xf8f8f8f8, splat(0))) {
    const u32x signs = ((selectors & 0x01010101) << 1) | 0x01010101;
    const u8x signedByte = (selector & 2) != 0 ? (u8x)selectBytes(a, signs) : (u8x)selectBytes(b, signs);
    const u8x sign = (u8x)((i8x)signedByte < 0);
    const u8x constant = selector == 12 ? u8x{} : ~u8x{};
    result = selector > 7 ? (selector > 11 ? constant : sign) : result;
  }
  return (u32x)result;
}

// Bits of lanes below each lane, in the low or the high half of the wave.
SIMD_INLINE u32x lanesBelow(unsigned firstLane, unsigned half) {
  const i32x before = (i32x)(laneNumbers() + firstLane) - static_cast<int32_t>(32 * half);
  const i32x shift = before < 0 ? i32x{} : before;
  return before >= 32 ? splat(~0u) : (splat(1) << ((u32x)shift & 31)) - 1;
}

const Operation kOperations[] = {
    OP1(v_mov_b32, U32, U32, a),
    OP3(v_cndmask_b32, U32, U32, U32, Mask, select(c, b, a)),
    OP1(v_accvgpr_read_b32, U32, U32, a),

    OP1(v_not_b32, U32, U32, ~a),
    OP2(v_and_b32, U32, U32, U32, a& b),
    OP2(v_or_b32, U32, U32, U32, a | b),
    OP2(v_xor_b32, U32, U32, U32, a ^ b),
    OP2(v_xnor_b32, U32, U32, U32, ~(a ^ b)),
    OP3(v_and_or_b32, U32, U32, U32, U32, (a & b) | c),
    OP3(v_or3_b32, U32, U32, U32, U32, a | b | c),
    OP3(v_lshl_or_b32, U32, U32, U32, U32, a << (b & 31) | c),

    OP2(v_lshrrev_b32, U32, U32, U32, b >> (a & 31)),
    OP2(v_ashrrev_i32, I32, I32, I32, b >> (a & 31)),
    OP2(v_lshlrev_b32, U32, U32, U32, b << (a & 31)),
    OP2(v_lshlrev_b64, U64, U32, U64, b << (a & 63)),
    OP2(v_lshrrev_b64, U64, U32, U64, b >> (a & 63)),
    OP2(v_ashrrev_i64, I64, I32, I64, b >> (a & 63)),

    OP3(v_bfe_u32, U32, U32, U32, U32, bitFieldU(a, b, c)),
    OP3(v_bfe_i32, I32, I32, I32, I32, bitFieldI(a, b, c)),
    OP3(v_bfi_b32, U32, U32, U32, U32, (a & b) | (~a & c)),
    OP2(v_bfm_b32, U32, U32, U32, ((splat(1) << (a & 31)) - 1) << (b & 31)),
    OP3(v_alignbit_b32, U32, U32, U32, U32, align(a, b, c & 31)),
    OP3(v_alignbyte_b32, U32, U32, U32, U32, align(a, b, (c & 3) << 3)),
    OP3(v_perm_b32, U32, U32, U32, U32, permute(a, b, c)),

    OP1(v_bfrev_b32, U32, U32, reverse(a)),
    OP1(v_ffbh_u32, U32, U32, firstOneHigh(a)),
    OP1(v_ffbl_b32, U32, U32, firstOneLow(a)),
    OP1(v_ffbh_i32, U32, U32, firstOpposite(a)),
    OP2(v_bcnt_u32_b32, U32, U32, U32, countOnes(a) + b),
    OP2(v_mbcnt_lo_u32_b32, U32, U32, U32, countOnes(a& lanesBelow(e.lane, 0)) + b),
    OP2(v_mbcnt_hi_u32_b32, U32, U32, U32, countOnes(a& lanesBelow(e.lane, 1)) + b),
};

}  // namespace

OperationList bitOperations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
