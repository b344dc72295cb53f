// Decoded code: one micro-op slot per dword of a memory range, made when it is first reached.
#pragma once

#include <cstdint>
#include <memory>

#include "isa/micro_op.h"
#include "isa/target.h"

namespace softgpu {

// Slots for one GPU-visible memory range that holds code. Slots are zero pages until touched. Waves of a dispatch keep the
// region alive; after the code changed (invalidateCode) new dispatches get a new region.
class CodeRegion {
 public:
  uint64_t begin() const;
  uint64_t end() const;
  const MicroOp* at(uint64_t pc) const;     // null where pc is misaligned or outside
  uint64_t pcOf(const MicroOp* op) const;
  // Decodes and lowers the instruction at `op`; afterwards op->run is set. Thread-safe.
  void prepare(const MicroOp* op) const;
};

// Forget what was decoded in [begin, begin + bytes): memory was freed or written by a copy, or ROCr asked for an
// instruction-cache invalidation (bytes = UINT64_MAX).
void invalidateCode(uint64_t begin, uint64_t bytes);

}  // namespace softgpu
