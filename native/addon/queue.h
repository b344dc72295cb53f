// User-mode queues (HSA 1.2, 2.6), and the calls that a launch makes.
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include <memory>
#include <optional>

#include "handle.h"
#include "packet.h"
#include "queue_state.h"

namespace gcn::addon {

class Signal;

// ERR_HSA_QUEUE_INACTIVE with what the queue reported: `status`, `reason`; of a memory fault `address` and
// `reasonMask`.
Napi::Error QueueFailure(Napi::Env env, const QueueState& queue);

class Queue final : public Handle<Queue> {
 public:
  static constexpr HandleClass kClass = HandleClass::kQueue;
  static constexpr const char* kName = "NativeQueue";
  static constexpr napi_type_tag kTag{0x37e5c1409d8a4b2fULL, 0x8c29be7046f1a306ULL};

  // What JavaScript and C++ both see.
  struct Shared {
    alignas(64) PacketBytes packet{};
    double times[2] = {0, 0};
  };

  static Napi::Object Wrap(Environment& environment, std::shared_ptr<QueueState> state, Napi::Object options);
  Queue(Environment& environment, std::shared_ptr<QueueState> state);

  // Raw: what launches call. No allocation, no C++ exception.
  static napi_value Submit(napi_env env, napi_callback_info info);
  static napi_value SubmitAsync(napi_env env, napi_callback_info info);
  static napi_value SubmitAndWait(napi_env env, napi_callback_info info);

  Napi::Value MakeLauncher(const Napi::CallbackInfo& info);

  Napi::Value LoadReadIndex(const Napi::CallbackInfo& info);
  Napi::Value LoadWriteIndex(const Napi::CallbackInfo& info);
  Napi::Value StoreWriteIndex(const Napi::CallbackInfo& info);
  Napi::Value AddWriteIndex(const Napi::CallbackInfo& info);
  Napi::Value SetProfiling(const Napi::CallbackInfo& info);
  Napi::Value Inactivate(const Napi::CallbackInfo& info);

  // From the event loop.
  void DeliverFinished(Napi::Env env);
  void DeliverError(Napi::Env env);

 protected:
  void Release(Teardown teardown) override;

 private:
  struct Submission;
  struct Launcher;
  static Launcher* EnterLauncher(napi_env env, napi_callback_info info);
  static napi_value Launch(napi_env env, napi_callback_info info);
  static napi_value WaitAgain(napi_env env, napi_callback_info info);
  napi_value AwaitTurn(napi_env env, Launcher& launcher, const Submission& submission);
  // False with an exception pending.
  bool TakesPackets(napi_env env) const;
  // The wait of a blocking launch.
  napi_value Await(napi_env env, const Submission& submission);
  // Null where `info` has no live and active queue; an exception is pending then.
  static Queue* Enter(napi_env env, napi_callback_info info, Submission& submission);
  bool ReadHeader(napi_env env, Submission& submission) const;
  bool ReadSignal(napi_env env, napi_value value, Submission& submission) const;
  bool ReadTimeout(napi_env env, size_t i, Submission& submission) const;
  bool FindNamedSignals(napi_env env, Submission& submission) const;
  bool Reserve(napi_env env, Submission& submission);
  // Everything up to the doorbell; false with an exception pending.
  bool Send(napi_env env, Submission& submission);
  void ProfileNow(const Submission& submission);
  void Forget(size_t launches);

  std::shared_ptr<QueueState> state_;
  std::shared_ptr<Shared> shared_;
  uint64_t read_index_ = 0;  // as last seen: the true one is never behind
  size_t outstanding_ = 0;   // launches to report; above zero the JavaScript object stays alive
  bool inactivated_ = false;
  Napi::ObjectReference self_;
  Napi::Reference<Napi::ArrayBuffer> packet_buffer_;
  Napi::Reference<Napi::ArrayBuffer> times_buffer_;
  Napi::FunctionReference on_error_;
  Napi::FunctionReference on_complete_;
  Napi::Reference<Napi::Float64Array> report_;
};

void DefineQueues(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
