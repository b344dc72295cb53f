#include "libgomp_thread.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "program_end.h"

namespace gcn::addon {
namespace {

// Calls and launches of all threads.
std::atomic<size_t> under_way = 0;

// Ahead of libgomp's own handler, which waits for what its devices do: for ever, where that is what went wrong.
void OnExit(int status, void*) {
  if (!OnMainThread()) {
    EndWithoutProgram(status);
  } else if (under_way > 0) {
    std::fflush(nullptr);
    _exit(status);
  }
}

}  // namespace

LibgompThread::LibgompThread() {
  // A fatal error of libgomp's calls exit() on this thread, where Node's own handlers must not run.
  WatchForEnd();
  thread_ = std::thread(&LibgompThread::Run, this);
}

LibgompThread::~LibgompThread() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  more_.notify_one();
  thread_.join();
  SetLaunches(0);
}

void LibgompThread::Post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    calls_++;
    under_way++;
  }
  more_.notify_one();
}

void LibgompThread::SetLaunches(size_t launches) {
  under_way += launches - launches_;
  launches_ = launches;
}

void LibgompThread::PrepareProcessEnd() {
  static std::once_flag once;
  std::call_once(once, [] { on_exit(OnExit, nullptr); });
}

void LibgompThread::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    more_.wait(lock, [this] { return finishing_ || !work_.empty(); });
    if (work_.empty()) return;
    const std::function<void()> work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
    calls_--;
    under_way--;
    lock.lock();
  }
}

}  // namespace gcn::addon
