// Products of whole matrices by matrix instructions: d = a * b, all row by row, a with k columns and b with n. A wave
// makes one tile of d, at (group_y, group_x), and goes along k; the lanes hold what AMD's lab notes on matrix cores
// say.
#include "gcn.h"

#define VECTOR(type, n) __attribute__((ext_vector_type(n))) type
typedef VECTOR(f16, 4) f16x4;
typedef VECTOR(i16, 2) i16x2;
typedef VECTOR(i16, 4) i16x4;
typedef VECTOR(i32, 4) i32x4;
typedef VECTOR(f32, 4) f32x4;
typedef VECTOR(f32, 16) f32x16;
typedef VECTOR(f64, 4) f64x4;

// 32 x 32: a lane has row (column) `line` of two halves of k, and of the result four rows in turn with the other half.
kernel multiply_f32(const global f32* a, const global f32* b, global f32* d, u32 n, u32 k) {
  u32 line = local_x() % 32, half = local_x() / 32, top = group_y() * 32, left = group_x() * 32;
  f32x16 sum = 0;
  for (u32 at = half; at < k; at += 2)
    sum = __builtin_amdgcn_mfma_f32_32x32x2f32(a[(top + line) * k + at], b[at * n + left + line], sum, 0, 0, 0);
  for (u32 r = 0; r < 16; ++r) d[(top + r / 4 * 8 + half * 4 + r % 4) * n + left + line] = sum[r];
}

// 64 x 64: both blocks of b with the first block of a, which is broadcast, then both with the second one.
kernel multiply_wide(const global f32* a, const global f32* b, global f32* d, u32 n, u32 k) {
  typedef VECTOR(f32, 32) f32x32;
  u32 line = local_x() % 32, half = local_x() / 32, top = group_y() * 64, left = group_x() * 64;
  f32x32 upper = 0, lower = 0;
  for (u32 at = 0; at < k; ++at) {
    f32 x = a[(top + local_x()) * k + at], y = b[at * n + left + local_x()];
    upper = __builtin_amdgcn_mfma_f32_32x32x1f32(x, y, upper, 1, 0, 0);
    lower = __builtin_amdgcn_mfma_f32_32x32x1f32(x, y, lower, 1, 1, 0);
  }
  for (u32 r = 0; r < 32; ++r) {
    u32 row = r % 16 / 4 * 8 + half * 4 + r % 4, column = left + r / 16 * 32 + line;
    d[(top + row) * n + column] = upper[r];
    d[(top + 32 + row) * n + column] = lower[r];
  }
}

// 16 x 16 with four consecutive k in a lane; rows of the result by quarters of the wave.
#define PLACE u32 line = local_x() % 16, quarter = local_x() / 16, top = group_y() * 16, left = group_x() * 16
#define FETCH(x, y, from)                                 \
  for (u32 e = 0; e < 4; ++e) {                           \
    x[e] = a[(top + line) * k + from + quarter * 4 + e];  \
    y[e] = b[(from + quarter * 4 + e) * n + left + line]; \
  }
#define PUT(sum) \
  for (u32 r = 0; r < 4; ++r) d[(top + quarter * 4 + r) * n + left + line] = sum[r]

kernel multiply_f16(const global f16* a, const global f16* b, global f32* d, u32 n, u32 k) {
  PLACE;
  f32x4 sum = 0;
  for (u32 at = 0; at < k; at += 16) {
    f16x4 x, y;
    FETCH(x, y, at);
    sum = __builtin_amdgcn_mfma_f32_16x16x16f16(x, y, sum, 0, 0, 0);
  }
  PUT(sum);
}

kernel multiply_i8(const global i8* a, const global i8* b, global i32* d, u32 n, u32 k) {
  PLACE;
  i32x4 sum = 0;
  for (u32 at = 0; at < k; at += 16) {
    i8 x[4], y[4];
    FETCH(x, y, at);
    i32 xs, ys;
    __builtin_memcpy(&xs, x, 4);
    __builtin_memcpy(&ys, y, 4);
    sum = __builtin_amdgcn_mfma_i32_16x16x16i8(xs, ys, sum, 0, 0, 0);
  }
  PUT(sum);
}

// Two consecutive k in a lane.
kernel multiply_bf16(const global i16* a, const global i16* b, global f32* d, u32 n, u32 k) {
  PLACE;
  f32x4 sum = 0;
  for (u32 at = 2 * quarter; at < k; at += 8) {
    i16x2 x = {a[(top + line) * k + at], a[(top + line) * k + at + 1]};
    i16x2 y = {b[at * n + left + line], b[(at + 1) * n + left + line]};
    sum = __builtin_amdgcn_mfma_f32_16x16x8bf16(x, y, sum, 0, 0, 0);
  }
  PUT(sum);
}

#ifdef __gfx90a__
kernel multiply_bf16_1k(const global i16* a, const global i16* b, global f32* d, u32 n, u32 k) {
  PLACE;
  f32x4 sum = 0;
  for (u32 at = 0; at < k; at += 16) {
    i16x4 x, y;
    FETCH(x, y, at);
    sum = __builtin_amdgcn_mfma_f32_16x16x16bf16_1k(x, y, sum, 0, 0, 0);
  }
  PUT(sum);
}

// One k in a lane, and every fourth row of the result.
kernel multiply_f64(const global f64* a, const global f64* b, global f64* d, u32 n, u32 k) {
  PLACE;
  f64x4 sum = 0;
  for (u32 at = quarter; at < k; at += 4)
    sum = __builtin_amdgcn_mfma_f64_16x16x4f64(a[(top + line) * k + at], b[at * n + left + line], sum, 0, 0, 0);
  for (u32 r = 0; r < 4; ++r) d[(top + r * 4 + quarter) * n + left + line] = sum[r];
}
#endif
