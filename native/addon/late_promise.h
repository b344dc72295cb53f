// A promise that a thread of somebody else's resolves, once. The event loop stays alive as long.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>

namespace gcn::addon {

class LatePromise {
 public:
  // JavaScript's thread. `keep` is held until the promise is settled; `promise` gets it.
  static std::shared_ptr<LatePromise> Make(Napi::Env env, Napi::Value keep, Napi::Value& promise);
  LatePromise(const LatePromise&) = delete;
  LatePromise& operator=(const LatePromise&) = delete;

  // Any thread. Of no effect the second time.
  void Resolve();
  // JavaScript's thread: the event loop does not wait for it any more.
  void GiveUp(Napi::Env env);

 private:
  struct Settlement;
  LatePromise() = default;
  static void Finalize(napi_env env, void* data, void* hint);
  static void OnResolved(napi_env env, napi_value, void* context, void*);

  std::mutex mutex_;
  // Null once it is settled, or the env has ended.
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace gcn::addon
