// The way from libgomp's plugin library to JavaScript, one for the process: calls from the thread that JavaScript runs
// on are answered at once, calls from other threads are handed over to it and wait for their answer.
#pragma once

#include <napi.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "../libgomp_plugin/bridge.h"

namespace gcn::addon {

class Environment;

class PluginBridge {
 public:
  // The process's own: it is never gone, for libgomp may call as long as there is a process.
  static PluginBridge& Instance();

  // JavaScript's thread. From now on this env answers, by `serve(number, operation, ...words)`: a number at once, or
  // undefined, with an answer by that number later. Throws where another does.
  void Open(Environment& environment, Napi::Function serve);
  // Nobody answers any more. Who waits, or asks later, is told so; where the process leaves at once they wait for that
  // instead: told, they would end it with an error of their own.
  void Close(bool process_leaves);
  // JavaScript's thread. As long as somebody holds it the event loop waits for requests.
  void HoldLoop();
  void ReleaseLoop();
  void Answer(uint32_t number, libgomp::Outcome outcome, uint64_t value, const std::string& message);

  // Any thread: libgomp::Serve. Does not come back with a kernel's exit() where libgomp holds locks as it calls.
  static bool Serve(libgomp::Request& request);
  // False also where the time is up.
  bool Ask(libgomp::Request& request, std::optional<std::chrono::milliseconds> limit);
  // Whether there comes a moment in which nobody waits for an answer.
  bool BecomesIdle(std::chrono::milliseconds limit);
  // Whether this is the thread that answers, or has.
  bool OnThread() const { return std::this_thread::get_id() == thread_; }

  // Any thread: the function runs on JavaScript's when its event loop comes round.
  void Post(std::function<void(Napi::Env)> work);

 private:
  struct Waiting;

  static void OnWake(napi_env env, napi_value, void*, void*);
  void Turn(Napi::Env env);
  std::shared_ptr<Waiting> Next();
  void Hand(Napi::Env env, const std::shared_ptr<Waiting>& waiting);
  void Wake();
  static void OnEnvCleanup(void*);

  std::mutex mutex_;
  std::atomic<bool> open_ = false;
  std::atomic<bool> process_leaves_ = false;
  std::thread::id thread_;
  // A process that forks has no such thread in the other.
  pid_t process_ = 0;
  napi_env env_ = nullptr;
  napi_threadsafe_function function_ = nullptr;
  size_t holders_ = 0;
  Napi::FunctionReference serve_;
  std::atomic<size_t> queued_ = 0;
  std::deque<std::shared_ptr<Waiting>> queue_;
  std::vector<std::function<void(Napi::Env)>> work_;
  std::unordered_map<uint32_t, std::shared_ptr<Waiting>> unanswered_;
  uint32_t next_ = 0;
};

}  // namespace gcn::addon
