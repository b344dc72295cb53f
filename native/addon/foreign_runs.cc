#include "foreign_runs.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "foreign_end.h"
#include "late_promise.h"

namespace gcn::addon {

using Clock = std::chrono::steady_clock;

// Shared with the threads, which may outlive whoever has started them.
struct ForeignRuns::Shared {
  std::mutex mutex{};
  std::condition_variable changed{};
  // By device.
  std::unordered_map<int, uint64_t> faults{};
};

struct ForeignRuns::Run {
  const std::shared_ptr<Shared> shared;
  const ForeignLaunch launch;
  std::shared_ptr<LatePromise> promise{};
  std::thread::id thread{};
  bool over = false;

  void Execute() {
    {
      const LaunchUnderWay under_way(launch.name);
      launch.work();
    }
    {
      const std::lock_guard lock(shared->mutex);
      over = true;
    }
    shared->changed.notify_all();
    if (promise) promise->Resolve();
  }
};

// A thread that executes one run after the other.
class ForeignRuns::Worker {
 public:
  static std::shared_ptr<Worker> Start(std::shared_ptr<Shared> shared) {
    const auto worker = std::make_shared<Worker>(std::move(shared));
    std::thread([worker] { worker->Loop(); }).detach();
    return worker;
  }
  explicit Worker(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  // With the lock held.
  void Take(std::shared_ptr<Run> run) { next_ = std::move(run); }
  void Leave() { leaving_ = true; }

 private:
  void Loop() {
    while (true) {
      std::shared_ptr<Run> run;
      {
        std::unique_lock lock(shared_->mutex);
        shared_->changed.wait(lock, [this] { return leaving_ || next_ != nullptr; });
        if (next_ == nullptr) return;
        run = std::exchange(next_, nullptr);
      }
      run->Execute();
    }
  }

  const std::shared_ptr<Shared> shared_;
  std::shared_ptr<Run> next_{};
  bool leaving_ = false;
};

ForeignRuns::ForeignRuns() : shared_(std::make_shared<Shared>()) {}

ForeignRuns::~ForeignRuns() {
  if (!agents_.empty()) hsa::Runtime::RemoveListener(this);
  const std::lock_guard lock(shared_->mutex);
  if (worker_) worker_->Leave();
  shared_->changed.notify_all();
}

void ForeignRuns::WatchFaults(std::vector<hsa_agent_t> agents) {
  if (agents.empty() || !agents_.empty()) return;
  agents_ = std::move(agents);
  hsa::Runtime::AddListener(this);
}

void ForeignRuns::OnSystemEvent(const hsa_amd_event_t& event) {
  if (event.event_type != HSA_AMD_GPU_MEMORY_FAULT_EVENT) return;
  {
    const std::lock_guard lock(shared_->mutex);
    for (size_t i = 0; i < agents_.size(); i++) {
      if (agents_[i].handle == event.memory_fault.agent.handle)
        shared_->faults.emplace(static_cast<int>(i), event.memory_fault.virtual_address);
    }
  }
  shared_->changed.notify_all();
}

Napi::Value ForeignRuns::Start(Napi::Env env, ForeignLaunch launch) {
  Napi::Value promise;
  const auto run = std::make_shared<Run>(shared_, std::move(launch));
  run->promise = LatePromise::Make(env, Napi::Value(), promise);
  const std::lock_guard lock(shared_->mutex);
  running_.remove_if([](const std::shared_ptr<Run>& other) { return other->over; });
  running_.push_back(run);
  std::thread thread([run] { run->Execute(); });
  run->thread = thread.get_id();
  thread.detach();
  return promise;
}

ForeignRuns::Outcome ForeignRuns::Within(std::optional<Milliseconds> limit, ForeignLaunch launch) {
  const int device = launch.device;
  const auto run = std::make_shared<Run>(shared_, std::move(launch));
  std::unique_lock lock(shared_->mutex);
  if (worker_ == nullptr) worker_ = Worker::Start(shared_);
  worker_->Take(run);
  shared_->changed.notify_all();
  const auto ended = [&] { return run->over || shared_->faults.contains(device); };
  if (limit)
    shared_->changed.wait_for(lock, *limit, ended);
  else
    shared_->changed.wait(lock, ended);
  if (run->over) return {};
  // The next launch finds another thread.
  worker_->Leave();
  worker_.reset();
  const auto fault = shared_->faults.find(device);
  if (fault == shared_->faults.end()) return {.late = true};
  return {.fault = fault->second};
}

std::optional<uint64_t> ForeignRuns::FaultOf(int device) const {
  const std::lock_guard lock(shared_->mutex);
  const auto fault = shared_->faults.find(device);
  if (fault == shared_->faults.end()) return std::nullopt;
  return fault->second;
}

ForeignRuns::Outcome ForeignRuns::WaitFor(int device, std::optional<Milliseconds> limit) {
  const Clock::time_point end = Clock::now() + limit.value_or(Milliseconds(0));
  std::unique_lock lock(shared_->mutex);
  for (const auto& run : running_) {
    if (run->launch.device != device) continue;
    const auto ended = [&] { return run->over || shared_->faults.contains(device); };
    if (limit)
      shared_->changed.wait_until(lock, end, ended);
    else
      shared_->changed.wait(lock, ended);
    if (run->over) continue;
    const auto fault = shared_->faults.find(device);
    if (fault == shared_->faults.end()) return {.late = true};
    return {.fault = fault->second};
  }
  return {};
}

void ForeignRuns::WaitForAll() {
  std::unique_lock lock(shared_->mutex);
  for (const auto& run : running_) shared_->changed.wait(lock, [&] { return run->over; });
  running_.clear();
}

void ForeignRuns::WaitForAll(Milliseconds limit) {
  const Clock::time_point end = Clock::now() + limit;
  std::unique_lock lock(shared_->mutex);
  for (const auto& run : running_) {
    // A thread that ends the process, from within its launch, does not wait for itself.
    if (run->thread == std::this_thread::get_id()) continue;
    const auto ended = [&] { return run->over || shared_->faults.contains(run->launch.device); };
    shared_->changed.wait_until(lock, end, ended);
  }
  running_.clear();
}

void ForeignRuns::GiveUp(Napi::Env env, int device) {
  running_.remove_if([env, device](const std::shared_ptr<Run>& run) {
    if (run->launch.device != device) return false;
    run->promise->GiveUp(env);
    return true;
  });
}

}  // namespace gcn::addon
