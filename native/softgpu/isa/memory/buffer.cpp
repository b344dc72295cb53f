// MUBUF with any descriptor: structured and swizzled buffers, range checks (Vega ISA, 8.1.5).
#include "isa/memory/buffer.h"

#include "isa/memory/check.h"
#include "isa/memory/staged.h"

namespace softgpu::memory {

BufferAddresses::BufferAddresses(Wave& wave, const MicroOp* op, bool formatted)
    : descriptor(BufferDescriptor::read(wave, op->src[3].index, formatted)),
      base_(descriptor.base + scalarOffset(wave, op)) {
  const uint8_t bits = op->extra[kBits];
  const uint32_t* row = bits & (kIdxen | kOffen) ? memoryRow(wave, op->src[0].index) : nullptr;
  const uint32_t* indices = bits & kIdxen ? row : nullptr;
  const uint32_t* offsets = bits & kOffen ? (indices ? row + kLanes : row) : nullptr;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    index_[lane] = uint64_t{indices ? indices[lane] : 0} + (descriptor.addTid ? lane : 0);
    offset_[lane] = uint64_t{offsets ? offsets[lane] : 0} + static_cast<uint32_t>(op->imm);
  }
  const bool structured = indices && descriptor.stride != 0;
  if (descriptor.unbound()) {
    check_ = Check::Nothing;
  } else if (descriptor.addTid && !indices) {
    check_ = Check::Everything;
  } else if (!structured) {
    check_ = Check::Offset;
  } else {
    // gfx8 counts the records of a linear structured buffer in bytes (the vendor's graphics drivers set it so).
    check_ = wave.target == Target::gfx803 && !descriptor.swizzle ? Check::Position : Check::Index;
  }
}

bool BufferAddresses::inRange(unsigned lane, unsigned byte) const {
  switch (check_) {
    case Check::Nothing:
      return false;
    case Check::Everything:
      return true;
    case Check::Index:
      return index_[lane] < descriptor.records;
    case Check::Position:
      return index_[lane] * descriptor.stride + offset_[lane] + byte < descriptor.records;
    case Check::Offset:
      break;
  }
  return offset_[lane] + byte < descriptor.records;
}

const MicroOp* accessBuffer(Wave& wave, const MicroOp* op) {
  const uint64_t exec = wave.exec();
  const BufferAddresses buffer(wave, op, false);
  const unsigned bytes = op->extra[kBytes];
  const bool atomic = isAtomic(accessKind(op));
  uint64_t address[kLanes] = {};
  uint64_t whole = 0;
  for (uint64_t rest = exec; rest; rest &= rest - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctzll(rest));
    const unsigned lastDword = (bytes - 1) / 4 * 4;
    const bool first = buffer.inRange(lane, 0), last = buffer.inRange(lane, lastDword);
    address[lane] = buffer.address(lane, 0);
    if (first && last && buffer.address(lane, bytes - 1) == address[lane] + bytes - 1) {
      if (!laneMapped(wave, op, address[lane], bytes, lane)) return nullptr;
      if (atomic && address[lane] % bytes) {
        return raiseMemoryFault(wave, op, FaultKind::MemoryAccess, address[lane], lane);
      }
      whole |= uint64_t{1} << lane;
    } else if (atomic) {
      // Atomics are in range as a whole or not at all; an aligned one never leaves an element.
      if (first && last) return raiseMemoryFault(wave, op, FaultKind::MemoryAccess, address[lane], lane);
    } else {
      for (unsigned i = 0; i < bytes; ++i) {
        if (buffer.inRange(lane, i / 4 * 4) && !laneMapped(wave, op, buffer.address(lane, i), 1, lane)) return nullptr;
      }
    }
  }
  performGroups(wave, op, address, whole, 4);
  if (!atomic) {
    accessStaged(wave, op, exec & ~whole, [&](unsigned lane, unsigned byte) {
      return buffer.inRange(lane, byte / 4 * 4) ? reinterpret_cast<uint8_t*>(buffer.address(lane, byte)) : nullptr;
    });
  } else if (op->dst != kNoRow) {
    for (unsigned k = 0; k < bytes / 4; ++k) {
      uint32_t* row = memoryRow(wave, op->dst) + k * kLanes;
      forEachLane(exec & ~whole, [row](unsigned lane) { row[lane] = 0; });
    }
  }
  return next(op);
}

}  // namespace softgpu::memory
