#include "native_calls.h"

#include <utility>

#include "mailbox.h"
#include "plugin_bridge.h"

namespace gcn::addon {

NativeCalls& NativeCalls::Instance() {
  static NativeCalls& calls = *std::make_unique<NativeCalls>().release();
  return calls;
}

void NativeCalls::Call(void (*function)(void*), void* data, std::shared_ptr<Napi::FunctionReference> done) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back({function, data, std::move(done)});
  if (!std::exchange(started_, true)) std::thread(&NativeCalls::Run, this).detach();
  more_.notify_one();
}

void NativeCalls::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    more_.wait(lock, [this] { return !jobs_.empty(); });
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.function(job.data);
    PluginBridge::Instance().Post([done = std::move(job.done)](Napi::Env env) {
      const Napi::HandleScope scope(env);
      const Napi::Function callback = done->Value();
      done->Reset();
      PluginBridge::Instance().ReleaseLoop();
      CallBack(env, callback, {});
    });
    lock.lock();
  }
}

}  // namespace gcn::addon
