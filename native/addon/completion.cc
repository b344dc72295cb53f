#include "completion.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "environment.h"
#include "mailbox.h"
#include "queue.h"
#include "queue_state.h"
#include "signal_state.h"
#include "value.h"
#include "wait.h"

namespace gcn::addon {
namespace {

constexpr uint64_t kForever = std::numeric_limits<uint64_t>::max();

// Takes an element out of a list whose order says nothing.
template <typename T>
void SwapOut(std::vector<T>& list, size_t i) {
  if (i + 1 != list.size()) list[i] = std::move(list.back());
  list.pop_back();
}

void Erase(std::vector<std::shared_ptr<QueueState>>& list, const QueueState& queue) {
  std::erase_if(list, [&queue](const auto& each) { return each.get() == &queue; });
}

}  // namespace

Completion::Completion(std::shared_ptr<hsa::Runtime> runtime, Mailbox& mailbox)
    : runtime_(std::move(runtime)), mailbox_(mailbox) {}

Completion::~Completion() {
  Stop();
  Clear();
}

uint32_t Completion::AddWait(std::shared_ptr<SignalState> signal, hsa_signal_condition_t condition,
                             hsa_signal_value_t value, Napi::FunctionReference callback) {
  do {
    next_wait_++;
  } while (callbacks_.contains(next_wait_));
  EnsureStarted();
  callbacks_.emplace(next_wait_, std::move(callback));
  fresh_waits_.push_back({next_wait_, std::move(signal), condition, value});
  return next_wait_;
}

bool Completion::CancelWait(uint32_t wait) {
  if (callbacks_.erase(wait) == 0) return false;
  if (std::erase_if(fresh_waits_, [wait](const Wait& each) { return each.id == wait; }) != 0) return true;
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(waits_.begin(), waits_.end(), [wait](const Wait& each) { return each.id == wait; });
  if (found != waits_.end()) {
    Retire(std::move(found->signal));
    SwapOut(waits_, static_cast<size_t>(found - waits_.begin()));
  }
  return true;
}

void Completion::Push(QueueState& queue, std::shared_ptr<SignalState> signal) {
  const std::lock_guard lock(mutex_);
  queue.in_flight.push_back(std::move(signal));
  // Where there is an older one, the loop or the thread looks for that.
  if (queue.in_flight.size() == 1) fresh_queues_.push_back(queue.shared_from_this());
}

void Completion::Harvest(QueueState& queue) {
  const std::lock_guard lock(mutex_);
  CollectQueue(queue, true);
  if (!queue.in_flight.empty()) return;
  Erase(fresh_queues_, queue);
  Erase(busy_, queue);
}

size_t Completion::TakeFinished(QueueState& queue, double* times, size_t most) {
  const std::lock_guard lock(mutex_);
  const size_t count = std::min(most, queue.finished.size() / 2);
  const auto end = queue.finished.begin() + static_cast<std::ptrdiff_t>(2 * count);
  std::copy(queue.finished.begin(), end, times);
  queue.finished.erase(queue.finished.begin(), end);
  return count;
}

size_t Completion::Drop(QueueState& queue) {
  const std::lock_guard lock(mutex_);
  const size_t count = queue.in_flight.size() + queue.finished.size() / 2;
  for (auto& signal : queue.in_flight) Retire(std::move(signal));
  queue.in_flight.clear();
  queue.finished.clear();
  for (auto* list : {&fresh_queues_, &busy_, &finished_}) Erase(*list, queue);
  return count;
}

bool Completion::LookFor(double nanoseconds) {
  if (!LoopHasWork() || !PollPolitely(nanoseconds, [this] { return AnyFreshHolds(); })) return false;
  const std::lock_guard lock(mutex_);
  bool found = CollectQueues(fresh_queues_, false);
  found |= CollectWaits(fresh_waits_);
  return found;
}

void Completion::HandOver() {
  const std::lock_guard lock(mutex_);
  if (!LoopHasWork()) return;
  std::move(fresh_waits_.begin(), fresh_waits_.end(), std::back_inserter(waits_));
  std::move(fresh_queues_.begin(), fresh_queues_.end(), std::back_inserter(busy_));
  fresh_waits_.clear();
  fresh_queues_.clear();
  Announce();
}

void Completion::Deliver(Napi::Env env, Environment& environment) {
  std::vector<Result> results;
  std::vector<std::shared_ptr<QueueState>> finished;
  {
    const std::lock_guard lock(mutex_);
    results.swap(results_);
    finished.swap(finished_);
  }
  for (const auto& queue : finished) {
    if (Queue* owner = queue->owner()) owner->DeliverFinished(env);
  }
  for (const Result& result : results) {
    const auto found = callbacks_.find(result.wait);
    if (found == callbacks_.end()) continue;  // cancelled meanwhile
    const Napi::HandleScope scope(env);
    const Napi::Function callback = found->second.Value();
    callbacks_.erase(found);
    environment.RemovePending(1);
    CallBack(env, callback, {FromSignalValue(env, result.value)});
  }
}

void Completion::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    Announce();
  }
  thread_.join();
}

void Completion::Clear() {
  fresh_waits_.clear();
  fresh_queues_.clear();
  waits_.clear();
  busy_.clear();
  finished_.clear();
  results_.clear();
  retired_.clear();
  if (control_.handle != 0) runtime_->hsa().hsa_signal_destroy(std::exchange(control_, hsa_signal_t{0}));
  runtime_.reset();
}

