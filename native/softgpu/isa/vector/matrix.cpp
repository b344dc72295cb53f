#include "isa/vector/matrix.h"

namespace softgpu::vector {
namespace {

constexpr MatrixShape kShapes[] = {
#define MATRIX(name, element, size, depth, blocks) {Opcode::name, Element::element, size, depth, blocks},
#include "isa/tables/matrix.def"
#undef MATRIX
};

}  // namespace

const MatrixShape* matrixShapeOf(Opcode opcode) {
  for (const MatrixShape& shape : kShapes) {
    if (shape.opcode == opcode) return &shape;
  }
  return nullptr;
}

bool lowerMatrix(const MatrixShape& shape, const Instruction& in, Target target, MicroOp& out) {
  // One of 2^CBSZ neighbouring blocks is broadcast to them, the one that ABID says.
  const bool wide = shape.element == Element::F64;
  const unsigned receivers = 1u << in.cbsz;
  if (receivers > (wide ? 1 : shape.blocks) || in.abid >= receivers) return false;
  if (wide && in.blgp) return false;  // gfx940 negates with it; gfx90a knows no such thing
  if (operand::isConstant(in.src[2])) {
    // gfx908 does not get it right (LLVM, FeatureMFMAInlineLiteralBug). With f64, LLVM means numbers of 64 bits, and
    // the manual of 32 (CDNA 2 ISA, 7.1): zero is the same.
    if (target == Target::gfx908 || (wide && in.src[2] != operand::kInlineZero)) return false;
  }
  out.extra[kBroadcastSize] = in.cbsz;
  out.extra[kBroadcastBlock] = in.abid;
  out.extra[kLanePattern] = in.blgp;
  out.extra[kAccumulators] = operand::isAccVgpr(in.dst);
  return true;
}

}  // namespace softgpu::vector
