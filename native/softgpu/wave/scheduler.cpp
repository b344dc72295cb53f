#include "wave/scheduler.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace softgpu {
namespace {

unsigned hostProcessors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return std::max(std::thread::hardware_concurrency(), 1u);
}

unsigned threadsWanted(unsigned asked) {
  if (asked == 0) {
    if (const char* text = std::getenv("GCN_SOFTGPU_THREADS"))
      asked = static_cast<unsigned>(std::strtoul(text, nullptr, 10));
  }
  if (asked == 0) asked = std::max(hostProcessors(), 2u);
  return std::min(asked, 256u);
}

// The workers take turns at three things: they advance work, they poll the packet source between slices, and when there
// is nothing to do one of them, the watcher, sleeps in the source while the others sleep here.
//
// The watcher runs what it finds itself: an empty kernel then costs no hand-over between threads. It calls for others
// where the work has room for several, and, after a slice, so that somebody watches again.
class WorkerPool {
 public:
  static WorkerPool& instance() {
    static WorkerPool& pool = *new WorkerPool;
    return pool;
  }

  void start(PacketSource& source, unsigned threads);
  void submit(std::shared_ptr<Work> work);
  void notify();

 private:
  void loop();
  bool pollSource();
  bool advanceAny();
  void callHelpers(bool watch);
  void rest(uint64_t seen);

  std::mutex mutex_;
  std::condition_variable wake_;      // for the workers that neither work nor watch
  std::condition_variable released_;  // the watcher left a source
  std::vector<std::shared_ptr<Work>> works_;
  size_t turn_ = 0;
  unsigned threads_ = 0, idle_ = 0, called_ = 0;
  PacketSource* source_ = nullptr;
  PacketSource* watched_ = nullptr;  // the source in which the watcher sleeps
  std::atomic<uint64_t> news_{0};    // changes whenever there may be something to do

  std::mutex polling_;
  std::atomic<bool> pollWanted_{false};
};

// Set while this thread is inside poll(): it will look at what it submits itself.
thread_local bool insidePoll = false;

void WorkerPool::start(PacketSource& source, unsigned threads) {
  std::scoped_lock polling(polling_);
  std::unique_lock lock(mutex_);
  PacketSource* old = source_;
  source_ = &source;
  ++news_;
  if (old && old != &source) {
    while (watched_ == old) {
      old->wake();
      released_.wait_for(lock, std::chrono::milliseconds(1));
    }
    wake_.notify_all();
  }
  if (threads_) return;
  threads_ = threadsWanted(threads);
  // The program's signals are not for the workers; those that report a crash are.
  sigset_t blocked, before;
  sigfillset(&blocked);
  for (int fatal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&blocked, fatal);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  for (unsigned i = 0; i < threads_; ++i) {
    std::thread worker([this] {
      pthread_setname_np(pthread_self(), "softgpu");
      loop();
    });
    worker.detach();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void WorkerPool::submit(std::shared_ptr<Work> work) {
  {
    std::lock_guard lock(mutex_);
    works_.push_back(std::move(work));
    ++news_;
  }
  if (!insidePoll) callHelpers(false);
}

void WorkerPool::notify() {
  pollWanted_.store(true);
  std::lock_guard lock(mutex_);
  ++news_;
  if (watched_) {
    watched_->wake();
  } else if (idle_ > called_) {
    ++called_;
    wake_.notify_one();
  }
}

// Who finds another worker polling leaves a note for it, so that nothing rung in between is overlooked.
bool WorkerPool::pollSource() {
  bool did = false;
  pollWanted_.store(true);
  while (pollWanted_.load() && polling_.try_lock()) {
    std::unique_lock polling(polling_, std::adopt_lock);
    pollWanted_.store(false);
    insidePoll = true;
    if (source_->poll()) did = true;
    insidePoll = false;
  }
  return did;
}

// Wakes as many workers as the work has room for; with `watch`, at least one where nobody watches.
void WorkerPool::callHelpers(bool watch) {
  std::lock_guard lock(mutex_);
  uint64_t room = 0;
  for (const auto& work : works_) room += work->parallelism();
  const unsigned resting = idle_ - called_;
  const uint64_t busy = threads_ - resting - (watched_ ? 1 : 0);
  uint64_t wanted = room > busy ? room - busy : 0;
  if (wanted > resting && watched_) watched_->wake();
  if (wanted == 0 && watch && !watched_) wanted = 1;
  for (; wanted > 0 && idle_ > called_; --wanted) {
    ++called_;
    wake_.notify_one();
  }
}

// One slice of the first work that has something for this worker, beginning where the last one left off. A work that
// ends counts too: the list has changed under the count then, and the caller looks once more before it rests.
bool WorkerPool::advanceAny() {
  size_t turn = 0;
  for (size_t tried = 0;; ++tried) {
    std::shared_ptr<Work> work;
    {
      std::lock_guard lock(mutex_);
      if (tried >= works_.size()) return false;
      // A turn of its own: two workers that shared one while they look would each see only some of the works.
      if (tried == 0) turn = turn_++;
      work = works_[(turn + tried) % works_.size()];
    }
    const bool took = work->advance();
    if (work->finished()) {
      std::lock_guard lock(mutex_);
      std::erase(works_, work);
      return true;
    }
    if (took) {
      callHelpers(true);
      return true;
    }
  }
}

void WorkerPool::rest(uint64_t seen) {
  std::unique_lock lock(mutex_);
  if (news_.load() != seen) return;
  if (!watched_) {
    watched_ = source_;
    lock.unlock();
    watched_->sleep();
    lock.lock();
    watched_ = nullptr;
    released_.notify_all();
    return;
  }
  ++idle_;
  wake_.wait(lock, [&] { return called_ > 0 || !watched_; });
  if (called_ > 0) --called_;
  --idle_;
}

void WorkerPool::loop() {
  for (;;) {
    const uint64_t seen = news_.load();
    const bool polled = pollSource();
    if (polled) callHelpers(false);
    if (!advanceAny() && !polled) rest(seen);
  }
}

}  // namespace

Scheduler& Scheduler::instance() {
  static Scheduler& scheduler = *new Scheduler;
  return scheduler;
}

void Scheduler::start(PacketSource& source, unsigned threads) {
  WorkerPool::instance().start(source, threads);
}
void Scheduler::submit(std::shared_ptr<Work> work) {
  WorkerPool::instance().submit(std::move(work));
}
void Scheduler::notify() {
  WorkerPool::instance().notify();
}

}  // namespace softgpu
