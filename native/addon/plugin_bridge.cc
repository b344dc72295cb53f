#include "plugin_bridge.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "environment.h"
#include "error.h"
#include "mailbox.h"
#include "program_end.h"
#include "wait.h"

namespace gcn::addon {
namespace {

using libgomp::Operation;
using libgomp::Outcome;
using libgomp::Request;
using Clock = std::chrono::steady_clock;

// How long either side looks for the other's next move before it sleeps: waking a thread takes longer than most calls.
constexpr double kLookNanoseconds = 40e3;
// How long requests are served before the event loop gets its turn: promises settle there.
constexpr auto kServeAtOnce = std::chrono::microseconds(500);

constexpr char kWouldWait[] =
    "the call has to wait for the event loop, and comes from the thread that turns it: call from another thread";

void SetMessage(Request& request, const std::string& message) {
  const size_t length = std::min(message.size(), request.message.size() - 1);
  std::memcpy(request.message.data(), message.data(), length);
  request.message[length] = '\0';
}

}  // namespace

// A request on its way. Whoever waits may give up, so that both sides own a share.
struct PluginBridge::Waiting {
  explicit Waiting(const Request& asked) : request(asked) {}

  Request request;
  std::mutex mutex;
  std::condition_variable answered;
  std::atomic<bool> done = false;
  bool served = true;

  void Finish(bool was_served) {
    {
      const std::lock_guard lock(mutex);
      served = was_served;
      done = true;
    }
    answered.notify_all();
  }
};

PluginBridge& PluginBridge::Instance() {
  static PluginBridge& bridge = *std::make_unique<PluginBridge>().release();
  return bridge;
}

void PluginBridge::Open(Environment& environment, Napi::Function serve) {
  const napi_env env = environment.env();
  const std::lock_guard lock(mutex_);
  if (open_) throw MakeError(env, "ERR_INVALID_STATE", "Another answers for libgomp's plugin in this process already");
  CheckNapi(env, napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "gcn-offload plugin"), 0,
                                                 1, nullptr, nullptr, nullptr, OnWake, &function_));
  CheckNapi(env, napi_unref_threadsafe_function(env, function_));
  serve_ = Napi::Persistent(serve);
  holders_ = 0;
  env_ = env;
  thread_ = std::this_thread::get_id();
  process_ = getpid();
  napi_add_env_cleanup_hook(env, OnEnvCleanup, this);
  open_ = true;
}

void PluginBridge::OnEnvCleanup(void* bridge) {
  static_cast<PluginBridge*>(bridge)->Close(false);
}

void PluginBridge::Close(bool process_leaves) {
  std::vector<std::shared_ptr<Waiting>> left;
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    process_leaves_ = process_leaves;
    open_ = false;
    left.assign(queue_.begin(), queue_.end());
    for (auto& [number, waiting] : unanswered_) left.push_back(waiting);
    queue_.clear();
    queued_ = 0;
    unanswered_.clear();
    work_.clear();
    napi_release_threadsafe_function(std::exchange(function_, nullptr), napi_tsfn_abort);
  }
  napi_remove_env_cleanup_hook(env_, OnEnvCleanup, this);
  serve_.Reset();
  if (process_leaves) return;
  for (const auto& waiting : left) waiting->Finish(false);
}

void PluginBridge::HoldLoop() {
  if (open_ && holders_++ == 0) napi_ref_threadsafe_function(env_, function_);
}
void PluginBridge::ReleaseLoop() {
  if (open_ && --holders_ == 0) napi_unref_threadsafe_function(env_, function_);
}

