// 64-bit floating point.
#include "compare.h"

#define T f64
#define NAME(name) double_##name
#define KIND "d"
#define X D
#define OUT PUTD
#define B(name) __builtin_##name
#include "floating.h"
#undef T
#undef NAME
#undef KIND
#undef X
#undef OUT
#undef B

ITEM(double_dot, "d") {
  f64 sum = 0, square = 0;
  for (u32 k = 0; k < 4; ++k) sum += D(k) * D(3 - k), square = __builtin_fma(D(k), D(k), square);
  PUTD(sum), PUTD(square), PUTD(__builtin_fabs(sum)), PUTD((f64)(f32)sum);
}
