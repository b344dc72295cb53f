// 8-, 16- and 32-bit integers.
#include "compare.h"

ITEM(int_arithmetic, "u") {
  const u32 x = U(0), y = U(1), z = U(2);
  PUT(x + y), PUT(x - y), PUT(x * y), PUT(0 - x), PUT(~x), PUT(x & y), PUT(x | y), PUT(x ^ y);
  PUT(x * y + z), PUT(x * y - z), PUT((x & y) | (~x & z)), PUT(x + y + z), PUT((x << 3) + y), PUT((x ^ y) ^ z);
  PUT((u64)x * y >> 32), PUT((i64)(i32)x * (i32)y >> 32), PUT((x + y) >> 1), PUT(x - (y << 2));
}

ITEM(int_constants, "u") {
  const u32 x = U(0);
  PUT(x * 3), PUT(x * 10), PUT(x * 0x12345677), PUT(x / 7), PUT(x % 10), PUT(x / 641), PUT(x % 1000003);
  PUT(I(0) / 7), PUT(I(0) % 10), PUT(I(0) / -3), PUT(I(0) % 16), PUT(I(0) / 64), PUT(x + 65), PUT(x & 0xff00ff),
      PUT(x ^ ~0x3f);
}

ITEM(int_divide, "u") {
  for (u32 k = 0; k < 3; ++k) {
    const u32 x = U(2 * k), y = U(2 * k + 1) >> (U(6) >> 4 * k & 31);
    PUT(y ? x / y : 1), PUT(y ? x % y : 2);
    const i32 s = (i32)x, t = (i32)y;
    const int defined = t != 0 && (t != -1 || s != (-2147483647 - 1));
    PUT(defined ? s / t : 3), PUT(defined ? s % t : 4);
  }
}

ITEM(int_shift, "u") {
  const u32 x = U(0), n = U(1) & 31;
  PUT(x << n), PUT(x >> n), PUT((i32)x >> n), PUT(x << n | x >> (-n & 31)), PUT(x >> n | x << (-n & 31));
  PUT((x << n) + x), PUT((x >> n) & 0xff), PUT((i32)(x << 5) >> 20), PUT(x << 20 >> 20), PUT(1u << n),
      PUT((1u << n) - 1 & x);
  PUT((u32)((UL(1) << 32 | x) >> n)), PUT(n ? x >> (32 - n) : 0), PUT((i32)x >> 31);
}

ITEM(int_bits, "u") {
  const u32 x = U(0), y = U(1);
  PUT(__builtin_popcount(x)), PUT(x ? __builtin_clz(x) : 32), PUT(x ? __builtin_ctz(x) : 32),
      PUT(__builtin_ffs((i32)x));
  PUT(__builtin_bitreverse32(x)), PUT(__builtin_bswap32(x)), PUT(__builtin_parity(x)), PUT(__builtin_clrsb((i32)x));
  PUT(__builtin_bitreverse16((u16)x)), PUT(__builtin_bitreverse8((u8)x)), PUT(__builtin_bswap16((u16)y)), PUT(x & -x);
  PUT(x & (x - 1)), PUT(__builtin_popcount(x) + y), PUT(__builtin_rotateleft32(x, y)),
      PUT(__builtin_rotateright16((u16)x, (u16)y));
  PUT(__builtin_rotateleft8((u8)x, (u8)y));
}

ITEM(int_compare, "u") {
  const u32 x = U(0), y = U(1);
  const i32 s = I(0), t = I(1), r = I(2);
  PUT((x < y) | (x <= y) << 1 | (x > y) << 2 | (x >= y) << 3 | (x == y) << 4 | (x != y) << 5 | (s < t) << 6 |
      (s <= t) << 7 | (s > t) << 8 | (s >= t) << 9 | (x == 0) << 10 | (s < 0) << 11 | (s > -1) << 12);
  PUT(x < y ? x : y), PUT(x > y ? x : y), PUT(s < t ? s : t), PUT(s > t ? s : t);
  PUT(s < 0 ? 0u - x : x), PUT(s < t ? (t < r ? t : s < r ? r : s) : (s < r ? s : t < r ? r : t));
  const i32 low = s < t ? s : t, high = s < t ? t : s;
  PUT(r < low ? low : r > high ? high : r), PUT((s > 0) - (s < 0)), PUT(x < y ? 7 : x == y ? 8 : 9);
}

