// What a kernel's descriptor asks of the waves that run it, and their registers at entry.
#pragma once

#include <cstdint>

#include "wave/dispatch.h"
#include "wave/workgroup.h"

namespace softgpu {

// The fields of a kernel descriptor (LLVM AMDGPU usage, "Code Object V3 Kernel Descriptor"); those of an
// amd_kernel_code_t lie at the same offsets.
struct KernelState {
  uint64_t entry = 0;
  uint32_t vgprs = 0;  // rows an encoding may name as VGPRs
  uint32_t sgprs = 0;
  uint32_t accumOffset = 0;  // gfx90a: the first AccVGPR's row
  uint32_t rows = 0;         // of the register file, both kinds
  uint32_t mode = 0;
  uint32_t properties = 0;  // which user SGPRs are set up
  unsigned userSgprs = 0;
  unsigned workItemIds = 0;  // 0: x, 1: x and y, 2: all
  bool scratchOffset = false, groupId[3] = {}, groupInfo = false;
};

// False where the agent cannot read a descriptor at `kernelObject`. Call inside a ReadSection.
bool readKernelState(const Launch& launch, KernelState& state);

// A workgroup at the grid's edge is cut off there.
struct GroupShape {
  uint32_t size[3];
  uint32_t workItems() const { return size[0] * size[1] * size[2]; }
  unsigned waves() const { return (workItems() + kLanes - 1) / kLanes; }
};
GroupShape shapeOf(const Launch& launch, const uint32_t (&id)[3]);

// Sets the wave's registers and everything else about it except `ip`, `code` and the scratch block's address.
// `scratchOffset` is the wave's share of the queue's scratch, in bytes from its beginning.
void enterKernel(Wave& wave, const Launch& launch, const KernelState& state, const Workgroup& group,
                 const GroupShape& shape, unsigned waveInGroup, uint64_t scratchOffset);

}  // namespace softgpu
