// Launches on threads of their own, those that JavaScript awaits and those that it blocks for: each blocks its thread
// in the plugin, which cannot be told to stop, and waits for ever for a kernel that a memory fault has ended. What is
// given up goes on by itself. The plugin's own asynchronous launches end in libgomp, with a task of libgomp's, which
// there is none of.
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../hsa/runtime.h"

namespace gcn::addon {

struct ForeignLaunch {
  int device;
  // The kernel's name.
  std::string name;
  // Must not throw, and must hold what it needs by itself.
  std::function<void()> work;
};

class ForeignRuns final : public hsa::SystemEventListener {
 public:
  using Milliseconds = std::chrono::milliseconds;
  // How a launch that was waited for ended.
  struct Outcome {
    bool late = false;
    // The address of a memory fault of its device.
    std::optional<uint64_t> fault{};
  };

  ForeignRuns();
  ~ForeignRuns();
  ForeignRuns(const ForeignRuns&) = delete;
  ForeignRuns& operator=(const ForeignRuns&) = delete;

  // From now on memory faults of these agents, by the devices' numbers, end the waits for what runs there.
  void WatchFaults(std::vector<hsa_agent_t> agents);
  void OnSystemEvent(const hsa_amd_event_t& event) override;

  // A promise that resolves when it is over.
  Napi::Value Start(Napi::Env env, ForeignLaunch launch);
  // Blocks until it is over, and no longer.
  Outcome Within(std::optional<Milliseconds> limit, ForeignLaunch launch);

  // The address of the first memory fault of a device.
  std::optional<uint64_t> FaultOf(int device) const;

  // Their promises are settled later, from the event loop.
  void WaitForAll();
  // Of a device's, or until it has had a memory fault.
  Outcome WaitFor(int device, std::optional<Milliseconds> limit);
  // Of one that is not over by then nobody hears any more.
  void WaitForAll(Milliseconds limit);
  void GiveUp(Napi::Env env, int device);

 private:
  struct Shared;
  struct Run;
  class Worker;

  const std::shared_ptr<Shared> shared_;
  std::vector<hsa_agent_t> agents_;
  // Of launches that are waited for, one at a time.
  std::shared_ptr<Worker> worker_;
  std::list<std::shared_ptr<Run>> running_;
};

}  // namespace gcn::addon
