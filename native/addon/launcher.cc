// Launches that block, with as little around them as can be.
#include <array>
#include <memory>
#include <optional>

#include "environment.h"
#include "error.h"
#include "queue.h"
#include "signal.h"
#include "submission.h"

namespace gcn::addon {

// Functions of JavaScript's that launch and wait: all that stays the same from launch to launch has been checked once,
// and the functions' own data lead to it. Two signals take turns: while one launch runs, the next one's is armed and
// its slot of the ring fetched, which the packet processor wrote last.
struct Queue::Launcher {
  Queue* queue;
  std::array<Signal*, 2> signals;
  uint16_t header;
  std::optional<double> timeout;
  // So that they live as long as the functions.
  Napi::ObjectReference queue_object;
  std::array<Napi::ObjectReference, 2> signal_objects;
  size_t turn = 0;
  bool armed = false;
  // Published, and not yet seen to be over.
  bool under_way = false;
};

Napi::Value Queue::MakeLauncher(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto launcher = std::make_shared<Launcher>();
  launcher->queue = this;
  launcher->queue_object = Napi::Persistent(info.This().As<Napi::Object>());
  Submission checked;
  checked.arguments[0] = info[0];
  checked.arguments[3] = info[3];
  checked.count = info.Length();
  if (!ReadHeader(env, checked) || !ReadTimeout(env, 3, checked)) return Napi::Value();
  for (size_t i = 0; i < launcher->signals.size(); i++) {
    if (!ReadSignal(env, info[1 + i], checked)) return Napi::Value();
    launcher->signals[i] = checked.signal;
    launcher->signal_objects[i] = Napi::Persistent(info[1 + i].As<Napi::Object>());
  }
  if (launcher->signals[0] == launcher->signals[1]) {
    // One would be armed for the next launch while it counts for this one.
    ThrowType(env, "ERR_INVALID_ARG_VALUE", "\"first\" and \"second\" must be two signals");
    return Napi::Value();
  }
  launcher->header = checked.header;
  launcher->timeout = checked.timeout;

  const auto bound = [&](const char* name, napi_callback callback) {
    auto share = std::make_unique<std::shared_ptr<Launcher>>(launcher);
    napi_value function = nullptr;
    CheckNapi(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, launcher.get(), &function));
    const auto finalize = [](napi_env, void* data, void*) {
      const std::unique_ptr<std::shared_ptr<Launcher>> last(static_cast<std::shared_ptr<Launcher>*>(data));
    };
    CheckNapi(env, napi_add_finalizer(env, function, share.get(), finalize, nullptr, nullptr));
    share.release();  // the engine's from here
    return Napi::Value(env, function);
  };
  Napi::Object functions = Napi::Object::New(env);
  functions.Set("launch", bound("launch", Launch));
  functions.Set("wait", bound("wait", WaitAgain));
  return functions;
}

Queue::Launcher* Queue::EnterLauncher(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data) != napi_ok) return nullptr;
  auto* const launcher = static_cast<Launcher*>(data);
  const Queue& queue = *launcher->queue;
  queue.environment().stats().native_calls++;
  if (!queue.TakesPackets(env)) return nullptr;
  for (const Signal* signal : launcher->signals) {
    if (!signal->disposed()) [[likely]]
      continue;
    napi_throw_error(env, "ERR_HSA_DISPOSED", "A signal of this launcher has been disposed");
    return nullptr;
  }
  return launcher;
}

napi_value Queue::Launch(napi_env env, napi_callback_info info) {
  Launcher* const launcher = EnterLauncher(env, info);
  if (launcher == nullptr) return nullptr;
  if (launcher->under_way) [[unlikely]] {
    napi_throw_error(env, "ERR_INVALID_STATE", "The last launch is not over: wait for it first");
    return nullptr;
  }
  Queue& self = *launcher->queue;
  Submission submission;
  submission.header = launcher->header;
  submission.signal = launcher->signals[launcher->turn];
  submission.timeout = launcher->timeout;
  submission.arm = !launcher->armed;
  launcher->armed = false;
  if (!self.Send(env, submission)) return nullptr;
  launcher->under_way = true;
  const hsa_queue_t& ring = *self.state_->queue();
  const Signal& next = *launcher->signals[1 - launcher->turn];
  self.state_->runtime().hsa().hsa_signal_store_relaxed(next.state()->signal, 1);
  __builtin_prefetch(SlotOf(ring, submission.index + 1), 1);
  launcher->armed = true;
  return self.AwaitTurn(env, *launcher, submission);
}

napi_value Queue::WaitAgain(napi_env env, napi_callback_info info) {
  Launcher* const launcher = EnterLauncher(env, info);
  if (launcher == nullptr) return nullptr;
  if (!launcher->under_way) {
    napi_throw_error(env, "ERR_INVALID_STATE", "There is no launch to wait for");
    return nullptr;
  }
  Submission submission;
  submission.signal = launcher->signals[launcher->turn];
  submission.timeout = launcher->timeout;
  return launcher->queue->AwaitTurn(env, *launcher, submission);
}

napi_value Queue::AwaitTurn(napi_env env, Launcher& launcher, const Submission& submission) {
  napi_value over = Await(env, submission);
  bool done = false;
  if (over != nullptr && napi_get_value_bool(env, over, &done) == napi_ok && done) {
    launcher.turn = 1 - launcher.turn;
    launcher.under_way = false;
  }
  return over;
}

}  // namespace gcn::addon
