// The event loop's own look at what was just launched. Waking a thread that then wakes the loop costs some 50
// microseconds, many times what a short kernel takes: so for a moment after each launch the loop does not sleep, but
// looks at its end whether the launch is over.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

namespace gcn::addon {

class Environment;

class LoopWatch {
 public:
  // Lives until the env's loop lets go of it, after the env's other cleanup.
  static LoopWatch& Create(Environment& environment);
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;

  // JavaScript's thread. From now on each turn of the loop looks, until there is nothing left that is new.
  void Start();
  void Stop();

 private:
  explicit LoopWatch(Environment& environment) : environment_(environment) {}
  ~LoopWatch() = default;
  friend std::default_delete<LoopWatch>;

  static void OnTurn(uv_idle_t* handle);
  static void OnCleanup(napi_async_cleanup_hook_handle handle, void* watch);
  static napi_value Deliver(napi_env env, napi_callback_info info);
  void Turn();

  Environment& environment_;
  uv_idle_t idle_{};  // an active one keeps the loop from sleeping
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  napi_async_context context_ = nullptr;
  Napi::FunctionReference deliver_;
};

}  // namespace gcn::addon
