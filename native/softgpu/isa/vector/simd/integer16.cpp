// 16-bit integers, packed pairs of them, and integer dot products (Vega ISA, 12.7, 12.10, 12.12; Vega 7nm ISA for dot
// products).
#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/half.h"
#include "isa/vector/simd/integer_rules.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

SIMD_INLINE u32x lessOrZero(u32x a, u32x b) {
  return a < b ? splat(0) : a - b;
}

template <class F>
SIMD_INLINE u32x signedHalves(u32x a, u32x b, F f) {
  return halves(a, b, [&](u32x x, u32x y) { return (u32x)f(signed16(x), signed16(y)); });
}

// Sum of products of `kWidth`-bit fields, to be added to c.
template <unsigned kBits>
SIMD_INLINE u32x unsignedField(u32x v, unsigned i) {
  return v >> (kBits * i) & ((1u << kBits) - 1);
}
template <unsigned kBits>
SIMD_INLINE i32x signedField(u32x v, unsigned i) {
  return (i32x)(v << (32 - kBits * (i + 1))) >> (32 - kBits);
}
template <unsigned kBits>
SIMD_INLINE u32x dotU(u32x a, u32x b, u32x c) {
  for (unsigned i = 0; i < 32 / kBits; ++i) c += unsignedField<kBits>(a, i) * unsignedField<kBits>(b, i);
  return c;
}
template <unsigned kBits>
SIMD_INLINE u32x dotI(u32x a, u32x b, u32x c) {
  for (unsigned i = 0; i < 32 / kBits; ++i) c += (u32x)(signedField<kBits>(a, i) * signedField<kBits>(b, i));
  return c;
}
template <unsigned kBits>
SIMD_INLINE u32x dotSaturatedU(u32x a, u32x b, u32x c) {
  Sum64 sum{c, i32x{}};
  for (unsigned i = 0; i < 32 / kBits; ++i) {
    sum = sum.plus(unsignedField<kBits>(a, i) * unsignedField<kBits>(b, i), i32x{});
  }
  return sum.saturatedUnsigned();
}
template <unsigned kBits>
SIMD_INLINE i32x dotSaturatedI(u32x a, u32x b, i32x c) {
  Sum64 sum{(u32x)c, c >> 31};
  for (unsigned i = 0; i < 32 / kBits; ++i) sum = sum.plus(signedField<kBits>(a, i) * signedField<kBits>(b, i));
  return sum.saturatedSigned();
}

#define DOT_U(name, T, bits)                                     \
  withSaturation(OP3(name, U32, T, T, U32, dotU<bits>(a, b, c)), \
                 OP3(name, U32, T, T, U32, dotSaturatedU<bits>(a, b, c)))
#define DOT_I(name, T, bits)                                     \
  withSaturation(OP3(name, U32, T, T, U32, dotI<bits>(a, b, c)), \
                 OP3(name, I32, T, T, I32, dotSaturatedI<bits>(a, b, c)))
// An operation on halves and its clamped form; x, y (and z) are the halves.
#define HALVES_U(expression) halves(a, b, [](u32x x, u32x y) { return expression; })
#define HALVES_I(expression) signedHalves(a, b, [](i32x x, i32x y) { return expression; })
#define PACKED_U(name, expression, saturated)                                      \
  withSaturation(OP2(name, PackedB16, PackedB16, PackedB16, HALVES_U(expression)), \
                 OP2(name, PackedB16, PackedB16, PackedB16, HALVES_U(saturated)))
#define PACKED_I(name, expression, saturated)                                      \
  withSaturation(OP2(name, PackedB16, PackedB16, PackedB16, HALVES_I(expression)), \
                 OP2(name, PackedB16, PackedB16, PackedB16, HALVES_I(saturated)))

