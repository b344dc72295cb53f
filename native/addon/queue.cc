#include "queue.h"

#include <cstdio>
#include <utility>

#include "../hsa/status.h"
#include "agent.h"
#include "arguments.h"
#include "call.h"
#include "completion.h"
#include "mailbox.h"

namespace gcn::addon {
namespace {

// Launches that one call of onComplete reports at most.
constexpr size_t kReportLaunches = 1024;

Napi::ArrayBuffer Expose(Napi::Env env, const std::shared_ptr<Queue::Shared>& shared, void* part, size_t bytes) {
  auto share = std::make_unique<std::shared_ptr<Queue::Shared>>(shared);
  const auto finalize = [](Napi::Env, void*, std::shared_ptr<Queue::Shared>* last) {
    const std::unique_ptr<std::shared_ptr<Queue::Shared>> dropped(last);
  };
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, part, bytes, finalize, share.get());
  share.release();
  return buffer;
}

Napi::Function OptionalFunction(Napi::Object options, const char* name) {
  const Napi::Value value = options.Get(name);
  if (IsNullish(value)) return Napi::Function();
  if (!value.IsFunction()) FailType(options.Env(), std::string("options.") + name, "a function");
  return value.As<Napi::Function>();
}

Napi::Value CreateQueue(Environment& environment, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto& runtime = environment.runtime();
  const Agent& agent = arguments.HandleOf<Agent>(0, "agent");
  const Napi::Object options = arguments.Object(1, "options");
  const auto size_or = [&](const char* name) {
    const Napi::Value value = options.Get(name);
    return IsNullish(value) ? UINT32_MAX
                            : static_cast<uint32_t>(ToInteger(value, std::string("options.") + name, 0, UINT32_MAX));
  };
  QueueState::Shape shape{};
  shape.size = static_cast<uint32_t>(ToInteger(options.Get("size"), "options.size", 1, UINT32_MAX));
  const Napi::Value type = options.Get("type");
  shape.type = IsNullish(type)
                   ? HSA_QUEUE_TYPE_MULTI
                   : ToWord<hsa_queue_type_t>(type, "options.type",
                                              {{"multi", HSA_QUEUE_TYPE_MULTI}, {"single", HSA_QUEUE_TYPE_SINGLE}});
  // UINT32_MAX: the runtime decides (HSA 1.2, 2.6.1).
  shape.private_segment_size = size_or("privateSegmentSize");
  shape.group_segment_size = size_or("groupSegmentSize");
  const Napi::Value profiling = options.Get("profiling");
  const bool profile = !IsNullish(profiling) && ToBoolean(profiling, "options.profiling");
  OptionalFunction(options, "onError");
  OptionalFunction(options, "onComplete");

  std::shared_ptr<QueueState> state = QueueState::Create(runtime, environment.mailbox(), agent.agent(), shape);
  if (profile) {
    runtime->Check(runtime->hsa().hsa_amd_profiling_set_profiler_enabled(state->queue(), 1),
                   "hsa_amd_profiling_set_profiler_enabled");
    state->profiling = true;
  }
  return Queue::Wrap(environment, std::move(state), options);
}

}  // namespace

Queue::Queue(Environment& environment, std::shared_ptr<QueueState> state)
    : Handle(environment), state_(std::move(state)), shared_(std::make_shared<Shared>()) {
  state_->SetOwner(this);
}

Napi::Error QueueFailure(Napi::Env env, const QueueState& queue) {
  const std::string reason = hsa::StatusCode(queue.failure());
  std::string message = "The queue takes no more packets: it reported " + hsa::StatusName(queue.failure());
  const bool fault = static_cast<int>(queue.failure()) == HSA_STATUS_ERROR_MEMORY_FAULT;
  if (fault) {
    char text[48];
    std::snprintf(text, sizeof text, " at address 0x%llx", static_cast<unsigned long long>(queue.fault_address()));
    message += text;
  }
  Napi::Error error = MakeError(env, "ERR_HSA_QUEUE_INACTIVE", message);
  error.Set("status", Napi::Number::New(env, static_cast<double>(queue.failure())));
  error.Set("reason", Napi::String::New(env, reason));
  if (fault) {
    error.Set("address", FromAddress(env, queue.fault_address()));
    error.Set("reasonMask", Napi::Number::New(env, queue.fault_reason_mask()));
  }
  return error;
}

