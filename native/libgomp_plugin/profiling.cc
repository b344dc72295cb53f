#include "profiling.h"

#include <algorithm>

#include "call.h"
#include "runtime.h"

namespace gcn::libgomp {
namespace {

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

LaunchEvent::LaunchEvent(DeviceFunction function, const unsigned* dimensions) {
  const Runtime& runtime = TheRuntime();
  if (runtime.goacc_thread == nullptr || runtime.goacc_profiling_dispatch == nullptr) return;
  auto* const thread = static_cast<Thread*>(runtime.goacc_thread());
  if (thread == nullptr || thread->prof_info == nullptr) return;
  thread_ = thread;
  unsigned actual[3];
  std::copy_n(dimensions, 3, actual);
  const Call call(Operation::kDimensions, function, actual, name_, sizeof name_);
  info_ = {.event_type = 0,
           .valid_bytes = sizeof(Info),
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
