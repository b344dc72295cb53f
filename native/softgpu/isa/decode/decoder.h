// The state of decoding one instruction, shared by the files of the encoding families. Each family answers false where
// the bits are no instruction of the target.
#pragma once

#include <cstdint>

#include "isa/decode/opcode_table.h"
#include "isa/decode/operand_shape.h"
#include "isa/instruction.h"

namespace softgpu {

constexpr uint32_t bits(uint32_t word, unsigned high, unsigned low) {
  return word >> low & ((high - low == 31) ? ~0u : (1u << (high - low + 1)) - 1);
}

constexpr bool bit(uint32_t word, unsigned n) {
  return word >> n & 1;
}

constexpr int32_t signExtend(uint32_t value, unsigned width) {
  return static_cast<int32_t>(value << (32 - width)) >> (32 - width);
}

class Decoder {
 public:
  Decoder(const uint32_t* code, uint32_t available, Target target, Instruction& out)
      : code_(code), available_(available), target_(target), in_(out) {}
  bool run();

 private:
  // Which operands a field of the encoding can name.
  enum Sources : uint8_t {
    kSgprOnly = 0,    // SGPRs and the special registers among them
    kConstants = 1,   // also constants
    kLiteralToo = 2,  // also a literal, which then follows the instruction
    kVgprs = 4,       // also VGPRs (fields of 9 bits) and LDS-direct
    kScalarSource = kConstants | kLiteralToo,
    kVectorSource = kConstants | kLiteralToo | kVgprs,
    kVop3Source = kConstants | kVgprs,
  };

  bool gfx8() const { return target_ == Target::gfx803; }
  bool gfx90a() const { return target_ == Target::gfx90a; }

  // Takes the row, encoding and shape of an opcode.
  bool opcode(Encoding encoding, unsigned number);
  // The second dword of a 64-bit encoding.
  bool secondWord(uint32_t& word);

  // Each checks that the whole register tuple exists. Scalar tuples are aligned down as the hardware does: pairs to 2,
  // larger ones to 4.
  bool source(uint32_t field, DataType type, unsigned accepted, uint16_t& operand);
  bool scalarRegister(uint32_t field, DataType type, uint16_t& operand) {
    return source(field, type, kSgprOnly, operand);
  }
  bool vgpr(uint32_t field, DataType type, uint16_t& operand, bool acc = false);
  bool takeLiteral();

  bool sop2(uint32_t w);
  bool sopk(uint32_t w);
  bool sop1(uint32_t w);
  bool sopc(uint32_t w);
  bool sopp(uint32_t w);
  bool smem(uint32_t w);

  bool vop2(uint32_t w);
  bool vop1(uint32_t w);
  bool vopc(uint32_t w);
  bool vop3(uint32_t w);
  bool vop3p(uint32_t w);
  bool mfma(uint32_t w, uint32_t w1);
  bool vop3Interp(uint32_t w, uint32_t w1);
  bool vectorSource0(uint32_t field);
  bool sdwaWord();
  bool dppWord();
  bool laneOperands(uint32_t dst, uint32_t src0, uint32_t src1, unsigned accepted);
  void implied();

  bool ds(uint32_t w);
  bool flat(uint32_t w);
  bool mubuf(uint32_t w);
  bool mtbuf(uint32_t w);
  bool bufferOperands(uint32_t w, uint32_t w1);

  bool vintrp(uint32_t w);
  bool mimg(uint32_t w);
  bool exp(uint32_t w);

  const uint32_t* code_;
  uint32_t available_;
  Target target_;
  Instruction& in_;
  OperandShape shape_;
  bool literal_ = false;  // a source named the literal; it is read once
};

}  // namespace softgpu
