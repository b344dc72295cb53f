#include "libgomp_port.h"

#include <utility>

#include "error.h"

namespace gcn::addon {

std::shared_ptr<LibgompPort> LibgompPort::Open(Napi::Env env, Receiver& receiver) {
  const auto port = std::make_shared<LibgompPort>();
  port->receiver_ = &receiver;
  port->env_ = env;
  auto share = std::make_unique<Share>(Share{port});
  CheckNapi(env, napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "gcn-offload libgomp"),
                                                 0, 1, share.get(), Finalize, share.get(), OnWake, &port->function_));
  share.release();  // Finalize takes it back
  CheckNapi(env, napi_unref_threadsafe_function(env, port->function_));
  return port;
}

void LibgompPort::Finalize(napi_env, void* share, void*) {
  const std::unique_ptr<Share> last(static_cast<Share*>(share));
  const std::lock_guard lock(last->port->mutex_);
  last->port->function_ = nullptr;
}

void LibgompPort::Wake() {
  if (function_ != nullptr) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void LibgompPort::Return(const LibgompResult& result) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  results_.push_back(result);
  Wake();
}

void LibgompPort::CallHost(uint32_t image, uint32_t function, void** variables) {
  std::unique_lock lock(mutex_);
  if (closed_) return;
  const uint32_t number = next_++;
  answers_[number] = false;
  called_.push_back({number, image, function, variables});
  Wake();
  answered_.wait(lock, [&] { return closed_ || answers_[number]; });
  answers_.erase(number);
}

void LibgompPort::Answer(uint32_t number) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(number);
    if (found == answers_.end()) return;
    found->second = true;
  }
  answered_.notify_all();
}

void LibgompPort::KeepLoopAlive(bool alive) {
  const std::lock_guard lock(mutex_);
  if (function_ == nullptr) return;
  if (alive)
    napi_ref_threadsafe_function(env_, function_);
  else
    napi_unref_threadsafe_function(env_, function_);
}

void LibgompPort::Close(bool release) {
  napi_threadsafe_function function = nullptr;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    if (release) function = std::exchange(function_, nullptr);
  }
  answered_.notify_all();
  if (function != nullptr) napi_release_threadsafe_function(function, napi_tsfn_abort);
}

void LibgompPort::OnWake(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the env is ending
  const std::shared_ptr<LibgompPort> port = static_cast<Share*>(context)->port;
  Guarded(env, [&]() -> napi_value {
    port->Deliver(env);
    return nullptr;
  });
}

void LibgompPort::Deliver(Napi::Env env) {
  const Napi::HandleScope scope(env);
  std::vector<LibgompResult> results;
  std::vector<LibgompHostCall> called;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    results.swap(results_);
    called.swap(called_);
  }
  for (const LibgompHostCall& call : called) receiver_->HostCalled(env, call);
  for (const LibgompResult& result : results) {
    if (closed_) return;  // by a callback
    receiver_->Returned(env, result);
  }
}

}  // namespace gcn::addon
