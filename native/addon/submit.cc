// The calls that a launch makes: a packet into the ring, the doorbell, and the waits.
#include <chrono>
#include <thread>
#include <utility>

#include "completion.h"
#include "environment.h"
#include "queue.h"
#include "signal.h"
#include "submission.h"
#include "wait.h"

namespace gcn::addon {
namespace {

constexpr double kDefaultRoomNanoseconds = 10e9;

// A full ring has nothing to sleep on: the packet processor moves the read index and tells nobody.
class Backoff {
 public:
  void Pause() {
    if (turns_++ < 64) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(turns_ < 256 ? 20 : 200));
    }
  }

 private:
  uint32_t turns_ = 0;
};

// What a wait took, where somebody asked for it.
class WaitMeasure {
 public:
  explicit WaitMeasure(Stats& stats) : stats_(stats.measures_waits ? &stats : nullptr) {
    if (stats_ != nullptr) [[unlikely]]
      start_ = Clock::now();
  }
  ~WaitMeasure() {
    if (stats_ == nullptr) [[likely]]
      return;
    stats_->wait_nanoseconds +=
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_).count());
  }
  WaitMeasure(const WaitMeasure&) = delete;
  WaitMeasure& operator=(const WaitMeasure&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  Stats* const stats_;
  Clock::time_point start_;
};

}  // namespace

Queue* Queue::Enter(napi_env env, napi_callback_info info, Submission& submission) {
  napi_value self = nullptr;
  void* native = nullptr;
  // The engine itself has checked that `this` is of the class: methods carry its signature.
  if (napi_get_cb_info(env, info, &submission.count, submission.arguments, &self, nullptr) != napi_ok) return nullptr;
  if (napi_unwrap(env, self, &native) != napi_ok) {
    ThrowType(env, "ERR_INVALID_THIS", "Illegal invocation: \"this\" is no NativeQueue");
    return nullptr;
  }
  auto* const queue = static_cast<Queue*>(static_cast<HandleBase*>(native));
  queue->environment().stats().native_calls++;
  return queue->TakesPackets(env) ? queue : nullptr;
}

bool Queue::TakesPackets(napi_env env) const {
  if (disposed()) [[unlikely]] {
    napi_throw_error(env, "ERR_HSA_DISPOSED", "This NativeQueue has been disposed");
    return false;
  }
  if (state_->failed()) [[unlikely]] {
    QueueFailure(env, *state_).ThrowAsJavaScriptException();
    return false;
  }
  if (inactivated_) [[unlikely]] {
    napi_throw_error(env, "ERR_HSA_QUEUE_INACTIVE", "The queue takes no more packets: it has been inactivated");
    return false;
  }
  return true;
}

bool Queue::ReadHeader(napi_env env, Submission& submission) const {
  double header = 0;
  if (napi_get_value_double(env, submission.arguments[0], &header) != napi_ok) {
    ThrowType(env, "ERR_INVALID_ARG_TYPE", "\"header\" must be a number");
    return false;
  }
  submission.header = header >= 0 && header <= 0xffff ? static_cast<uint16_t>(header) : 0xffff;
  if (submission.header == header && IsSubmittable(submission.header)) return true;
  ThrowRange(env, "ERR_OUT_OF_RANGE", "\"header\" must be 16 bits, of another packet type than INVALID");
  return false;
}

bool Queue::ReadSignal(napi_env env, napi_value value, Submission& submission) const {
  submission.signal = Signal::Find(env, value);
  if (submission.signal == nullptr) [[unlikely]] {
    ThrowType(env, "ERR_INVALID_ARG_TYPE", "\"signal\" must be a NativeSignal");
    return false;
  }
  if (submission.signal->disposed()) [[unlikely]] {
    napi_throw_error(env, "ERR_HSA_DISPOSED", "\"signal\" has been disposed");
    return false;
  }
  return true;
}

