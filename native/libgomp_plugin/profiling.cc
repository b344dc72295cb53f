#include "profiling.h"

#include <algorithm>

#include "call.h"
#include "runtime.h"

namespace gcn::libgomp {
namespace {

constexpr int kAlloc = 8;                // acc_ev_alloc
constexpr int kFree = 9;                 // acc_ev_free
constexpr int kEnqueueLaunchStart = 18;  // acc_ev_enqueue_launch_start
constexpr int kEnqueueLaunchEnd = 19;    // acc_ev_enqueue_launch_end
constexpr int kConstructParallel = 0;    // acc_construct_parallel
constexpr int kDeviceApiOther = 4;       // acc_device_api_other

}  // namespace

// The head of libgomp's thread (oacc-int.h): four pointers of its own, then what profiling needs.
struct Thread {
  void* own[4];
  int* prof_info;  // acc_prof_info: the event's type first
  int* api_info;   // acc_api_info: the device's API first
};

namespace {

// acc_data_event_info
struct DataEventInfo {
  int event_type;
  int valid_bytes;
  int parent_construct;
  int implicit;
  void* tool_info;
  const char* variable;
  size_t bytes;
  const void* host;
  const void* device;
};

// The calling thread, where somebody listens; else null.
Thread* ListenedThread() {
  const Runtime& runtime = TheRuntime();
  if (runtime.goacc_thread == nullptr || runtime.goacc_profiling_dispatch == nullptr) return nullptr;
  auto* const thread = static_cast<Thread*>(runtime.goacc_thread());
  return thread != nullptr && thread->prof_info != nullptr ? thread : nullptr;
}

void AnnounceData(int event, void* address, size_t bytes) {
  Thread* const thread = ListenedThread();
  if (thread == nullptr) return;
  *thread->prof_info = event;
  *thread->api_info = kDeviceApiOther;
  DataEventInfo info{.event_type = event,
                     .valid_bytes = sizeof(DataEventInfo),
                     .parent_construct = kConstructParallel,
                     .implicit = 1,
                     .tool_info = nullptr,
                     .variable = nullptr,
                     .bytes = bytes,
                     .host = nullptr,
                     .device = address};
  TheRuntime().goacc_profiling_dispatch(thread->prof_info, &info, thread->api_info);
}

}  // namespace

void AnnounceAlloc(void* address, size_t bytes) {
  AnnounceData(kAlloc, address, bytes);
}
void AnnounceFree(void* address) {
  AnnounceData(kFree, address, 0);
}

LaunchEvent::LaunchEvent(DeviceFunction function, const unsigned* dimensions) : thread_(ListenedThread()) {
  if (thread_ == nullptr) return;
  unsigned actual[3];
  std::copy_n(dimensions, 3, actual);
  const Call call(Operation::kDimensions, function, actual, name_, sizeof name_);
  info_ = {.event_type = 0,
           .valid_bytes = sizeof info_,
           .parent_construct = kConstructParallel,
           .implicit = 1,
           .tool_info = nullptr,
           .kernel_name = name_,
           .gangs = actual[0],
           .workers = actual[1],
           .vector_length = actual[2]};
  *thread_->api_info = kDeviceApiOther;
  Dispatch(kEnqueueLaunchStart);
}

LaunchEvent::~LaunchEvent() {
  if (thread_ != nullptr) Dispatch(kEnqueueLaunchEnd);
}

void LaunchEvent::Dispatch(int event) {
  *thread_->prof_info = event;
  info_.event_type = event;
  TheRuntime().goacc_profiling_dispatch(thread_->prof_info, &info_, thread_->api_info);
}

}  // namespace gcn::libgomp
