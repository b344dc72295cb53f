// Byte-wise operations for pixels: averages and sums of absolute differences (Vega ISA, 12.12).
#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/integer_rules.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

// (a + b + round) / 2 per byte, the low bit of each byte of c as `round`.
SIMD_INLINE u32x lerp(u32x a, u32x b, u32x c) {
  const u32x different = a ^ b;
  return (a & b) + (different >> 1 & 0x7f7f7f7f) + (different & c & 0x01010101);
}

template <class V>
SIMD_INLINE V byteOf(V v, unsigned i) {
  return v >> (8 * i) & 0xff;
}
template <class V>
SIMD_INLINE V difference(V a, V b) {
  return a > b ? a - b : b - a;
}

// Sum over four bytes; `masked` leaves out those whose reference byte in b is zero.
template <bool kMasked, class V>
SIMD_INLINE V sad(V a, V b) {
  V sum{};
  for (unsigned i = 0; i < 4; ++i) {
    const V x = byteOf(a, i), y = byteOf(b, i), d = difference(x, y);
    sum += kMasked ? (y == 0 ? V{} : d) : d;
  }
  return sum;
}
SIMD_INLINE u32x sad16(u32x a, u32x b) {
  return difference(a & 0xffff, b & 0xffff) + difference(a >> 16, b >> 16);
}

// Four sums, each with a window of a that starts one byte further, added to the 16-bit fields of c.
template <bool kMasked>
SIMD_INLINE u64x quadSad(u64x a, u64x b, u64x c, bool saturate) {
  u64x result{};
  for (unsigned i = 0; i < 4; ++i) {
    u64x sum = sad<kMasked>(a >> (8 * i) & 0xffffffff, b) + (c >> (16 * i) & 0xffff);
    if (saturate) sum = sum > 0xffff ? splat64(0xffff) : sum;
    result |= (sum & 0xffff) << (16 * i);
  }
  return result;
}

#define SAD(name, expression)                                     \
  withSaturation(OP3(name, U32, U32, U32, U32, (expression) + c), \
                 OP3(name, U32, U32, U32, U32, addSaturated(expression, c)))

const Operation kOperations[] = {
    OP3(v_lerp_u8, U32, U32, U32, U32, lerp(a, b, c)),
    SAD(v_sad_u8, sad<false>(a, b)),
    SAD(v_sad_hi_u8, sad<false>(a, b) << 16),
    SAD(v_sad_u16, sad16(a, b)),
    SAD(v_msad_u8, sad<true>(a, b)),
    withSaturation(OP3(v_qsad_pk_u16_u8, U64, U64, U32, U64, quadSad<false>(a, b, c, false)),
                   OP3(v_qsad_pk_u16_u8, U64, U64, U32, U64, quadSad<false>(a, b, c, true))),
    withSaturation(OP3(v_mqsad_pk_u16_u8, U64, U64, U32, U64, quadSad<true>(a, b, c, false)),
                   OP3(v_mqsad_pk_u16_u8, U64, U64, U32, U64, quadSad<true>(a, b, c, true))),
};

}  // namespace

OperationList pixelOperations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
