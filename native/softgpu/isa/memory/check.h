// Checks of single lanes and the faults that they raise.
#pragma once

#include "isa/memory/operands.h"

namespace softgpu::memory {

const MicroOp* raiseMemoryFault(Wave& wave, const MicroOp* op, FaultKind kind, uint64_t address, unsigned lane);
// False after it raised a fault.
bool laneMapped(Wave& wave, const MicroOp* op, uint64_t address, unsigned bytes, unsigned lane);

// Accesses at addresses that have been checked, in groups that 32-bit offsets reach.
void performGroups(Wave& wave, const MicroOp* op, const uint64_t* address, uint64_t exec, uint32_t stride);

}  // namespace softgpu::memory
