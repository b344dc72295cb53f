// OpenACC's profiling interface, as far as a plugin has a part in it: it announces each launch to whoever has
// registered (OpenACC 2.6, 5; acc_prof.h). The structures' layouts are the interface's own.
#pragma once

#include "interface.h"

namespace gcn::libgomp {

// acc_launch_event_info
struct LaunchEventInfo {
  int event_type;
  int valid_bytes;
  int parent_construct;
  int implicit;
  void* tool_info;
  const char* kernel_name;
  size_t gangs, workers, vector_length;
};

// Memory of the device has been allocated, or freed.
void AnnounceAlloc(void* address, size_t bytes);
void AnnounceFree(void* address);

// Announces a launch's beginning, and when it goes out of scope its end. Costs a look where nobody listens.
class LaunchEvent {
 public:
  LaunchEvent(DeviceFunction function, const unsigned* dimensions);
  ~LaunchEvent();
  LaunchEvent(const LaunchEvent&) = delete;
  LaunchEvent& operator=(const LaunchEvent&) = delete;

 private:
  void Dispatch(int event);

  struct Thread* thread_ = nullptr;
  LaunchEventInfo info_{};
  char name_[512] = "";
};

}  // namespace gcn::libgomp
