// Immediates that LLVM spells symbolically.
#pragma once

#include <cstdint>
#include <string>

#include "isa/instruction.h"

namespace softgpu {

std::string hwregText(uint32_t imm, Target target);
std::string waitcntText(uint32_t imm, Target target);
std::string sendmsgText(uint32_t imm, Target target);
std::string gprIdxText(uint32_t imm);
std::string swizzleText(uint32_t imm);  // with the leading " offset:", empty for 0
std::string dppControlText(uint32_t control);
std::string bufferFormatText(uint8_t format);  // with the leading space, empty for the default
std::string exportTargetText(uint32_t target);
std::string smallImmediateText(uint32_t imm);  // decimal to 64, else hexadecimal

}  // namespace softgpu
