#include "foreign_runs.h"

#include <utility>

#include "error.h"

namespace gcn::addon {

// Shared with the threadsafe function, which may call after the plugin's handle is gone.
struct ForeignRuns::Run {
  // Null when the handle is gone.
  ForeignRuns* owner;
  Napi::Promise::Deferred promise;
  napi_threadsafe_function done = nullptr;
  std::jthread thread{};
};

Napi::Value ForeignRuns::Start(Napi::Env env, std::function<void()> work) {
  const auto run = std::make_shared<Run>(Run{this, Napi::Promise::Deferred::New(env)});
  auto share = std::make_unique<std::shared_ptr<Run>>(run);
  CheckNapi(env, napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "gcn-offload plugin"), 0,
                                                 1, share.get(), Finalize, share.get(), OnDone, &run->done));
  share.release();  // Finalize takes it back
  running_.push_back(run);
  run->thread = std::jthread([done = run->done, work = std::move(work)] {
    work();
    // An env that is about to end takes no calls, and counts the thread off by itself.
    if (napi_call_threadsafe_function(done, nullptr, napi_tsfn_nonblocking) != napi_closing)
      napi_release_threadsafe_function(done, napi_tsfn_release);
  });
  return run->promise.Promise();
}

ForeignRuns::~ForeignRuns() {
  WaitForAll();
  for (const auto& run : running_) run->owner = nullptr;
}

void ForeignRuns::WaitForAll() {
  for (const auto& run : running_) {
    if (run->thread.joinable()) run->thread.join();
  }
}

void ForeignRuns::Finalize(napi_env, void* data, void*) {
  const std::unique_ptr<std::shared_ptr<Run>> share(static_cast<std::shared_ptr<Run>*>(data));
}

void ForeignRuns::OnDone(napi_env env, napi_value, void* context, void*) {
  // Null where the env ends.
  if (env == nullptr) return;
  const std::shared_ptr<Run> run = *static_cast<std::shared_ptr<Run>*>(context);
  const Napi::Promise::Deferred promise = run->promise;
  if (run->owner != nullptr) run->owner->running_.remove(run);
  promise.Resolve(Napi::Env(env).Undefined());
}

}  // namespace gcn::addon
