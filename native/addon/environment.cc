#include "environment.h"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>

#include "completion.h"
#include "loop_watch.h"
#include "mailbox.h"
#include "signal.h"
#include "signal_state.h"
#include "wait.h"

namespace gcn::addon {
namespace {

// The envs whose runtime is open. process.exit() runs no env cleanup on the main thread, but exit handlers; and those
// of the HSA runtime's own libraries must not meet our threads inside it, nor queues that still run.
struct OpenEnvironments {
  std::mutex mutex;
  std::unordered_set<Environment*> all;
};

OpenEnvironments& Opened() {
  static OpenEnvironments& opened = *std::make_unique<OpenEnvironments>().release();
  return opened;
}

void CloseAllAtExit() {
  while (true) {
    Environment* environment = nullptr;
    {
      const std::lock_guard lock(Opened().mutex);
      if (Opened().all.empty()) return;
      environment = *Opened().all.begin();
    }
    environment->Close(Teardown::kByEnd);
  }
}

// Handlers run in reverse order of registration: ours must be registered after the runtime's library was loaded. And
// since the runtime holds pointers to functions of ours, the addon stays loaded when the worker that loaded it ends.
void PrepareProcessEnd() {
  static std::once_flag once;
  std::call_once(once, [] {
    Dl_info self{};
    if (dladdr(reinterpret_cast<const void*>(&PrepareProcessEnd), &self) != 0) {
      dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    }
    std::atexit(CloseAllAtExit);
  });
}

constexpr size_t kReapAtOnce = 16;
// A copy that takes longer waits for something that never comes.
constexpr double kCopiesEndNanoseconds = 2e9;

}  // namespace

Environment& Environment::Create(Napi::Env env) {
  auto environment = std::make_shared<Environment>(env);
  Environment& result = *environment;
  // The engine owns one share; handles that it finalizes later own others.
  auto share = std::make_unique<std::shared_ptr<Environment>>(std::move(environment));
  const auto finalize = [](napi_env, void* data, void*) {
    const std::unique_ptr<std::shared_ptr<Environment>> last(static_cast<std::shared_ptr<Environment>*>(data));
    (*last)->Close(Teardown::kByEnd);
    (*last)->DropReferences();
  };
  CheckNapi(env, napi_set_instance_data(env, share.get(), finalize, nullptr));
  share.release();
  return result;
}

const Environment* Environment::Of(napi_env env) {
  void* share = nullptr;
  if (napi_get_instance_data(env, &share) != napi_ok || share == nullptr) return nullptr;
  return static_cast<const std::shared_ptr<Environment>*>(share)->get();
}

Environment::Environment(Napi::Env env) : env_(env) {}
Environment::~Environment() = default;

const std::shared_ptr<hsa::Runtime>& Environment::Open(const hsa::OpenRequest& request) {
  std::shared_ptr<hsa::Runtime> runtime = hsa::Runtime::Open(request);
  if (runtime_) return runtime_;
  PrepareProcessEnd();
  mailbox_ = std::make_shared<Mailbox>(*this, *runtime);
  completion_ = std::make_shared<Completion>(runtime, *mailbox_);
  if (loop_watch_ == nullptr) loop_watch_ = &LoopWatch::Create(*this);
  runtime_ = std::move(runtime);
  // Added after the mailbox's threadsafe function: hooks run last in, first out, so that ours stops the threads that
  // call it first.
  napi_add_env_cleanup_hook(env_, OnEnvCleanup, this);
  const std::lock_guard lock(Opened().mutex);
  Opened().all.insert(this);
  return runtime_;
}

const std::shared_ptr<hsa::Runtime>& Environment::runtime() const {
  if (!runtime_)
    throw MakeError(env_, "ERR_HSA_NOT_INITIALIZED", "The HSA runtime is not open in this thread: call open() first");
  return runtime_;
}

void Environment::DeliverCompletions(Napi::Env env) {
  const std::shared_ptr<Completion> completion = completion_;  // a callback may close this env and open it again
  completion->Deliver(env, *this);
}

void Environment::WatchFromLoop() {
  if (completion_->LoopHasWork()) loop_watch_->Start();
}

void Environment::OnEnvCleanup(void* environment) {
  static_cast<Environment*>(environment)->Close(Teardown::kByEnd);
}

void Environment::Close(Teardown teardown) {
  if (!runtime_) return;
  {
    const std::lock_guard lock(Opened().mutex);
    Opened().all.erase(this);
  }
  if (teardown == Teardown::kByJavaScript) napi_remove_env_cleanup_hook(env_, OnEnvCleanup, this);
  // Nothing calls into this env any more from here on.
  mailbox_->Close();
  completion_->Stop();
  for (size_t handle_class = 0; handle_class < live_.size(); handle_class++) {
    if (handle_class == static_cast<size_t>(HandleClass::kSignal)) FinishCopies();
    auto& handles = live_[handle_class];
    while (!handles.empty()) (*handles.begin())->Dispose(teardown);
  }
  if (teardown == Teardown::kByJavaScript) {
    agents_.clear();
    registered_.clear();
    system_event_listener_.Reset();
    completion_->DropCallbacks();
  }
  completion_->Clear();
  retained_.clear();
  mailbox_->Release(teardown);
  pending_ = 0;
  runtime_.reset();
}

void Environment::DropReferences() {
  for (auto& constructor : constructors_) constructor.Reset();
  agents_.clear();
  registered_.clear();
  system_event_listener_.Reset();
  if (completion_) completion_->DropCallbacks();
}

void Environment::AddPending(size_t count) {
  if (pending_ == 0 && count != 0) mailbox_->KeepLoopAlive(true);
  pending_ += count;
}

void Environment::RemovePending(size_t count) {
  if (count == 0) return;
  pending_ -= count;
  if (pending_ == 0) mailbox_->KeepLoopAlive(false);
}

void Environment::Retain(std::shared_ptr<SignalState> signal) {
  retained_.push_back(std::move(signal));
}

void Environment::FinishCopies() {
  std::vector<SignalState*> copies;
  for (const auto& [handle, signal] : signals_) copies.push_back(signal->state().get());
  for (const auto& retained : retained_) copies.push_back(retained.get());
  std::erase_if(copies, [](SignalState* state) { return !state->CopyRuns(); });
  WaitInSteps(
      *runtime_, kCopiesEndNanoseconds,
      [&](uint64_t ticks) {
        if (!copies.empty()) {
          runtime_->hsa().hsa_signal_wait_scacquire(copies.back()->signal, HSA_SIGNAL_CONDITION_LT, 1, ticks,
                                                    HSA_WAIT_STATE_BLOCKED);
        }
        std::erase_if(copies, [](SignalState* state) { return !state->CopyRuns(); });
        return copies.empty();
      },
      [] {});
}

void Environment::ReapSome() {
  for (size_t looked = 0; looked < kReapAtOnce && !retained_.empty(); looked++) {
    if (reap_next_ >= retained_.size()) reap_next_ = 0;
    if (retained_[reap_next_]->InFlight()) {
      reap_next_++;
    } else {
      std::swap(retained_[reap_next_], retained_.back());
      retained_.pop_back();
    }
  }
}

void Environment::HoldRegistered(const void* bytes, Napi::Object view) {
  registered_[bytes] = Napi::Persistent(view);
}
void Environment::DropRegistered(const void* bytes) {
  registered_.erase(bytes);
}

void Environment::SetConstructor(HandleClass handle_class, Napi::Function constructor) {
  constructors_[static_cast<size_t>(handle_class)] = Napi::Persistent(constructor);
}

Napi::Function Environment::constructor(HandleClass handle_class) const {
  return constructors_[static_cast<size_t>(handle_class)].Value();
}

void Environment::Register(HandleBase& handle) {
  live_[static_cast<size_t>(handle.handle_class())].insert(&handle);
}
void Environment::Unregister(HandleBase& handle) {
  live_[static_cast<size_t>(handle.handle_class())].erase(&handle);
}

}  // namespace gcn::addon
