// Small float formats: conversion in integers, so that the host's rounding and denormal modes have no say.
#pragma once

#include <cstdint>

#include "isa/memory/bits.h"

namespace softgpu {

// A float of 5 exponent bits and `mantissaBits` (10 for f16; 6 and 5 for the unsigned fields of 10_11_11), without
// sign.
constexpr uint32_t smallToFloatBits(uint32_t exponent, uint32_t mantissa, unsigned mantissaBits) {
  if (exponent == 31) return 0x7f800000u | mantissa << (23 - mantissaBits);
  if (exponent == 0) {
    if (mantissa == 0) return 0;
    exponent = 1;
    while (!(mantissa >> mantissaBits)) {
      mantissa <<= 1;
      exponent -= 1;
    }
    mantissa &= (1u << mantissaBits) - 1;
  }
  return (exponent + 112) << 23 | mantissa << (23 - mantissaBits);
}

// The magnitude of an f32 as such a small float, rounded to nearest even. NaNs become quiet and keep their upper bits.
constexpr uint32_t floatBitsToSmall(uint32_t bits, unsigned mantissaBits) {
  uint32_t magnitude = bits & 0x7fffffff;
  unsigned drop = 23 - mantissaBits;
  uint32_t infinity = 31u << mantissaBits;
  if (magnitude > 0x7f800000) return infinity | 1u << (mantissaBits - 1) | (magnitude & 0x7fffff) >> drop;
  if (magnitude == 0x7f800000) return infinity;
  int exponent = static_cast<int>(magnitude >> 23) - 112;
  if (exponent >= 31) return infinity;
  uint32_t mantissa = magnitude & 0x7fffff;
  uint32_t result;
  if (exponent <= 0) {
    if (exponent < -static_cast<int>(mantissaBits)) return 0;
    mantissa |= 0x800000;
    drop += static_cast<unsigned>(1 - exponent);
    result = mantissa >> drop;
  } else {
    result = static_cast<uint32_t>(exponent) << mantissaBits | mantissa >> drop;
  }
  uint32_t half = 1u << (drop - 1), rest = mantissa & ((1u << drop) - 1);
  return result + (rest > half || (rest == half && (result & 1)));  // a carry runs into the exponent, up to infinity
}

inline float halfToFloat(uint16_t h) {
  return fromBits<float>(uint32_t(h & 0x8000) << 16 | smallToFloatBits(h >> 10 & 31, h & 0x3ff, 10));
}

inline uint16_t floatToHalf(float value) {
  uint32_t bits = toBits(value);
  return static_cast<uint16_t>(bits >> 16 & 0x8000) | static_cast<uint16_t>(floatBitsToSmall(bits, 10));
}

}  // namespace softgpu
