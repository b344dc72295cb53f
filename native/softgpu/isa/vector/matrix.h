// Matrix instructions (v_mfma): D = A * B + C for one or more blocks, each matrix spread over the registers of a wave.
// Where an element lies: CDNA 3 ISA, 7.1.4, and AMD's matrix instruction calculator, which give the same places.
#pragma once

#include <cstdint>

#include "isa/micro_op.h"
#include "isa/target.h"

namespace softgpu::vector {

// What A and B are made of. C and D are then F32, but I32 with I8, and F64 with F64.
enum class Element : uint8_t { F32, F16, Bf16, I8, F64 };

// Of a block, A is size x depth, B is depth x size, C and D are size x size.
struct MatrixShape {
  Opcode opcode{};
  Element element{};
  uint8_t size = 0, depth = 0, blocks = 0;
};

// Null where it is no matrix instruction.
const MatrixShape* matrixShapeOf(Opcode opcode);

// MicroOp::extra of a matrix instruction
enum MatrixExtra : uint8_t {
  kBroadcastSize = 0,   // CBSZ
  kBroadcastBlock = 1,  // ABID
  kLanePattern = 2,     // BLGP
  kAccumulators = 3,    // D is in AccVGPRs
};

// Fills `out.extra`. False where the instruction asks for what its manual leaves undefined.
bool lowerMatrix(const MatrixShape& shape, const Instruction& in, Target target, MicroOp& out);

}  // namespace softgpu::vector