void PluginBridge::Wake() {
  if (function_ != nullptr) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void PluginBridge::Post(std::function<void(Napi::Env)> work) {
  const std::lock_guard lock(mutex_);
  // Kept also where nobody comes for it: what it holds of JavaScript's is not to go on this thread.
  work_.push_back(std::move(work));
  if (open_) Wake();
}

bool PluginBridge::Serve(Request& request) {
  const bool served = Instance().Ask(request, std::nullopt);
  // Launches that block are called without.
  const bool launch = request.operation == Operation::kRun || request.operation == Operation::kExec;
  if (served && request.outcome == Outcome::kExit && !launch) Leave(static_cast<int>(request.value));
  return served;
}

bool PluginBridge::BecomesIdle(std::chrono::milliseconds limit) {
  const Clock::time_point until = Clock::now() + limit;
  const auto idle = [this] {
    const std::lock_guard lock(mutex_);
    return queue_.empty() && unanswered_.empty();
  };
  while (!idle()) {
    if (Clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

bool PluginBridge::Ask(Request& request, std::optional<std::chrono::milliseconds> limit) {
  if (getpid() != process_) return false;
  while (process_leaves_ && !OnThread()) pause();
  if (!open_) return false;
  const auto waiting = std::make_shared<Waiting>(request);
  if (OnThread()) {
    Hand(env_, waiting);
    if (!waiting->done) {
      request.outcome = Outcome::kFailed;
      SetMessage(request, kWouldWait);
      return true;
    }
  } else {
    {
      const std::lock_guard lock(mutex_);
      if (!open_) return false;
      queue_.push_back(waiting);
      if (queued_++ == 0) Wake();
    }
    if (!PollPolitely(kLookNanoseconds, [&] { return waiting->done.load(); })) {
      std::unique_lock lock(waiting->mutex);
      const auto over = [&] { return waiting->done.load(); };
      if (!limit) {
        waiting->answered.wait(lock, over);
      } else if (!waiting->answered.wait_for(lock, *limit, over)) {
        return false;
      }
    }
  }
  const std::lock_guard lock(waiting->mutex);
  if (!waiting->served) return false;
  request.outcome = waiting->request.outcome;
  request.value = waiting->request.value;
  request.message = waiting->request.message;
  return true;
}

void PluginBridge::OnWake(napi_env env, napi_value, void*, void*) {
  if (env == nullptr) return;  // the env is ending
  Guarded(env, [&]() -> napi_value {
    Instance().Turn(env);
    return nullptr;
  });
}

std::shared_ptr<PluginBridge::Waiting> PluginBridge::Next() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return nullptr;
  std::shared_ptr<Waiting> next = std::move(queue_.front());
  queue_.pop_front();
  queued_--;
  return next;
}

void PluginBridge::Turn(Napi::Env env) {
  std::vector<std::function<void(Napi::Env)>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(work_);
  }
  for (const auto& each : work) each(env);
  const Clock::time_point until = Clock::now() + kServeAtOnce;
  while (const std::shared_ptr<Waiting> waiting = Next()) {
    Hand(env, waiting);
    // What the call has begun goes on in the event loop, and nobody else's next call may be waited for.
    if (!waiting->done || Clock::now() >= until) break;
    PollPolitely(kLookNanoseconds, [this] { return queued_ != 0; });
  }
  const std::lock_guard lock(mutex_);
  if (!queue_.empty()) Wake();
}

void PluginBridge::Hand(Napi::Env env, const std::shared_ptr<Waiting>& waiting) {
  const Napi::HandleScope scope(env);
  uint32_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = next_++;
    unanswered_.emplace(number, waiting);
  }
  const Request& request = waiting->request;
  napi_value words[2 + std::tuple_size_v<decltype(request.arguments)>];
  napi_create_uint32(env, number, &words[0]);
  napi_create_uint32(env, static_cast<uint32_t>(request.operation), &words[1]);
  for (size_t i = 0; i < request.arguments.size(); i++)
    napi_create_double(env, static_cast<double>(request.arguments[i]), &words[2 + i]);
  napi_value answer = nullptr;
  const napi_status status = napi_call_function(env, env.Undefined(), serve_.Value(), std::size(words), words, &answer);
  if (status != napi_ok) {
    // `serve` itself catches what its calls throw: this is a mistake of ours, or the end of the env.
    napi_value exception = nullptr;
    std::string message = "JavaScript cannot be called";
    if (napi_get_and_clear_last_exception(env, &exception) == napi_ok && exception != nullptr)
      message = Napi::Value(env, exception).ToString();
    Answer(number, Outcome::kFailed, 0, message);
    return;
  }
  double value = 0;
  if (napi_get_value_double(env, answer, &value) == napi_ok)
    Answer(number, Outcome::kDone, static_cast<uint64_t>(value), "");
}

void PluginBridge::Answer(uint32_t number, Outcome outcome, uint64_t value, const std::string& message) {
  std::shared_ptr<Waiting> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = unanswered_.find(number);
    if (found == unanswered_.end()) return;
    waiting = std::move(found->second);
    unanswered_.erase(found);
  }
  waiting->request.outcome = outcome;
  waiting->request.value = value;
  SetMessage(waiting->request, message);
  waiting->Finish(true);
}

}  // namespace gcn::addon