void Completion::EnsureStarted() {
  if (thread_.joinable()) return;
  if (control_.handle == 0)
    runtime_->Check(runtime_->hsa().hsa_signal_create(0, 0, nullptr, &control_), "hsa_signal_create");
  thread_ = std::thread(&Completion::Run, this);
}

void Completion::Announce() {
  if (!sleeping_) {
    work_.notify_one();
  } else if (!called_) {
    called_ = true;
    runtime_->hsa().hsa_signal_store_screlease(control_, 1);
  }
}

void Completion::Retire(std::shared_ptr<SignalState> signal) {
  if (!sleeping_) return;
  retired_.push_back(std::move(signal));
  Announce();
}

void Completion::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [this] { return stopping_ || !waits_.empty() || !busy_.empty(); });
    if (stopping_) return;
    Watch();
    sleeping_ = true;
    lock.unlock();
    if (!PollPolitely(kPoliteNanoseconds, [this] { return AnyHolds(); })) {
      hsa_signal_value_t value = 0;
      runtime_->hsa().hsa_amd_signal_wait_any(static_cast<uint32_t>(signals_.size()), signals_.data(),
                                              conditions_.data(), values_.data(), kForever, HSA_WAIT_STATE_BLOCKED,
                                              &value);
    }
    std::vector<std::shared_ptr<SignalState>> retired;
    lock.lock();
    sleeping_ = false;
    if (std::exchange(called_, false)) runtime_->hsa().hsa_signal_store_relaxed(control_, 0);
    retired.swap(retired_);
    Collect();
    if (!retired.empty()) {
      lock.unlock();
      retired.clear();
      lock.lock();
    }
  }
}

void Completion::Watch() {
  signals_.assign(1, control_);
  conditions_.assign(1, HSA_SIGNAL_CONDITION_NE);
  values_.assign(1, 0);
  for (const auto& queue : busy_) {
    signals_.push_back(queue->in_flight.front()->signal);
    conditions_.push_back(HSA_SIGNAL_CONDITION_LT);
    values_.push_back(1);
  }
  for (const Wait& wait : waits_) {
    signals_.push_back(wait.signal->signal);
    conditions_.push_back(wait.condition);
    values_.push_back(wait.value);
  }
}

bool Completion::AnyHolds() const {
  for (size_t i = 0; i < signals_.size(); i++) {
    if (Holds(conditions_[i], runtime_->hsa().hsa_signal_load_relaxed(signals_[i]), values_[i])) return true;
  }
  return false;
}

bool Completion::AnyFreshHolds() const {
  const hsa::EntryPoints& hsa = runtime_->hsa();
  for (const auto& queue : fresh_queues_) {
    if (hsa.hsa_signal_load_relaxed(queue->in_flight.front()->signal) < 1) return true;
  }
  for (const Wait& wait : fresh_waits_) {
    if (Holds(wait.condition, hsa.hsa_signal_load_relaxed(wait.signal->signal), wait.value)) return true;
  }
  return false;
}

void Completion::Collect() {
  bool found = CollectQueues(busy_, true);
  found |= CollectWaits(waits_);
  if (found) mailbox_.Wake();
}

bool Completion::CollectQueues(std::vector<std::shared_ptr<QueueState>>& queues, bool watched) {
  bool found = false;
  for (size_t i = 0; i < queues.size();) {
    found |= CollectQueue(*queues[i], watched);
    if (queues[i]->in_flight.empty()) {
      SwapOut(queues, i);
    } else {
      i++;
    }
  }
  return found;
}

bool Completion::CollectWaits(std::vector<Wait>& waits) {
  bool found = false;
  for (size_t i = 0; i < waits.size();) {
    const Wait& wait = waits[i];
    const hsa_signal_value_t value = runtime_->hsa().hsa_signal_load_scacquire(wait.signal->signal);
    if (!Holds(wait.condition, value, wait.value)) {
      i++;
      continue;
    }
    results_.push_back({wait.id, value});
    found = true;
    SwapOut(waits, i);
  }
  return found;
}

bool Completion::CollectQueue(QueueState& queue, bool watched) {
  bool found = false;
  const hsa::EntryPoints& hsa = runtime_->hsa();
  while (!queue.in_flight.empty()) {
    const hsa_signal_t signal = queue.in_flight.front()->signal;
    if (hsa.hsa_signal_load_scacquire(signal) > 0) break;
    hsa_amd_profiling_dispatch_time_t time{0, 0};
    if (queue.profiling) hsa.hsa_amd_profiling_get_dispatch_time(queue.agent(), signal, &time);
    queue.finished.push_back(runtime_->NanosecondsOf(time.start));
    queue.finished.push_back(runtime_->NanosecondsOf(time.end));
    if (watched) Retire(std::move(queue.in_flight.front()));
    queue.in_flight.pop_front();
    found = true;
  }
  if (!found) return false;
  const bool listed =
      std::any_of(finished_.begin(), finished_.end(), [&queue](const auto& each) { return each.get() == &queue; });
  if (!listed) finished_.push_back(queue.shared_from_this());
  return true;
}

}  // namespace gcn::addon
