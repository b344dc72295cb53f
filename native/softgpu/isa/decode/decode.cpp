// Tells the encodings apart (Vega ISA, "Microcode Formats") and reads operand fields.
#include <cstring>

#include "isa/decode/decoder.h"

namespace softgpu {

bool decode(const uint32_t* code, uint32_t available, Target target, Instruction& out) {
  out = Instruction{};
  if (available == 0) return false;
  const bool valid = Decoder(code, available, target, out).run() && out.words <= available;
  if (!valid) out = Instruction{};
  std::memcpy(out.rawWords, code, out.words * 4u);
  return valid;
}

bool Decoder::run() {
  const uint32_t w = code_[0];
  if (!bit(w, 31)) {
    switch (bits(w, 30, 25)) {
      case 0x3e:
        return vopc(w);
      case 0x3f:
        return vop1(w);
      default:
        return vop2(w);
    }
  }
  if (bits(w, 31, 30) == 2) {
    switch (bits(w, 31, 23)) {
      case 0x17d:
        return sop1(w);
      case 0x17e:
        return sopc(w);
      case 0x17f:
        return sopp(w);
      default:
        return bits(w, 31, 28) == 0xb ? sopk(w) : sop2(w);
    }
  }
  switch (bits(w, 31, 26)) {
    case 0x30:
      return smem(w);
    case 0x31:
      return exp(w);
    case 0x34:
      return !gfx8() && bits(w, 25, 23) == 7 ? vop3p(w) : vop3(w);
    case 0x35:
      return vintrp(w);
    case 0x36:
      return ds(w);
    case 0x37:
      return flat(w);
    case 0x38:
      return mubuf(w);
    case 0x3a:
      return mtbuf(w);
    case 0x3c:
      return mimg(w);
    default:
      return false;
  }
}

bool Decoder::opcode(Encoding encoding, unsigned number) {
  const OpcodeRow* row = findOpcode(target_, encoding, number);
  if (!row) return false;
  in_.opcode = row->opcode;
  in_.encoding = encoding;
  shape_ = baseShapeOf(row->opcode);
  return true;
}

bool Decoder::secondWord(uint32_t& word) {
  in_.words = 2;
  if (available_ < 2) return false;
  word = code_[1];
  return true;
}

bool Decoder::takeLiteral() {
  if (literal_) return true;
  literal_ = true;
  return secondWord(in_.literal);
}

bool Decoder::source(uint32_t field, DataType type, unsigned accepted, uint16_t& operand) {
  const unsigned dwords = dwordsOf(type);
  if (field >= operand::kVgpr0) return (accepted & kVgprs) && vgpr(field - operand::kVgpr0, type, operand);
  operand = static_cast<uint16_t>(field);
  if (field < 128) {
    if (dwords > 2 && field >= 102 && field < operand::kTtmp0) return false;
    if (dwords > 1) operand &= static_cast<uint16_t>(dwords == 2 ? ~1 : ~3);
    const unsigned last = operand + dwords - 1;
    // Tuples of four and more may run into FLAT_SCRATCH, as LLVM's register classes have them.
    if (operand < 102) return last < (dwords > 2 ? 104u : 102u);
    // Pairs among the special registers; ttmps are plain registers, in larger tuples too (gfx8 has 12 of them, from
    // 112).
    if (operand >= operand::kTtmp0 && operand < operand::kM0) {
      if (gfx8() && dwords > 2 && operand < 112) return false;
      return last < operand::kM0;
    }
    if (operand >= operand::kM0 && operand < operand::kExecLo) return field == operand::kM0 && dwords == 1;
    return dwords <= 2;
  }
  if (field == operand::kLiteral) return (accepted & kLiteralToo) && takeLiteral();
  if (field == operand::kLdsDirect) return (accepted & kVgprs) && !gfx90a() && dwords == 1;
  if (!(accepted & kConstants)) return false;
  if (field >= operand::kSharedBase && field <= 239) return !gfx8();
  return field <= 208 || (field >= operand::kInlineHalf && field <= 248) ||
         (field >= operand::kVccz && field <= operand::kScc);
}

bool Decoder::vgpr(uint32_t field, DataType type, uint16_t& operand, bool acc) {
  if (field + dwordsOf(type) > 256) return false;
  // gfx90a addresses tuples of VGPRs by even registers (CDNA2 ISA, "VGPR alignment").
  if (gfx90a() && dwordsOf(type) > 1 && (field & 1)) return false;
  operand = static_cast<uint16_t>((acc ? operand::kAccVgpr0 : operand::kVgpr0) + field);
  return true;
}

}  // namespace softgpu
