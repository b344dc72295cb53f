// A kernel dispatch: the grid, cut into workgroups that workers take, run in slices, and finish.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "isa/target.h"
#include "wave/scheduler.h"
#include "wave/wave.h"

namespace softgpu {

// What a GPU agent is, for every floor.
struct AgentModel {
  Target target{};
  uint8_t index = 0;  // for AddressSpace and messages
  uint32_t computeUnits = 0;
  uint32_t ldsBytes = 65536;
  uint64_t sharedAperture = 0;  // as the topology reports them
  uint64_t privateAperture = 0;
};

// An AQL kernel-dispatch packet resolved against its queue and kernel descriptor (HSA 1.2, 2.9.6; LLVM AMDGPU usage,
// "Kernel Descriptor" and "Initial Kernel Execution State").
struct Launch {
  const AgentModel* agent = nullptr;
  uint32_t grid[3] = {1, 1, 1};  // work-items
  uint16_t workgroup[3] = {1, 1, 1};
  uint32_t privateSegment = 0;  // bytes per work-item
  uint32_t groupSegment = 0;    // bytes per workgroup
  uint64_t kernelObject = 0;    // address of the kernel descriptor (or of an amd_kernel_code_t, same fields)
  uint64_t kernarg = 0;
  uint64_t dispatchPacket = 0;  // address of the packet in the ring
  uint64_t queue = 0;           // address of the amd_queue_t
  uint64_t dispatchId = 0;
  uint32_t scratchDescriptor[4] = {};  // amd_queue_t::scratch_resource_descriptor
  uint64_t scratchBase = 0;            // host address of the queue's scratch backing, 0 if none
  uint64_t scratchBytes = 0;
  uint32_t scratchWaveBytes = 0;  // one wave's share, from compute_tmpring_size
};

struct DispatchResult {
  Fault fault;  // kind None: every workgroup ended
  bool cancelled = false;
  uint64_t instructions = 0;  // wave-instructions executed
  uint64_t startTicks = 0, endTicks = 0;
};

class Dispatch : public Work {
 public:
  // `done` runs once, on a worker, after the last workgroup ended, faulted or was dropped.
  static std::shared_ptr<Dispatch> create(const Launch& launch, std::function<void(const DispatchResult&)> done);
  // Drops the waves at their next slice boundary; `done` still runs.
  virtual void cancel() = 0;
};

// The clock that dispatch timestamps, s_memrealtime and hsaKmtGetClockCounters share: nanoseconds of CLOCK_MONOTONIC.
uint64_t gpuTicks();
inline constexpr uint64_t kGpuTicksPerSecond = 1'000'000'000;

}  // namespace softgpu
