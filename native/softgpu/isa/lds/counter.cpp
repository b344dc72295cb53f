// DS operations whose address comes from M0: append, consume, and accesses by lane number.
#include "isa/lds/counter.h"

#include <bit>
#include <cstring>

#include "isa/lds/check.h"
#include "isa/lds/operands.h"

namespace softgpu::lds {

namespace {

uint32_t baseOf(const Wave& wave, const MicroOp* op) {
  return (wave.sgpr[operand::kM0] & 0xffff) + static_cast<uint32_t>(op->imm);
}

// Counts the active lanes up or down; each gets the count from before.
template <bool Append>
const MicroOp* count(Wave& wave, const MicroOp* op) {
  const uint64_t exec = wave.exec();
  const uint32_t at = baseOf(wave, op) & ~3u;
  uint32_t old = 0;
  if (exec && uint64_t{at} + 4 <= wave.ldsBytes) {
    std::memcpy(&old, wave.lds + at, 4);
    const auto lanes = static_cast<uint32_t>(std::popcount(exec));
    const uint32_t value = Append ? old + lanes : old - lanes;
    std::memcpy(wave.lds + at, &value, 4);
  }
  uint32_t* result = memoryRow(wave, op->dst);
  forEachLane(exec, [&](unsigned lane) { result[lane] = old; });
  return next(op);
}

template <bool Read>
const MicroOp* byLane(Wave& wave, const MicroOp* op) {
  const uint32_t base = baseOf(wave, op);
  uint32_t* row = memoryRow(wave, Read ? op->dst : op->src[1].index);
  forEachLane(wave.exec(), [&](unsigned lane) {
    const uint32_t at = base + lane * 4;
    const bool inside = uint64_t{at} + 4 <= wave.ldsBytes;
    if (Read) row[lane] = 0;
    if (Read && inside) std::memcpy(row + lane, wave.lds + at, 4);
    if (!Read && inside) std::memcpy(wave.lds + at, row + lane, 4);
  });
  return next(op);
}

const MicroOp* nothing(Wave&, const MicroOp* op) {
  return next(op);
}

}  // namespace

Handler counterHandlerOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::ds_append:
      return count<true>;
    case Opcode::ds_consume:
      return count<false>;
    case Opcode::ds_read_addtid_b32:
      return byLane<true>;
    case Opcode::ds_write_addtid_b32:
      return byLane<false>;
    case Opcode::ds_nop:
      return nothing;
    default:
      return nullptr;
  }
}

}  // namespace softgpu::lds
