// Host threads, and the work they advance in slices. One pool serves every agent and queue of the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace softgpu {

// Something that takes more than a moment: a dispatch, a copy. Several workers may be inside `advance` at once.
class Work {
 public:
  virtual ~Work() = default;
  // Runs for at most about a slice (200 us). False where this worker found nothing to take: the work is finished or all
  // that is left of it is in other workers' hands.
  virtual bool advance() = 0;
  // How many workers could usefully be inside at this moment.
  virtual unsigned parallelism() const = 0;
  virtual bool finished() const = 0;
};

// The packet processors, seen from the pool: polled between slices, waited on when everything is idle.
class PacketSource {
 public:
  virtual ~PacketSource() = default;
  // Looks at every doorbell and every blocked queue and processes what can be processed without blocking. Called by one
  // worker at a time. True where anything was done.
  virtual bool poll() = 0;
  // Sleeps until a doorbell rings, `wake` is called, or a blocked queue is due for another look; at once where that
  // happened since the last sleep. Called by one idle worker, the watcher; after it returns, the watcher polls.
  virtual void sleep() = 0;
  virtual void wake() = 0;
};

class Scheduler {
 public:
  static Scheduler& instance();  // never destroyed: a process may exit with work in flight
  // Threads 0: GCN_SOFTGPU_THREADS, else the host's processors and at least two, so that one can watch while one works;
  // one thread alone looks at the doorbells between slices. A further call exchanges the source and leaves the threads;
  // when it returns, the old source is no longer in use.
  void start(PacketSource& source, unsigned threads);
  void submit(std::shared_ptr<Work> work);  // from `poll` or any thread
  // A blocked queue may have become ready, or work was cancelled.
  void notify();

 private:
  Scheduler() = default;
};

}  // namespace softgpu
