// isa/tables/encodings.def, indexed by target, encoding and opcode number.
#pragma once

#include <cstdint>

#include "isa/instruction.h"

namespace softgpu {

struct OpcodeRow {
  Encoding encoding;
  uint16_t number;
  Opcode opcode;
  const char* mnemonic;  // the target's own name
  uint8_t targets;
};

// Null where the number is no instruction of the target.
const OpcodeRow* findOpcode(Target target, Encoding encoding, unsigned number);

// The target's name of an operation; null where the target does not have it.
const char* mnemonicOf(Target target, Opcode op);

// Whether the target can also write the operation in this encoding (v_add_f32: VOP2 and VOP3).
bool hasEncoding(Target target, Opcode op, Encoding encoding);

// Graphics' parameter interpolation: in VOP3 it has the attribute where other operations have src0.
bool isInterpolation(Opcode op);

}  // namespace softgpu
