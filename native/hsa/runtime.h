// The HSA runtime of this process. Every env (main thread, workers) and every resource shares one; the last to let go
// shuts HSA down.
#pragma once

#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "entry_points.h"
#include "loader.h"

namespace gcn::hsa {

// Hears of what ROCr reports for an agent as a whole. Called on a thread of ROCr.
class SystemEventListener {
 public:
  virtual void OnSystemEvent(const hsa_amd_event_t& event) = 0;

 protected:
  ~SystemEventListener() = default;
};

class Runtime {
 public:
  // Loads the libraries at the first call, calls hsa_init where no one else holds the runtime. Throws OpenError,
  // StatusError.
  static std::shared_ptr<Runtime> Open(const OpenRequest& request);
  ~Runtime();

  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const EntryPoints& hsa() const { return loaded_.entries; }
  const LoadedRuntime& loaded() const { return loaded_; }
  const std::vector<hsa_agent_t>& agents() const { return agents_; }
  // Index in agents(), or -1.
  int IndexOf(hsa_agent_t agent) const;
  bool IsCpu(hsa_agent_t agent) const;

  // Throws StatusError where the status is none of success.
  void Check(hsa_status_t status, const char* call) const {
    if (status != HSA_STATUS_SUCCESS && status != HSA_STATUS_INFO_BREAK) [[unlikely]]
      Fail(status, call);
  }
  [[noreturn]] void Fail(hsa_status_t status, const char* call) const;
  std::string StatusText(hsa_status_t status) const;

  uint64_t frequency() const { return frequency_; }
  double NanosecondsOf(uint64_t ticks) const { return static_cast<double>(ticks) * nanoseconds_per_tick_; }
  // Rounded up; the greatest value there is where the time is longer than that.
  uint64_t TicksOf(double nanoseconds) const;

  // Until RemoveListener returns. Process-wide: a listener hears of every agent.
  static void AddListener(SystemEventListener* listener);
  static void RemoveListener(SystemEventListener* listener);

 private:
  explicit Runtime(const LoadedRuntime& loaded);

  const LoadedRuntime& loaded_;
  std::vector<hsa_agent_t> agents_;
  std::vector<hsa_agent_t> cpus_;
  uint64_t frequency_ = 0;
  double nanoseconds_per_tick_ = 0;
};

}  // namespace gcn::hsa
