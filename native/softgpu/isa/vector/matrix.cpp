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
  const unsigned receivers = 1u << in.cbsz;
  if (receivers > shape.blocks || in.abid >= receivers) return false;
  // gfx908 does not get a constant C right (LLVM, FeatureMFMAInlineLiteralBug).
  if (operand::isConstant(in.src[2]) && target == Target::gfx908) return false;
  out.extra[kBroadcastSize] = in.cbsz;
  out.extra[kBroadcastBlock] = in.abid;
  out.extra[kLanePattern] = in.blgp;
  out.extra[kAccumulators] = operand::isAccVgpr(in.dst);
  return true;
}

}  // namespace softgpu::vector