bool Queue::ReadTimeout(napi_env env, size_t i, Submission& submission) const {
  if (i >= submission.count) return true;
  double timeout = 0;
  if (napi_get_value_double(env, submission.arguments[i], &timeout) == napi_ok) {
    if (timeout >= 0) {
      submission.timeout = timeout;
      return true;
    }
    ThrowRange(env, "ERR_OUT_OF_RANGE", "\"timeoutNs\" must be 0 or more");
    return false;
  }
  napi_valuetype type = napi_undefined;
  napi_typeof(env, submission.arguments[i], &type);
  if (type == napi_undefined) return true;
  ThrowType(env, "ERR_INVALID_ARG_TYPE", "\"timeoutNs\" must be a number of nanoseconds");
  return false;
}

// A packet processor believes every handle that it reads: a wrong one is memory overwritten.
bool Queue::FindNamedSignals(napi_env env, Submission& submission) const {
  const auto find = [&](hsa_signal_t handle, Signal*& found) {
    if (handle.handle == 0) return true;
    found = environment().FindSignal(handle);
    if (found != nullptr) return true;
    napi_throw_error(env, "ERR_HSA_INVALID_SIGNAL",
                     "The packet names a signal that is no live NativeSignal of this thread");
    return false;
  };
  if (submission.signal == nullptr && !find(CompletionSignalOf(shared_->packet), submission.named_completion))
    return false;
  if (!IsBarrier(submission.header)) return true;
  submission.has_dependencies = true;
  const auto handles = DependenciesOf(shared_->packet);
  for (size_t i = 0; i < handles.size(); i++) {
    if (!find(handles[i], submission.dependencies[i])) return false;
  }
  return true;
}

bool Queue::Reserve(napi_env env, Submission& submission) {
  const hsa::EntryPoints& hsa = state_->runtime().hsa();
  hsa_queue_t* const queue = state_->queue();
  std::optional<std::chrono::steady_clock::time_point> full_since;
  Backoff backoff;
  while (true) {
    // Not by adding to the index: a slot that was taken while the ring is full cannot be given back when the time is
    // up.
    const uint64_t index = hsa.hsa_queue_load_write_index_relaxed(queue);
    if (index - read_index_ >= queue->size) read_index_ = hsa.hsa_queue_load_read_index_scacquire(queue);
    if (index - read_index_ < queue->size) [[likely]] {
      if (hsa.hsa_queue_cas_write_index_scacq_screl(queue, index, index + 1) != index) continue;
      submission.index = index;
      return true;
    }
    if (state_->failed()) {
      QueueFailure(env, *state_).ThrowAsJavaScriptException();
      return false;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!full_since) full_since = now;
    const double waited = std::chrono::duration<double, std::nano>(now - *full_since).count();
    if (waited >= submission.timeout.value_or(kDefaultRoomNanoseconds)) {
      napi_throw_error(env, "ERR_HSA_QUEUE_FULL", "No slot of the queue became free in time");
      return false;
    }
    backoff.Pause();
  }
}

bool Queue::Send(napi_env env, Submission& submission) {
  if (!FindNamedSignals(env, submission) || !Reserve(env, submission)) return false;
  const hsa::EntryPoints& hsa = state_->runtime().hsa();
  hsa_queue_t* const queue = state_->queue();

  hsa_signal_t completion = CompletionSignalOf(shared_->packet);
  Signal* const completed = submission.signal != nullptr ? submission.signal : submission.named_completion;
  if (submission.signal != nullptr) completion = submission.signal->state()->signal;
  if (submission.arm) hsa.hsa_signal_store_relaxed(completion, 1);
  if (completed != nullptr) completed->state()->NoteUse(state_, submission.index, true);
  if (submission.has_dependencies) {
    for (Signal* dependency : submission.dependencies) {
      if (dependency != nullptr) dependency->state()->NoteUse(state_, submission.index, false);
    }
  }

  Publish(SlotOf(*queue, submission.index), shared_->packet, submission.header, completion);
  hsa.hsa_signal_store_screlease(queue->doorbell_signal, static_cast<hsa_signal_value_t>(submission.index));
  environment().stats().dispatches++;
  return true;
}

