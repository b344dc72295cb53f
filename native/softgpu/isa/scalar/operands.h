// Operand access of scalar instructions. Lowering resolves what it can: a source is a register, a constant whose value
// lies in the micro-op, or something to be looked up at each execution.
#pragma once

#include <cstdint>
#include <cstring>

#include "isa/micro_op.h"
#include "wave/wave.h"

namespace softgpu::scalar {

enum class Read : uint8_t { Register, Constant, Any };

// MicroOp::extra holds the value of a constant first source, `literal` and `imm` that of a second one.
constexpr unsigned kConstant0 = 0;

inline uint64_t constantOf(const MicroOp* op, unsigned source) {
  if (source == 1) return op->literal | static_cast<uint64_t>(static_cast<uint32_t>(op->imm)) << 32;
  uint64_t value;
  std::memcpy(&value, op->extra + kConstant0, sizeof value);
  return value;
}

inline void setConstant(MicroOp& op, unsigned source, uint64_t value) {
  if (source == 1) {
    op.literal = static_cast<uint32_t>(value);
    op.imm = static_cast<int32_t>(value >> 32);
  } else {
    std::memcpy(op.extra + kConstant0, &value, sizeof value);
  }
}

// VCCZ, EXECZ, SCC and the apertures.
uint64_t readSpecial(const Wave& wave, unsigned operand);
// The value of an inline constant as a source of `bits` bits.
uint64_t inlineConstant(unsigned operand, unsigned bits);

template <class T>
T readRegister(const Wave& wave, unsigned index) {
  T value;
  std::memcpy(&value, &wave.sgpr[index], sizeof value);
  return value;
}

template <class T>
void writeRegister(Wave& wave, unsigned index, T value) {
  std::memcpy(&wave.sgpr[index], &value, sizeof value);
}

template <class T, unsigned N, Read R>
T read(const Wave& wave, const MicroOp* op) {
  if constexpr (R == Read::Register) {
    return readRegister<T>(wave, op->src[N].index);
  } else if constexpr (R == Read::Constant) {
    return static_cast<T>(constantOf(op, N));
  } else {
    switch (op->src[N].kind) {
      case SourceKind::Sgpr:
        return readRegister<T>(wave, op->src[N].index);
      case SourceKind::Special:
        return static_cast<T>(readSpecial(wave, op->src[N].index));
      default:
        return static_cast<T>(constantOf(op, N));
    }
  }
}

// Fills op.src[source] from the encoded operand.
void lowerSource(const Instruction& in, unsigned source, unsigned bits, bool isSigned, MicroOp& op);
// Where the result goes: trap registers cannot be written outside of the trap handler (Vega ISA, 3.10).
uint16_t destination(uint16_t operand);

// A taken branch. Backward ones charge the slice for the code they are about to run again.
inline const MicroOp* take(Wave& wave, const MicroOp* target, int32_t dwords) {
  if (dwords < 0 && (wave.budget += dwords) < 0) return wave.halt(target, Stop::Yield);
  return target;
}

// A jump to an address: charged like a short loop, since it may close one.
inline const MicroOp* jumpTo(Wave& wave, uint64_t pc) {
  const MicroOp* target = wave.jump(pc);
  if (target && (wave.budget -= 64) < 0) return wave.halt(target, Stop::Yield);
  return target;
}

Handler lowerAlu(const Instruction& in, Target target, MicroOp& op);      // SOP1, SOP2, SOPC, SOPK: results and SCC
Handler lowerControl(const Instruction& in, Target target, MicroOp& op);  // what moves the PC, stops, or sets modes
Handler lowerHardwareRegister(const Instruction& in, Target target, MicroOp& op);  // s_getreg, s_setreg
Handler lowerMemory(const Instruction& in, Target target, MicroOp& op);            // SMEM

}  // namespace softgpu::scalar
