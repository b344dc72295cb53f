#include "late_promise.h"

#include <utility>

#include "error.h"

namespace gcn::addon {

// JavaScript's side of it.
struct LatePromise::Settlement {
  std::shared_ptr<LatePromise> promise;
  Napi::Promise::Deferred deferred;
  Napi::Reference<Napi::Value> keep;
};

std::shared_ptr<LatePromise> LatePromise::Make(Napi::Env env, Napi::Value keep, Napi::Value& promise) {
  const std::shared_ptr<LatePromise> late(new LatePromise);
  auto settlement = std::make_unique<Settlement>(Settlement{late, Napi::Promise::Deferred::New(env), {}});
  if (!keep.IsEmpty()) settlement->keep = Napi::Reference<Napi::Value>::New(keep, 1);
  promise = settlement->deferred.Promise();
  CheckNapi(
      env, napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "gcn-offload plugin"), 0, 1,
                                           settlement.get(), Finalize, settlement.get(), OnResolved, &late->function_));
  settlement.release();  // Finalize takes it back
  return late;
}

void LatePromise::Resolve() {
  const std::lock_guard lock(mutex_);
  napi_threadsafe_function const function = std::exchange(function_, nullptr);
  if (function == nullptr) return;
  // An env that is about to end takes no calls, and counts the caller off by itself.
  if (napi_call_threadsafe_function(function, nullptr, napi_tsfn_nonblocking) == napi_closing) return;
  napi_release_threadsafe_function(function, napi_tsfn_release);
}

void LatePromise::GiveUp(Napi::Env env) {
  const std::lock_guard lock(mutex_);
  if (function_ != nullptr) napi_unref_threadsafe_function(env, function_);
}

void LatePromise::Finalize(napi_env, void* data, void*) {
  const std::unique_ptr<Settlement> settlement(static_cast<Settlement*>(data));
  const std::lock_guard lock(settlement->promise->mutex_);
  settlement->promise->function_ = nullptr;
}

void LatePromise::OnResolved(napi_env env, napi_value, void* context, void*) {
  // Null where the env ends.
  if (env == nullptr) return;
  Settlement& settlement = *static_cast<Settlement*>(context);
  settlement.keep.Reset();
  settlement.deferred.Resolve(Napi::Env(env).Undefined());
}

}  // namespace gcn::addon
