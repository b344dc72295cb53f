// What the interpreter executes: one micro-op per instruction, made once by the lowering of its encoding class.
#pragma once

#include <atomic>
#include <cstdint>

#include "isa/instruction.h"

namespace softgpu {

struct Wave;
struct MicroOp;

// Executes one instruction and answers the next micro-op, or null where the wave has stopped (see Wave::stop).
using Handler = const MicroOp* (*)(Wave&, const MicroOp*);

enum class SourceKind : uint8_t {
  None,
  Vgpr,      // index: register row
  AccVgpr,   // index: register row
  Sgpr,      // index: 0-127, read when executed
  Constant,  // index: inline-constant operand number, 128-208 and 240-248
  Literal,   // MicroOp::literal
  Special,   // index: operand number (apertures, VCCZ, EXECZ, SCC)
};

struct Source {
  uint16_t index = 0;
  SourceKind kind = SourceKind::None;
  uint8_t modifiers = 0;
};

// One cache line. The fields past `words` are for the encoding class that lowered the instruction: it gives them
// meaning.
struct alignas(64) MicroOp {
  std::atomic<Handler> run{nullptr};  // null: not decoded yet
  Opcode opcode{};
  uint8_t words = 0;  // dwords of the encoding: the next micro-op is this + words
  uint8_t flags = 0;
  uint32_t literal = 0;
  int32_t imm = 0;
  uint16_t dst = 0;  // register row or SGPR index
  uint16_t sdst = 0;
  Source src[4] = {};
  uint8_t neg = 0, abs = 0, omod = 0, clamp = 0;
  uint8_t opSel = 0, opSelHi = 0;
  uint8_t extra[10] = {};  // SDWA selectors, DPP control, memory bits
};
static_assert(sizeof(MicroOp) == 64);

inline const MicroOp* next(const MicroOp* op) {
  // A branch, which the host predicts: it goes on with the next instruction before it has loaded `words`. The empty
  // statements keep the compiler from computing the address instead.
  if (op->words == 1) [[likely]] {
    asm volatile("");
    return op + 1;
  }
  if (op->words == 2) [[likely]] {
    asm volatile("");
    return op + 2;
  }
  return op + op->words;
}

// One per encoding class. Each fills `out` (all but `run`, `opcode` and `words`) and answers the handler, or null where
// the instruction has no implementation: the wave that reaches it then stops with its disassembly.
Handler lowerScalar(const Instruction& in, Target target, MicroOp& out);  // SOP1/2/K/C/P, SMEM            isa/scalar/
Handler lowerVector(const Instruction& in, Target target, MicroOp& out);  // VOP1/2/3/C/3P                 isa/vector/
Handler lowerMemory(const Instruction& in, Target target, MicroOp& out);  // FLAT/GLOBAL/SCRATCH/MUBUF/MTBUF isa/memory/
Handler lowerLds(const Instruction& in, Target target, MicroOp& out);     // DS                            isa/lds/

}  // namespace softgpu
