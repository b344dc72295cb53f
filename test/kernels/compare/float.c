// 32-bit floating point.
#include "compare.h"

#define T f32
#define NAME(name) float_##name
#define KIND "f"
#define X F
#define OUT PUTF
#define B(name) __builtin_##name##f
#include "floating.h"
#undef T
#undef NAME
#undef KIND
#undef X
#undef OUT
#undef B

ITEM(float_bits, "f") {
  PUTF(__builtin_bit_cast(f32, U(0) ^ 0x80000000)), PUTF(__builtin_bit_cast(f32, U(0) & 0x7f800000)),
      PUT(U(0) >> 23 & 255);
  PUTF(__builtin_bit_cast(f32, 0x5f3759df - (U(1) >> 1)));
}
