// 16-bit floating point.
#include "compare.h"

typedef f16 f16x2 __attribute__((ext_vector_type(2)));

ITEM(half_arithmetic, "h") {
  const f16 x = H(0), y = H(1), z = H(2);
  PUTH(x + y), PUTH(x - y), PUTH(x * y), PUTH(-x), PUTH((f16)(x * y) + z), PUTH(x + (f16)1), PUTH(x * (f16)0.5),
      PUTH(y - x * x);
}

ITEM(half_divide, "h") {
  PUTH(H(0) / H(1)), PUTH((f16)1 / H(0)), PUTH(H(2) / (f16)3), PUTH((H(0) + H(1)) / H(2));
}

ITEM(half_compare, "h") {
  const f16 x = H(0), y = H(1);
  PUT((x < y) | (x <= y) << 1 | (x > y) << 2 | (x >= y) << 3 | (x == y) << 4 | (x != y) << 5 |
      __builtin_isunordered(x, y) << 6 | (x < 0) << 7 | __builtin_isnan(x) << 8 | __builtin_isinf(y) << 9 |
      __builtin_isnormal(x) << 10);
  PUTH(x < y ? x : y), PUTH(x > y ? x : y), PUTH(x<(f16)-1 ? (f16)-1 : x>(f16) 1 ? (f16)1 : x);
}

ITEM(half_convert, "h") {
  const f16 x = H(0);
  PUTF((f32)x), PUTD((f64)x), PUTF((f32)x * (f32)H(1)), PUTH((f16)((f32)H(0) * 3 + (f32)H(1)));
  const f16 small = x > (f16)-2000 && x < (f16)2000 ? x : (f16)5;
  PUT((i32)small), PUT((i16)small), PUT((u16)(small < 0 ? -small : small)), PUTL((i64)small);
}

ITEM(half_from_float, "f") {
  // + 0: LLVM 19 multiplies with v_fma_mixlo_f16 and adds 0 where it should -0.
  PUTH((f16)F(0)), PUTH((f16)F(1)), PUTH((f16)(F(0) * F(1)) + (f16)0), PUTH((f16)(F(2) - F(3))), PUTF((f32)(f16)F(4));
}

ITEM(half_from_integer, "u") {
  PUTH((f16)(i16)U(0)), PUTH((f16)(u16)U(1)), PUTH((f16)(i32)(I(2) >> 16)), PUTH((f16)(u8)U(3)),
      PUTH((f16)((i32)U(4) % 3000));
}

ITEM(half_pairs, "h") {
  const f16x2 x = {H(0), H(1)}, y = {H(2), H(3)}, z = {H(4), H(5)};
  const f16x2 results[] = {x + y, x - y, x * y, -x, x * y + z, x.yx + y, x.xx * y.yx, x - y.yy};
  for (u32 k = 0; k < 8; ++k) PUTH(results[k].x), PUTH(results[k].y);
}

ITEM(half_extremes, "h") {
  const f16 x = H(0), y = H(1), z = H(2);
  PUTH(__builtin_elementwise_max(x, y) + (f16)0), PUTH(__builtin_elementwise_min(x, y) + (f16)0);
  PUTH(__builtin_elementwise_min(__builtin_elementwise_max(x, (f16)0), (f16)1) + (f16)0);
  PUTH(__builtin_elementwise_max(__builtin_elementwise_max(x, y), z) + (f16)0), PUTH(__builtin_elementwise_abs(x));
  PUTH(__builtin_elementwise_floor(x)), PUTH(__builtin_elementwise_ceil(y)), PUTH(__builtin_elementwise_trunc(z));
  PUTH(__builtin_elementwise_rint(x)), PUTH(__builtin_elementwise_copysign(x, y));
}

typedef i16 i16x2 __attribute__((ext_vector_type(2)));
typedef u16 u16x2 __attribute__((ext_vector_type(2)));
static inline u32 pair(u16x2 v) {
  return __builtin_bit_cast(u32, v);
}

ITEM(half_integer_pairs, "u") {
  const u16x2 x = __builtin_bit_cast(u16x2, U(0)), y = __builtin_bit_cast(u16x2, U(1)),
              z = __builtin_bit_cast(u16x2, U(2));
  const i16x2 s = __builtin_bit_cast(i16x2, x), t = __builtin_bit_cast(i16x2, y);
  PUT(pair(x + y)), PUT(pair(x - y)), PUT(pair(x * y)), PUT(pair(x * y + z)), PUT(pair(x << (y & 15))),
      PUT(pair(x >> (y & 15)));
  PUT(__builtin_bit_cast(u32, (i16x2)(s >> (t & (i16)15)))), PUT(pair(__builtin_elementwise_max(x, y))),
      PUT(pair(__builtin_elementwise_min(x, y)));
  PUT(__builtin_bit_cast(u32, __builtin_elementwise_max(s, t))),
      PUT(__builtin_bit_cast(u32, __builtin_elementwise_min(s, t)));
  PUT(pair(x.yx + y)), PUT(pair(x.xx - y.yx)), PUT(pair(__builtin_elementwise_add_sat(x, y))),
      PUT(pair(__builtin_elementwise_sub_sat(x, y)));
  PUT(__builtin_bit_cast(u32, __builtin_elementwise_add_sat(s, t))), PUT(pair(x & ~y | z)), PUT(pair(-x));
}
