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

  // Any thread. Of no effect the second time, and once it has been given up.
  void Resolve();
  // JavaScript's thread: it stays pending, and the event loop does not wait for it.
  void GiveUp();

 private:
  struct Settlement;
  LatePromise() = default;
  void Let(bool call);
  static void Finalize(napi_env env, void* data, void* hint);
  static void OnResolved(napi_env env, napi_value, void* context, void*);

  std::mutex mutex_;
  // Null once it is settled, given up, or the env has ended.
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace gcn::addon
