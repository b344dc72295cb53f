// User-mode queues.
#include <hsa/amd_hsa_queue.h>

#include <bit>
#include <cstddef>

#include "driver/thunk/thunk.h"
#include "memory/address_space.h"

using softgpu::AddressSpace;
using softgpu::Driver;
using softgpu::withDriver;
using softgpu::withNode;

namespace {

constexpr uint64_t kPacketBytes = 64;

bool visible(uint64_t address, uint64_t bytes, unsigned agent) {
  AddressSpace::ReadSection section;
  auto range = AddressSpace::instance().find(address, agent);
  return range && range->holds(address, bytes);
}

// ROCr hands over where its read index lies, a field of the amd_queue_t: that is the whole queue.
HSAKMT_STATUS createAql(Driver& driver, unsigned gpu, uint64_t ring, uint64_t bytes, HsaQueueResource& resource) {
  const uint64_t address = resource.QueueRptrValue - offsetof(amd_queue_t, read_dispatch_id);
  if (resource.QueueRptrValue == 0 || address % AMD_QUEUE_ALIGN_BYTES != 0 ||
      !visible(address, sizeof(amd_queue_t), gpu)) {
    return HSAKMT_STATUS_INVALID_PARAMETER;
  }
  amd_queue_t& queue = *reinterpret_cast<amd_queue_t*>(address);
  // The ring that the queue names is the one that packets are read from. On gfx8 ROCr gives its size twice over.
  const uint64_t ringBytes = queue.hsa_queue.size * kPacketBytes;
  if (reinterpret_cast<uint64_t>(queue.hsa_queue.base_address) != ring || !std::has_single_bit(ringBytes) ||
      ringBytes > bytes || !visible(ring, ringBytes, gpu)) {
    return HSAKMT_STATUS_INVALID_PARAMETER;
  }
  auto created = driver.processor.createAql(queue, driver.topology.agent(gpu));
  if (!created) return HSAKMT_STATUS_OUT_OF_RESOURCES;
  resource.QueueId = created->id;
  resource.QueueDoorBell = created->doorbell;
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS createSdma(Driver& driver, unsigned gpu, uint64_t ring, uint64_t bytes, HsaQueueResource& resource) {
  if (!std::has_single_bit(bytes) || !visible(ring, bytes, gpu)) return HSAKMT_STATUS_INVALID_PARAMETER;
  auto created = driver.processor.createSdma(ring, bytes, driver.topology.agent(gpu));
  if (!created) return HSAKMT_STATUS_OUT_OF_RESOURCES;
  resource.QueueId = created->id;
  resource.QueueDoorBell = created->doorbell;
  resource.QueueWptrValue = reinterpret_cast<uint64_t>(&created->pointers->write);
  resource.QueueRptrValue = reinterpret_cast<uint64_t>(&created->pointers->read);
  return HSAKMT_STATUS_SUCCESS;
}

}  // namespace

HSAKMT_STATUS hsaKmtCreateQueue(HSAuint32 node, HSA_QUEUE_TYPE type, HSAuint32 percentage, HSA_QUEUE_PRIORITY priority,
                                void* address, HSAuint64 bytes, HsaEvent*, HsaQueueResource* resource) {
  if (!address || !resource || bytes < 1024 || percentage > 100) return HSAKMT_STATUS_INVALID_PARAMETER;
  if (priority < HSA_QUEUE_PRIORITY_MINIMUM || priority > HSA_QUEUE_PRIORITY_MAXIMUM) {
    return HSAKMT_STATUS_INVALID_PARAMETER;
  }
  return withNode(node, [&](Driver& driver) {
    auto gpu = driver.topology.gpuOfNode(node);
    if (!gpu) return HSAKMT_STATUS_INVALID_NODE_UNIT;
    const uint64_t ring = reinterpret_cast<uint64_t>(address);
    driver.start();
    HSAKMT_STATUS status = HSAKMT_STATUS_NOT_SUPPORTED;  // queues of bare PM4, and of engines that there are none of
    switch (type) {
      case HSA_QUEUE_COMPUTE_AQL:
        status = createAql(driver, *gpu, ring, bytes, *resource);
        break;
      case HSA_QUEUE_SDMA:
      case HSA_QUEUE_SDMA_XGMI:
        status = createSdma(driver, *gpu, ring, bytes, *resource);
        break;
      default:
        break;
    }
    if (status == HSAKMT_STATUS_SUCCESS && percentage == 0) driver.processor.suspend(resource->QueueId, true);
    return status;
  });
}

HSAKMT_STATUS hsaKmtUpdateQueue(HSA_QUEUEID id, HSAuint32 percentage, HSA_QUEUE_PRIORITY, void*, HSAuint64, HsaEvent*) {
  if (percentage > 100) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withDriver([&](Driver& driver) {
    return driver.processor.suspend(id, percentage == 0) ? HSAKMT_STATUS_SUCCESS : HSAKMT_STATUS_INVALID_HANDLE;
  });
}

HSAKMT_STATUS hsaKmtDestroyQueue(HSA_QUEUEID id) {
  return withDriver([&](Driver& driver) {
    return driver.processor.destroy(id) ? HSAKMT_STATUS_SUCCESS : HSAKMT_STATUS_INVALID_HANDLE;
  });
}

// Which compute units a queue's waves go to has no meaning: every host thread takes work of every queue.
HSAKMT_STATUS hsaKmtSetQueueCUMask(HSA_QUEUEID id, HSAuint32 count, HSAuint32* mask) {
  if (!mask || count == 0 || count % 32 != 0) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withDriver(
      [&](Driver& driver) { return driver.processor.has(id) ? HSAKMT_STATUS_SUCCESS : HSAKMT_STATUS_INVALID_HANDLE; });
}

// Global wave sync: the topology says that there is none.
HSAKMT_STATUS hsaKmtAllocQueueGWS(HSA_QUEUEID, HSAuint32, HSAuint32*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}

// The trap handler would run on hardware; the software GPU reports traps and faults itself.
HSAKMT_STATUS hsaKmtSetTrapHandler(HSAuint32 node, void*, HSAuint64, void*, HSAuint64) {
  return withNode(node, [](Driver&) { return HSAKMT_STATUS_SUCCESS; });
}
