// How memory micro-ops use their fields, and the paths that every host level shares.
#pragma once

#include <cstdint>

#include "isa/memory/access.h"
#include "isa/memory/lanes.h"

namespace softgpu::memory {

// op->flags: Access. op->dst: result row. src[0]: address row, src[1]: data row, src[3]: first SGPR of the base address
// or descriptor. imm: byte offset. sdst and literal: SGPR or constant that is added (soffset).
enum Extra : unsigned {
  kBytes,     // of one lane's access
  kBits,      // AddressBits
  kFormat,    // format conversions: dfmt | nfmt << 4,
  kChannels,  // how many channels,
  kPacking,   // and how registers hold them
};

enum AddressBits : uint8_t { kOffen = 1, kIdxen = 2, kHasVaddr = 4, kHasSaddr = 8, kTyped = 16 };  // kTyped: MTBUF

inline Access accessKind(const MicroOp* op) {
  return static_cast<Access>(op->flags);
}
inline uint32_t scalarOffset(const Wave& wave, const MicroOp* op) {
  return op->sdst < 128 ? wave.sgpr[op->sdst] : op->literal;
}

// Where swizzled private memory begins: the kernel put it into FLAT_SCRATCH as an address (gfx9); gfx8 states it
// relative to a base that only the driver knows (LLVM AMDGPU usage, "Flat Scratch").
inline uint64_t privateBase(const Wave& wave) {
  return wave.target == Target::gfx803 ? wave.scratch : wave.pair(operand::kFlatScratchLo);
}
inline uint64_t swizzled(uint64_t base, uint32_t offset, unsigned lane) {
  return base + uint64_t{offset / 4} * (4 * kLanes) + lane * 4 + offset % 4;
}
constexpr uint32_t kSwizzledStride = 4 * kLanes;

// Performs a checked access of this instruction's kind.
void performAccess(Wave& wave, const MicroOp* op, const Lanes& lanes);

// The block that `lanes` spans is not one mapped range: null where each lane's own bytes are mapped, else the fault is
// raised and `stopped` is set.
bool everyLaneMapped(Wave& wave, const MicroOp* op, const Lanes& lanes);
// Atomics need naturally aligned addresses.
bool everyLaneAligned(Wave& wave, const MicroOp* op, const Lanes& lanes);

// Any 64-bit addresses: apertures where `flat`, and lanes further apart than 32-bit offsets reach.
const MicroOp* accessAnywhere(Wave& wave, const MicroOp* op, const uint64_t* address, uint64_t exec, bool flat);
// Swizzled private memory at any byte offsets. `limit`: bytes that each lane has.
const MicroOp* accessPrivate(Wave& wave, const MicroOp* op, uint64_t base, const uint32_t* offset, uint64_t exec,
                             uint64_t limit);
// Whatever the descriptor says.
const MicroOp* accessBuffer(Wave& wave, const MicroOp* op);

}  // namespace softgpu::memory
