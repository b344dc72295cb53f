#include "isa/decode/modifiers.h"

#include "isa/decode/operand_shape.h"

namespace softgpu {

namespace {

struct Row {
  Opcode opcode;
  Modifiers modifiers;
};

constexpr Row kRows[] = {
#define MODIFIERS(name, neg, abs, opSel, clamp, omod) {Opcode::name, {neg, abs, 0, opSel, clamp != 0, omod != 0}},
#include "isa/tables/modifiers.def"
#undef MODIFIERS
};

struct Index {
  Modifiers of[static_cast<size_t>(Opcode::count)];
  constexpr Index() : of{} {
    for (const Row& row : kRows) of[static_cast<size_t>(row.opcode)] = row.modifiers;
  }
};
constexpr Index kVop3;

bool isFloat(DataType t) {
  return t == DataType::F16 || t == DataType::F32 || t == DataType::F64 || t == DataType::PkF16;
}

// Sources that are floating point, and so take neg and abs. v_cndmask's are, though it only moves bits.
uint8_t floatSources(const Instruction& in, const OperandShape& shape) {
  if (in.opcode == Opcode::v_cndmask_b32) return 3;
  return static_cast<uint8_t>(isFloat(shape.src[0]) | isFloat(shape.src[1]) << 1);
}

Modifiers compareModifiers(const OperandShape& shape) {
  Modifiers m;
  if (!isFloat(shape.src[0])) return m;
  const bool isClass = !isFloat(shape.src[1]);
  m.neg = m.abs = isClass ? 1 : 3;
  m.clamp = !isClass;
  return m;
}

Modifiers vop3Modifiers(const Instruction& in, Target target, const OperandShape& shape) {
  if (in.dst == operand::kNone && in.sdst != operand::kNone) return compareModifiers(shape);
  Modifiers m = kVop3.of[static_cast<size_t>(in.opcode)];
  if (target == Target::gfx803) m.opSel = 0;
  return m;
}

Modifiers sdwaModifiers(const Instruction& in, Target target, const OperandShape& shape) {
  Modifiers m;
  m.neg = m.abs = floatSources(in, shape);
  m.sext = static_cast<uint8_t>(~m.neg & 3);
  m.clamp = target == Target::gfx803 || in.encoding != Encoding::VOPC;
  m.omod = target != Target::gfx803 && isFloat(shape.dst);
  return m;
}

Modifiers dppModifiers(const Instruction& in, const OperandShape& shape) {
  Modifiers m;
  m.neg = m.abs = floatSources(in, shape);
  if (in.opcode == Opcode::v_ldexp_f16) m.neg |= 2;
  return m;
}

}  // namespace

Modifiers modifiersOf(const Instruction& in, Target target) {
  const OperandShape& shape = baseShapeOf(in.opcode);
  if (in.sdwa.present) return sdwaModifiers(in, target, shape);
  if (in.dpp.present) return dppModifiers(in, shape);
  if (in.encoding == Encoding::VOP3) return vop3Modifiers(in, target, shape);
  Modifiers m;
  if (in.encoding == Encoding::VOP3P) m.clamp = true;
  return m;
}

}  // namespace softgpu
