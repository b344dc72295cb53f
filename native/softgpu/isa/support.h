// Which instructions of a target the software GPU implements, and how well: asked of the lowering itself, instruction
// by instruction, so that it cannot say anything else than what happens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "isa/instruction.h"

namespace softgpu {

enum class Support : uint8_t { Exact, Approximate, Missing };

struct InstructionSupport {
  Encoding encoding{};
  const char* mnemonic = nullptr;  // the target's own
  Support support{};
  std::string bound;   // Approximate: from what result, at most how far
  std::string limits;  // the forms in which it is missing all the same: "gds, tfe"; empty: none
};

// Every instruction of the target, by encoding and opcode number.
const std::vector<InstructionSupport>& supportOf(Target target);
const char* encodingName(Encoding encoding);

}  // namespace softgpu
