// Launches that nobody waits for: each blocks a thread of its own in the plugin, and settles a promise from the event
// loop. The plugin's own asynchronous launches end in libgomp, with a task of libgomp's, which there is none of.
#pragma once

#include <napi.h>

#include <functional>
#include <list>
#include <memory>
#include <thread>

namespace gcn::addon {

class ForeignRuns {
 public:
  ForeignRuns() = default;
  // Waits for what still runs: no C plugin can be told to stop.
  ~ForeignRuns();
  ForeignRuns(const ForeignRuns&) = delete;
  ForeignRuns& operator=(const ForeignRuns&) = delete;

  // Resolves when `work` has returned; `work` must not throw. The event loop stays alive as long.
  Napi::Value Start(Napi::Env env, std::function<void()> work);
  // Their promises are settled later, from the event loop.
  void WaitForAll();

 private:
  struct Run;
  static void Finalize(napi_env env, void* data, void* hint);
  static void OnDone(napi_env env, napi_value, void* context, void*);
  std::list<std::shared_ptr<Run>> running_;
};

}  // namespace gcn::addon
