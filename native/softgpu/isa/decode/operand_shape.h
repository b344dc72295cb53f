// Type and width of every operand of every operation, for disassembly, register bounds and lowering.
#pragma once

#include <cstdint>

#include "isa/instruction.h"

namespace softgpu {

// F: inline constants and arithmetic are floating point. Pk: a pair, low half first. B: anything else.
enum class DataType : uint8_t {
  None,
  B16,
  F16,
  PkB16,
  PkF16,
  B32,
  F32,
  B64,
  F64,
  PkB32,
  PkF32,
  B96,
  B128,
  B160,
  B256,
  B512,
  B1024,
};

constexpr unsigned dwordsOf(DataType t) {
  constexpr uint8_t dwords[] = {0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 8, 16, 32};
  return dwords[static_cast<unsigned>(t)];
}

struct OperandShape {
  DataType dst = DataType::None, sdst = DataType::None;
  DataType src[4] = {};  // roles as in Instruction
};

// The operands of the operation itself. Widths that depend on the instruction's bits or on the target are in shapeOf.
const OperandShape& baseShapeOf(Opcode op);

// As encoded: a saddr narrows the vector address to an offset, offen with idxen needs two address registers, tfe
// appends a status register to the result, gfx803 keeps each D16 format component in a register of its own, and `dst`
// is None where the instruction returns nothing (atomics without glc, buffer loads into LDS).
OperandShape shapeOf(const Instruction& in, Target target);

// Whether the operation reads its destination as src[2] without naming it twice (v_mac, v_fmac, dot products …).
bool isAccumulating(Opcode op);

}  // namespace softgpu
