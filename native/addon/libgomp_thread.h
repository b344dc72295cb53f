// The native thread of one user of libgomp. Data regions, ICVs and tasks belong to the thread that has made them, so
// everything that is to be one program's is called here, in order.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace gcn::addon {

class LibgompThread {
 public:
  LibgompThread();
  // Runs what there still is; libgomp ends the thread's tasks with it.
  ~LibgompThread();
  LibgompThread(const LibgompThread&) = delete;
  LibgompThread& operator=(const LibgompThread&) = delete;

  // Any thread.
  void Post(std::function<void()> work);
  // How many target regions have been launched on it that nobody has waited for yet: they are under way, too.
  // JavaScript's thread, like Busy: whether anything is.
  void SetLaunches(size_t launches);
  bool Busy() const { return calls_ + launches_ > 0; }
  // Once libgomp has looked for its devices: a process that ends while calls are under way, or because one of them has
  // failed, does not wait for them, as libgomp's own exit handler would.
  static void PrepareProcessEnd();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> work_;
  bool finishing_ = false;
  std::atomic<size_t> calls_ = 0;
  size_t launches_ = 0;
  std::thread thread_;
};

}  // namespace gcn::addon
