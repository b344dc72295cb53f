// What the files of the thunk share: the header of the interface with its functions exported, and entry into the
// driver.
#pragma once

// The library is built with hidden visibility, and the header says nothing of it.
#pragma GCC visibility push(default)
#include <hsakmt.h>

extern "C" {
// Functions of the interface's later versions, which ROCr 5.7 and 6.x import. Declared here for older headers; the same
// declarations again are no error.
HSAKMT_STATUS HSAKMTAPI hsaKmtAvailableMemory(HSAuint32 Node, HSAuint64* AvailableBytes);
HSAKMT_STATUS HSAKMTAPI hsaKmtWaitOnEvent_Ext(HsaEvent* Event, HSAuint32 Milliseconds, uint64_t* event_age);
HSAKMT_STATUS HSAKMTAPI hsaKmtWaitOnMultipleEvents_Ext(HsaEvent* Events[], HSAuint32 NumEvents, bool WaitOnAll,
                                                       HSAuint32 Milliseconds, uint64_t* event_age);
HSAKMT_STATUS HSAKMTAPI hsaKmtExportDMABufHandle(void* MemoryAddress, HSAuint64 MemorySizeInBytes, int* DMABufFd,
                                                 HSAuint64* Offset);
HSAKMT_STATUS HSAKMTAPI hsaKmtOpenSMI(HSAuint32 NodeId, int* fd);
HSAKMT_STATUS HSAKMTAPI hsaKmtReplaceAsanHeaderPage(void* addr);
HSAKMT_STATUS HSAKMTAPI hsaKmtReturnAsanHeaderPage(void* addr);
HSAKMT_STATUS HSAKMTAPI hsaKmtGetAMDGPUDeviceHandle(HSAuint32 NodeId, void** DeviceHandle);
HSAKMT_STATUS HSAKMTAPI hsaKmtGetRuntimeCapabilities(HSAuint32* caps_mask);
HSAKMT_STATUS HSAKMTAPI hsaKmtAllocMemoryAlign(HSAuint32 PreferredNode, HSAuint64 SizeInBytes, HSAuint64 Alignment,
                                               HsaMemFlags MemFlags, void** MemoryAddress);
HSAKMT_STATUS HSAKMTAPI hsaKmtDbgEnable(void** runtime_info, HSAuint32* data_size);
HSAKMT_STATUS HSAKMTAPI hsaKmtDbgDisable();
HSAKMT_STATUS HSAKMTAPI hsaKmtDbgGetDeviceData(void** data, HSAuint32* n_entries, HSAuint32* entry_size);
HSAKMT_STATUS HSAKMTAPI hsaKmtDbgGetQueueData(void** data, HSAuint32* n_entries, HSAuint32* entry_size,
                                              bool suspend_queues);
}
#pragma GCC visibility pop

#include <exception>
#include <new>

#include "driver/driver.h"

namespace softgpu {

// Runs `body` with the open driver. The callers are C: no exception may leave.
template <typename Body>
HSAKMT_STATUS withDriver(Body body) {
  Driver* driver = Driver::current();
  if (!driver) return HSAKMT_STATUS_KERNEL_IO_CHANNEL_NOT_OPENED;
  try {
    return body(*driver);
  } catch (const std::bad_alloc&) {
    return HSAKMT_STATUS_NO_MEMORY;
  } catch (const std::exception&) {
    return HSAKMT_STATUS_ERROR;
  }
}

// Runs `body` with the open driver and a node that exists.
template <typename Body>
HSAKMT_STATUS withNode(uint32_t node, Body body) {
  return withDriver([&](Driver& driver) {
    return node < driver.topology.nodeCount() ? body(driver) : HSAKMT_STATUS_INVALID_NODE_UNIT;
  });
}

}  // namespace softgpu
