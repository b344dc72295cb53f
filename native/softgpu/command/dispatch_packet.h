// An AQL kernel-dispatch packet, checked as the command processor checks it and resolved against its queue.
#pragma once

#include <hsa/amd_hsa_queue.h>
#include <hsa/hsa.h>

#include <cstdint>
#include <variant>

#include "wave/dispatch.h"

namespace softgpu {

// What the command processor writes to a queue's inactive signal; ROCr's AqlQueue::DynamicScratchHandler (5.2.3) reads
// it.
enum class QueueError : int64_t {
  NeedScratch = 1,                  // ROCr allocates and lets the queue go on
  InvalidDimensions = 2,            // HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS
  InvalidGroupMemory = 4,           // HSA_STATUS_ERROR_INVALID_ALLOCATION
  InvalidCode = 8,                  // HSA_STATUS_ERROR_INVALID_CODE_OBJECT
  InvalidPacket = 32,               // HSA_STATUS_ERROR_INVALID_PACKET_FORMAT
  WorkgroupTooLarge = 64,           // HSA_STATUS_ERROR_INVALID_ARGUMENT
  OutOfRegisters = 128,             // HSA_STATUS_ERROR_INVALID_ISA
  InvalidVendorPacket = 256,        // HSA_STATUS_ERROR_INVALID_PACKET_FORMAT
  ReclaimScratch = 512,             // ROCr takes a large allocation back and lets the queue go on
  MemoryViolation = 0x20000000,     // HSA_STATUS_ERROR_MEMORY_APERTURE_VIOLATION
  IllegalInstruction = 0x40000000,  // HSA_STATUS_ERROR_ILLEGAL_INSTRUCTION
  Exception = 0x80000000,           // HSA_STATUS_ERROR_EXCEPTION
};

constexpr uint32_t kMaxWorkgroupItems = 1024;

// `slot` is the address of the packet in the ring, `packet` its copy. Inside a ReadSection.
std::variant<Launch, QueueError> resolveDispatch(const hsa_kernel_dispatch_packet_t& packet, uint64_t slot,
                                                 uint64_t dispatchId, const amd_queue_t& queue,
                                                 const AgentModel& agent);

// Why a packet was refused, in words.
const char* describeQueueError(QueueError error);

}  // namespace softgpu
