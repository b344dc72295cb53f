// VOP1, VOP2, VOPC with their literal, SDWA and DPP words, VOP3 and VOP3P (Vega ISA, 13.3).
#include "isa/decode/decoder.h"

namespace softgpu {

namespace {

constexpr uint32_t kSdwaField = 249, kDppField = 250;

bool isCompare(Encoding e) {
  return e == Encoding::VOPC;
}

bool has64BitOperand(const OperandShape& s) {
  return dwordsOf(s.dst) > 1 || dwordsOf(s.src[0]) > 1 || dwordsOf(s.src[1]) > 1;
}

bool isMadWithLiteral(Opcode op) {
  return op == Opcode::v_madmk_f32 || op == Opcode::v_madmk_f16 || op == Opcode::v_madak_f32 ||
         op == Opcode::v_madak_f16;
}

// What has neither an SDWA nor a DPP form, its operands apart: the literal of madmk and madak, what names registers by
// itself, what has no operands.
bool standsAlone(Opcode op) {
  switch (op) {
    case Opcode::v_readfirstlane_b32:
    case Opcode::v_swap_b32:
    case Opcode::v_accvgpr_mov_b32:
    case Opcode::v_movreld_b32:
    case Opcode::v_movrels_b32:
    case Opcode::v_movrelsd_b32:
    case Opcode::v_clrexcp:
    case Opcode::v_nop:
      return true;
    default:
      return isMadWithLiteral(op);
  }
}

// gfx9 dropped SDWA from the accumulating operations.
bool allowsSdwa(Opcode op, const OperandShape& shape, Target target) {
  return !has64BitOperand(shape) && !standsAlone(op) && (target == Target::gfx803 || !isAccumulating(op));
}

// 64-bit operands have DPP on gfx90a.
bool allowsDpp(Opcode op, const OperandShape& shape, Target target) {
  return (!has64BitOperand(shape) || target == Target::gfx90a) && !standsAlone(op) && op != Opcode::v_pk_fmac_f16;
}

// The carry-in and the selector are masks of lanes: a scalar pair.
bool isLaneMask(Opcode op, unsigned source) {
  if (source != 2) return false;
  switch (op) {
    case Opcode::v_cndmask_b32:
    case Opcode::v_addc_co_u32:
    case Opcode::v_subb_co_u32:
    case Opcode::v_subbrev_co_u32:
      return true;
    default:
      return false;
  }
}

// Vega ISA, "DPP_CTRL"; CDNA2 adds row_newbcast, the only control of 64-bit operations.
bool validDppControl(uint32_t control, Target target, bool wide) {
  const bool newBroadcast = target == Target::gfx90a && control >> 4 == 0x15;
  if (wide) return newBroadcast;
  if (control < 0x100 || newBroadcast) return true;
  if (control >> 4 >= 0x10 && control >> 4 <= 0x12) return (control & 15) != 0;
  switch (control) {
    case 0x130:
    case 0x134:
    case 0x138:
    case 0x13c:
    case 0x140:
    case 0x141:
    case 0x142:
    case 0x143:
      return true;
    default:
      return false;
  }
}

}  // namespace

// Operands that VOP1, VOP2 and VOPC do not spell out: VCC, and the destination of accumulating operations.
void Decoder::implied() {
  if (in_.sdst == operand::kNone && shape_.sdst != DataType::None) in_.sdst = operand::kVccLo;
  if (isAccumulating(in_.opcode)) {
    in_.src[2] = in_.dst;
  } else if (in_.encoding == Encoding::VOP2 && shape_.src[2] == DataType::B64) {
    in_.src[2] = operand::kVccLo;
  }
}

bool Decoder::vectorSource0(uint32_t field) {
  if (field == kSdwaField) return allowsSdwa(in_.opcode, shape_, target_) && sdwaWord();
  if (field == kDppField) return allowsDpp(in_.opcode, shape_, target_) && dppWord();
  return source(field, shape_.src[0], kVectorSource, in_.src[0]);
}

bool Decoder::vop2(uint32_t w) {
  if (!opcode(Encoding::VOP2, bits(w, 30, 25)) || !vgpr(bits(w, 24, 17), shape_.dst, in_.dst)) return false;
  if (!vgpr(bits(w, 16, 9), shape_.src[1], in_.src[1]) || !vectorSource0(bits(w, 8, 0))) return false;
  if (isMadWithLiteral(in_.opcode)) {
    if (in_.opcode == Opcode::v_madmk_f32 || in_.opcode == Opcode::v_madmk_f16) {
      in_.src[2] = in_.src[1];
      in_.src[1] = operand::kLiteral;
    } else {
      in_.src[2] = operand::kLiteral;
    }
    return takeLiteral();
  }
  implied();
  return true;
}

bool Decoder::vop1(uint32_t w) {
  if (!opcode(Encoding::VOP1, bits(w, 16, 9))) return false;
  const uint32_t dst = bits(w, 24, 17), src = bits(w, 8, 0);
  if (in_.opcode == Opcode::v_nop || in_.opcode == Opcode::v_clrexcp) return true;
  if (in_.opcode == Opcode::v_readfirstlane_b32) return laneOperands(dst, src, 0, kVectorSource);
  if (in_.opcode == Opcode::v_accvgpr_mov_b32) {
    return src >= operand::kVgpr0 && vgpr(dst, shape_.dst, in_.dst, true) &&
           vgpr(src - operand::kVgpr0, shape_.src[0], in_.src[0], true);
  }
  if (in_.opcode == Opcode::v_swap_b32 && src < operand::kVgpr0) return false;
  return vgpr(dst, shape_.dst, in_.dst) && vectorSource0(src);
}

bool Decoder::vopc(uint32_t w) {
  if (!opcode(Encoding::VOPC, bits(w, 24, 17)) || bits(w, 8, 0) == kDppField) return false;
  if (!vgpr(bits(w, 16, 9), shape_.src[1], in_.src[1]) || !vectorSource0(bits(w, 8, 0))) return false;
  implied();
  return true;
}

// Operations between a lane and a scalar register: v_readfirstlane, v_readlane, v_writelane.
bool Decoder::laneOperands(uint32_t dst, uint32_t src0, uint32_t src1, unsigned accepted) {
  using enum DataType;
  if (in_.opcode == Opcode::v_writelane_b32) {
    return vgpr(dst, B32, in_.dst) && source(src0, B32, kConstants, in_.src[0]) &&
           source(src1, B32, kConstants, in_.src[1]);
  }
  if (dst > 127 || !scalarRegister(dst, B32, in_.dst)) return false;
  if (src0 < operand::kVgpr0 && src0 != operand::kLdsDirect) return false;
  if (!source(src0, B32, accepted, in_.src[0])) return false;
  return in_.opcode != Opcode::v_readlane_b32 || source(src1, B32, kConstants, in_.src[1]);
}

// SDWA: selectors for the destination and both sources. gfx9 adds scalar sources, omod, and VOPC's scalar destination.
bool Decoder::sdwaWord() {
  uint32_t w;
  if (!secondWord(w)) return false;
  in_.sdwa.present = true;
  if (isCompare(in_.encoding) && gfx8()) {
    in_.clamp = bit(w, 13);
  } else if (isCompare(in_.encoding)) {
    if (bit(w, 15) && (bits(w, 14, 8) > 127 || !scalarRegister(bits(w, 14, 8), DataType::B64, in_.sdst))) return false;
  } else {
    in_.sdwa.dstSel = static_cast<uint8_t>(bits(w, 10, 8));
    in_.sdwa.dstUnused = static_cast<uint8_t>(bits(w, 12, 11));
    in_.clamp = bit(w, 13);
    in_.omod = static_cast<uint8_t>(gfx8() ? 0 : bits(w, 15, 14));
    if (in_.sdwa.dstSel == 7 || in_.sdwa.dstUnused == 3) return false;
  }
  for (unsigned i = 0; i < 2 && shape_.src[i] != DataType::None; ++i) {
    const uint32_t field = bits(w, 16 + 8 * i + 7, 16 + 8 * i);
    in_.sdwa.srcSel[i] = static_cast<uint8_t>(bits(field, 2, 0));
    in_.sdwa.srcSext[i] = bit(field, 3);
    if (in_.sdwa.srcSel[i] == 7) return false;
    in_.neg |= static_cast<uint8_t>(bit(field, 4) << i);
    in_.abs |= static_cast<uint8_t>(bit(field, 5) << i);
    const uint32_t number = i == 0 ? bits(w, 7, 0) : in_.src[1] - operand::kVgpr0;
    const bool scalar = !gfx8() && bit(field, 7);
    if (scalar ? !source(number, DataType::B32, kVop3Source, in_.src[i]) : !vgpr(number, DataType::B32, in_.src[i]))
      return false;
  }
  return true;
}

bool Decoder::dppWord() {
  uint32_t w;
  if (!secondWord(w)) return false;
  in_.dpp.present = true;
  in_.dpp.control = static_cast<uint16_t>(bits(w, 16, 8));
  in_.dpp.boundCtrl = bit(w, 19);
  in_.neg = static_cast<uint8_t>(bit(w, 20) | bit(w, 22) << 1);
  in_.abs = static_cast<uint8_t>(bit(w, 21) | bit(w, 23) << 1);
  in_.dpp.bankMask = static_cast<uint8_t>(bits(w, 27, 24));
  in_.dpp.rowMask = static_cast<uint8_t>(bits(w, 31, 28));
  if (!validDppControl(in_.dpp.control, target_, has64BitOperand(shape_))) return false;
  return vgpr(bits(w, 7, 0), shape_.src[0], in_.src[0]);
}

bool Decoder::vop3(uint32_t w) {
  uint32_t w1;
  if (!opcode(Encoding::VOP3, bits(w, 25, 16)) || !secondWord(w1)) return false;
  if (isInterpolation(in_.opcode)) return vop3Interp(w, w1);
  const uint32_t dst = bits(w, 7, 0);
  const uint32_t fields[3] = {bits(w1, 8, 0), bits(w1, 17, 9), bits(w1, 26, 18)};
  in_.clamp = bit(w, 15);
  in_.omod = static_cast<uint8_t>(bits(w1, 28, 27));
  in_.neg = static_cast<uint8_t>(bits(w1, 31, 29));
  if (in_.opcode == Opcode::v_readlane_b32 || in_.opcode == Opcode::v_writelane_b32 ||
      in_.opcode == Opcode::v_readfirstlane_b32) {
    return laneOperands(dst, fields[0], fields[1], kVop3Source);
  }

  if (shape_.dst != DataType::None) {
    if (!vgpr(dst, shape_.dst, in_.dst)) return false;
    if (shape_.sdst != DataType::None) {  // VOP3b has its scalar destination where VOP3a has abs and op_sel
      if (!scalarRegister(bits(w, 14, 8), shape_.sdst, in_.sdst)) return false;
    }
  } else if (shape_.sdst != DataType::None && (dst > 127 || !scalarRegister(dst, shape_.sdst, in_.sdst))) {
    return false;
  }
  if (shape_.dst == DataType::None || shape_.sdst == DataType::None) {
    in_.abs = static_cast<uint8_t>(bits(w, 10, 8));
    in_.opSel = static_cast<uint8_t>(gfx8() ? 0 : bits(w, 14, 11));
  }
  for (unsigned i = 0; i < 3; ++i) {
    if (shape_.src[i] == DataType::None) continue;
    if (i == 2 && isAccumulating(in_.opcode)) {
      in_.src[2] = in_.dst;
    } else if (!source(fields[i], shape_.src[i], isLaneMask(in_.opcode, i) ? kConstants : kVop3Source, in_.src[i])) {
      return false;
    }
    if (isLaneMask(in_.opcode, i) && in_.src[i] >= operand::kInlineHalf && in_.src[i] <= 248) return false;
  }
  return true;
}

// Interpolation in VOP3: attribute, channel and half where src0 is.
bool Decoder::vop3Interp(uint32_t w, uint32_t w1) {
  in_.clamp = bit(w, 15);
  in_.omod = static_cast<uint8_t>(bits(w1, 28, 27));
  in_.imm = static_cast<int32_t>(bits(w1, 5, 0) << 2 | bits(w1, 7, 6) | bit(w1, 8) << 8);
  if (!vgpr(bits(w, 7, 0), DataType::F32, in_.dst)) return false;
  if (in_.opcode == Opcode::v_interp_mov_f32) {
    in_.literal = bits(w1, 17, 9);
    return true;
  }
  in_.abs = static_cast<uint8_t>(bits(w, 10, 9));
  in_.neg = static_cast<uint8_t>(bits(w1, 31, 30));
  const uint32_t fields[2] = {bits(w1, 17, 9), bits(w1, 26, 18)};
  for (unsigned i = 0; i < 2 && shape_.src[i] != DataType::None; ++i) {
    if (fields[i] < operand::kVgpr0 || !vgpr(fields[i] - operand::kVgpr0, DataType::F32, in_.src[i])) return false;
  }
  return true;
}

bool Decoder::vop3p(uint32_t w) {
  uint32_t w1;
  if (!opcode(Encoding::VOP3P, bits(w, 22, 16)) || !secondWord(w1)) return false;
  if (bit(w, 22)) return mfma(w, w1);
  in_.abs = static_cast<uint8_t>(bits(w, 10, 8));
  in_.opSel = static_cast<uint8_t>(bits(w, 13, 11));
  in_.opSelHi = static_cast<uint8_t>(bits(w1, 28, 27) | bit(w, 14) << 2);
  in_.clamp = bit(w, 15);
  in_.neg = static_cast<uint8_t>(bits(w1, 31, 29));
  if (!vgpr(bits(w, 7, 0), shape_.dst, in_.dst)) return false;
  const uint32_t fields[3] = {bits(w1, 8, 0), bits(w1, 17, 9), bits(w1, 26, 18)};
  for (unsigned i = 0; i < 3; ++i) {
    if (shape_.src[i] != DataType::None && !source(fields[i], shape_.src[i], kVop3Source, in_.src[i])) return false;
  }
  return true;
}

// Matrix operations and moves from and to AccVGPRs. On gfx908 results and addends are always AccVGPRs; gfx90a has a
// bit.
bool Decoder::mfma(uint32_t w, uint32_t w1) {
  const bool accA = bit(w1, 27), accB = bit(w1, 28);
  const uint32_t dst = bits(w, 7, 0), a = bits(w1, 8, 0), b = bits(w1, 17, 9), c = bits(w1, 26, 18);
  const auto vector = [&](uint32_t field, DataType type, bool acc, uint16_t& operand) {
    return field >= operand::kVgpr0 && vgpr(field - operand::kVgpr0, type, operand, acc);
  };
  if (in_.opcode == Opcode::v_accvgpr_read_b32) {
    return vgpr(dst, DataType::B32, in_.dst) && vector(a, DataType::B32, true, in_.src[0]);
  }
  if (in_.opcode == Opcode::v_accvgpr_write_b32) {
    return vgpr(dst, DataType::B32, in_.dst, true) && source(a, DataType::B32, kVop3Source, in_.src[0]);
  }
  const bool accCd = !gfx90a() || bit(w, 15);
  in_.cbsz = static_cast<uint8_t>(bits(w, 10, 8));
  in_.abid = static_cast<uint8_t>(bits(w, 14, 11));
  in_.blgp = static_cast<uint8_t>(bits(w1, 31, 29));
  if (!vgpr(dst, shape_.dst, in_.dst, accCd) || !vector(a, shape_.src[0], accA, in_.src[0]) ||
      !vector(b, shape_.src[1], accB, in_.src[1])) {
    return false;
  }
  if (c >= operand::kVgpr0) return vector(c, shape_.src[2], accCd, in_.src[2]);
  in_.src[2] = static_cast<uint16_t>(c);
  return (c >= operand::kInlineZero && c <= 208) || (c >= operand::kInlineHalf && c <= 248);
}

}  // namespace softgpu
