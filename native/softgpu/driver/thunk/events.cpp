// Events.
#include "driver/thunk/thunk.h"

using softgpu::Driver;
using softgpu::Events;
using softgpu::withDriver;

namespace {

HSAKMT_STATUS statusOf(bool known) {
  return known ? HSAKMT_STATUS_SUCCESS : HSAKMT_STATUS_INVALID_HANDLE;
}

}  // namespace

HSAKMT_STATUS hsaKmtCreateEvent(HsaEventDescriptor* descriptor, bool manualReset, bool signalled, HsaEvent** event) {
  if (!descriptor || !event || descriptor->EventType >= HSA_EVENTTYPE_MAXID) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withDriver([&](Driver& driver) {
    *event = driver.events.create(*descriptor, manualReset, signalled);
    return *event ? HSAKMT_STATUS_SUCCESS : HSAKMT_STATUS_NO_MEMORY;
  });
}

HSAKMT_STATUS hsaKmtDestroyEvent(HsaEvent* event) {
  return withDriver([&](Driver& driver) { return statusOf(driver.events.destroy(event)); });
}

HSAKMT_STATUS hsaKmtSetEvent(HsaEvent* event) {
  return withDriver([&](Driver& driver) { return statusOf(driver.events.set(event)); });
}

HSAKMT_STATUS hsaKmtResetEvent(HsaEvent* event) {
  return withDriver([&](Driver& driver) { return statusOf(driver.events.reset(event)); });
}

HSAKMT_STATUS hsaKmtQueryEventState(HsaEvent* event) {
  return withDriver(
      [&](Driver& driver) { return driver.events.isSet(event) ? HSAKMT_STATUS_SUCCESS : HSAKMT_STATUS_WAIT_TIMEOUT; });
}

HSAKMT_STATUS hsaKmtWaitOnMultipleEvents_Ext(HsaEvent* events[], HSAuint32 count, bool all, HSAuint32 milliseconds,
                                             uint64_t* ages) {
  if (!events || count == 0) return HSAKMT_STATUS_INVALID_HANDLE;
  return withDriver([&](Driver& driver) {
    switch (driver.events.wait({events, count}, all, milliseconds, ages)) {
      case Events::WaitResult::Set:
        return HSAKMT_STATUS_SUCCESS;
      case Events::WaitResult::Timeout:
        return HSAKMT_STATUS_WAIT_TIMEOUT;
      case Events::WaitResult::InvalidHandle:
        break;
    }
    return HSAKMT_STATUS_INVALID_HANDLE;
  });
}

HSAKMT_STATUS hsaKmtWaitOnMultipleEvents(HsaEvent* events[], HSAuint32 count, bool all, HSAuint32 milliseconds) {
  return hsaKmtWaitOnMultipleEvents_Ext(events, count, all, milliseconds, nullptr);
}

HSAKMT_STATUS hsaKmtWaitOnEvent_Ext(HsaEvent* event, HSAuint32 milliseconds, uint64_t* age) {
  return hsaKmtWaitOnMultipleEvents_Ext(&event, 1, true, milliseconds, age);
}

HSAKMT_STATUS hsaKmtWaitOnEvent(HsaEvent* event, HSAuint32 milliseconds) {
  return hsaKmtWaitOnEvent_Ext(event, milliseconds, nullptr);
}