ITEM(int_overflow, "u") {
  u32 u;
  i32 s;
  u16 h;
  u32 flags = (u32)__builtin_add_overflow(U(0), U(1), &u);
  PUT(u);
  flags |= (u32)__builtin_sub_overflow(U(0), U(1), &u) << 1, PUT(u);
  flags |= (u32)__builtin_mul_overflow(U(0), U(1), &u) << 2, PUT(u);
  flags |= (u32)__builtin_add_overflow(I(0), I(1), &s) << 3, PUT(s);
  flags |= (u32)__builtin_sub_overflow(I(0), I(1), &s) << 4, PUT(s);
  flags |= (u32)__builtin_mul_overflow(I(0), I(1), &s) << 5, PUT(s);
  flags |= (u32)__builtin_add_overflow((u16)U(0), (u16)U(1), &h) << 6, PUT(h);
  u32 carry;
  PUT(__builtin_addc(U(0), U(1), U(2) & 1, &carry)), PUT(carry);
  PUT(__builtin_subc(U(0), U(1), U(2) & 1, &carry)), PUT(carry), PUT(flags);
}

ITEM(int_narrow, "u") {  // quotients are narrowed: LLVM 19 makes -128 of (i8)-128 / (i8)-1, for which C wants 128
  const u8 a = (u8)U(0), b = (u8)U(1);
  const i8 c = (i8)U(0), d = (i8)U(1);
  const u16 e = (u16)U(2), f = (u16)U(3);
  const i16 g = (i16)U(2), h = (i16)U(3);
  PUT((u8)(a + b)), PUT((u8)(a * b)), PUT((i8)(c - d)), PUT((i8)(c * d)), PUT((u8)(a << (b & 7))),
      PUT((i8)(c >> (b & 7)));
  PUT((u16)(e + f)), PUT((u16)(e * f)), PUT((i16)(g - h)), PUT((i16)(g * h)), PUT((u16)(e << (f & 15))),
      PUT((i16)(g >> (f & 15)));
  PUT(c < d), PUT(a < b), PUT(g < h), PUT(e < f), PUT((u16)(e * f + a)), PUT((i16)(g * h + c)), PUT(e > f ? e : f),
      PUT(g < h ? g : h);
  PUT(b ? a / b : 0), PUT(f ? e % f : 0), PUT(d ? (i8)(c / d) : 0), PUT(h ? (i16)(g % h) : 0), PUT((i32)c + g),
      PUT((u8)~a), PUT((u16)-e);
}

struct Fields {
  u32 a : 3, b : 7, c : 11, d : 11;
  i32 e : 5, f : 13, g : 14;
};

ITEM(int_fields, "u") {
  struct Fields s = {U(0) & 7, U(1) & 127, U(2) & 2047, U(3) & 2047, I(4) % 16, I(5) % 4096, I(6) % 8192};
  s.b += s.a, s.c ^= s.d, s.e += 3, s.f -= s.e, s.g *= 2;
  PUT(s.a), PUT(s.b), PUT(s.c), PUT(s.d), PUT(s.e), PUT(s.f), PUT(s.g);
}

#ifdef __clang__
ITEM(int_saturate, "u") {
  PUT(__builtin_elementwise_add_sat(U(0), U(1))), PUT(__builtin_elementwise_sub_sat(U(0), U(1)));
  PUT(__builtin_elementwise_add_sat(I(0), I(1))), PUT(__builtin_elementwise_sub_sat(I(0), I(1)));
  PUT(__builtin_elementwise_add_sat((u16)U(0), (u16)U(1))), PUT(__builtin_elementwise_sub_sat((i16)U(0), (i16)U(1)));
  PUT(__builtin_elementwise_add_sat((i8)U(0), (i8)U(1))), PUT(__builtin_elementwise_sub_sat((u8)U(0), (u8)U(1)));
  PUT(__builtin_elementwise_abs(I(0) | 1)), PUT(__builtin_elementwise_max(I(0), I(1))),
      PUT(__builtin_elementwise_min(U(0), U(1)));
}
#endif

