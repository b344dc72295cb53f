// Which operations have vectors: were executed by a test whose expected values come from elsewhere than the code under
// test. The tests fill the register as they run; vectors.cpp, the last of them (main.cpp), asks for what is missing.
#pragma once

#include <bitset>
#include <string>

#include "isa/instruction.h"

namespace softgpu::test {

using OpcodeSet = std::bitset<static_cast<size_t>(Opcode::count)>;
OpcodeSet& coveredOpcodes();

inline void covers(Opcode opcode) {
  coveredOpcodes().set(static_cast<size_t>(opcode));
}
// Canonical names with spaces between them; for programs, of which a test checks some instructions.
void covers(const std::string& names);

}  // namespace softgpu::test
