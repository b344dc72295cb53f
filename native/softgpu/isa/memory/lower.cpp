// FLAT, GLOBAL, SCRATCH, MUBUF and MTBUF instructions to micro-ops.
#include "isa/memory/lower.h"

#include <atomic>
#include <iterator>

#include "isa/memory/format.h"
#include "isa/memory/lds_transfer.h"
#include "isa/memory/operands.h"
#include "isa/memory/simd/kernels.h"

namespace softgpu {

namespace memory {

uint16_t rowOperand(uint16_t operand) {
  return operand == operand::kNone ? kNoRow : operand - operand::kVgpr0;
}

bool setScalarOffset(uint16_t operand, MicroOp& out) {
  static constexpr uint32_t kFloats[] = {0x3f000000, 0xbf000000, 0x3f800000, 0xbf800000, 0x40000000,
                                         0xc0000000, 0x40800000, 0xc0800000, 0x3e22f983};  // 0.5 ... -4, 1/(2*pi)
  out.sdst = operand;
  if (operand::isSgpr(operand)) return true;
  if (operand >= operand::kInlineZero && operand <= 192) {
    out.literal = operand - operand::kInlineZero;
  } else if (operand > 192 && operand <= 208) {
    out.literal = 192u - operand;
  } else if (operand >= operand::kInlineHalf && operand < operand::kInlineHalf + std::size(kFloats)) {
    out.literal = kFloats[operand - operand::kInlineHalf];
  } else {
    return false;
  }
  return true;
}

}  // namespace memory

namespace {

using namespace memory;

// Memory is coherent and in order: what a cache instruction promises is what a fence gives.
const MicroOp* fence(Wave&, const MicroOp* op) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return next(op);
}

void setOperands(const Instruction& in, Access access, MicroOp& out) {
  out.flags = static_cast<uint8_t>(access);
  out.imm = in.imm;
  out.dst = isAtomic(access) && !in.glc ? kNoRow : rowOperand(in.dst);
  out.src[0].index = rowOperand(in.src[0]);
  out.src[1].index = rowOperand(in.src[1]);
  out.src[3].index = in.src[3];
  out.extra[kBytes] = static_cast<uint8_t>(bytesOf(access));
  out.extra[kBits] = static_cast<uint8_t>((in.encoding == Encoding::MTBUF ? kTyped : 0) | (in.offen ? kOffen : 0) |
                                          (in.idxen ? kIdxen : 0) | (in.src[0] != operand::kNone ? kHasVaddr : 0) |
                                          (in.src[3] != operand::kNone ? kHasSaddr : 0));
}

Handler addressing(const Instruction& in) {
  const MemoryKernels& kernels = memoryKernels();
  switch (in.encoding) {
    case Encoding::FLAT:
      return kernels.flat;
    case Encoding::GLOBAL:
      return in.src[3] != operand::kNone ? kernels.globalScalar : kernels.global;
    case Encoding::SCRATCH:
      return kernels.scratch;
    default:
      return kernels.buffer;
  }
}

}  // namespace

Handler lowerMemory(const Instruction& in, Target target, MicroOp& out) {
  switch (in.opcode) {
    case Opcode::buffer_wbinvl1:
    case Opcode::buffer_wbinvl1_vol:
    case Opcode::buffer_wbl2:
    case Opcode::buffer_invl2:
      return fence;
    default:
      break;
  }
  // A failing texel has no meaning in memory that is either mapped or faults.
  if (in.tfe) return nullptr;
  if (in.encoding == Encoding::MUBUF || in.encoding == Encoding::MTBUF) {
    if (!setScalarOffset(in.soffset, out)) return nullptr;
  }
  const bool storesLds = in.opcode == Opcode::buffer_store_lds_dword;
  const auto access = storesLds ? Access::StoreB32 : accessOf(in.opcode);
  if (!access) {
    const Handler handler = lowerFormat(in, target, out);
    setOperands(in, handler == loadFormat ? Access::LoadB128 : Access::StoreB128, out);
    return handler && in.lds ? lowerLoadToLds(in, out) : handler;
  }
  setOperands(in, *access, out);
  if (storesLds) return lowerStoreFromLds(out);
  return in.lds ? lowerLoadToLds(in, out) : addressing(in);
}

}  // namespace softgpu
