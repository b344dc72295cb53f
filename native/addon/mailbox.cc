#include "mailbox.h"

#include <algorithm>
#include <utility>

#include "environment.h"
#include "queue.h"

namespace gcn::addon {

Mailbox::Mailbox(Environment& environment, const hsa::Runtime& runtime) : environment_(environment), runtime_(runtime) {
  napi_env env = environment.env();
  const Napi::HandleScope scope(env);
  CheckNapi(env, napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "gcn-offload"), 0, 1,
                                                 nullptr, nullptr, this, OnWake, &function_));
  CheckNapi(env, napi_unref_threadsafe_function(env, function_));
  hsa::Runtime::AddListener(this);
}

void Mailbox::Wake() {
  if (woken_.exchange(true)) return;
  const std::lock_guard lock(mutex_);
  if (!closed_) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void Mailbox::QueueFailed(QueueState& queue) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    failed_.push_back(queue.shared_from_this());
  }
  Wake();
}

void Mailbox::OnSystemEvent(const hsa_amd_event_t& event) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    events_.push_back(SystemEvent::From(event, runtime_));
    // After a fault the driver runs none of the process's queues on that device any more.
    if (event.event_type == HSA_AMD_GPU_MEMORY_FAULT_EVENT) {
      for (QueueState* queue : queues_) {
        if (queue->agent().handle == event.memory_fault.agent.handle &&
            queue->Fail(static_cast<hsa_status_t>(HSA_STATUS_ERROR_MEMORY_FAULT), &event.memory_fault)) {
          failed_.push_back(queue->shared_from_this());
        }
      }
    }
  }
  Wake();
}

void Mailbox::AddQueue(QueueState& queue) {
  const std::lock_guard lock(mutex_);
  queues_.push_back(&queue);
}

void Mailbox::RemoveQueue(QueueState& queue) {
  const std::lock_guard lock(mutex_);
  std::erase(queues_, &queue);
}

void Mailbox::KeepLoopAlive(bool alive) {
  if (alive) {
    napi_ref_threadsafe_function(environment_.env(), function_);
  } else {
    napi_unref_threadsafe_function(environment_.env(), function_);
  }
}

void Mailbox::Close() {
  hsa::Runtime::RemoveListener(this);
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

void Mailbox::Release(Teardown teardown) {
  // At the env's end the engine closes the function by itself; OnWake finds no runtime then.
  const std::lock_guard lock(mutex_);
  if (function_ != nullptr && teardown == Teardown::kByJavaScript)
    napi_release_threadsafe_function(function_, napi_tsfn_abort);
  function_ = nullptr;
  failed_.clear();
  events_.clear();
}

void Mailbox::OnWake(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the env is ending
  Guarded(env, [&]() -> napi_value {
    static_cast<Mailbox*>(context)->Deliver(env);
    return nullptr;
  });
}

void Mailbox::Deliver(Napi::Env env) {
  const Napi::HandleScope scope(env);
  // A callback may shut the runtime down and open it again, with another mailbox.
  const std::shared_ptr<Mailbox> self = shared_from_this();
  woken_ = false;
  environment_.DeliverCompletions(env);
  std::vector<SystemEvent> events;
  std::vector<std::shared_ptr<QueueState>> failed;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
    failed.swap(failed_);
  }
  for (const SystemEvent& event : events) DeliverSystemEvent(environment_, event);
  for (const auto& queue : failed) {
    if (Queue* owner = queue->owner()) owner->DeliverError(env);
  }
}

void CallBack(Napi::Env env, napi_value function, std::initializer_list<napi_value> arguments) {
  napi_value undefined = env.Undefined();
  napi_value result = nullptr;
  const napi_status status = napi_call_function(env, undefined, function, arguments.size(), arguments.begin(), &result);
  if (status != napi_pending_exception) return;
  napi_value exception = nullptr;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

}  // namespace gcn::addon