napi_value Queue::Submit(napi_env env, napi_callback_info info) {
  Submission submission;
  Queue* const self = Enter(env, info, submission);
  if (self == nullptr || !self->ReadHeader(env, submission)) return nullptr;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, submission.arguments[1], &type);
  if (type != napi_null && !self->ReadSignal(env, submission.arguments[1], submission)) return nullptr;
  if (napi_get_value_bool(env, submission.arguments[2], &submission.arm) != napi_ok) {
    return ThrowType(env, "ERR_INVALID_ARG_TYPE", "\"arm\" must be a boolean");
  }
  submission.arm = submission.arm && submission.signal != nullptr;
  if (!self->ReadTimeout(env, 3, submission) || !self->Send(env, submission)) return nullptr;
  napi_value result = nullptr;
  napi_create_double(env, static_cast<double>(submission.index), &result);
  return result;
}

napi_value Queue::SubmitAsync(napi_env env, napi_callback_info info) {
  Submission submission;
  Queue* const self = Enter(env, info, submission);
  if (self == nullptr || !self->ReadHeader(env, submission) ||
      !self->ReadSignal(env, submission.arguments[1], submission) || !self->ReadTimeout(env, 2, submission)) {
    return nullptr;
  }
  if (self->on_complete_.IsEmpty()) {
    return ThrowType(env, "ERR_INVALID_STATE",
                     "The queue was created without \"onComplete\", so that nobody would hear of this launch");
  }
  submission.arm = true;
  return Guarded(env, [&]() -> napi_value {
    self->environment().completion().EnsureStarted();
    if (!self->Send(env, submission)) return nullptr;
    self->environment().completion().Push(*self->state_, submission.signal->state());
    self->environment().WatchFromLoop();
    if (self->outstanding_++ == 0) self->self_.Ref();
    self->environment().AddPending(1);
    napi_value result = nullptr;
    napi_create_double(env, static_cast<double>(submission.index), &result);
    return result;
  });
}

napi_value Queue::SubmitAndWait(napi_env env, napi_callback_info info) {
  Submission submission;
  Queue* const self = Enter(env, info, submission);
  if (self == nullptr || !self->ReadHeader(env, submission) ||
      !self->ReadSignal(env, submission.arguments[1], submission) || !self->ReadTimeout(env, 2, submission)) {
    return nullptr;
  }
  submission.arm = true;
  return self->Send(env, submission) ? self->Await(env, submission) : nullptr;
}

napi_value Queue::Await(napi_env env, const Submission& submission) {
  return Guarded(env, [&]() -> napi_value {
    const QueueState& state = *state_;
    const hsa::Runtime& runtime = state.runtime();
    const hsa_signal_t signal = submission.signal->state()->signal;
    const WaitMeasure measure(environment().stats());
    const auto attempt = [&](uint64_t ticks) {
      return runtime.hsa().hsa_signal_wait_scacquire(signal, HSA_SIGNAL_CONDITION_LT, 1, ticks,
                                                     HSA_WAIT_STATE_BLOCKED) < 1;
    };
    const auto between = [&] {
      if (state.failed()) throw QueueFailure(env, state);
    };
    const auto look = [&] { return runtime.hsa().hsa_signal_load_scacquire(signal) < 1; };
    const bool done = PollPolitely(submission.timeout.value_or(kPoliteNanoseconds), look) ||
                      WaitInSteps(runtime, submission.timeout, attempt, between);
    if (done && state.profiling) ProfileNow(submission);
    napi_value result = nullptr;
    napi_get_boolean(env, done, &result);
    return result;
  });
}

void Queue::ProfileNow(const Submission& submission) {
  const hsa::Runtime& runtime = state_->runtime();
  hsa_amd_profiling_dispatch_time_t time{0, 0};
  runtime.hsa().hsa_amd_profiling_get_dispatch_time(state_->agent(), submission.signal->state()->signal, &time);
  shared_->times[0] = runtime.NanosecondsOf(time.start);
  shared_->times[1] = runtime.NanosecondsOf(time.end);
}

}  // namespace gcn::addon
