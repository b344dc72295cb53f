// SOP1, SOP2, SOPK, SOPC, SOPP and SMEM (Vega ISA, 13.1 and 13.2).
#include "isa/decode/decoder.h"

namespace softgpu {

namespace {

// Sources that name a register as such: a constant makes no sense there.
bool takesRegister(Opcode op) {
  switch (op) {
    case Opcode::s_setpc_b64:
    case Opcode::s_rfe_b64:
    case Opcode::s_movrels_b32:
    case Opcode::s_movrels_b64:
    case Opcode::s_cbranch_join:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool Decoder::sop2(uint32_t w) {
  if (!opcode(Encoding::SOP2, bits(w, 29, 23))) return false;
  return source(bits(w, 7, 0), shape_.src[0], kScalarSource, in_.src[0]) &&
         source(bits(w, 15, 8), shape_.src[1], kScalarSource, in_.src[1]) &&
         (shape_.dst == DataType::None || scalarRegister(bits(w, 22, 16), shape_.dst, in_.dst));
}

bool Decoder::sopk(uint32_t w) {
  if (!opcode(Encoding::SOPK, bits(w, 27, 23))) return false;
  in_.imm = signExtend(bits(w, 15, 0), 16);
  const uint32_t field = bits(w, 22, 16);
  if (in_.opcode == Opcode::s_setreg_imm32_b32) {
    in_.src[0] = operand::kLiteral;
    return takeLiteral();
  }
  return (shape_.dst == DataType::None || scalarRegister(field, shape_.dst, in_.dst)) &&
         (shape_.src[0] == DataType::None || scalarRegister(field, shape_.src[0], in_.src[0]));
}

bool Decoder::sop1(uint32_t w) {
  if (!opcode(Encoding::SOP1, bits(w, 15, 8))) return false;
  if (shape_.src[0] != DataType::None) {
    if (!source(bits(w, 7, 0), shape_.src[0], kScalarSource, in_.src[0])) return false;
    if (takesRegister(in_.opcode) && operand::isConstant(in_.src[0])) return false;
  }
  return shape_.dst == DataType::None || scalarRegister(bits(w, 22, 16), shape_.dst, in_.dst);
}

bool Decoder::sopc(uint32_t w) {
  if (!opcode(Encoding::SOPC, bits(w, 22, 16))) return false;
  if (!source(bits(w, 7, 0), shape_.src[0], kScalarSource, in_.src[0])) return false;
  if (in_.opcode == Opcode::s_set_gpr_idx_on) {
    in_.imm = static_cast<int32_t>(bits(w, 15, 8));
    return true;
  }
  return source(bits(w, 15, 8), shape_.src[1], kScalarSource, in_.src[1]);
}

bool Decoder::sopp(uint32_t w) {
  in_.imm = signExtend(bits(w, 15, 0), 16);
  return opcode(Encoding::SOPP, bits(w, 22, 16));
}

bool Decoder::smem(uint32_t w) {
  uint32_t w1;
  if (!opcode(Encoding::SMEM, bits(w, 25, 18)) || !secondWord(w1)) return false;
  in_.glc = bit(w, 16);
  in_.nv = !gfx8() && bit(w, 15);
  const bool probe = in_.opcode == Opcode::s_atc_probe || in_.opcode == Opcode::s_atc_probe_buffer;
  if (probe) {
    in_.literal = bits(w, 12, 6);
  } else if (shape_.dst != DataType::None && !scalarRegister(bits(w, 12, 6), shape_.dst, in_.dst)) {
    return false;
  }
  if (shape_.src[0] == DataType::None) return true;
  if (!scalarRegister(bits(w, 5, 0) << 1, shape_.src[0], in_.src[0])) return false;

  // gfx8: an unsigned offset or a register, by IMM. gfx9: SOE adds a register to the offset, or takes its place (Vega
  // ISA, "SMEM": without SOE a register offset is in the offset field).
  in_.immOffset = bit(w, 17);
  const bool soe = !gfx8() && bit(w, 14);
  if (in_.immOffset) in_.imm = gfx8() ? static_cast<int32_t>(bits(w1, 19, 0)) : signExtend(bits(w1, 20, 0), 21);
  if (soe) return scalarRegister(bits(w1, 31, 25), DataType::B32, in_.soffset);
  return in_.immOffset || scalarRegister(bits(w1, 6, 0), DataType::B32, in_.soffset);
}

}  // namespace softgpu
