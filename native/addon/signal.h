// Signals (HSA 1.2, 2.4).
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include <memory>

#include "handle.h"
#include "signal_state.h"

namespace gcn::addon {

class Signal final : public Handle<Signal> {
 public:
  static constexpr HandleClass kClass = HandleClass::kSignal;
  static constexpr const char* kName = "NativeSignal";
  static constexpr napi_type_tag kTag{0x8b30f6d1c2e94a77ULL, 0xb1e84d935c0f2605ULL};

  Signal(Environment& environment, std::shared_ptr<SignalState> state);

  const std::shared_ptr<SignalState>& state() const { return state_; }

  Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value Store(const Napi::CallbackInfo& info);
  Napi::Value Add(const Napi::CallbackInfo& info);
  Napi::Value Subtract(const Napi::CallbackInfo& info);
  Napi::Value Exchange(const Napi::CallbackInfo& info);
  Napi::Value CompareExchange(const Napi::CallbackInfo& info);
  Napi::Value Wait(const Napi::CallbackInfo& info);
  Napi::Value WaitAsync(const Napi::CallbackInfo& info);
  Napi::Value DispatchTime(const Napi::CallbackInfo& info);
  Napi::Value CopyTime(const Napi::CallbackInfo& info);

 protected:
  void Release(Teardown teardown) override;

 private:
  std::shared_ptr<SignalState> state_;
};

void DefineSignals(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
