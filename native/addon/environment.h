// What one env (the main thread's, or a worker's) holds: its share of the runtime, its handles, its counters, its way
// back into JavaScript. No JavaScript state lives anywhere else, so that envs do not meet.
#pragma once

#include <napi.h>

#include <array>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "../hsa/runtime.h"
#include "handle.h"
#include "stats.h"

namespace gcn::addon {

class Completion;
class LoopWatch;
class Mailbox;
class Signal;
struct SignalState;

class Environment : public std::enable_shared_from_this<Environment> {
 public:
  // Makes the env's environment and hands it to the engine as its instance data.
  static Environment& Create(Napi::Env env);
  // The env's own, or null.
  static const Environment* Of(napi_env env);
  explicit Environment(Napi::Env env);
  ~Environment();

  napi_env env() const { return env_; }
  Stats& stats() { return stats_; }

  // Joins this env to the process's runtime. Throws hsa::OpenError, hsa::StatusError.
  const std::shared_ptr<hsa::Runtime>& Open(const hsa::OpenRequest& request);
  bool open() const { return runtime_ != nullptr; }
  // Throws ERR_HSA_NOT_INITIALIZED before Open and after Close.
  const std::shared_ptr<hsa::Runtime>& runtime() const;
  const hsa::EntryPoints& hsa() const { return runtime()->hsa(); }
  Mailbox& mailbox() { return *mailbox_; }
  Completion& completion() { return *completion_; }
  Completion* completion_if_open() { return runtime_ ? completion_.get() : nullptr; }
  void DeliverCompletions(Napi::Env env);
  // Something was launched, or waits, that may be over soon.
  void WatchFromLoop();

  // Disposes every handle, in HandleClass's order, and lets go of the runtime. Idempotent.
  void Close(Teardown teardown);

  // While one of these is above zero the event loop stays alive.
  void AddPending(size_t count);
  void RemovePending(size_t count);

  // Keeps the state of a disposed signal until the packets that name it are through with it.
  void Retain(std::shared_ptr<SignalState> signal);
  // Drops some of what has become free; a bounded look, so that callers may do it often.
  void ReapSome();

  // Live signals by handle: packets name them so.
  void IndexSignal(hsa_signal_t handle, Signal* signal) { signals_.insert_or_assign(handle.handle, signal); }
  void DropSignal(hsa_signal_t handle) { signals_.erase(handle.handle); }
  Signal* FindSignal(hsa_signal_t handle) const {
    const auto found = signals_.find(handle.handle);
    return found == signals_.end() ? nullptr : found->second;
  }

  // Host memory that is registered with the runtime stays alive until it is deregistered.
  void HoldRegistered(const void* bytes, Napi::Object view);
  void DropRegistered(const void* bytes);

  // The classes, and the making of their instances.
  struct Construction {
    std::unique_ptr<HandleBase> native;
    const napi_type_tag* tag;
    bool done;
  };
  class Constructing {
   public:
    Constructing(Environment& environment, Construction& construction)
        : environment_(environment), outer_(std::exchange(environment.construction_, &construction)) {}
    ~Constructing() { environment_.construction_ = outer_; }
    Constructing(const Constructing&) = delete;
    Constructing& operator=(const Constructing&) = delete;

   private:
    Environment& environment_;
    Construction* const outer_;
  };
  Construction* construction() { return construction_; }
  void SetConstructor(HandleClass handle_class, Napi::Function constructor);
  Napi::Function constructor(HandleClass handle_class) const;

  void Register(HandleBase& handle);
  void Unregister(HandleBase& handle);
  size_t LiveCount(HandleClass handle_class) const { return live_[static_cast<size_t>(handle_class)].size(); }
  const std::unordered_set<HandleBase*>& live(HandleClass handle_class) const {
    return live_[static_cast<size_t>(handle_class)];
  }

  // The agents' objects, made once for each opening of the runtime.
  std::vector<Napi::ObjectReference>& agents() { return agents_; }
  Napi::FunctionReference& system_event_listener() { return system_event_listener_; }

 private:
  static void OnEnvCleanup(void* environment);
  // Copies that have begun end before their memory goes.
  void FinishCopies();
  // The engine's references can only be dropped while the env is there.
  void DropReferences();

  napi_env env_;
  Stats stats_;
  std::shared_ptr<hsa::Runtime> runtime_;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<Completion> completion_;
  LoopWatch* loop_watch_ = nullptr;  // outlives this env's use of it
  size_t pending_ = 0;
  std::vector<std::shared_ptr<SignalState>> retained_;
  size_t reap_next_ = 0;
  std::unordered_map<uint64_t, Signal*> signals_;
  Construction* construction_ = nullptr;
  std::array<Napi::FunctionReference, kHandleClasses> constructors_;
  std::array<std::unordered_set<HandleBase*>, kHandleClasses> live_;
  std::vector<Napi::ObjectReference> agents_;
  std::unordered_map<const void*, Napi::ObjectReference> registered_;
  Napi::FunctionReference system_event_listener_;
};

}  // namespace gcn::addon
