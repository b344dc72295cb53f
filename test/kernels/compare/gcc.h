// Clang's builtins that these kernels use and GCC 12 does not have.
#pragma once

#define __builtin_bit_cast(T, v) \
  ({                             \
    union {                      \
      __typeof__(v) from;        \
      T to;                      \
    } cast = {.from = (v)};      \
    cast.to;                     \
  })
static inline u64 reversed(u64 x, u32 bits) {
  u64 r = 0;
  for (u32 i = 0; i < bits; ++i) r |= (x >> i & 1) << (bits - 1 - i);
  return r;
}
#define __builtin_bitreverse8(x) reversed((x), 8)
#define __builtin_bitreverse16(x) reversed((x), 16)
#define __builtin_bitreverse32(x) reversed((x), 32)
#define __builtin_bitreverse64(x) reversed((x), 64)
#define __builtin_rotateleft8(x, n) ((u8)((u8)(x) << ((n) & 7) | (u8)(x) >> (-(n) & 7)))
#define __builtin_rotateright16(x, n) ((u16)((u16)(x) >> ((n) & 15) | (u16)(x) << (-(n) & 15)))
#define __builtin_rotateleft32(x, n) ((x) << ((n) & 31) | (x) >> (-(n) & 31))
#define __builtin_rotateleft64(x, n) ((x) << ((n) & 63) | (x) >> (-(n) & 63))
static inline u32 add_with_carry(u32 a, u32 b, u32 in, u32* carry) {
  const u64 sum = (u64)a + b + in;
  *carry = sum >> 32;
  return (u32)sum;
}
static inline u32 subtract_with_borrow(u32 a, u32 b, u32 in, u32* borrow) {
  const u64 rest = (u64)a - b - in;
  *borrow = rest >> 63;
  return (u32)rest;
}
#define __builtin_addc add_with_carry
#define __builtin_subc subtract_with_borrow
#define __builtin_iszero(x) ((x) == 0)
#define __builtin_issubnormal(x) (__builtin_isfinite(x) && !__builtin_isnormal(x) && (x) != 0)
