// Which modifier bits an instruction honours. The hardware ignores the others, and so must lowering and disassembly.
#pragma once

#include <cstdint>

#include "isa/instruction.h"

namespace softgpu {

struct Modifiers {
  uint8_t neg = 0, abs = 0;  // bit per source; on an integer source LLVM writes neg as sext()
  uint8_t sext = 0;          // SDWA: integer sources
  uint8_t opSel = 0;         // VOP3 op_sel bits, bit 3 the destination
  bool clamp = false, omod = false;
};

Modifiers modifiersOf(const Instruction& in, Target target);

}  // namespace softgpu
