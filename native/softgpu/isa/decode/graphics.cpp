// VINTRP, MIMG and EXP: read for their size and text alone; the software GPU does not execute them.
#include "isa/decode/decoder.h"

namespace softgpu {

bool Decoder::vintrp(uint32_t w) {
  if (!opcode(Encoding::VINTRP, bits(w, 17, 16))) return false;
  in_.imm = static_cast<int32_t>(bits(w, 15, 8));  // attribute << 2 | channel
  if (in_.opcode == Opcode::v_interp_mov_f32) {
    in_.literal = bits(w, 7, 0);  // which parameter: P10, P20, P0
  } else {
    in_.src[0] = static_cast<uint16_t>(operand::kVgpr0 + bits(w, 7, 0));
  }
  in_.dst = static_cast<uint16_t>(operand::kVgpr0 + bits(w, 25, 18));
  return true;
}

bool Decoder::mimg(uint32_t w) {
  uint32_t w1;
  const uint32_t number = bits(w, 24, 18) | (bit(w, 0) ? 0x80u : 0);
  if (!opcode(Encoding::MIMG, number) || !secondWord(w1)) return false;
  in_.dmask = static_cast<uint8_t>(bits(w, 11, 8));
  in_.glc = bit(w, 13);
  in_.slc = bit(w, 25);
  in_.tfe = bit(w, 16);
  in_.src[0] = static_cast<uint16_t>(operand::kVgpr0 + bits(w1, 7, 0));
  in_.dst = static_cast<uint16_t>(operand::kVgpr0 + bits(w1, 15, 8));
  return scalarRegister(bits(w1, 20, 16) << 2, DataType::B128, in_.src[3]) &&
         scalarRegister(bits(w1, 25, 21) << 2, DataType::B128, in_.soffset);
}

bool Decoder::exp(uint32_t w) {
  uint32_t w1;
  if (!opcode(Encoding::EXP, 0) || !secondWord(w1)) return false;
  in_.dmask = static_cast<uint8_t>(bits(w, 3, 0));
  in_.imm = static_cast<int32_t>(bits(w, 9, 4));
  for (unsigned i = 0; i < 4; ++i) in_.src[i] = static_cast<uint16_t>(operand::kVgpr0 + bits(w1, 8 * i + 7, 8 * i));
  return true;
}

}  // namespace softgpu
