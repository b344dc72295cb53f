// The way back into JavaScript from a thread of libgomp's: calls that have returned, and host functions that are to
// run.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace gcn::addon {

struct LibgompResult {
  uint32_t call;
  uint64_t value;
};

struct LibgompHostCall {
  uint32_t number;
  uint32_t image;
  uint32_t function;
  void** variables;
};

class LibgompPort : public std::enable_shared_from_this<LibgompPort> {
 public:
  // Both on JavaScript's thread, until Close.
  struct Receiver {
    virtual ~Receiver() = default;
    virtual void Returned(Napi::Env env, const LibgompResult& result) = 0;
    virtual void HostCalled(Napi::Env env, const LibgompHostCall& call) = 0;
  };

  static std::shared_ptr<LibgompPort> Open(Napi::Env env, Receiver& receiver);

  // Any thread.
  void Return(const LibgompResult& result);
  // Any thread but JavaScript's: comes back when JavaScript has answered, or never will.
  void CallHost(uint32_t image, uint32_t function, void** variables);

  // JavaScript's thread.
  void Answer(uint32_t number);
  // Whether the event loop waits for this port.
  void KeepLoopAlive(bool alive);
  // Nothing goes to JavaScript any more, and nobody waits for it. `release`: the engine is there to let the function
  // go.
  void Close(bool release);

 private:
  struct Share {
    std::shared_ptr<LibgompPort> port;
  };
  static void OnWake(napi_env env, napi_value, void* context, void*);
  static void Finalize(napi_env, void* share, void*);
  void Wake();
  void Deliver(Napi::Env env);

  Receiver* receiver_ = nullptr;
  napi_env env_ = nullptr;
  napi_threadsafe_function function_ = nullptr;

  std::mutex mutex_;
  std::condition_variable answered_;
  bool closed_ = false;
  uint32_t next_ = 0;
  std::vector<LibgompResult> results_;
  std::vector<LibgompHostCall> called_;
  std::unordered_map<uint32_t, bool> answers_;
};

}  // namespace gcn::addon
