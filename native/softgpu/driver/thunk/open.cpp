// Opening and closing, the version, and what the process tells the driver about itself.
#include <ctime>

#include "debug/loaded_code.h"
#include "driver/thunk/thunk.h"

using softgpu::Driver;
using softgpu::withDriver;
using softgpu::withNode;

namespace {

uint64_t nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

HSAKMT_STATUS hsaKmtOpenKFD() {
  switch (Driver::open()) {
    case Driver::OpenResult::Opened:
      return HSAKMT_STATUS_SUCCESS;
    case Driver::OpenResult::AlreadyOpen:
      return HSAKMT_STATUS_KERNEL_ALREADY_OPENED;
    case Driver::OpenResult::Failed:
      break;
  }
  return HSAKMT_STATUS_KERNEL_IO_CHANNEL_NOT_OPENED;
}

HSAKMT_STATUS hsaKmtCloseKFD() {
  return Driver::close() ? HSAKMT_STATUS_SUCCESS : HSAKMT_STATUS_KERNEL_IO_CHANNEL_NOT_OPENED;
}

HSAKMT_STATUS hsaKmtGetVersion(HsaVersionInfo* version) {
  if (!version) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withDriver([&](Driver&) {
    // 1.11: interrupts work, and errors reach a queue through its inactive signal. From 1.13 on ROCr would ask for
    // debugger exceptions through the trap handler instead.
    version->KernelInterfaceMajorVersion = 1;
    version->KernelInterfaceMinorVersion = 11;
    return HSAKMT_STATUS_SUCCESS;
  });
}

// There is no debugger to tell; ROCr takes this for an older kernel and uses the inactive signal. What it shows to
// debuggers names the code of faults.
HSAKMT_STATUS hsaKmtRuntimeEnable(void* loader, bool) {
  softgpu::setLoaderState(loader);
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtRuntimeDisable() {
  softgpu::setLoaderState(nullptr);
  return HSAKMT_STATUS_NOT_SUPPORTED;
}

// For core dumps, which ROCr 6 writes on a fault where it can.
HSAKMT_STATUS hsaKmtDbgEnable(void**, HSAuint32*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtDbgDisable() {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtDbgGetDeviceData(void**, HSAuint32*, HSAuint32*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtDbgGetQueueData(void**, HSAuint32*, HSAuint32*, bool) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}

HSAKMT_STATUS hsaKmtGetRuntimeCapabilities(HSAuint32* mask) {
  if (!mask) return HSAKMT_STATUS_INVALID_PARAMETER;
  *mask = 0;
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS hsaKmtGetClockCounters(HSAuint32 node, HsaClockCounters* counters) {
  if (!counters) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withNode(node, [&](Driver&) {
    *counters = {};
    counters->CPUClockCounter = nanoseconds(CLOCK_MONOTONIC_RAW);
    // The pair that ROCr relates to each other, read one right after the other. Its system clock is CLOCK_BOOTTIME.
    counters->GPUClockCounter = softgpu::gpuTicks();
    counters->SystemClockCounter = nanoseconds(CLOCK_BOOTTIME);
    counters->SystemClockFrequencyHz = 1'000'000'000;
    return HSAKMT_STATUS_SUCCESS;
  });
}

// Retry of page faults ("xnack") is off: GCC's images for gfx900 and gfx906 are built for xnack-.
HSAKMT_STATUS hsaKmtGetXNACKMode(HSAint32* enable) {
  if (!enable) return HSAKMT_STATUS_INVALID_PARAMETER;
  *enable = 0;
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS hsaKmtSetXNACKMode(HSAint32 enable) {
  return enable == 0 ? HSAKMT_STATUS_SUCCESS : HSAKMT_STATUS_NOT_SUPPORTED;
}

// System-management events (throttling, resets) do not happen here.
HSAKMT_STATUS hsaKmtOpenSMI(HSAuint32, int*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}

// Streaming performance monitor: there are no such counters.
HSAKMT_STATUS hsaKmtSPMAcquire(HSAuint32) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtSPMRelease(HSAuint32) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
HSAKMT_STATUS hsaKmtSPMSetDestBuffer(HSAuint32, HSAuint32, HSAuint32*, HSAuint32*, void*, bool*) {
  return HSAKMT_STATUS_NOT_SUPPORTED;
}
