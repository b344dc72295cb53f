#include "signal.h"

#include <hsa/hsa_ext_amd.h>

#include <utility>
#include <vector>

#include "agent.h"
#include "arguments.h"
#include "call.h"
#include "completion.h"
#include "queue.h"
#include "wait.h"

namespace gcn::addon {
namespace {

constexpr std::initializer_list<std::pair<const char*, Order>> kLoadOrders = {{"relaxed", Order::kRelaxed},
                                                                              {"acquire", Order::kAcquire}};
constexpr std::initializer_list<std::pair<const char*, Order>> kStoreOrders = {{"relaxed", Order::kRelaxed},
                                                                               {"release", Order::kRelease}};
constexpr std::initializer_list<std::pair<const char*, Order>> kAllOrders = {{"relaxed", Order::kRelaxed},
                                                                             {"acquire", Order::kAcquire},
                                                                             {"release", Order::kRelease},
                                                                             {"acq_rel", Order::kAcquireRelease}};

// Picks the function of the memory order out of HSA's four.
template <typename F>
F InOrder(Order order, F relaxed, F acquire, F release, F acquire_release) {
  switch (order) {
    case Order::kRelaxed:
      return relaxed;
    case Order::kAcquire:
      return acquire;
    case Order::kRelease:
      return release;
    default:
      return acquire_release;
  }
}

void ThrowIfFailed(Napi::Env env, const SignalState& signal) {
  if (const QueueState* queue = signal.FailedQueue()) throw QueueFailure(env, *queue);
}

Napi::Object Times(Napi::Env env, const hsa::Runtime& runtime, uint64_t start, uint64_t end) {
  Napi::Object times = Napi::Object::New(env);
  times.Set("start", runtime.NanosecondsOf(start));
  times.Set("end", runtime.NanosecondsOf(end));
  return times;
}

Napi::Value CreateSignal(Environment& environment, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto& runtime = environment.runtime();
  const hsa_signal_value_t initial = arguments.SignalValue(0, "initial");
  std::vector<hsa_agent_t> consumers;
  if (!arguments.IsNullish(1)) {
    for (const Agent* agent : arguments.Handles<Agent>(1, "consumers")) consumers.push_back(agent->agent());
  }
  environment.ReapSome();
  hsa_signal_t signal{};
  if (consumers.empty()) {
    runtime->Check(runtime->hsa().hsa_signal_create(initial, 0, nullptr, &signal), "hsa_signal_create");
  } else {
    runtime->Check(runtime->hsa().hsa_amd_signal_create(initial, static_cast<uint32_t>(consumers.size()),
                                                        consumers.data(), 0, &signal),
                   "hsa_amd_signal_create");
  }
  environment.stats().signals_created++;
  auto state = std::make_shared<SignalState>(runtime, signal);
  Napi::Object object = Signal::New(environment, std::make_unique<Signal>(environment, std::move(state)));
  DefineProperties(info.Env(), object, {Constant("handle", FromAddress(info.Env(), signal.handle))});
  return object;
}

Napi::Value WaitAny(Environment& environment, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::Runtime& runtime = *environment.runtime();
  const std::vector<Signal*> handles = arguments.Handles<Signal>(0, "signals");
  const Napi::Array condition_list = arguments.Array(1, "conditions");
  const Napi::Array value_list = arguments.Array(2, "values");
  const auto count = static_cast<uint32_t>(handles.size());
  if (count == 0) FailRange(info.Env(), "signals", "one signal or more");
  if (condition_list.Length() != count) FailRange(info.Env(), "conditions", "as many as there are signals");
  if (value_list.Length() != count) FailRange(info.Env(), "values", "as many as there are signals");
  std::vector<hsa_signal_t> signals;
  std::vector<hsa_signal_condition_t> conditions;
  std::vector<hsa_signal_value_t> values;
  for (uint32_t i = 0; i < count; i++) {
    signals.push_back(handles[i]->state()->signal);
    conditions.push_back(ToCondition(condition_list.Get(i), "conditions[" + std::to_string(i) + "]"));
    values.push_back(ToSignalValue(value_list.Get(i), "values[" + std::to_string(i) + "]"));
  }
  uint32_t index = UINT32_MAX;
  const auto attempt = [&](uint64_t ticks) {
    hsa_signal_value_t seen = 0;
    index = runtime.hsa().hsa_amd_signal_wait_any(count, signals.data(), conditions.data(), values.data(), ticks,
                                                  HSA_WAIT_STATE_BLOCKED, &seen);
    return index < count;
  };
  const auto between = [&] {
    for (const Signal* handle : handles) ThrowIfFailed(info.Env(), *handle->state());
  };
  return Napi::Number::New(info.Env(), WaitInSteps(runtime, arguments.Timeout(3), attempt, between) ? index : -1.0);
}

Napi::Value CancelWait(Environment& environment, const Napi::CallbackInfo& info) {
  const auto wait = static_cast<uint32_t>(Arguments(info).Integer(0, "wait", 0, UINT32_MAX));
  if (environment.open() && environment.completion().CancelWait(wait)) environment.RemovePending(1);
  return info.Env().Undefined();
}

}  // namespace

Signal::Signal(Environment& environment, std::shared_ptr<SignalState> state)
    : Handle(environment), state_(std::move(state)) {
  environment.IndexSignal(state_->signal, this);
}

Napi::Value Signal::Load(const Napi::CallbackInfo& info) {
  const hsa::EntryPoints& hsa = state_->runtime->hsa();
  const Order order = Arguments(info).MemoryOrder(0, kLoadOrders, Order::kAcquire);
  return FromSignalValue(info.Env(), order == Order::kRelaxed ? hsa.hsa_signal_load_relaxed(state_->signal)
                                                              : hsa.hsa_signal_load_scacquire(state_->signal));
}

Napi::Value Signal::Store(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::EntryPoints& hsa = state_->runtime->hsa();
  const hsa_signal_value_t value = arguments.SignalValue(0, "value");
  const Order order = arguments.MemoryOrder(1, kStoreOrders, Order::kRelease);
  (order == Order::kRelaxed ? hsa.hsa_signal_store_relaxed : hsa.hsa_signal_store_screlease)(state_->signal, value);
  return info.Env().Undefined();
}

Napi::Value Signal::Add(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::EntryPoints& hsa = state_->runtime->hsa();
  const hsa_signal_value_t value = arguments.SignalValue(0, "value");
  const Order order = arguments.MemoryOrder(1, kAllOrders, Order::kAcquireRelease);
  InOrder(order, hsa.hsa_signal_add_relaxed, hsa.hsa_signal_add_scacquire, hsa.hsa_signal_add_screlease,
          hsa.hsa_signal_add_scacq_screl)(state_->signal, value);
  return info.Env().Undefined();
}

Napi::Value Signal::Subtract(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::EntryPoints& hsa = state_->runtime->hsa();
  const hsa_signal_value_t value = arguments.SignalValue(0, "value");
  const Order order = arguments.MemoryOrder(1, kAllOrders, Order::kAcquireRelease);
  InOrder(order, hsa.hsa_signal_subtract_relaxed, hsa.hsa_signal_subtract_scacquire, hsa.hsa_signal_subtract_screlease,
          hsa.hsa_signal_subtract_scacq_screl)(state_->signal, value);
  return info.Env().Undefined();
}

Napi::Value Signal::Exchange(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::EntryPoints& hsa = state_->runtime->hsa();
  const hsa_signal_value_t value = arguments.SignalValue(0, "value");
  const Order order = arguments.MemoryOrder(1, kAllOrders, Order::kAcquireRelease);
  return FromSignalValue(info.Env(), InOrder(order, hsa.hsa_signal_exchange_relaxed, hsa.hsa_signal_exchange_scacquire,
                                             hsa.hsa_signal_exchange_screlease,
                                             hsa.hsa_signal_exchange_scacq_screl)(state_->signal, value));
}

Napi::Value Signal::CompareExchange(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::EntryPoints& hsa = state_->runtime->hsa();
  const hsa_signal_value_t expected = arguments.SignalValue(0, "expected");
  const hsa_signal_value_t value = arguments.SignalValue(1, "value");
  const Order order = arguments.MemoryOrder(2, kAllOrders, Order::kAcquireRelease);
  return FromSignalValue(
      info.Env(), InOrder(order, hsa.hsa_signal_cas_relaxed, hsa.hsa_signal_cas_scacquire, hsa.hsa_signal_cas_screlease,
                          hsa.hsa_signal_cas_scacq_screl)(state_->signal, expected, value));
}

Napi::Value Signal::Wait(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::Runtime& runtime = *state_->runtime;
  const hsa_signal_condition_t condition = arguments.Condition(0, "condition");
  const hsa_signal_value_t compare = arguments.SignalValue(1, "value");
  hsa_signal_value_t seen = 0;
  const auto attempt = [&](uint64_t ticks) {
    seen = runtime.hsa().hsa_signal_wait_scacquire(state_->signal, condition, compare, ticks, HSA_WAIT_STATE_BLOCKED);
    return Holds(condition, seen, compare);
  };
  WaitInSteps(runtime, arguments.Timeout(2), attempt, [&] { ThrowIfFailed(info.Env(), *state_); });
  return FromSignalValue(info.Env(), seen);
}

Napi::Value Signal::WaitAsync(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa_signal_condition_t condition = arguments.Condition(0, "condition");
  const hsa_signal_value_t compare = arguments.SignalValue(1, "value");
  const Napi::Function callback = arguments.Function(2, "callback");
  const uint32_t wait = environment().completion().AddWait(state_, condition, compare, Napi::Persistent(callback));
  environment().WatchFromLoop();
  environment().AddPending(1);
  return Napi::Number::New(info.Env(), wait);
}

Napi::Value Signal::DispatchTime(const Napi::CallbackInfo& info) {
  const Agent& agent = Arguments(info).HandleOf<Agent>(0, "agent");
  const hsa::Runtime& runtime = *state_->runtime;
  hsa_amd_profiling_dispatch_time_t time{};
  runtime.Check(runtime.hsa().hsa_amd_profiling_get_dispatch_time(agent.agent(), state_->signal, &time),
                "hsa_amd_profiling_get_dispatch_time");
  return Times(info.Env(), runtime, time.start, time.end);
}

Napi::Value Signal::CopyTime(const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *state_->runtime;
  hsa_amd_profiling_async_copy_time_t time{};
  runtime.Check(runtime.hsa().hsa_amd_profiling_get_async_copy_time(state_->signal, &time),
                "hsa_amd_profiling_get_async_copy_time");
  return Times(info.Env(), runtime, time.start, time.end);
}

void Signal::Release(Teardown) {
  environment().DropSignal(state_->signal);
  if (state_->InFlight()) environment().Retain(std::move(state_));
  state_.reset();
  environment().ReapSome();
}

void DefineSignals(Environment& environment, Napi::Object exports) {
  DefineHandleClass(environment, Signal::kClass, Signal::kName,
                    {
                        Method<Signal, &Signal::Load>("load"),
                        Method<Signal, &Signal::Store>("store"),
                        Method<Signal, &Signal::Add>("add"),
                        Method<Signal, &Signal::Subtract>("subtract"),
                        Method<Signal, &Signal::Exchange>("exchange"),
                        Method<Signal, &Signal::CompareExchange>("compareExchange"),
                        Method<Signal, &Signal::Wait>("wait"),
                        Method<Signal, &Signal::WaitAsync>("waitAsync"),
                        Method<Signal, &Signal::DispatchTime>("dispatchTime"),
                        Method<Signal, &Signal::CopyTime>("copyTime"),
                        DisposeMethod<Signal>(),
                        DisposedProperty<Signal>(),
                    });
  DefineProperties(environment.env(), exports,
                   {
                       Function<CreateSignal>("createSignal", environment),
                       Function<WaitAny>("waitAny", environment),
                       Function<CancelWait>("cancelWait", environment),
                   });
}

}  // namespace gcn::addon