const Operation kOperations[] = {
    withSaturation(OP2(v_add_u16, U16, U16, U16, a + b), OP2(v_add_u16, U16, U16, U16, clampU16(a + b))),
    withSaturation(OP2(v_sub_u16, U16, U16, U16, a - b), OP2(v_sub_u16, U16, U16, U16, lessOrZero(a, b))),
    withSaturation(OP2(v_subrev_u16, U16, U16, U16, b - a), OP2(v_subrev_u16, U16, U16, U16, lessOrZero(b, a))),
    withSaturation(OP2(v_add_i16, I16, I16, I16, a + b), OP2(v_add_i16, I16, I16, I16, clampI16(a + b))),
    withSaturation(OP2(v_sub_i16, I16, I16, I16, a - b), OP2(v_sub_i16, I16, I16, I16, clampI16(a - b))),
    withSaturation(OP2(v_mul_lo_u16, U16, U16, U16, a* b), OP2(v_mul_lo_u16, U16, U16, U16, clampU16(a* b))),
    withSaturation(OP3(v_mad_u16, U16, U16, U16, U16, a* b + c),
                   OP3(v_mad_u16, U16, U16, U16, U16, clampU16(a* b + c))),
    withSaturation(OP3(v_mad_i16, I16, I16, I16, I16, a* b + c),
                   OP3(v_mad_i16, I16, I16, I16, I16, clampI16(a* b + c))),
    withSaturation(OP3(v_mad_legacy_u16, U16, U16, U16, U16, a* b + c),
                   OP3(v_mad_legacy_u16, U16, U16, U16, U16, clampU16(a* b + c))),
    withSaturation(OP3(v_mad_legacy_i16, I16, I16, I16, I16, a* b + c),
                   OP3(v_mad_legacy_i16, I16, I16, I16, I16, clampI16(a* b + c))),
    OP2(v_lshlrev_b16, U16, U16, U16, b << (a & 15)),
    OP2(v_lshrrev_b16, U16, U16, U16, b >> (a & 15)),
    OP2(v_ashrrev_i16, I16, I16, I16, b >> (a & 15)),
    OP2(v_min_u16, U16, U16, U16, lesser(a, b)),
    OP2(v_max_u16, U16, U16, U16, greater(a, b)),
    OP2(v_min_i16, I16, I16, I16, lesser(a, b)),
    OP2(v_max_i16, I16, I16, I16, greater(a, b)),
    OP3(v_min3_u16, U16, U16, U16, U16, lesser(lesser(a, b), c)),
    OP3(v_max3_u16, U16, U16, U16, U16, greater(greater(a, b), c)),
    OP3(v_med3_u16, U16, U16, U16, U16, median(a, b, c)),
    OP3(v_min3_i16, I16, I16, I16, I16, lesser(lesser(a, b), c)),
    OP3(v_max3_i16, I16, I16, I16, I16, greater(greater(a, b), c)),
    OP3(v_med3_i16, I16, I16, I16, I16, median(a, b, c)),

    PACKED_U(v_pk_add_u16, x + y, clampU16(x + y)),
    PACKED_U(v_pk_sub_u16, x - y, lessOrZero(x, y)),
    PACKED_U(v_pk_mul_lo_u16, x* y, clampU16(x* y)),
    PACKED_U(v_pk_min_u16, lesser(x, y), lesser(x, y)),
    PACKED_U(v_pk_max_u16, greater(x, y), greater(x, y)),
    PACKED_U(v_pk_lshlrev_b16, y << (x & 15), y << (x & 15)),
    PACKED_U(v_pk_lshrrev_b16, y >> (x & 15), y >> (x & 15)),
    PACKED_I(v_pk_ashrrev_i16, y >> (x & 15), y >> (x & 15)),
    PACKED_I(v_pk_add_i16, x + y, clampI16(x + y)),
    PACKED_I(v_pk_sub_i16, x - y, clampI16(x - y)),
    PACKED_I(v_pk_min_i16, lesser(x, y), lesser(x, y)),
    PACKED_I(v_pk_max_i16, greater(x, y), greater(x, y)),
    withSaturation(OP3(v_pk_mad_u16, PackedB16, PackedB16, PackedB16, PackedB16,
                       halves(a, b, c, [](u32x x, u32x y, u32x z) { return x * y + z; })),
                   OP3(v_pk_mad_u16, PackedB16, PackedB16, PackedB16, PackedB16,
                       halves(a, b, c, [](u32x x, u32x y, u32x z) { return clampU16(x * y + z); }))),
    withSaturation(
        OP3(v_pk_mad_i16, PackedB16, PackedB16, PackedB16, PackedB16,
            halves(a, b, c, [](u32x x, u32x y, u32x z) { return x * y + z; })),
        OP3(v_pk_mad_i16, PackedB16, PackedB16, PackedB16, PackedB16,
            halves(a, b, c,
                   [](u32x x, u32x y, u32x z) { return (u32x)clampI16(signed16(x) * signed16(y) + signed16(z)); }))),

    DOT_I(v_dot2_i32_i16, PackedB16, 16),
    DOT_U(v_dot2_u32_u16, PackedB16, 16),
    DOT_I(v_dot4_i32_i8, U32, 8),
    DOT_U(v_dot4_u32_u8, U32, 8),
    DOT_I(v_dot8_i32_i4, U32, 4),
    DOT_U(v_dot8_u32_u4, U32, 4),
    DOT_I(v_dot2c_i32_i16, PackedB16, 16),
    DOT_I(v_dot4c_i32_i8, U32, 8),
    DOT_I(v_dot8c_i32_i4, U32, 4),
};

}  // namespace

OperationList integer16Operations() {
  return listOf(kOperations);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
