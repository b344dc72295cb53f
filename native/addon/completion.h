// Launches and waits that JavaScript awaits. What is new is looked for by the event loop itself for a moment
// (LoopWatch): a short kernel is over by then, and no thread had to be woken to say so. What takes longer goes to the
// env's one thread that waits for signals. It sleeps inside the HSA runtime (hsa_amd_signal_wait_any) on all waits that
// were handed to it, the oldest launch of each queue, and a control signal that JavaScript's thread stores to when
// there is more to wait for; with nothing in flight it sleeps on a condition variable. What it finds goes to JavaScript
// through the mailbox, many at a time.
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "../hsa/runtime.h"

namespace gcn::addon {

class Environment;
class Mailbox;
class QueueState;
struct SignalState;

class Completion {
 public:
  Completion(std::shared_ptr<hsa::Runtime> runtime, Mailbox& mailbox);
  ~Completion();
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  // All public functions are for JavaScript's thread.

  // At the first launch or wait that anybody hears of: a program that only waits by blocking needs no thread. Throws
  // StatusError.
  void EnsureStarted();

  uint32_t AddWait(std::shared_ptr<SignalState> signal, hsa_signal_condition_t condition, hsa_signal_value_t value,
                   Napi::FunctionReference callback);
  // Whether there was such a wait.
  bool CancelWait(uint32_t wait);

  // A launch whose completion the queue's owner wants to hear of.
  void Push(QueueState& queue, std::shared_ptr<SignalState> signal);
  // Looks by itself which launches of the queue have finished.
  void Harvest(QueueState& queue);
  // Moves start and end of at most `most` finished launches into `times`; answers how many.
  size_t TakeFinished(QueueState& queue, double* times, size_t most);
  // Forgets the queue's launches; answers how many had not been taken.
  size_t Drop(QueueState& queue);

  // Whether there is something that the event loop looks for.
  bool LoopHasWork() const { return !fresh_queues_.empty() || !fresh_waits_.empty(); }
  // Looks for a short while; true as soon as something of it has finished, which Deliver then reports.
  bool LookFor(double nanoseconds);
  // Leaves what the loop has looked for in vain to the thread.
  void HandOver();

  void Deliver(Napi::Env env, Environment& environment);

  // Ends the thread.
  void Stop();
  // After Stop: lets go of signals.
  void Clear();
  void DropCallbacks() { callbacks_.clear(); }

 private:
  struct Wait {
    uint32_t id;
    std::shared_ptr<SignalState> signal;
    hsa_signal_condition_t condition;
    hsa_signal_value_t value;
  };
  struct Result {
    uint32_t wait;
    hsa_signal_value_t value;
  };

  void Run();
  bool AnyHolds() const;
  bool AnyFreshHolds() const;
  // With the lock held:
  void Announce();
  void Collect();
  // `watched`: the thread may be waiting on its signals.
  bool CollectQueue(QueueState& queue, bool watched);
  bool CollectQueues(std::vector<std::shared_ptr<QueueState>>& queues, bool watched);
  bool CollectWaits(std::vector<Wait>& waits);
  void Watch();
  void Retire(std::shared_ptr<SignalState> signal);

  std::shared_ptr<hsa::Runtime> runtime_;
  Mailbox& mailbox_;
  std::unordered_map<uint32_t, Napi::FunctionReference> callbacks_;
  uint32_t next_wait_ = 0;
  std::thread thread_;

  // For the event loop to look at. Only JavaScript's thread touches these, and the launches of these queues.
  std::vector<Wait> fresh_waits_;
  std::vector<std::shared_ptr<QueueState>> fresh_queues_;

  std::mutex mutex_;
  std::condition_variable work_;
  hsa_signal_t control_{0};
  bool stopping_ = false;
  bool sleeping_ = false;  // inside the runtime's wait
  bool called_ = false;    // and called out of it
  // Handed over to the thread.
  std::vector<Wait> waits_;
  std::vector<std::shared_ptr<QueueState>> busy_;      // with launches in flight
  std::vector<std::shared_ptr<QueueState>> finished_;  // with launches to report
  std::vector<Result> results_;
  // Signals that nobody wants any more, while the thread may still be waiting on them.
  std::vector<std::shared_ptr<SignalState>> retired_;

  // The thread's own: what it waits on.
  std::vector<hsa_signal_t> signals_;
  std::vector<hsa_signal_condition_t> conditions_;
  std::vector<hsa_signal_value_t> values_;
};

}  // namespace gcn::addon
