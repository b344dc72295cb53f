// Arithmetic whose results the host can say to the last bit.
#pragma clang fp contract(off)
#include "gcn.h"

// Ten words of 32-bit integer results for each pair.
kernel math_u32(u32 n, const global u32* a, const global u32* b, global u32* out) {
  u32 i = global_x();
  if (i >= n) return;
  u32 x = a[i], y = b[i];
  global u32* row = out + 10 * i;
  row[0] = x * y;
  row[1] = (u32)((u64)x * y >> 32);
  row[2] = y ? x / y : 0;
  row[3] = y ? x % y : 0;
  row[4] = x << (y & 31) | x >> (-y & 31);
  row[5] = (u32)((i32)x >> (y & 31));
  row[6] = (u32)__builtin_popcount(x);
  row[7] = x ? (u32)__builtin_clz(x) : 32;
  row[8] = __builtin_bitreverse32(x) ^ __builtin_bswap32(y);
  row[9] = (i32)x < (i32)y ? x : y;
}

// Five words of 64 bits for each pair.
kernel math_u64(u32 n, const global u64* a, const global u64* b, global u64* out) {
  u32 i = global_x();
  if (i >= n) return;
  u64 x = a[i], y = b[i];
  global u64* row = out + 5 * i;
  row[0] = x * y;
  row[1] = y ? x / y : 0;
  row[2] = y ? x % y : 0;
  row[3] = x >> (y & 63);
  row[4] = (u64)((i64)x < (i64)y ? -(i64)x : (i64)y);
}

// Correctly rounded f32: add, subtract, multiply, fma, divide, square root, floor, ceil, trunc, nearest even, min, max.
kernel math_f32(u32 n, const global f32* a, const global f32* b, global f32* out) {
  u32 i = global_x();
  if (i >= n) return;
  f32 x = a[i], y = b[i];
  global f32* row = out + 12 * i;
  row[0] = x + y;
  row[1] = x - y;
  row[2] = x * y;
  row[3] = __builtin_fmaf(x, y, x);
  row[4] = x / y;
  row[5] = __builtin_sqrtf(__builtin_fabsf(x));
  row[6] = __builtin_floorf(x);
  row[7] = __builtin_ceilf(x);
  row[8] = __builtin_truncf(x);
  row[9] = __builtin_rintf(x);
  row[10] = __builtin_fminf(x, y);
  row[11] = __builtin_fmaxf(x, y);
}

// The same in f64.
kernel math_f64(u32 n, const global f64* a, const global f64* b, global f64* out) {
  u32 i = global_x();
  if (i >= n) return;
  f64 x = a[i], y = b[i];
  global f64* row = out + 12 * i;
  row[0] = x + y;
  row[1] = x - y;
  row[2] = x * y;
  row[3] = __builtin_fma(x, y, x);
  row[4] = x / y;
  row[5] = __builtin_sqrt(__builtin_fabs(x));
  row[6] = __builtin_floor(x);
  row[7] = __builtin_ceil(x);
  row[8] = __builtin_trunc(x);
  row[9] = __builtin_rint(x);
  row[10] = __builtin_fmin(x, y);
  row[11] = __builtin_fmax(x, y);
}

// Conversions of a double: to i32, u32, i64, f32, f16 and back; 8 bytes each.
kernel math_convert(u32 n, const global f64* a, global u64* out) {
  u32 i = global_x();
  if (i >= n) return;
  f64 x = a[i];
  global u64* row = out + 6 * i;
  row[0] = (u64)(i64)(i32)x;
  row[1] = (u32)(__builtin_fabs(x));
  row[2] = (u64)(i64)x;
  row[3] = __builtin_bit_cast(u32, (f32)x);
  row[4] = __builtin_bit_cast(u16, (f16)(f32)x);
  row[5] = __builtin_bit_cast(u64, (f64)(f16)(f32)x + (f64)(i64)x);
}
