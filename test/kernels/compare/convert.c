// Conversions between integers and floats.
#include "compare.h"

ITEM(convert_to_float, "u") {
  PUTF((f32)U(0)), PUTF((f32)I(0)), PUTF((f32)(u8)U(1)), PUTF((f32)(u8)(U(1) >> 8)), PUTF((f32)(u8)(U(1) >> 16)),
      PUTF((f32)(U(1) >> 24));
  PUTF((f32)(i8)U(2)), PUTF((f32)(i16)U(2)), PUTF((f32)(u16)U(2)), PUTF((f32)UL(2)), PUTF((f32)SL(2)),
      PUTF((f32)(UL(3) >> 20));
  PUTF((f32)(SL(3) >> (U(0) & 63)));
}

ITEM(convert_to_double, "u") {
  PUTD((f64)U(0)), PUTD((f64)I(0)), PUTD((f64)(u8)U(1)), PUTD((f64)(i16)U(2)), PUTD((f64)UL(2)), PUTD((f64)SL(2));
  PUTD((f64)(UL(3) >> (U(0) & 63))), PUTD((f64)(SL(3) >> (U(1) & 63))), PUTD((f64)UL(0) * 0x1p-64);
}

// C leaves conversions out of range open.
static f64 within(f64 x, f64 low, f64 high) {
  return x > low && x < high ? x : high * 0.25;
}

ITEM(convert_from_float, "f") {
  for (u32 k = 0; k < 2; ++k) {
    const f32 x = F(k);
    PUT((i32)(f32)within(x, -2147483520, 2147483520)), PUT((u32)(f32)within(x, -1, 4294967040.0));
    PUTL((i64)(f32)within(x, -0x1p62, 0x1p62)), PUTL((u64)(f32)within(x, -1, 0x1p63));
    PUT((u8)(f32)within(x, -1, 255)), PUT((i8)(f32)within(x, -128, 127)), PUT((u16)(f32)within(x, -1, 65535)),
        PUT((i16)(f32)within(x, -32768, 32767));
    PUTD((f64)x), PUT(x != 0 && x < 3);
  }
}

ITEM(convert_from_double, "d") {
  for (u32 k = 0; k < 2; ++k) {
    const f64 x = D(k);
    PUT((i32)within(x, -2147483648.0, 2147483647)), PUT((u32)within(x, -1, 4294967295.0));
    PUTL((i64)within(x, -0x1p62, 0x1p62)), PUTL((u64)within(x, -1, 0x1p63)), PUTF((f32)x), PUTD((f64)(f32)x);
    PUT((i16)within(x, -32768, 32767)), PUT((u8)within(x, -1, 255));
  }
}

ITEM(convert_bits, "d") {
  const u64 bits = UL(0);
  PUT(bits >> 52 & 2047), PUTL(bits & 0xfffffffffffff), PUTD(__builtin_bit_cast(f64, bits ^ 1ul << 63));
  PUTD(__builtin_bit_cast(f64, (bits & 0xfffffffffffff) | 0x3ff0000000000000)), PUT((u32)bits ^ (u32)(bits >> 32));
}

ITEM(convert_normalised, "f") {
  const f32 x = F(0) < 0 ? 0 : F(0) > 1 ? 1 : F(0) == F(0) ? F(0) : 0;
  PUT((u8)(x * 255 + 0.5f)), PUT((u16)(x * 65535 + 0.5f)), PUTF((f32)(u8)U(1) / 255), PUTF((f32)(i16)U(2) / 32767);
  u32 packed = 0;
  for (u32 k = 0; k < 4; ++k) {
    const f32 c = F(k) > 0 && F(k) < 1 ? F(k) : 0.5f;
    packed |= (u32)(c * 255) << 8 * k;
  }
  PUT(packed);
}
