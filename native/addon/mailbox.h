// The way back into JavaScript from other threads: one threadsafe function for an env, which carries no data but
// "look": what there is to see waits in the completion thread's lists and here. Many reports make one call.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "../hsa/runtime.h"
#include "handle.h"
#include "system_event.h"

namespace gcn::addon {

class Environment;
class QueueState;

class Mailbox final : public hsa::SystemEventListener, public std::enable_shared_from_this<Mailbox> {
 public:
  Mailbox(Environment& environment, const hsa::Runtime& runtime);
  ~Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Any thread. JavaScript's looks soon.
  void Wake();
  // Any thread: the queue reported an error, which its state holds.
  void QueueFailed(QueueState& queue);
  void OnSystemEvent(const hsa_amd_event_t& event) override;

  // The queues that a memory fault of their agent fails.
  void AddQueue(QueueState& queue);
  void RemoveQueue(QueueState& queue);

  // JavaScript's thread. Whether the event loop waits for this mailbox.
  void KeepLoopAlive(bool alive);
  // No other thread calls in once this has returned.
  void Close();
  void Release(Teardown teardown);

 private:
  static void OnWake(napi_env env, napi_value, void* context, void*);
  void Deliver(Napi::Env env);

  Environment& environment_;
  const hsa::Runtime& runtime_;  // until Close
  napi_threadsafe_function function_ = nullptr;
  std::atomic<bool> woken_ = false;

  std::mutex mutex_;
  bool closed_ = false;
  std::vector<QueueState*> queues_;
  std::vector<std::shared_ptr<QueueState>> failed_;
  std::vector<SystemEvent> events_;
};

// Calls back into JavaScript from the event loop; what the callback throws becomes an uncaught exception.
void CallBack(Napi::Env env, napi_value function, std::initializer_list<napi_value> arguments);

}  // namespace gcn::addon