Napi::Object Queue::Wrap(Environment& environment, std::shared_ptr<QueueState> state, Napi::Object options) {
  const Napi::Env env = environment.env();
  const hsa_queue_t& queue = *state->queue();
  auto native = std::make_unique<Queue>(environment, std::move(state));
  Queue& self = *native;
  Napi::Object object = New(environment, std::move(native));
  const Napi::ArrayBuffer packet = Expose(env, self.shared_, self.shared_->packet.data(), kPacketBytes);
  const Napi::ArrayBuffer times = Expose(env, self.shared_, self.shared_->times, sizeof self.shared_->times);
  DefineProperties(env, object,
                   {
                       Constant("id", Napi::Number::New(env, static_cast<double>(queue.id))),
                       Constant("size", Napi::Number::New(env, queue.size)),
                       Constant("address", FromAddress(env, &queue)),
                       Constant("packet", packet),
                       Constant("times", times),
                   });
  self.self_ = Napi::Weak(object);
  self.packet_buffer_ = Napi::Reference<Napi::ArrayBuffer>::New(packet);
  self.times_buffer_ = Napi::Reference<Napi::ArrayBuffer>::New(times);
  const Napi::Function on_error = OptionalFunction(options, "onError");
  const Napi::Function on_complete = OptionalFunction(options, "onComplete");
  if (!on_error.IsEmpty()) self.on_error_ = Napi::Persistent(on_error);
  if (!on_complete.IsEmpty()) {
    self.on_complete_ = Napi::Persistent(on_complete);
    self.report_ = Napi::Persistent(Napi::Float64Array::New(env, 2 * kReportLaunches));
  }
  return object;
}

Napi::Value Queue::LoadReadIndex(const Napi::CallbackInfo& info) {
  const hsa::EntryPoints& hsa = state_->runtime().hsa();
  const Order order =
      Arguments(info).MemoryOrder(0, {{"relaxed", Order::kRelaxed}, {"acquire", Order::kAcquire}}, Order::kAcquire);
  const auto load =
      order == Order::kRelaxed ? hsa.hsa_queue_load_read_index_relaxed : hsa.hsa_queue_load_read_index_scacquire;
  return Napi::Number::New(info.Env(), static_cast<double>(load(state_->queue())));
}

Napi::Value Queue::LoadWriteIndex(const Napi::CallbackInfo& info) {
  const hsa::EntryPoints& hsa = state_->runtime().hsa();
  const Order order =
      Arguments(info).MemoryOrder(0, {{"relaxed", Order::kRelaxed}, {"acquire", Order::kAcquire}}, Order::kAcquire);
  const auto load =
      order == Order::kRelaxed ? hsa.hsa_queue_load_write_index_relaxed : hsa.hsa_queue_load_write_index_scacquire;
  return Napi::Number::New(info.Env(), static_cast<double>(load(state_->queue())));
}

Napi::Value Queue::StoreWriteIndex(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::EntryPoints& hsa = state_->runtime().hsa();
  const uint64_t index = arguments.Integer(0, "index", 0, kMaxSafeInteger);
  const Order order =
      arguments.MemoryOrder(1, {{"relaxed", Order::kRelaxed}, {"release", Order::kRelease}}, Order::kRelease);
  const auto store =
      order == Order::kRelaxed ? hsa.hsa_queue_store_write_index_relaxed : hsa.hsa_queue_store_write_index_screlease;
  store(state_->queue(), index);
  return info.Env().Undefined();
}

Napi::Value Queue::AddWriteIndex(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::EntryPoints& hsa = state_->runtime().hsa();
  const uint64_t count = arguments.Integer(0, "count", 0, kMaxSafeInteger);
  const Order order = arguments.MemoryOrder(1,
                                            {{"relaxed", Order::kRelaxed},
                                             {"acquire", Order::kAcquire},
                                             {"release", Order::kRelease},
                                             {"acq_rel", Order::kAcquireRelease}},
                                            Order::kAcquireRelease);
  const auto add = order == Order::kRelaxed   ? hsa.hsa_queue_add_write_index_relaxed
                   : order == Order::kAcquire ? hsa.hsa_queue_add_write_index_scacquire
                   : order == Order::kRelease ? hsa.hsa_queue_add_write_index_screlease
                                              : hsa.hsa_queue_add_write_index_scacq_screl;
  return Napi::Number::New(info.Env(), static_cast<double>(add(state_->queue(), count)));
}

