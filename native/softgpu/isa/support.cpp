#include "isa/support.h"

#include <array>
#include <mutex>

#include "isa/decode/opcode_table.h"
#include "isa/micro_op.h"
#include "wave/code.h"

namespace softgpu {
namespace {

using Words = std::array<uint32_t, 2>;

constexpr OpcodeRow kRows[] = {
#define ROW(encoding, number, opcode, mnemonic, targets) \
  {Encoding::encoding, number, Opcode::opcode, mnemonic, static_cast<uint8_t>(targets)},
#include "isa/tables/encodings.def"
#undef ROW
};

const char* boundOf(Opcode opcode) {
  switch (opcode) {
#define APPROXIMATE(name, bound) \
  case Opcode::name:             \
    return bound;
#include "isa/tables/accuracy.def"
#undef APPROXIMATE
    default:
      return nullptr;
  }
}

// Source fields: VGPR 0 where there is a choice, VCC where only scalars are read.
constexpr uint32_t kV0 = 256, kVcc = 106, kZero = 128, kOne = 242, kDpp = 250, kSdwa = 249;

// The words of an instruction with its plainest operands. `form` counts through the operands that an opcode may want,
// since not every one takes a VGPR everywhere.
bool encode(const OpcodeRow& row, unsigned form, Words& out) {
  const uint32_t n = row.number;
  out = {};
  switch (row.encoding) {
    case Encoding::SOP2:
      out[0] = 0x80000000 | n << 23;
      return form == 0;
    case Encoding::SOPK:
      out[0] = 0xb0000000 | n << 23 | (31 << 11 | 1);  // hwreg(HW_REG_MODE), all of it
      return form == 0;
    case Encoding::SOP1:
      out[0] = 0xbe800000 | n << 8;
      return form == 0;
    case Encoding::SOPC:
      out[0] = 0xbf000000 | n << 16;
      return form == 0;
    case Encoding::SOPP:
      out[0] = 0xbf800000 | n << 16 | form;
      return form < 2;
    case Encoding::SMEM:
      out[0] = 0xc0000000 | n << 18 | 1 << 17;
      return form == 0;
    case Encoding::VOP1:
      out[0] = 0x7e000000 | n << 9 | (form == 0 ? kV0 : kZero);
      return form < 2;
    case Encoding::VOP2:
      out[0] = n << 25 | (form == 0 ? kV0 : kZero);
      return form < 2;
    case Encoding::VOPC:
      out[0] = 0x7c000000 | n << 17 | kV0;
      return form == 0;
    case Encoding::VOP3: {
      const uint32_t src[3] = {form & 1 ? kZero : kV0, form & 2 ? kZero : kV0, form & 4 ? kVcc : kV0};
      out = {0xd0000000 | n << 16, src[0] | src[1] << 9 | src[2] << 18};
      return form < 8;
    }
    case Encoding::VOP3P:
      out = {0xd3800000 | n << 16, kV0 | kV0 << 9 | kV0 << 18};
      return form == 0;
    case Encoding::VINTRP:
      out[0] = 0xd4000000 | n << 16;
      return form == 0;
    case Encoding::DS:
      out[0] = 0xd8000000 | form << 16 | n << 17;  // GWS has no form without gds
      return form < 2;
    case Encoding::FLAT:
      out[0] = 0xdc000000 | n << 18;
      return form == 0;
    case Encoding::SCRATCH:
      out = {0xdc000000 | n << 18 | 1 << 14, 0x7f << 16};
      return form == 0;
    case Encoding::GLOBAL:
      out = {0xdc000000 | n << 18 | 2 << 14, 0x7f << 16};
      return form == 0;
    case Encoding::MUBUF:
      out = {0xe0000000 | n << 18 | form << 16, kZero << 24};  // buffer_store_lds_dword has no form without lds
      return form < 2;
    case Encoding::MTBUF:
      out = {0xe8000000 | n << 15 | 4 << 19 | 4 << 23, kZero << 24};
      return form == 0;
    case Encoding::MIMG:
      out[0] = 0xf0000000 | n << 18 | (form == 0 ? 1 : form == 1 ? 3 : 15) << 8;
      return form < 3;
    case Encoding::EXP:
      out[0] = 0xc4000000;
      return form == 0;
  }
  return false;
}

enum class Outcome : uint8_t { NoInstruction, Missing, Implemented };

Outcome outcomeOf(const OpcodeRow& row, const Words& words, Target target) {
  Instruction in;
  if (!decode(words.data(), words.size(), target, in) || in.opcode != row.opcode || in.encoding != row.encoding)
    return Outcome::NoInstruction;
  MicroOp op;
  return lowerInstruction(in, target, op) ? Outcome::Implemented : Outcome::Missing;
}

// Another value of a field, which asks for more of an instruction than its plain form does.
struct Variation {
  const char* name;
  Encoding encoding;
  unsigned word;
  uint32_t mask, bits;
};
constexpr uint32_t kPops = 239, kConstant = 0xff;
constexpr Variation kVariations[] = {
    {"gds", Encoding::DS, 0, 1u << 16, 1u << 16},
    {"tfe", Encoding::MUBUF, 1, 1u << 23, 1u << 23},
    {"tfe", Encoding::MTBUF, 1, 1u << 23, 1u << 23},
    // gfx8; since gfx9 the bit is nv, which asks for nothing.
    {"tfe", Encoding::FLAT, 1, 1u << 23, 1u << 23},
    {"lds", Encoding::MUBUF, 0, 1u << 16, 1u << 16},
    {"lds", Encoding::FLAT, 0, 1u << 13, 1u << 13},
    {"lds", Encoding::GLOBAL, 0, 1u << 13, 1u << 13},
    {"lds", Encoding::SCRATCH, 0, 1u << 13, 1u << 13},
    // Primitive-ordered pixel shading: graphics.
    {"src_pops_exiting_wave_id", Encoding::VOP1, 0, 0x1ff, kPops},
    {"src_pops_exiting_wave_id", Encoding::VOP2, 0, 0x1ff, kPops},
    {"src_pops_exiting_wave_id", Encoding::VOPC, 0, 0x1ff, kPops},
    {"src_pops_exiting_wave_id", Encoding::VOP3, 1, 0x1ff, kPops},
    {"src_pops_exiting_wave_id", Encoding::VOP3P, 1, 0x1ff, kPops},
    // Of matrix instructions; the bits of others there are modifiers.
    {"a cbsz or abid beyond the blocks", Encoding::VOP3P, 0, 0x7fu << 8, 5u << 8},
    {"blgp", Encoding::VOP3P, 1, 7u << 29, 1u << 29},
    {"0 as C", Encoding::VOP3P, 1, 0x1ffu << 18, kZero << 18},
    {"another constant as C", Encoding::VOP3P, 1, 0x1ffu << 18, kOne << 18},
    {"a soffset that is neither SGPR nor inline constant", Encoding::MUBUF, 1, 0xffu << 24, kPops << 24},
    {"a soffset that is neither SGPR nor inline constant", Encoding::MTBUF, 1, 0xffu << 24, kPops << 24},
    {"a constant operand", Encoding::SOP1, 0, kConstant, kZero},
};

bool hasShortForm(Encoding encoding) {
  return encoding == Encoding::VOP1 || encoding == Encoding::VOP2 || encoding == Encoding::VOPC;
}

// Which values of an immediate the implementation does not take: "operands other than 1".
std::string missingOperands(const OpcodeRow& row, Words words, Target target, uint32_t mask, const std::string& noun) {
  std::string missing, taken;
  unsigned refused = 0;
  for (uint32_t value = 0; value <= mask; ++value) {
    words[0] = (words[0] & ~mask) | value;
    switch (outcomeOf(row, words, target)) {
      case Outcome::NoInstruction:
        break;
      case Outcome::Missing:
        ++refused;
        missing += (missing.empty() ? "" : " ") + std::to_string(value);
        break;
      case Outcome::Implemented:
        taken += (taken.empty() ? "" : " ") + std::to_string(value);
        break;
    }
  }
  if (refused == 0) return {};
  return missing.size() < taken.size() ? noun + " " + missing : noun + " other than " + taken;
}

std::string limitsOf(const OpcodeRow& row, const Words& plain, Target target) {
  std::string limits;
  const auto add = [&](const std::string& name) { limits += (limits.empty() ? "" : ", ") + name; };
  const auto missing = [&](const Words& words) { return outcomeOf(row, words, target) == Outcome::Missing; };
  for (const Variation& variation : kVariations) {
    if (variation.encoding != row.encoding || (plain[variation.word] & variation.mask) == variation.bits) continue;
    Words words = plain;
    words[variation.word] = (words[variation.word] & ~variation.mask) | variation.bits;
    if (missing(words)) add(variation.name);
  }
  if (hasShortForm(row.encoding)) {
    constexpr uint32_t kField = 0x1ff, kRowShift1 = 0x111, kWholeRows = 0xffu << 24,
                       kDwords = 6u << 8 | 6u << 16 | 6u << 24;
    if (missing({(plain[0] & ~kField) | kDpp, kRowShift1 << 8 | kWholeRows})) add("dpp");
    if (missing({(plain[0] & ~kField) | kSdwa, kDwords})) add("sdwa");
  }
  // Messages, halts, hardware registers.
  std::string operands;
  if (row.encoding == Encoding::SOPP) operands = missingOperands(row, plain, target, 15, "operands");
  if (row.opcode == Opcode::s_getreg_b32 || row.opcode == Opcode::s_setreg_b32 ||
      row.opcode == Opcode::s_setreg_imm32_b32) {
    operands = missingOperands(row, plain, target, 63, "hardware registers");
  }
  if (!operands.empty()) add(operands);
  return limits;
}

InstructionSupport supportOf(const OpcodeRow& row, Target target) {
  InstructionSupport result{row.encoding, row.mnemonic, Support::Missing, {}, {}};
  Words words;
  for (unsigned form = 0; encode(row, form, words); ++form) {
    if (outcomeOf(row, words, target) != Outcome::Implemented) continue;
    const char* bound = boundOf(row.opcode);
    result.support = bound ? Support::Approximate : Support::Exact;
    if (bound) result.bound = bound;
    result.limits = limitsOf(row, words, target);
    break;
  }
  return result;
}

}  // namespace

const std::vector<InstructionSupport>& supportOf(Target target) {
  constexpr size_t kTargets = 5;
  static std::array<std::vector<InstructionSupport>, kTargets> tables;
  static std::array<std::once_flag, kTargets> made;
  const auto index = static_cast<size_t>(target);
  std::call_once(made[index], [&] {
    for (const OpcodeRow& row : kRows) {
      if (row.targets & maskOf(target)) tables[index].push_back(supportOf(row, target));
    }
  });
  return tables[index];
}

const char* encodingName(Encoding encoding) {
  constexpr const char* kNames[] = {"SOP2",   "SOPK",    "SOP1",  "SOPC",  "SOPP",   "SMEM", "VOP2",
                                    "VOP1",   "VOPC",    "VOP3",  "VOP3P", "VINTRP", "DS",   "FLAT",
                                    "GLOBAL", "SCRATCH", "MUBUF", "MTBUF", "MIMG",   "EXP"};
  return kNames[static_cast<size_t>(encoding)];
}

}  // namespace softgpu
