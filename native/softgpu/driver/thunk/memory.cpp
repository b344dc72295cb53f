// Allocation, registration and mapping of memory.
#include "driver/thunk/thunk.h"

using softgpu::Driver;
using softgpu::withDriver;
using softgpu::withNode;

namespace {

bool validNodes(uint64_t count, const HSAuint32* nodes) {
  return count == 0 || (nodes && count <= softgpu::Configuration::kMaxAgents + 1);
}

std::span<const uint32_t> span(uint64_t count, const HSAuint32* nodes) {
  return {nodes, static_cast<size_t>(count)};
}

}  // namespace

HSAKMT_STATUS hsaKmtAllocMemory(HSAuint32 node, HSAuint64 bytes, HsaMemFlags flags, void** address) {
  return withDriver([&](Driver& driver) { return driver.memory.allocate(node, bytes, 0, flags, address); });
}

HSAKMT_STATUS hsaKmtAllocMemoryAlign(HSAuint32 node, HSAuint64 bytes, HSAuint64 alignment, HsaMemFlags flags,
                                     void** address) {
  return withDriver([&](Driver& driver) { return driver.memory.allocate(node, bytes, alignment, flags, address); });
}

HSAKMT_STATUS hsaKmtFreeMemory(void* address, HSAuint64 bytes) {
  return withDriver([&](Driver& driver) { return driver.memory.free(address, bytes); });
}

HSAKMT_STATUS hsaKmtAvailableMemory(HSAuint32 node, HSAuint64* bytes) {
  if (!bytes) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withDriver([&](Driver& driver) {
    uint64_t available = 0;
    HSAKMT_STATUS status = driver.memory.available(node, available);
    *bytes = available;
    return status;
  });
}

HSAKMT_STATUS hsaKmtRegisterMemory(void* address, HSAuint64 bytes) {
  return withDriver([&](Driver& driver) { return driver.memory.registerHost(address, bytes, HsaMemFlags{}, {}); });
}

HSAKMT_STATUS hsaKmtRegisterMemoryToNodes(void* address, HSAuint64 bytes, HSAuint64 count, HSAuint32* nodes) {
  if (!validNodes(count, nodes)) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withDriver(
      [&](Driver& driver) { return driver.memory.registerHost(address, bytes, HsaMemFlags{}, span(count, nodes)); });
}

HSAKMT_STATUS hsaKmtRegisterMemoryWithFlags(void* address, HSAuint64 bytes, HsaMemFlags flags) {
  return withDriver([&](Driver& driver) { return driver.memory.registerHost(address, bytes, flags, {}); });
}

HSAKMT_STATUS hsaKmtDeregisterMemory(void* address) {
  return withDriver([&](Driver& driver) { return driver.memory.deregisterHost(address); });
}

HSAKMT_STATUS hsaKmtMapMemoryToGPU(void* address, HSAuint64 bytes, HSAuint64* gpuAddress) {
  return withDriver([&](Driver& driver) {
    HSAKMT_STATUS status = driver.memory.map(address, bytes, {});
    // A byte has one address on the host and on every GPU.
    if (status == HSAKMT_STATUS_SUCCESS && gpuAddress) *gpuAddress = reinterpret_cast<uint64_t>(address);
    return status;
  });
}

HSAKMT_STATUS hsaKmtMapMemoryToGPUNodes(void* address, HSAuint64 bytes, HSAuint64* gpuAddress, HsaMemMapFlags,
                                        HSAuint64 count, HSAuint32* nodes) {
  if (count == 0 || !validNodes(count, nodes)) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withDriver([&](Driver& driver) {
    HSAKMT_STATUS status = driver.memory.map(address, bytes, span(count, nodes));
    if (status == HSAKMT_STATUS_SUCCESS && gpuAddress) *gpuAddress = reinterpret_cast<uint64_t>(address);
    return status;
  });
}

HSAKMT_STATUS hsaKmtUnmapMemoryToGPU(void* address) {
  return withDriver([&](Driver& driver) { return driver.memory.unmap(address); });
}

HSAKMT_STATUS hsaKmtQueryPointerInfo(const void* address, HsaPointerInfo* info) {
  if (!info) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withDriver([&](Driver& driver) { return driver.memory.query(address, *info); });
}

HSAKMT_STATUS hsaKmtSetMemoryUserData(const void* address, void* data) {
  return withDriver([&](Driver& driver) { return driver.memory.setUserData(address, data); });
}

// Every access of a software GPU is coherent: a policy changes nothing.
HSAKMT_STATUS hsaKmtSetMemoryPolicy(HSAuint32 node, HSAuint32, HSAuint32, void*, HSAuint64) {
  return withNode(node, [](Driver&) { return HSAKMT_STATUS_SUCCESS; });
}

// Sharing with other processes and with graphics, and shared virtual memory with page migration, do not exist here.
// ROCr turns these answers into errors of the calls that asked for them.
HSAKMT_STATUS hsaKmtShareMemory(void*, HSAuint64, HsaSharedMemoryHandle*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtRegisterSharedHandle(const HsaSharedMemoryHandle*, void**, HSAuint64*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtRegisterSharedHandleToNodes(const HsaSharedMemoryHandle*, void**, HSAuint64*, HSAuint64,
                                                HSAuint32*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtRegisterGraphicsHandleToNodes(HSAuint64, HsaGraphicsResourceInfo*, HSAuint64, HSAuint32*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtExportDMABufHandle(void*, HSAuint64, int*, HSAuint64*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtSVMSetAttr(void*, HSAuint64, unsigned int, HSA_SVM_ATTRIBUTE*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtSVMGetAttr(void*, HSAuint64, unsigned int, HSA_SVM_ATTRIBUTE*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtReplaceAsanHeaderPage(void*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtReturnAsanHeaderPage(void*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
