#include "isa/decode/operand_text.h"

#include <cstdio>

namespace softgpu {

namespace {

std::string tuple(const char* file, unsigned first, unsigned dwords) {
  if (dwords <= 1) return file + std::to_string(first);
  return std::string(file) + '[' + std::to_string(first) + ':' + std::to_string(first + dwords - 1) + ']';
}

// Pairs by the number of their low register.
const char* specialPair(unsigned n) {
  switch (n) {
    case 102:
      return "flat_scratch";
    case 104:
      return "xnack_mask";
    case 106:
      return "vcc";
    case 108:
      return "tba";
    case 110:
      return "tma";
    case 126:
      return "exec";
    default:
      return nullptr;
  }
}

const char* specialSource(unsigned n) {
  switch (n) {
    case 235:
      return "src_shared_base";
    case 236:
      return "src_shared_limit";
    case 237:
      return "src_private_base";
    case 238:
      return "src_private_limit";
    case 239:
      return "src_pops_exiting_wave_id";
    case 251:
      return "src_vccz";
    case 252:
      return "src_execz";
    case 253:
      return "src_scc";
    case 254:
      return "src_lds_direct";
    default:
      return nullptr;
  }
}

std::string scalarRegister(unsigned n, unsigned dwords, Target target) {
  const unsigned firstTtmp = target == Target::gfx803 ? 112 : 108;
  if (n < 102) return tuple("s", n, dwords);
  if (n >= firstTtmp && n < operand::kM0) return tuple("ttmp", n - firstTtmp, dwords);
  if (n == operand::kM0) return "m0";
  if (dwords > 2) return tuple("s", n, dwords);
  const char* pair = specialPair(n & ~1u);
  if (!pair) return "s" + std::to_string(n);
  return dwords == 2 ? pair : std::string(pair) + ((n & 1) ? "_hi" : "_lo");
}

constexpr const char* kFloats[] = {"0.5", "-0.5", "1.0", "-1.0", "2.0", "-2.0", "4.0", "-4.0"};
// Bit patterns of the inline floats, 1/(2*pi) last, by width.
constexpr uint16_t kHalves[] = {0x3800, 0xb800, 0x3c00, 0xbc00, 0x4000, 0xc000, 0x4400, 0xc400, 0x3118};
constexpr uint32_t kSingles[] = {0x3f000000, 0xbf000000, 0x3f800000, 0xbf800000, 0x40000000,
                                 0xc0000000, 0x40800000, 0xc0800000, 0x3e22f983};
// High halves; the low half of all but 1/(2*pi) is zero, and that one no literal can express.
constexpr uint32_t kDoublesHigh[] = {0x3fe00000, 0xbfe00000, 0x3ff00000, 0xbff00000,
                                     0x40000000, 0xc0000000, 0x40100000, 0xc0100000};

bool is64(DataType t) {
  return t == DataType::B64 || t == DataType::F64;
}

std::string inlineFloat(unsigned index, DataType type) {
  // LLVM spells the constants of 16-bit integer operands as bits.
  if (type == DataType::B16) return hexText(kHalves[index]);
  if (index < 8) return kFloats[index];
  return is64(type) ? "0.15915494309189532" : "0.15915494";
}

}  // namespace

std::string hexText(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string registerText(uint16_t operand, unsigned dwords, Target target) {
  if (operand::isVgpr(operand)) return tuple("v", operand - operand::kVgpr0, dwords);
  if (operand::isAccVgpr(operand)) return tuple("a", operand - operand::kAccVgpr0, dwords);
  return scalarRegister(operand, dwords, target);
}

std::string literalText(uint32_t literal, DataType type) {
  const auto inlined = [&](auto& table, uint32_t value, DataType as) -> std::string {
    for (unsigned i = 0; i < std::size(table); ++i) {
      if (table[i] == value) return inlineFloat(i, as);
    }
    return {};
  };
  std::string text;
  if (dwordsOf(type) == 1 && (type == DataType::B16 || type == DataType::F16)) {
    const int32_t value = type == DataType::B16 ? static_cast<int32_t>(literal) : static_cast<int16_t>(literal);
    if (value >= -16 && value <= 64) return std::to_string(value);
    text = inlined(kHalves, literal & 0xffff, type);
    return text.empty() ? hexText(literal & 0xffff) : text;
  }
  if (type == DataType::F64) {
    if (literal == 0) return "0";
    text = inlined(kDoublesHigh, literal, type);
  } else {
    const int32_t value = static_cast<int32_t>(literal);
    // A 64-bit integer takes its literal zero-extended.
    if (value <= 64 && value >= (is64(type) ? 0 : -16)) return std::to_string(value);
    if (!is64(type)) text = inlined(kSingles, literal, type);
  }
  return text.empty() ? hexText(literal) : text;
}

std::string operandText(uint16_t operand, DataType type, uint32_t literal, Target target) {
  if (operand == operand::kLiteral) return literalText(literal, type);
  if (operand < 128 || operand >= operand::kVgpr0) return registerText(operand, dwordsOf(type), target);
  if (operand <= 192) return std::to_string(operand - 128);
  if (operand <= 208) return std::to_string(192 - operand);
  if (operand >= operand::kInlineHalf && operand <= 248) return inlineFloat(operand - operand::kInlineHalf, type);
  const char* name = specialSource(operand);
  return name ? name : "src" + std::to_string(operand);
}

}  // namespace softgpu
