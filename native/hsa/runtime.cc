#include "runtime.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>

#include "error.h"

namespace gcn::hsa {
namespace {

// What outlives every env. Never destroyed: ROCr's threads may call back while the process exits.
struct Process {
  std::mutex mutex;
  std::optional<LoadedRuntime> loaded;
  std::weak_ptr<Runtime> current;
  // hsa_init calls that hsa_shut_down has not answered yet. A new holder may come before the last one has shut down.
  int initialized = 0;

  std::mutex listeners_mutex;
  std::vector<SystemEventListener*> listeners;
};

Process& ThisProcess() {
  static Process& process = *std::make_unique<Process>().release();
  return process;
}

// Success tells ROCr that somebody has taken note; otherwise it prints the fault and aborts the process.
hsa_status_t OnSystemEvent(const hsa_amd_event_t* event, void*) {
  Process& process = ThisProcess();
  const std::lock_guard lock(process.listeners_mutex);
  for (SystemEventListener* listener : process.listeners) listener->OnSystemEvent(*event);
  return HSA_STATUS_SUCCESS;
}

}  // namespace

std::shared_ptr<Runtime> Runtime::Open(const OpenRequest& request) {
  Process& process = ThisProcess();
  const std::lock_guard lock(process.mutex);
  if (process.loaded) {
    process.loaded->RequireAgreement(request);
    if (std::shared_ptr<Runtime> runtime = process.current.lock()) return runtime;
  } else {
    process.loaded = LoadedRuntime::Load(request);
  }

  const EntryPoints& hsa = process.loaded->entries;
  const hsa_status_t status = hsa.hsa_init();
  if (status != HSA_STATUS_SUCCESS) {
    StatusError error(status, "hsa_init",
                      process.loaded->software
                          ? "the HSA runtime did not start over the software GPU"
                          : "the HSA runtime did not start: is there an AMD GPU, and may this user open /dev/kfd? "
                            "GCN_OFFLOAD_DEVICE=software takes the software GPU");
    // The thunk below may stay resident all the same; SoftwareGpu::Open tells when that matters.
    if (process.initialized == 0) process.loaded.reset();
    throw error;
  }
  process.loaded->Pin();
  if (process.initialized++ == 0 && hsa.hsa_amd_register_system_event_handler != nullptr) {
    hsa.hsa_amd_register_system_event_handler(OnSystemEvent, nullptr);
  }
  // From here on ~Runtime answers the hsa_init above; it takes the lock, so a constructor that throws must not run it
  // under this one.
  std::shared_ptr<Runtime> runtime;
  try {
    runtime.reset(new Runtime(*process.loaded));
  } catch (...) {
    process.initialized--;
    hsa.hsa_shut_down();
    throw;
  }
  process.current = runtime;
  return runtime;
}

Runtime::Runtime(const LoadedRuntime& loaded) : loaded_(loaded) {
  Check(hsa().hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP_FREQUENCY, &frequency_), "hsa_system_get_info");
  nanoseconds_per_tick_ = 1e9 / static_cast<double>(frequency_);
  const auto collect = [](hsa_agent_t agent, void* data) {
    static_cast<std::vector<hsa_agent_t>*>(data)->push_back(agent);
    return HSA_STATUS_SUCCESS;
  };
  Check(hsa().hsa_iterate_agents(collect, &agents_), "hsa_iterate_agents");
  for (const hsa_agent_t agent : agents_) {
    hsa_device_type_t type{};
    Check(hsa().hsa_agent_get_info(agent, HSA_AGENT_INFO_DEVICE, &type), "hsa_agent_get_info");
    if (type == HSA_DEVICE_TYPE_CPU) cpus_.push_back(agent);
  }
}

Runtime::~Runtime() {
  Process& process = ThisProcess();
  const std::lock_guard lock(process.mutex);
  process.initialized--;
  hsa().hsa_shut_down();
}

int Runtime::IndexOf(hsa_agent_t agent) const {
  const auto found =
      std::find_if(agents_.begin(), agents_.end(), [agent](hsa_agent_t each) { return each.handle == agent.handle; });
  return found == agents_.end() ? -1 : static_cast<int>(found - agents_.begin());
}

bool Runtime::IsCpu(hsa_agent_t agent) const {
  return std::any_of(cpus_.begin(), cpus_.end(), [agent](hsa_agent_t cpu) { return cpu.handle == agent.handle; });
}

void Runtime::Fail(hsa_status_t status, const char* call) const {
  throw StatusError(status, call, StatusText(status));
}

std::string Runtime::StatusText(hsa_status_t status) const {
  const char* text = nullptr;
  if (hsa().hsa_status_string(status, &text) != HSA_STATUS_SUCCESS || text == nullptr) return {};
  return text;
}

uint64_t Runtime::TicksOf(double nanoseconds) const {
  const double ticks = std::ceil(nanoseconds / nanoseconds_per_tick_);
  constexpr auto kMost = std::numeric_limits<uint64_t>::max();
  return ticks >= static_cast<double>(kMost) ? kMost : static_cast<uint64_t>(ticks);
}

void Runtime::AddListener(SystemEventListener* listener) {
  Process& process = ThisProcess();
  const std::lock_guard lock(process.listeners_mutex);
  process.listeners.push_back(listener);
}

void Runtime::RemoveListener(SystemEventListener* listener) {
  Process& process = ThisProcess();
  const std::lock_guard lock(process.listeners_mutex);
  std::erase(process.listeners, listener);
}

}  // namespace gcn::hsa
