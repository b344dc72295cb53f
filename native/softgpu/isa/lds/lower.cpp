// DS instructions to micro-ops.
#include "isa/memory/lower.h"

#include "isa/lds/atomic.h"
#include "isa/lds/counter.h"
#include "isa/lds/operands.h"
#include "isa/lds/permute.h"
#include "isa/memory/simd/kernels.h"

namespace softgpu {

namespace {

std::optional<Access> moveOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::ds_read_u8:
      return Access::LoadU8;
    case Opcode::ds_read_i8:
      return Access::LoadS8;
    case Opcode::ds_read_u16:
      return Access::LoadU16;
    case Opcode::ds_read_i16:
      return Access::LoadS16;
    case Opcode::ds_read_u8_d16:
      return Access::LoadU8Low;
    case Opcode::ds_read_u8_d16_hi:
      return Access::LoadU8High;
    case Opcode::ds_read_i8_d16:
      return Access::LoadS8Low;
    case Opcode::ds_read_i8_d16_hi:
      return Access::LoadS8High;
    case Opcode::ds_read_u16_d16:
      return Access::LoadB16Low;
    case Opcode::ds_read_u16_d16_hi:
      return Access::LoadB16High;
    case Opcode::ds_read_b32:
      return Access::LoadB32;
    case Opcode::ds_read_b64:
      return Access::LoadB64;
    case Opcode::ds_read_b96:
      return Access::LoadB96;
    case Opcode::ds_read_b128:
      return Access::LoadB128;
    case Opcode::ds_write_b8:
      return Access::StoreB8;
    case Opcode::ds_write_b8_d16_hi:
      return Access::StoreB8High;
    case Opcode::ds_write_b16:
      return Access::StoreB16;
    case Opcode::ds_write_b16_d16_hi:
      return Access::StoreB16High;
    case Opcode::ds_write_b32:
      return Access::StoreB32;
    case Opcode::ds_write_b64:
      return Access::StoreB64;
    case Opcode::ds_write_b96:
      return Access::StoreB96;
    case Opcode::ds_write_b128:
      return Access::StoreB128;
    case Opcode::ds_read2_b32:
      return Access::LoadB32;
    case Opcode::ds_read2st64_b32:
      return Access::LoadB32;
    case Opcode::ds_read2_b64:
      return Access::LoadB64;
    case Opcode::ds_read2st64_b64:
      return Access::LoadB64;
    case Opcode::ds_write2_b32:
      return Access::StoreB32;
    case Opcode::ds_write2st64_b32:
      return Access::StoreB32;
    case Opcode::ds_write2_b64:
      return Access::StoreB64;
    case Opcode::ds_write2st64_b64:
      return Access::StoreB64;
    default:
      return std::nullopt;
  }
}

// Bytes per unit of the two offsets, 0 where the instruction has one offset of 16 bits.
unsigned spreadOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::ds_read2_b32:
    case Opcode::ds_write2_b32:
    case Opcode::ds_wrxchg2_rtn_b32:
      return 4;
    case Opcode::ds_read2_b64:
    case Opcode::ds_write2_b64:
    case Opcode::ds_wrxchg2_rtn_b64:
      return 8;
    case Opcode::ds_read2st64_b32:
    case Opcode::ds_write2st64_b32:
    case Opcode::ds_wrxchg2st64_rtn_b32:
      return 4 * 64;
    case Opcode::ds_read2st64_b64:
    case Opcode::ds_write2st64_b64:
    case Opcode::ds_wrxchg2st64_rtn_b64:
      return 8 * 64;
    default:
      return 0;
  }
}

}  // namespace

Handler lowerLds(const Instruction& in, Target, MicroOp& out) {
  if (in.gds) return nullptr;  // no global data share, hence no GWS and no ordered count either
  out.imm = in.imm & 0xffff;
  out.dst = memory::rowOperand(in.dst);
  for (unsigned i = 0; i < 3; ++i) out.src[i].index = memory::rowOperand(in.src[i]);
  const unsigned spread = spreadOf(in.opcode);
  if (spread) {
    out.imm = static_cast<int32_t>((static_cast<unsigned>(in.imm) & 0xff) * spread);
    out.literal = (static_cast<unsigned>(in.imm) >> 8 & 0xff) * spread;
  }
  if (const auto access = moveOf(in.opcode)) {
    const MemoryKernels& kernels = memoryKernels();
    out.flags = static_cast<uint8_t>(*access);
    if (isLoad(*access)) return spread ? kernels.ldsLoad2 : kernels.ldsLoad;
    return spread ? kernels.ldsStore2 : kernels.ldsStore;
  }
  if (Handler handler = lds::atomicHandlerOf(in.opcode)) return handler;
  if (Handler handler = lds::permuteHandlerOf(in.opcode)) return handler;
  return lds::counterHandlerOf(in.opcode);
}

}  // namespace softgpu