ITEM(int_products24, "u") {
  const u32 x = U(0) & 0xffffff, y = U(1) & 0xffffff;
  const i32 s = I(0) >> 8, t = I(1) >> 8;
  PUT(x * y), PUT(x * y + U(2)), PUT((u64)x * y >> 32), PUT((u32)s * (u32)t), PUT((i64)s * t >> 32),
      PUT((u32)s * (u32)t + U(2));
}

ITEM(int_bytes, "u") {
  u32 sad = 0, average = 0, maximum = 0;
  for (u32 k = 0; k < 4; ++k) {
    const i32 a = (u8)(U(0) >> 8 * k), b = (u8)(U(1) >> 8 * k);
    sad += (u32)((a > b ? a : b) -
                 (a > b ? b : a));  // not a < b ? b - a : a - b, where LLVM 19 forgets the choice on gfx9
    average |= (u32)(a + b + 1) / 2 << 8 * k;
    maximum |= (u32)(a > b ? a : b) << 8 * k;
  }
  PUT(sad), PUT(average), PUT(maximum);
  i32 dot = I(2);
  for (u32 k = 0; k < 4; ++k) dot = (i32)((u32)dot + (u32)((i8)(U(0) >> 8 * k) * (i8)(U(1) >> 8 * k)));
  PUT(dot);
  PUT((U(0) & 0xff00ff00) >> 8 | (U(0) & 0x00ff00ff) << 8), PUT(U(0) >> 24 | U(1) << 8), PUT((u8)U(0) * 0x01010101u);
}

ITEM(int_gcd, "u") {
  u32 a = U(0), b = U(1), steps = 0;
  while (b) {
    const u32 rest = a % b;
    a = b, b = rest, ++steps;
  }
  PUT(a), PUT(steps);
}

ITEM(int_root, "u") {
  u32 x = U(0), root = 0;
  for (u32 bit = 1u << 30; bit; bit >>= 2) {
    if (x >= root + bit)
      x -= root + bit, root = (root >> 1) + bit;
    else
      root >>= 1;
  }
  PUT(root), PUT(x);
}

ITEM(int_power, "u") {
  const u32 modulus = (U(2) & 0x7fffffff) | 1;
  u64 base = U(0) % modulus, result = 1;
  for (u32 e = U(1); e; e >>= 1) {
    if (e & 1) result = result * base % modulus;
    base = base * base % modulus;
  }
  PUT(result);
}

ITEM(int_crc, "u") {
  u32 crc = ~0u;
  for (u32 k = 0; k < 8; ++k) {
    crc ^= U(k);
    for (u32 bit = 0; bit < 32; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  PUT(~crc);
}

ITEM(int_collatz, "u") {
  u32 x = U(0) % 100000 + 1, steps = 0;
  while (x != 1) x = x & 1 ? 3 * x + 1 : x / 2, ++steps;
  PUT(steps);
}

ITEM(int_morton, "u") {
  u32 code = 0;
  for (u32 k = 0; k < 16; ++k) code |= (U(0) >> k & 1) << 2 * k | (U(1) >> k & 1) << (2 * k + 1);
  u32 x = U(0) & 0xffff;
  x = (x | x << 8) & 0x00ff00ff, x = (x | x << 4) & 0x0f0f0f0f, x = (x | x << 2) & 0x33333333,
  x = (x | x << 1) & 0x55555555;
  PUT(code), PUT(x), PUT(U(0) ^ U(0) >> 1), PUT(__builtin_popcount(U(0) ^ U(1)));
}
