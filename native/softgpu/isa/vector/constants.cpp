#include "isa/vector/constants.h"

#include <bit>

namespace softgpu::vector {
namespace {

constexpr double kFloatValue[kInlineFloats] = {0.5, -0.5, 1, -1, 2, -2, 4, -4, 0};
constexpr uint16_t kFloat16[kInlineFloats] = {0x3800, 0xb800, 0x3c00, 0xbc00, 0x4000, 0xc000, 0x4400, 0xc400, 0x3118};
// 1/(2π) as the Vega ISA's operand table spells it.
constexpr uint32_t kInverseTwoPi32 = 0x3e22f983;
constexpr uint64_t kInverseTwoPi64 = 0x3fc45f306dc9c882;

constexpr int integerOf(unsigned i) {
  return i <= 64 ? static_cast<int>(i) : 64 - static_cast<int>(i);
}

constexpr uint32_t bits32(unsigned i) {
  if (i < kInlineIntegers) return static_cast<uint32_t>(integerOf(i));
  const unsigned f = i - kInlineIntegers;
  return f == 8 ? kInverseTwoPi32 : std::bit_cast<uint32_t>(static_cast<float>(kFloatValue[f]));
}
constexpr uint32_t bits16(unsigned i) {
  return i < kInlineIntegers ? static_cast<uint32_t>(integerOf(i)) : kFloat16[i - kInlineIntegers];
}
constexpr uint64_t bits64(unsigned i) {
  if (i < kInlineIntegers) return static_cast<uint64_t>(static_cast<int64_t>(integerOf(i)));
  const unsigned f = i - kInlineIntegers;
  return f == 8 ? kInverseTwoPi64 : std::bit_cast<uint64_t>(kFloatValue[f]);
}

constexpr ConstantRows makeRows() {
  ConstantRows t{};
  for (unsigned i = 0; i < kInlineConstants; ++i) {
    for (unsigned l = 0; l < 16; ++l) {
      t.rows32[i][l] = bits32(i);
      t.rows16[i][l] = bits16(i);
      t.rows64[i / 4][0][i % 4][l] = static_cast<uint32_t>(bits64(i));
      t.rows64[i / 4][1][i % 4][l] = static_cast<uint32_t>(bits64(i) >> 32);
      t.rowsPacked[i / 4][0][i % 4][l] = t.rowsPacked[i / 4][1][i % 4][l] = bits32(i);
    }
  }
  return t;
}

}  // namespace

constexpr ConstantRows kConstantRows = makeRows();

uint64_t constant64(unsigned operand) {
  return bits64(operand < operand::kInlineHalf ? operand - operand::kInlineZero
                                               : operand - operand::kInlineHalf + kInlineIntegers);
}

}  // namespace softgpu::vector
