// Calls of C functions that JavaScript must not make itself: libgomp's callbacks take its locks and may call back. One
// thread makes them, one after the other.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace gcn::addon {

class NativeCalls {
 public:
  // The process's own; its thread lasts as long.
  static NativeCalls& Instance();

  // `done` is called on JavaScript's thread when the function has returned. The event loop has been told to wait for
  // it.
  void Call(void (*function)(void*), void* data, std::shared_ptr<Napi::FunctionReference> done);

 private:
  struct Job {
    void (*function)(void*);
    void* data;
    std::shared_ptr<Napi::FunctionReference> done;
  };

  void Run();

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Job> jobs_;
  bool started_ = false;
};

}  // namespace gcn::addon
