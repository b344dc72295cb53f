#include "loop_watch.h"

#include "completion.h"
#include "environment.h"
#include "error.h"

namespace gcn::addon {
namespace {

// As long as a thread's wake-up would take: what is not over by then loses little by waiting for one.
constexpr double kLookNanoseconds = 20e3;

}  // namespace

LoopWatch& LoopWatch::Create(Environment& environment) {
  const napi_env env = environment.env();
  std::unique_ptr<LoopWatch> watch(new LoopWatch(environment));
  const Napi::HandleScope scope(env);
  uv_loop_t* loop = nullptr;
  CheckNapi(env, napi_get_uv_event_loop(env, &loop));
  CheckNapi(env, napi_async_init(env, nullptr, Napi::String::New(env, "gcn-offload"), &watch->context_));
  napi_value deliver = nullptr;
  CheckNapi(env, napi_create_function(env, "deliver", NAPI_AUTO_LENGTH, Deliver, watch.get(), &deliver));
  watch->deliver_ = Napi::Persistent(Napi::Function(env, deliver));
  CheckNapi(env, napi_add_async_cleanup_hook(env, OnCleanup, watch.get(), &watch->cleanup_));
  uv_idle_init(loop, &watch->idle_);
  watch->idle_.data = watch.get();
  uv_unref(reinterpret_cast<uv_handle_t*>(&watch->idle_));
  return *watch.release();  // the loop's now: OnCleanup
}

void LoopWatch::Start() {
  uv_idle_start(&idle_, OnTurn);
}
void LoopWatch::Stop() {
  uv_idle_stop(&idle_);
}

void LoopWatch::OnTurn(uv_idle_t* handle) {
  static_cast<LoopWatch*>(handle->data)->Turn();
}

void LoopWatch::Turn() {
  Completion* const completion = environment_.completion_if_open();
  if (completion != nullptr && completion->LookFor(kLookNanoseconds)) {
    const napi_env env = environment_.env();
    const Napi::HandleScope scope(env);
    napi_value global = nullptr;
    napi_value result = nullptr;
    if (napi_get_global(env, &global) == napi_ok)
      napi_make_callback(env, context_, global, deliver_.Value(), 0, nullptr, &result);
  } else if (completion != nullptr) {
    completion->HandOver();
  }
  // A callback may have launched anew, or closed the runtime.
  Completion* const left = environment_.completion_if_open();
  if (left == nullptr || !left->LoopHasWork()) Stop();
}

napi_value LoopWatch::Deliver(napi_env env, napi_callback_info info) {
  return Guarded(env, [&]() -> napi_value {
    const Napi::CallbackInfo call(env, info);
    static_cast<LoopWatch*>(call.Data())->environment_.DeliverCompletions(env);
    return nullptr;
  });
}

void LoopWatch::OnCleanup(napi_async_cleanup_hook_handle, void* data) {
  auto* const watch = static_cast<LoopWatch*>(data);
  watch->deliver_.Reset();
  napi_async_destroy(watch->environment_.env(), watch->context_);
  uv_close(reinterpret_cast<uv_handle_t*>(&watch->idle_), [](uv_handle_t* handle) {
    const std::unique_ptr<LoopWatch> last(static_cast<LoopWatch*>(handle->data));
    napi_remove_async_cleanup_hook(last->cleanup_);
  });
}

}  // namespace gcn::addon
