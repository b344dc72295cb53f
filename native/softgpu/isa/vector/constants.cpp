#include "isa/vector/constants.h"

#include <bit>

namespace softgpu::vector {
namespace {

constexpr unsigned kIntegers = 81;  // 128-208: 0 … 64, -1 … -16
constexpr unsigned kFloats = 9;     // 240-248: ±0.5, ±1, ±2, ±4, 1/(2π)
constexpr unsigned kCount = kIntegers + kFloats;

constexpr double kFloatValue[kFloats] = {0.5, -0.5, 1, -1, 2, -2, 4, -4, 0};
constexpr uint16_t kFloat16[kFloats] = {0x3800, 0xb800, 0x3c00, 0xbc00, 0x4000, 0xc000, 0x4400, 0xc400, 0x3118};
// 1/(2π) as the Vega ISA's operand table spells it.
constexpr uint32_t kInverseTwoPi32 = 0x3e22f983;
constexpr uint64_t kInverseTwoPi64 = 0x3fc45f306dc9c882;

constexpr int integerOf(unsigned i) {
  return i <= 64 ? static_cast<int>(i) : 64 - static_cast<int>(i);
}

constexpr uint32_t bits32(unsigned i) {
  if (i < kIntegers) return static_cast<uint32_t>(integerOf(i));
  const unsigned f = i - kIntegers;
  return f == 8 ? kInverseTwoPi32 : std::bit_cast<uint32_t>(static_cast<float>(kFloatValue[f]));
}
constexpr uint32_t bits16(unsigned i) {
  return i < kIntegers ? static_cast<uint32_t>(integerOf(i)) : kFloat16[i - kIntegers];
}
constexpr uint64_t bits64(unsigned i) {
  if (i < kIntegers) return static_cast<uint64_t>(static_cast<int64_t>(integerOf(i)));
  const unsigned f = i - kIntegers;
  return f == 8 ? kInverseTwoPi64 : std::bit_cast<uint64_t>(kFloatValue[f]);
}

struct Tables {
  alignas(64) uint32_t rows32[kCount][16];
  alignas(64) uint32_t rows16[kCount][16];
  alignas(
      64) uint32_t rows64[(kCount + 3) / 4][2][4][16];  // four constants' low rows fill the 64 dwords to the high rows
  alignas(64) uint32_t rowsPacked[(kCount + 3) / 4][2][4][16];
  constexpr Tables() : rows32{}, rows16{}, rows64{}, rowsPacked{} {
    for (unsigned i = 0; i < kCount; ++i) {
      for (unsigned l = 0; l < 16; ++l) {
        rows32[i][l] = bits32(i);
        rows16[i][l] = bits16(i);
        rows64[i / 4][0][i % 4][l] = static_cast<uint32_t>(bits64(i));
        rows64[i / 4][1][i % 4][l] = static_cast<uint32_t>(bits64(i) >> 32);
        rowsPacked[i / 4][0][i % 4][l] = bits32(i);
        rowsPacked[i / 4][1][i % 4][l] = bits32(i);
      }
    }
  }
};
constexpr Tables kTables;

constexpr unsigned indexOf(unsigned operand) {
  return operand < operand::kInlineHalf ? operand - operand::kInlineZero : operand - operand::kInlineHalf + kIntegers;
}

}  // namespace

const uint32_t* constantRow(unsigned operand, Type type) {
  const unsigned i = indexOf(operand);
  if (type == Type::PackedF32) return kTables.rowsPacked[i / 4][0][i % 4];
  if (is64(type)) return kTables.rows64[i / 4][0][i % 4];
  // 16-bit integer operations see the low half of the 32-bit constant, packed ones all of it.
  if (isHalfFloat(type) || type == Type::PackedF16) return kTables.rows16[i];
  return kTables.rows32[i];
}

uint64_t constant64(unsigned operand) {
  return bits64(indexOf(operand));
}

}  // namespace softgpu::vector
