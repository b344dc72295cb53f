// Registers, constants and literals in LLVM's spelling.
#pragma once

#include <cstdint>
#include <string>

#include "isa/decode/operand_shape.h"
#include "isa/instruction.h"

namespace softgpu {

std::string hexText(uint64_t value);  // "0x1f"

// `operand` numbers as in instruction.h; `type` gives the width of register tuples and how a constant is spelled.
std::string operandText(uint16_t operand, DataType type, uint32_t literal, Target target);
std::string registerText(uint16_t operand, unsigned dwords, Target target);

// A value LLVM would encode as an inline constant it also prints as one, even where it came as a literal.
std::string literalText(uint32_t literal, DataType type);

}  // namespace softgpu
