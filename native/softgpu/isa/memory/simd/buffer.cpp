// MUBUF: the two kinds of descriptor that compilers make, a linear range of bytes and a wave's private memory. All
// others are in isa/memory/buffer.cpp.
#include "isa/memory/descriptor.h"
#include "isa/memory/simd/flat.h"
#include "isa/memory/simd/perform.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

const MicroOp* bufferHandler(Wave& wave, const MicroOp* op) {
  Lanes lanes;
  lanes.exec = wave.exec();
  if (!lanes.exec) return next(op);
  const uint8_t bits = op->extra[memory::kBits];
  const BufferDescriptor descriptor = BufferDescriptor::read(wave, op->src[3].index, false);
  if (!(bits & memory::kIdxen)) {
    const uint32_t* row = bits & memory::kOffen ? memoryRow(wave, op->src[0].index) : nullptr;
    const uint64_t base = descriptor.base + memory::scalarOffset(wave, op);
    if (descriptor.isPrivateMemory()) {
      // No range check; the offset is an unsigned 32-bit number.
      return performPrivate(wave, op, lanes.exec, base, row, static_cast<uint32_t>(op->imm), UINT64_MAX);
    }
    if (!descriptor.swizzle && !descriptor.addTid && !descriptor.unbound()) {
      alignas(64) static constexpr uint32_t kZeros[kLanes] = {};
      lanes.offset = row ? row : kZeros;
      lanes.base = base + static_cast<uint32_t>(op->imm);
      findShape(lanes, op->extra[memory::kBytes]);
      if (uint64_t{lanes.high} + static_cast<uint32_t>(op->imm) + op->extra[memory::kBytes] <= descriptor.records) {
        return perform(wave, op, lanes);
      }
    }
  }
  return memory::accessBuffer(wave, op);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
