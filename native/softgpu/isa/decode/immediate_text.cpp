#include "isa/decode/immediate_text.h"

#include <bit>
#include <iterator>

#include "isa/decode/decoder.h"
#include "isa/decode/operand_text.h"

namespace softgpu {

namespace {

const char* hwregName(uint32_t id, Target target) {
  constexpr const char* common[] = {nullptr,        "HW_REG_MODE",      "HW_REG_STATUS",    "HW_REG_TRAPSTS",
                                    "HW_REG_HW_ID", "HW_REG_GPR_ALLOC", "HW_REG_LDS_ALLOC", "HW_REG_IB_STS"};
  constexpr const char* gfx9[] = {"HW_REG_SH_MEM_BASES", "HW_REG_TBA_LO", "HW_REG_TBA_HI", "HW_REG_TMA_LO",
                                  "HW_REG_TMA_HI"};
  if (id < std::size(common)) return common[id];
  if (target != Target::gfx803 && id >= 15 && id < 15 + std::size(gfx9)) return gfx9[id - 15];
  return nullptr;
}

const char* messageName(uint32_t id, Target target) {
  constexpr const char* gfx9[] = {"MSG_SAVEWAVE",        "MSG_STALL_WAVE_GEN",     "MSG_HALT_WAVES",
                                  "MSG_ORDERED_PS_DONE", "MSG_EARLY_PRIM_DEALLOC", "MSG_GS_ALLOC_REQ",
                                  "MSG_GET_DOORBELL"};
  switch (id) {
    case 1:
      return "MSG_INTERRUPT";
    case 2:
      return "MSG_GS";
    case 3:
      return "MSG_GS_DONE";
    case 15:
      return "MSG_SYSMSG";
    default:
      break;
  }
  const uint32_t last = target == Target::gfx803 ? 4 : 10;
  return id >= 4 && id <= last ? gfx9[id - 4] : nullptr;
}

constexpr const char* kGsOperations[] = {"GS_OP_NOP", "GS_OP_CUT", "GS_OP_EMIT", "GS_OP_EMIT_CUT"};
constexpr const char* kSystemOperations[] = {nullptr, "SYSMSG_OP_ECC_ERR_INTERRUPT", "SYSMSG_OP_REG_RD",
                                             "SYSMSG_OP_HOST_TRAP_ACK", "SYSMSG_OP_TTRACE_PC"};

std::string list(std::initializer_list<uint32_t> numbers) {
  std::string text;
  for (uint32_t n : numbers) text += (text.empty() ? "" : ",") + std::to_string(n);
  return text;
}

}  // namespace

std::string hwregText(uint32_t imm, Target target) {
  const uint32_t id = bits(imm, 5, 0), offset = bits(imm, 10, 6), width = bits(imm, 15, 11) + 1;
  const char* name = hwregName(id, target);
  std::string text = std::string("hwreg(") + (name ? name : std::to_string(id));
  if (offset != 0 || width != 32) text += ", " + std::to_string(offset) + ", " + std::to_string(width);
  return text + ')';
}

std::string waitcntText(uint32_t imm, Target target) {
  const bool gfx9 = target != Target::gfx803;
  const uint32_t vm = bits(imm, 3, 0) | (gfx9 ? bits(imm, 15, 14) << 4 : 0), exp = bits(imm, 6, 4),
                 lgkm = bits(imm, 11, 8);
  const bool vmOff = vm == (gfx9 ? 63u : 15u), expOff = exp == 7, lgkmOff = lgkm == 15;
  const bool all = vmOff && expOff && lgkmOff;
  std::string text;
  if (!vmOff || all) text += " vmcnt(" + std::to_string(vm) + ')';
  if (!expOff || all) text += " expcnt(" + std::to_string(exp) + ')';
  if (!lgkmOff || all) text += " lgkmcnt(" + std::to_string(lgkm) + ')';
  return text.substr(1);
}

std::string sendmsgText(uint32_t imm, Target target) {
  const uint32_t id = bits(imm, 3, 0), op = bits(imm, 6, 4), stream = bits(imm, 9, 8);
  const char* name = messageName(id, target);
  const bool gs = id == 2 || id == 3, system = id == 15;
  const char* operation = nullptr;
  if (gs && op < 4 && !(id == 2 && op == 0)) operation = kGsOperations[op];
  if (system && op < std::size(kSystemOperations) && !(op == 3 && target != Target::gfx803))
    operation = kSystemOperations[op];
  const bool hasStream = gs && op != 0;
  const bool valid = name && (gs || system ? operation != nullptr : op == 0) && (hasStream || stream == 0);
  if (!valid) {
    if ((id | op << 4 | stream << 8) != imm) return std::to_string(imm);
    return "sendmsg(" + std::to_string(id) + ", " + std::to_string(op) + ", " + std::to_string(stream) + ')';
  }
  std::string text = std::string("sendmsg(") + name;
  if (operation) text += std::string(", ") + operation;
  if (hasStream) text += ", " + std::to_string(stream);
  return text + ')';
}

std::string gprIdxText(uint32_t imm) {
  if (imm > 15) return hexText(imm);
  constexpr const char* names[] = {"SRC0", "SRC1", "SRC2", "DST"};
  std::string text;
  for (unsigned i = 0; i < 4; ++i) {
    if (bit(imm, i)) text += std::string(text.empty() ? "" : ",") + names[i];
  }
  return "gpr_idx(" + text + ')';
}

std::string swizzleText(uint32_t imm) {
  if (imm == 0) return {};
  const std::string open = " offset:swizzle(";
  if (bits(imm, 15, 8) == 0x80) {
    return open + "QUAD_PERM," + list({bits(imm, 1, 0), bits(imm, 3, 2), bits(imm, 5, 4), bits(imm, 7, 6)}) + ')';
  }
  if (bit(imm, 15)) return " offset:" + std::to_string(imm);

  const uint32_t andMask = bits(imm, 4, 0), orMask = bits(imm, 9, 5), xorMask = bits(imm, 14, 10);
  if (andMask == 31 && orMask == 0) {
    if (std::has_single_bit(xorMask)) return open + "SWAP," + std::to_string(xorMask) + ')';
    if (xorMask > 0 && std::has_single_bit(xorMask + 1)) return open + "REVERSE," + std::to_string(xorMask + 1) + ')';
  }
  const uint32_t group = 32 - andMask;
  if (group > 1 && std::has_single_bit(group) && orMask < group && xorMask == 0) {
    return open + "BROADCAST," + list({group, orMask}) + ')';
  }
  // Per bit of the lane number, highest first: forced to 0 or 1, preserved, inverted.
  std::string mask;
  for (uint32_t b = 16; b; b >>= 1) {
    const bool whenClear = (orMask ^ xorMask) & b, whenSet = ((andMask | orMask) ^ xorMask) & b;
    mask += whenClear == whenSet ? (whenClear ? '1' : '0') : (whenClear ? 'i' : 'p');
  }
  return open + "BITMASK_PERM,\"" + mask + "\")";
}

std::string dppControlText(uint32_t control) {
  if (control < 0x100) {
    return "quad_perm:[" + list({bits(control, 1, 0), bits(control, 3, 2), bits(control, 5, 4), bits(control, 7, 6)}) +
           ']';
  }
  const std::string lanes = std::to_string(control & 15);
  switch (control >> 4) {
    case 0x10:
      return "row_shl:" + lanes;
    case 0x11:
      return "row_shr:" + lanes;
    case 0x12:
      return "row_ror:" + lanes;
    case 0x15:
      return "row_newbcast:" + lanes;
    default:
      break;
  }
  switch (control) {
    case 0x130:
      return "wave_shl:1";
    case 0x134:
      return "wave_rol:1";
    case 0x138:
      return "wave_shr:1";
    case 0x13c:
      return "wave_ror:1";
    case 0x140:
      return "row_mirror";
    case 0x141:
      return "row_half_mirror";
    case 0x142:
      return "row_bcast:15";
    default:
      return "row_bcast:31";
  }
}

std::string bufferFormatText(uint8_t format) {
  constexpr const char* data[] = {"INVALID",     "8",        "16",          "8_8",        "32",      "16_16",
                                  "10_11_11",    "11_11_10", "10_10_10_2",  "2_10_10_10", "8_8_8_8", "32_32",
                                  "16_16_16_16", "32_32_32", "32_32_32_32", "RESERVED_15"};
  constexpr const char* number[] = {"UNORM", "SNORM", "USCALED", "SSCALED", "UINT", "SINT", "RESERVED_6", "FLOAT"};
  const uint32_t dfmt = format & 15, nfmt = format >> 4 & 7;
  if (dfmt == 1 && nfmt == 0) return {};
  std::string text;
  if (dfmt != 1) text += std::string("BUF_DATA_FORMAT_") + data[dfmt];
  if (nfmt != 0) text += std::string(text.empty() ? "" : ",") + "BUF_NUM_FORMAT_" + number[nfmt];
  return " format:[" + text + ']';
}

std::string exportTargetText(uint32_t target) {
  if (target < 8) return "mrt" + std::to_string(target);
  if (target == 8) return "mrtz";
  if (target == 9) return "null";
  if (target >= 12 && target < 16) return "pos" + std::to_string(target - 12);
  if (target >= 32) return "param" + std::to_string(target - 32);
  return "invalid_target_" + std::to_string(target);
}

std::string smallImmediateText(uint32_t imm) {
  return imm <= 64 ? std::to_string(imm) : hexText(imm);
}

}  // namespace softgpu
