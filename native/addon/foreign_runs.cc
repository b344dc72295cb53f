#include "foreign_runs.h"

#include <utility>

#include "error.h"

namespace gcn::addon {

// The thread's end is waited for when the last that knows of the run lets go of it.
struct ForeignRuns::Run {
  ForeignRuns* owner;
  Napi::Promise::Deferred promise;
  napi_threadsafe_function done = nullptr;
  std::jthread thread{};
};

Napi::Value ForeignRuns::Start(Napi::Env env, std::function<void()> work) {
  const auto run = std::make_shared<Run>(Run{this, Napi::Promise::Deferred::New(env)});
  CheckNapi(env, napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "gcn-offload plugin"), 0,
                                                 1, nullptr, nullptr, run.get(), OnDone, &run->done));
  running_.push_back(run);
  run->thread = std::jthread([done = run->done, work = std::move(work)] {
    work();
    // An env that is about to end takes no calls, and counts the thread off by itself.
    if (napi_call_threadsafe_function(done, nullptr, napi_tsfn_nonblocking) != napi_closing)
      napi_release_threadsafe_function(done, napi_tsfn_release);
  });
  return run->promise.Promise();
}

void ForeignRuns::OnDone(napi_env env, napi_value, void* context, void*) {
  // Null where the env ends.
  if (env == nullptr) return;
  Run* const run = static_cast<Run*>(context);
  const Napi::Promise::Deferred promise = run->promise;
  run->owner->running_.remove_if([run](const auto& other) { return other.get() == run; });
  promise.Resolve(Napi::Env(env).Undefined());
}

}  // namespace gcn::addon
