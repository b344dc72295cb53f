// VINTRP, MIMG and EXP: read for their size and text alone; the software GPU does not execute them.
#include "isa/decode/decoder.h"

namespace softgpu {

namespace {

// Accesses that leave the texel's format alone, or answer no texel, and so have no D16.
bool lacksD16(Opcode op) {
  switch (op) {
    case Opcode::image_get_resinfo:
    case Opcode::image_get_lod:
    case Opcode::image_load_pck:
    case Opcode::image_load_pck_sgn:
    case Opcode::image_load_mip_pck:
    case Opcode::image_load_mip_pck_sgn:
    case Opcode::image_store_pck:
    case Opcode::image_store_mip_pck:
      return true;
    default:
      return false;
  }
}

}  // namespace

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

// Images: vaddr, vdata, the resource and, for sampling and gathering, the sampler (in soffset).
bool Decoder::mimg(uint32_t w) {
  uint32_t w1;
  if (!opcode(Encoding::MIMG, bits(w, 24, 18)) || !secondWord(w1)) return false;
  in_.dmask = static_cast<uint8_t>(bits(w, 11, 8));
  in_.format = bit(w1, 31) && !lacksD16(in_.opcode);  // D16
  in_.glc = bit(w, 13);
  in_.slc = bit(w, 25);
  in_.scc = gfx90a() && bit(w, 7);
  in_.tfe = !gfx90a() && bit(w, 16);
  const bool acc = gfx90a() && bit(w, 16);
  const bool sampled = bits(w, 24, 18) >= 0x20;
  if (!vgpr(bits(w1, 7, 0), shape_.src[0], in_.src[0]) ||
      !scalarRegister(bits(w1, 20, 16) << 2, shape_.src[3], in_.src[3]) ||
      (sampled && !scalarRegister(bits(w1, 25, 21) << 2, DataType::B128, in_.soffset))) {
    return false;
  }
  const bool stored = shape_.src[1] != DataType::None, atomic = stored && shape_.dst != DataType::None;
  if (!stored || (atomic && in_.glc)) in_.dst = operand::kVgpr0;
  const OperandShape shape = shapeOf(in_, target_);
  const uint32_t data = bits(w1, 15, 8);
  return (!stored || vgpr(data, shape.src[1], in_.src[1], acc)) &&
         (in_.dst == operand::kNone || vgpr(data, shape.dst, in_.dst, acc));
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
