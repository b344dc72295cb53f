#pragma once

#include "isa/micro_op.h"

namespace softgpu::memory {

// How registers hold the channels of a format: one each, D16 pairs, D16 in the low half of one each, D16 in a high
// half.
enum class Packing : uint8_t { Dwords, Pairs, Halves, High };

// Sets what format conversions need beside the operands; null where the opcode is none.
Handler lowerFormat(const Instruction& in, Target target, MicroOp& out);

// Loads with conversion, for the transfer to LDS.
const MicroOp* loadFormat(Wave& wave, const MicroOp* op);

}  // namespace softgpu::memory
