// Inline constants as rows that an operand can point at.
#pragma once

#include <cstdint>

#include "isa/vector/operation.h"

namespace softgpu::vector {

constexpr unsigned kInlineIntegers = 81;  // 128-208: 0 … 64, -1 … -16
constexpr unsigned kInlineFloats = 9;     // 240-248: ±0.5, ±1, ±2, ±4, 1/(2π)
constexpr unsigned kInlineConstants = kInlineIntegers + kInlineFloats;

// Sixteen equal dwords per constant. Of 64-bit constants four low rows fill the 64 dwords to their high rows.
struct ConstantRows {
  alignas(64) uint32_t rows32[kInlineConstants][16];
  alignas(64) uint32_t rows16[kInlineConstants][16];
  alignas(64) uint32_t rows64[(kInlineConstants + 3) / 4][2][4][16];
  alignas(64) uint32_t rowsPacked[(kInlineConstants + 3) / 4][2][4][16];
};
extern const ConstantRows kConstantRows;

// The row for operand number 128-208 or 240-248 as an operand of `type` has it. Always inlined: executors of several
// levels of the host's instructions use it.
__attribute__((always_inline)) inline const uint32_t* constantRow(unsigned operand, Type type) {
  const unsigned i = operand < operand::kInlineHalf ? operand - operand::kInlineZero
                                                    : operand - operand::kInlineHalf + kInlineIntegers;
  if (type == Type::PackedF32) return kConstantRows.rowsPacked[i / 4][0][i % 4];
  if (is64(type)) return kConstantRows.rows64[i / 4][0][i % 4];
  // 16-bit integer operations see the low half of the 32-bit constant, packed ones all of it.
  if (isHalfFloat(type) || type == Type::PackedF16) return kConstantRows.rows16[i];
  return kConstantRows.rows32[i];
}
uint64_t constant64(unsigned operand);

}  // namespace softgpu::vector
