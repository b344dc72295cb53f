#include "command/dispatch_packet.h"

#include <atomic>
#include <cstring>

#include "memory/address_space.h"

namespace softgpu {
namespace {

// LLVM AMDGPU usage, "Kernel Descriptor": 64 bytes; amd_kernel_code_t has the same fields at the same places there.
constexpr uint64_t kDescriptorBytes = 64, kDescriptorAlignment = 64;
constexpr uint64_t kRsrc1Offset = 48;

constexpr uint32_t kSimdsPerUnit = 4;

uint32_t vgprsPerWave(uint64_t kernelObject, Target target) {
  uint32_t rsrc1 = 0;
  std::memcpy(&rsrc1, reinterpret_cast<const void*>(kernelObject + kRsrc1Offset), sizeof rsrc1);
  const uint32_t granules = (rsrc1 & 0x3f) + 1;
  return granules * (target == Target::gfx90a ? 8 : 4);
}

// A SIMD's register file, in registers of 64 lanes: gfx90a's also holds the accumulators.
uint32_t vgprsPerSimd(Target target) {
  return target == Target::gfx90a ? 512 : 256;
}

bool needsScratch(uint32_t bytesPerItem, uint64_t wavesPerGroup, uint32_t tmpring) {
  if (bytesPerItem == 0) return false;
  const uint64_t wanted = (static_cast<uint64_t>(bytesPerItem) * kLanes + 1023) / 1024;
  const uint64_t waves = tmpring & 0xfff, kilobytesPerWave = tmpring >> 12 & 0x1fff;
  return kilobytesPerWave < wanted || waves < wavesPerGroup;
}

}  // namespace

std::variant<Launch, QueueError> resolveDispatch(const hsa_kernel_dispatch_packet_t& packet, uint64_t slot,
                                                 uint64_t dispatchId, const amd_queue_t& queue,
                                                 const AgentModel& agent) {
  const unsigned dimensions = packet.setup & 3;
  if (dimensions == 0) return QueueError::InvalidDimensions;
  const uint32_t grid[3] = {packet.grid_size_x, packet.grid_size_y, packet.grid_size_z};
  const uint16_t workgroup[3] = {packet.workgroup_size_x, packet.workgroup_size_y, packet.workgroup_size_z};
  for (unsigned i = 0; i < 3; ++i) {
    if (grid[i] == 0 || workgroup[i] == 0) return QueueError::InvalidDimensions;
  }
  // HSA 1.2, 2.9.6: sizes are 1 in the dimensions that the packet does not use.
  for (unsigned i = dimensions; i < 3; ++i) {
    if (grid[i] != 1 || workgroup[i] != 1) return QueueError::InvalidDimensions;
  }
  const uint64_t items = static_cast<uint64_t>(workgroup[0]) * workgroup[1] * workgroup[2];
  if (items > kMaxWorkgroupItems) return QueueError::WorkgroupTooLarge;
  if (packet.group_segment_size > agent.ldsBytes) return QueueError::InvalidGroupMemory;

  auto range = AddressSpace::instance().find(packet.kernel_object, agent.index);
  if (packet.kernel_object % kDescriptorAlignment != 0 || !range ||
      !range->holds(packet.kernel_object, kDescriptorBytes)) {
    return QueueError::InvalidCode;
  }
  const uint64_t wavesPerGroup = (items + kLanes - 1) / kLanes;
  const uint64_t wavesPerSimd = (wavesPerGroup + kSimdsPerUnit - 1) / kSimdsPerUnit;
  if (wavesPerSimd * vgprsPerWave(packet.kernel_object, agent.target) > vgprsPerSimd(agent.target)) {
    return QueueError::OutOfRegisters;
  }
  const uint32_t tmpring = queue.compute_tmpring_size;
  if (needsScratch(packet.private_segment_size, wavesPerGroup, tmpring)) return QueueError::NeedScratch;

  Launch launch;
  launch.agent = &agent;
  std::memcpy(launch.grid, grid, sizeof grid);
  std::memcpy(launch.workgroup, workgroup, sizeof workgroup);
  launch.privateSegment = packet.private_segment_size;
  launch.groupSegment = packet.group_segment_size;
  launch.kernelObject = packet.kernel_object;
  launch.kernarg = reinterpret_cast<uint64_t>(packet.kernarg_address);
  launch.dispatchPacket = slot;
  launch.queue = reinterpret_cast<uint64_t>(&queue);
  launch.dispatchId = dispatchId;
  std::memcpy(launch.scratchDescriptor, queue.scratch_resource_descriptor, sizeof launch.scratchDescriptor);
  if (packet.private_segment_size != 0) {
    // The descriptor's base: scratch_backing_memory_location is an offset into ROCr's pool on gfx8.
    launch.scratchBase = launch.scratchDescriptor[0] | static_cast<uint64_t>(launch.scratchDescriptor[1] & 0xffff)
                                                           << 32;
    launch.scratchBytes = queue.scratch_backing_memory_byte_size;
    launch.scratchWaveBytes = (tmpring >> 12 & 0x1fff) * 1024;
  }
  return launch;
}

const char* describeQueueError(QueueError error) {
  switch (error) {
    case QueueError::InvalidDimensions:
      return "a dispatch whose grid or workgroup has a size that its dimensions do not allow";
    case QueueError::InvalidGroupMemory:
      return "a dispatch that asks for more group memory than the GPU has";
    case QueueError::InvalidCode:
      return "a dispatch whose kernel object is no GPU memory";
    case QueueError::InvalidPacket:
      return "a packet of an unknown or unsupported type";
    case QueueError::WorkgroupTooLarge:
      return "a dispatch with a workgroup of more than 1024 work-items";
    case QueueError::OutOfRegisters:
      return "a dispatch whose workgroup needs more vector registers than a compute unit has";
    case QueueError::InvalidVendorPacket:
      return "a vendor-specific packet of an unknown format";
    case QueueError::NeedScratch:
    case QueueError::ReclaimScratch:
      return "scratch memory";
    case QueueError::MemoryViolation:
      return "a memory violation";
    case QueueError::IllegalInstruction:
      return "an illegal instruction";
    case QueueError::Exception:
      return "an exception";
  }
  return "an error";
}

}  // namespace softgpu