Napi::Value Queue::SetProfiling(const Napi::CallbackInfo& info) {
  const bool enabled = Arguments(info).Boolean(0, "enabled");
  const hsa::Runtime& runtime = state_->runtime();
  runtime.Check(runtime.hsa().hsa_amd_profiling_set_profiler_enabled(state_->queue(), enabled ? 1 : 0),
                "hsa_amd_profiling_set_profiler_enabled");
  state_->profiling = enabled;
  if (!enabled) shared_->times[0] = shared_->times[1] = 0;
  return info.Env().Undefined();
}

Napi::Value Queue::Inactivate(const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = state_->runtime();
  runtime.Check(runtime.hsa().hsa_queue_inactivate(state_->queue()), "hsa_queue_inactivate");
  inactivated_ = true;
  return info.Env().Undefined();
}

void Queue::Forget(size_t launches) {
  if (launches == 0) return;
  outstanding_ -= launches;
  environment().RemovePending(launches);
  if (outstanding_ == 0) self_.Unref();
}

void Queue::DeliverFinished(Napi::Env env) {
  while (!disposed() && !on_complete_.IsEmpty()) {
    const Napi::HandleScope scope(env);
    const Napi::Float64Array report = report_.Value();
    const size_t count =
        environment().completion().TakeFinished(*state_, const_cast<double*>(report.Data()), kReportLaunches);
    if (count == 0) return;
    Forget(count);
    CallBack(env, on_complete_.Value(), {Napi::Number::New(env, static_cast<double>(count)), report});
  }
}

void Queue::DeliverError(Napi::Env env) {
  // `self_` may be the last that keeps this object: hold it while callbacks run.
  const Napi::HandleScope scope(env);
  [[maybe_unused]] const Napi::Object self = self_.Value();
  environment().completion().Harvest(*state_);
  DeliverFinished(env);
  if (disposed()) return;
  Forget(environment().completion().Drop(*state_));
  if (on_error_.IsEmpty()) return;
  const hsa_status_t status = state_->failure();
  CallBack(env, on_error_.Value(),
           {Napi::Number::New(env, static_cast<double>(status)), Napi::String::New(env, hsa::StatusCode(status))});
}

void Queue::Release(Teardown teardown) {
  state_->SetOwner(nullptr);
  const size_t dropped = environment().completion().Drop(*state_);
  if (teardown != Teardown::kByEnd) Forget(dropped);
  state_->Destroy();
  if (teardown == Teardown::kByJavaScript) {
    const Napi::HandleScope scope(environment().env());
    for (auto* buffer : {&packet_buffer_, &times_buffer_}) {
      Napi::ArrayBuffer view = buffer->Value();
      if (!view.IsEmpty() && !view.IsDetached()) view.Detach();
    }
    on_error_.Reset();
    on_complete_.Reset();
    report_.Reset();
  }
  if (teardown != Teardown::kByEnd) environment().ReapSome();
}

void DefineQueues(Environment& environment, Napi::Object exports) {
  DefineHandleClass(environment, Queue::kClass, Queue::kName,
                    {
                        RawMethod("submit", Queue::Submit),
                        RawMethod("submitAsync", Queue::SubmitAsync),
                        RawMethod("submitAndWait", Queue::SubmitAndWait),
                        Method<Queue, &Queue::MakeLauncher>("launcher"),
                        Method<Queue, &Queue::LoadReadIndex>("loadReadIndex"),
                        Method<Queue, &Queue::LoadWriteIndex>("loadWriteIndex"),
                        Method<Queue, &Queue::StoreWriteIndex>("storeWriteIndex"),
                        Method<Queue, &Queue::AddWriteIndex>("addWriteIndex"),
                        Method<Queue, &Queue::SetProfiling>("setProfiling"),
                        Method<Queue, &Queue::Inactivate>("inactivate"),
                        DisposeMethod<Queue>(),
                        DisposedProperty<Queue>(),
                    });
  DefineProperties(environment.env(), exports, {Function<CreateQueue>("createQueue", environment)});
}

}  // namespace gcn::addon
