// The rows of the opcode tables, for tests that go through all of them.
#pragma once

#include <cstdint>

#include "isa/instruction.h"

namespace softgpu::test {

struct Row {
  Encoding encoding;
  uint16_t number;
  Opcode opcode;
  const char* mnemonic;
  uint8_t targets;
};

inline constexpr Row kRows[] = {
#define ROW(encoding, number, opcode, mnemonic, targets) \
  {Encoding::encoding, number, Opcode::opcode, mnemonic, targets},
#include "isa/tables/encodings.def"
#undef ROW
};

}  // namespace softgpu::test
