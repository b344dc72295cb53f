// 64- and 128-bit integers.
#include "compare.h"

#ifdef __clang__  // GCC has no 128-bit integers on this GPU
typedef unsigned __int128 u128;
typedef __int128 i128;
#endif

ITEM(long_arithmetic, "u") {
  const u64 x = UL(0), y = UL(1), z = UL(2);
  PUTL(x + y), PUTL(x - y), PUTL(x * y), PUTL(0 - x), PUTL(~x & y), PUTL(x * y + z), PUTL((x | y) ^ z),
      PUTL(x * 1000003);
  PUTL((u64)U(0) * U(2) + y), PUTL((i64)I(0) * I(2) + SL(1)), PUTL(x + 1), PUTL((x << 2) + y), PUTL((x & y) | (~x & z));
}

ITEM(long_divide, "u") {
  for (u32 k = 0; k < 2; ++k) {
    const u64 x = UL(k), y = UL(k + 1) >> (U(6 + k) & 63);
    const i64 s = (i64)x, t = (i64)y;
    PUTL(y ? x / y : 1), PUTL(y ? x % y : 2);
    const int defined = t != 0 && t != -1;
    PUTL(defined ? s / t : 3), PUTL(defined ? s % t : 4);
  }
  PUTL(UL(0) / 10), PUTL(UL(0) % 1000000007), PUTL(SL(0) / 3600), PUTL(SL(0) % -17), PUTL(UL(0) / (U(4) | 1));
}

ITEM(long_shift, "u") {
  const u64 x = UL(0);
  const u32 n = U(2) & 63;
  PUTL(x << n), PUTL(x >> n), PUTL((i64)x >> n), PUTL(x << n | x >> (-n & 63)), PUTL(x << 32), PUTL(x >> 33),
      PUTL((i64)x >> 40);
  PUTL((i64)x >> 63), PUTL((x >> n) & 0xffff), PUTL(1ul << n), PUTL((u64)U(3) << n), PUTL((i64)I(3) >> n);
}

ITEM(long_compare, "u") {
  const u64 x = UL(0), y = UL(1);
  const i64 s = SL(0), t = SL(1);
  PUT((x < y) | (x <= y) << 1 | (x > y) << 2 | (x >= y) << 3 | (x == y) << 4 | (x != y) << 5 | (s < t) << 6 |
      (s <= t) << 7 | (s > t) << 8 | (s >= t) << 9 | (x == 0) << 10 | (s < 0) << 11);
  PUTL(x < y ? x : y), PUTL(x > y ? x : y), PUTL(s < t ? s : t), PUTL(s > t ? s : t), PUTL(s < 0 ? -x : x);
  PUT(((x & 0xffffffff00000000) | (u32)y) > y), PUTL(x == y ? x : s < t ? y : 5);
}

ITEM(long_bits, "u") {
  const u64 x = UL(0) & (U(4) & 1 ? ~0ul : 0xffffffff00000000), y = UL(1);
  PUT(__builtin_popcountl(x)), PUT(x ? __builtin_clzl(x) : 64), PUT(x ? __builtin_ctzl(x) : 64),
      PUT(__builtin_ffsl((i64)x));
  PUTL(__builtin_bitreverse64(x)), PUTL(__builtin_bswap64(x)), PUT(__builtin_parityl(x)), PUT(__builtin_clrsbl((i64)x));
  PUTL(__builtin_rotateleft64(x, y)), PUTL(x & -x), PUTL(x & (x - 1));
}

ITEM(long_overflow, "u") {
  u64 u;
  i64 s;
  u32 flags = (u32)__builtin_add_overflow(UL(0), UL(1), &u);
  PUTL(u);
  flags |= (u32)__builtin_sub_overflow(UL(0), UL(1), &u) << 1, PUTL(u);
  flags |= (u32)__builtin_mul_overflow(UL(0), UL(1), &u) << 2, PUTL(u);
  flags |= (u32)__builtin_add_overflow(SL(0), SL(1), &s) << 3, PUTL(s);
  flags |= (u32)__builtin_sub_overflow(SL(0), SL(1), &s) << 4, PUTL(s);
  PUT(flags);
}

#ifdef __clang__
ITEM(long_saturate, "u") {
  PUTL(__builtin_elementwise_add_sat(UL(0), UL(1))), PUTL(__builtin_elementwise_sub_sat(SL(0), SL(1)));
}
#endif

#ifdef __clang__
ITEM(long_high_product, "u") {
  PUTL((u128)UL(0) * UL(1) >> 64), PUTL((i128)SL(0) * SL(1) >> 64), PUTL((u128)UL(0) * U(4) >> 32);
}
#endif

#ifdef __clang__
ITEM(wide_arithmetic, "u") {
  const u128 x = (u128)UL(0) << 64 | UL(1), y = (u128)UL(2) << 64 | UL(3);
  const u32 n = U(0) & 127;
  const u128 results[] = {x + y, x - y, x * y, x << n, x >> n, (u128)((i128)x >> n), ~x & y, (i128)x < (i128)y ? x : y};
  for (u32 k = 0; k < 8; ++k) PUTL(results[k]), PUTL(results[k] >> 64);
}
#endif

ITEM(long_hash, "u") {
  u64 fnv = 0xcbf29ce484222325;
  const u8* bytes = (const u8*)in;
  for (u32 k = 0; k < 32; ++k) fnv = (fnv ^ bytes[k]) * 0x100000001b3;
  PUTL(fnv);
  u64 z = UL(0) + 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9, z = (z ^ z >> 27) * 0x94d049bb133111eb;
  PUTL(z ^ z >> 31);
  u64 s = UL(1) | 1;
  for (u32 k = 0; k < 20; ++k) s ^= s << 13, s ^= s >> 7, s ^= s << 17;
  PUTL(s);
}

ITEM(long_power, "u") {
  const u64 modulus = (UL(2) >> 33) | 1;
  u64 base = UL(0) % modulus, result = 1;
  for (u32 e = U(6) & 0xffff; e; e >>= 1) {
    if (e & 1) result = result * base % modulus;
    base = base * base % modulus;
  }
  PUTL(result);
}

ITEM(long_fixed_point, "u") {  // Q32.32
  i64 x = SL(0) >> 20, y = (SL(1) >> 20) | 1;
  const i64 product = (i64)((u64)(x >> 16) * (u64)(y >> 16));
  PUTL(product), PUTL((i64)((u64)x << 8) / y), PUTL((x >> 32) + (y & 0xffffffff));
  u64 square = UL(2), root = 0;
  for (u64 bit = 1ul << 62; bit; bit >>= 2) {
    if (square >= root + bit)
      square -= root + bit, root = (root >> 1) + bit;
    else
      root >>= 1;
  }
  PUTL(root);
}

ITEM(long_sha256, "u") {  // eight rounds of its mixing
  u32 s[8];
  for (u32 k = 0; k < 8; ++k) s[k] = U(k);
#define ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))
  for (u32 k = 0; k < 8; ++k) {
    const u32 s1 = ROTATE(s[4], 6) ^ ROTATE(s[4], 11) ^ ROTATE(s[4], 25), choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const u32 t1 = s[7] + s1 + choice + 0x428a2f98 * (k + 1) + U(k);
    const u32 s0 = ROTATE(s[0], 2) ^ ROTATE(s[0], 13) ^ ROTATE(s[0], 22);
    const u32 majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    for (u32 j = 7; j; --j) s[j] = s[j - 1];
    s[4] += t1, s[0] = t1 + s0 + majority;
  }
  for (u32 k = 0; k < 8; ++k) PUT(s[k]);
}
