// What the executors, the lowering and the levels agree on: operand types, the table of operations, MicroOp's fields.
#pragma once

#include <cstddef>
#include <cstdint>

#include "isa/micro_op.h"
#include "wave/wave.h"

namespace softgpu::vector {

// How an operation reads an operand or writes its result. 16-bit types occupy the low half of a row; 64-bit types two
// rows; Packed types are two halves of a row; H16 is F16 by its bits; I32Wide makes the operation compute in 64-bit
// lanes, where it sees f32 as f64; Mix is mad_mix's "f32, or either half as f16"; Mask is a lane mask in an SGPR pair.
enum class Type : uint8_t {
  None,
  U16,
  I16,
  F16,
  H16,
  PackedB16,
  PackedF16,
  U32,
  I32,
  I32Wide,
  F32,
  Mix,
  U64,
  I64,
  F64,
  PackedF32,
  Mask
};

constexpr bool is64(Type t) {
  return t == Type::U64 || t == Type::I64 || t == Type::F64 || t == Type::PackedF32;
}
constexpr bool is16(Type t) {
  return t == Type::U16 || t == Type::I16 || t == Type::F16 || t == Type::H16;
}
constexpr bool isHalfFloat(Type t) {
  return t == Type::F16 || t == Type::H16;
}
constexpr bool isPacked16(Type t) {
  return t == Type::PackedB16 || t == Type::PackedF16;
}
// Rounding and denormals follow MODE's double/half fields.
constexpr bool followsMode64(Type t) {
  return isHalfFloat(t) || t == Type::F64 || t == Type::PackedF16;
}
constexpr bool followsMode32(Type t) {
  return t == Type::F32 || t == Type::Mix || t == Type::PackedF32;
}

// Computes every lane of one wave instruction and stores those of `exec` to the row (64 bits: the two rows) at `dst`.
// The answer is the lane mask of a compare or carry, garbage where `exec` is clear.
using Compute = uint64_t (*)(Wave& wave, const MicroOp* op, uint32_t* dst, uint64_t exec);

struct Operation {
  Opcode opcode{};
  Type dst = Type::None;
  Type src[3] = {};
  bool carry = false;           // a lane mask beside the result
  Handler plain = nullptr;      // where nothing is to be done to the result; looks at MODE and may go on to `general`
  Handler registers = nullptr;  // the same where every source is a vector register (and every mask an SGPR pair)
  Handler uniform = nullptr;    // the same where the first source is an SGPR or a literal; null for 64-bit lanes
  Compute compute = nullptr;
  Compute flushing = nullptr;   // where MODE flushes the denormals of f32 operands and results, and of nothing else
  Compute saturated = nullptr;  // integer result with the clamp bit
  bool writesExec = false;      // v_cmpx
};

// The operations that are no expression over lanes: v_readlane and the like.
struct Special {
  Opcode opcode{};
  Handler handler = nullptr;
};

// One level of the host's vector instructions.
struct Level {
  const char* name;
  const Operation* (*find)(Opcode);
  Handler (*special)(Opcode);
  Handler general;  // any modifier, any MODE
};

const Level& level();                       // the one that this process uses
const Level* levelNamed(const char* name);  // null where unknown or the host lacks it

// MicroOp::flags
enum Flag : uint8_t {
  kSaturate = 1 << 0,        // integer clamp
  kWritesExec = 1 << 1,      // v_cmpx
  kKeepsDenormals = 1 << 2,  // MODE's denormal fields do not apply
  kHighHalf = 1 << 3,        // op_sel[3]: a 16-bit result goes to the high half
  kPreserve = 1 << 4,        // a 16-bit result keeps the other half
  kSdwa = 1 << 5,
  kDpp = 1 << 6,
};

// Source::modifiers. Zero is "as it lies there".
enum Modifier : uint8_t {
  kNegate = 1 << 0,
  kAbsolute = 1 << 1,
  kSelect = 1 << 2,   // SDWA selector in MicroOp::extra
  kHigh = 1 << 3,     // op_sel: the high half of a 16-bit operand
  kPermute = 1 << 4,  // DPP
  kHalves = 1 << 5,   // VOP3P: op_sel, op_sel_hi, neg_lo, neg_hi of MicroOp
  kMixed = 1 << 6,    // mad_mix: f16 by op_sel_hi
  kFlush = 1 << 7,    // MODE: input denormals to zero
};

// MicroOp::extra
enum Extra : uint8_t {
  kSdwaSource0 = 0,  // selector | sign extension << 3
  kSdwaSource1 = 1,
  kSdwaResult = 2,  // selector | dst_unused << 3
  kDppControlLow = 3,
  kDppControlHigh = 4,
  kDppBoundControl = 5,
  kDppRowMask = 6,
  kDppBankMask = 7,
};

}  // namespace softgpu::vector
