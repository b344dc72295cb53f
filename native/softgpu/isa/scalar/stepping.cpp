#include "isa/scalar/stepping.h"

#include "isa/decode/operand_shape.h"
#include "wave/code.h"

namespace softgpu {
namespace {

bool isScalar(Encoding encoding) {
  return encoding <= Encoding::SMEM;
}
bool isVectorAlu(Encoding encoding) {
  return encoding >= Encoding::VOP2 && encoding <= Encoding::VOP3P;
}

// M0: the index in [7:0]; which operands it is added to in [15:12].
enum Indexed : unsigned { kSource0 = 1u << 12, kSource1 = 1u << 13, kSource2 = 1u << 14, kDestination = 1u << 15 };

// Answers false where the destination is out of range: the instruction is then ignored. A source out of range reads v0.
bool addIndex(const Wave& wave, Instruction& in) {
  const uint32_t m0 = wave.sgpr[operand::kM0], index = m0 & 0xff;
  // These read their destination as third source, and its index goes for both (Vega ISA, 6.6.2).
  const bool tied = isAccumulating(in.opcode);
  for (unsigned source = 0; source < (tied ? 2 : 3); ++source) {
    if (!(m0 & kSource0 << source) || !operand::isVgpr(in.src[source])) continue;
    const uint32_t row = in.src[source] - operand::kVgpr0 + index;
    in.src[source] = static_cast<uint16_t>(operand::kVgpr0 + (row < wave.vgprCount ? row : 0));
  }
  if (!(m0 & kDestination) || !operand::isVgpr(in.dst)) return true;
  const uint32_t row = in.dst - operand::kVgpr0 + index;
  in.dst = static_cast<uint16_t>(operand::kVgpr0 + row);
  if (tied) in.src[2] = in.dst;
  return row < wave.vgprCount;
}

const MicroOp* stepVector(Wave& wave, const MicroOp* op, Instruction& in) {
  const MicroOp* following = op + in.words;
  if (wave.mode & mode::kVskip || !addIndex(wave, in)) return following;
  MicroOp copy;
  copy.opcode = in.opcode;
  copy.words = in.words;
  Handler handler = lowerVector(in, wave.target, copy);
  if (!handler) {
    Fault fault;
    fault.kind = FaultKind::Unsupported;
    return wave.raise(op, std::move(fault));
  }
  wave.steppedPc = wave.code->pcOf(op);
  if (handler(wave, &copy)) return following;
  wave.ip = wave.ip == &copy ? op : following;
  return nullptr;
}

}  // namespace

const MicroOp* step(Wave& wave, const MicroOp* op) {
  if (wave.stepping) return op;  // the caller is the loop below
  wave.stepping = true;
  while (op && needsStepping(wave)) {
    Instruction in;
    if (decodeAt(wave.code->pcOf(op), wave.agent, wave.target, in) &&
        (isVectorAlu(in.encoding) || (wave.mode & mode::kVskip && !isScalar(in.encoding)))) {
      op = stepVector(wave, op, in);
    } else {
      if (!op->run.load(std::memory_order_acquire)) wave.code->prepare(op);
      op = op->run.load(std::memory_order_acquire)(wave, op);
    }
    ++wave.executed;
  }
  wave.stepping = false;
  return op;
}

}  // namespace softgpu
