// OpenACC's part of a C plugin: launches, queues, properties.
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "arguments.h"
#include "foreign_calls.h"
#include "foreign_plugin.h"

namespace gcn::addon {
namespace {

// A property whose value is a text.
constexpr int kText = 0x10000;
constexpr int kMostProperty = 0x1ffff;
constexpr std::chrono::microseconds kPoll{100};

// A launch by a call with or without a queue behind its arguments: function, dimensions, words of the table on the host
// or null, its address on the device or null, session or null.
class OpenaccLaunch {
 public:
  explicit OpenaccLaunch(const Arguments& arguments)
      : function_(Pointer(arguments.Address(0, "function"))),
        table_(PointerAt(arguments, 3, "table")),
        session_(PointerAt(arguments, 4, "session")) {
    const Napi::Array list = arguments.Array(1, "dimensions");
    for (uint32_t i = 0; i < dimensions_.size(); i++)
      dimensions_[i] = static_cast<unsigned>(ToInteger(list.Get(i), "dimensions", 0, INT_MAX));
    if (arguments.IsNullish(2)) return;
    const std::span<uint8_t> words = arguments.Bytes(2, "words");
    words_.resize(words.size() / sizeof(void*));
    std::memcpy(words_.data(), words.data(), words_.size() * sizeof(void*));
  }

  template <typename... Queue>
  void Call(void (*launch)(void*, size_t, void**, void**, unsigned*, void*, Queue...),
            void (*in_session)(void*, void*, size_t, void**, unsigned*, void*, Queue...), Queue... queue) {
    if (in_session != nullptr) {
      in_session(session_, function_, words_.size(), words_.data(), dimensions_.data(), nullptr, queue...);
      return;
    }
    // A word that is null on the device is taken from the host: they are the same here.
    void** const devices = table_ != nullptr ? static_cast<void**>(table_) : words_.data();
    launch(function_, words_.size(), words_.data(), devices, dimensions_.data(), nullptr, queue...);
  }

 private:
  void* function_;
  void* table_;
  void* session_;
  // The plugin puts in what it decides.
  std::array<unsigned, 3> dimensions_{};
  std::vector<void*> words_;
};

void Enter(Napi::Env env, const ForeignLibrary& library) {
  if (!library.Openacc()) Failed(env, "openacc_exec");
  if (const char* const why = library.EnterOpenacc()) throw MakeError(env, "ERR_OFFLOAD_PLUGIN", why);
}

}  // namespace

// Behind the launch's arguments: device, name, time.
Napi::Value ForeignPlugin::OpenaccExec(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  const auto launch = std::make_shared<OpenaccLaunch>(arguments);
  Enter(env, library_);
  // The thread that launches is another, and has to become libgomp's, too. The library stays where it is, whatever
  // becomes of this object.
  const auto work = [library = library_, launch] {
    library.EnterOpenacc();
    launch->Call(library.openacc_exec, library.session_openacc_exec);
  };
  return Within(env, LimitAt(arguments, 7), {DeviceAt(arguments, 5), arguments.Text(6, "name"), work});
}

Napi::Value ForeignPlugin::OpenaccAsyncExec(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  ForeignQueues::Queue& queue = queues_.At(info.Env(), arguments.Integer(5, "queue", 1, kMaxSafeInteger));
  OpenaccLaunch launch(arguments);
  Enter(info.Env(), library_);
  launch.Call(library_.openacc_async_exec, library_.session_openacc_async_exec, queue.handle);
  return queues_.Note(info.Env(), queue, Napi::Value());
}

Napi::Value ForeignPlugin::QueueConstruct(const Napi::CallbackInfo& info) {
  if (!library_.Openacc()) Failed(info.Env(), "openacc_async_construct");
  const uint64_t id = queues_.Construct(info.Env(), DeviceAt(Arguments(info), 0));
  return Napi::Number::New(info.Env(), static_cast<double>(id));
}
Napi::Value ForeignPlugin::QueueWait(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const ForeignQueues::Queue& queue = queues_.At(info.Env(), arguments.Integer(0, "queue", 1, kMaxSafeInteger));
  const std::optional<ForeignRuns::Milliseconds> limit = LimitAt(arguments, 1);
  const auto end = std::chrono::steady_clock::now() + limit.value_or(ForeignRuns::Milliseconds(0));
  ForeignRuns::Outcome outcome;
  // The plugin's own wait goes on for ever behind a kernel that has had a memory fault.
  while (library_.async_test(queue.handle) == 0) {
    outcome.fault = runs_.FaultOf(queue.device);
    outcome.late = limit && std::chrono::steady_clock::now() >= end;
    if (outcome.fault || outcome.late) break;
    std::this_thread::sleep_for(kPoll);
  }
  return FromOutcome(info.Env(), outcome);
}
Napi::Value ForeignPlugin::QueueDestruct(const Napi::CallbackInfo& info) {
  queues_.Destruct(info.Env(), Arguments(info).Integer(0, "queue", 1, kMaxSafeInteger));
  return info.Env().Undefined();
}
Napi::Value ForeignPlugin::QueueSerialize(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const ForeignQueues::Queue& earlier = queues_.At(info.Env(), arguments.Integer(0, "earlier", 1, kMaxSafeInteger));
  ForeignQueues::Queue& later = queues_.At(info.Env(), arguments.Integer(1, "later", 1, kMaxSafeInteger));
  if (!library_.async_serialize(earlier.handle, later.handle)) Failed(info.Env(), "openacc_async_serialize");
  return queues_.Note(info.Env(), later, Napi::Value());
}
Napi::Value ForeignPlugin::QueueHostToDevice(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  ForeignQueues::Queue& queue = queues_.At(info.Env(), arguments.Integer(1, "queue", 1, kMaxSafeInteger));
  void* const to = Pointer(arguments.Address(2, "destination"));
  const std::span<uint8_t> source = arguments.Bytes(3, "source");
  if (!library_.async_host2dev(DeviceAt(arguments, 0), to, source.data(), source.size(), queue.handle))
    Failed(info.Env(), "openacc_async_host2dev");
  return queues_.Note(info.Env(), queue, info[3]);
}
Napi::Value ForeignPlugin::QueueDeviceToHost(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  ForeignQueues::Queue& queue = queues_.At(info.Env(), arguments.Integer(1, "queue", 1, kMaxSafeInteger));
  const std::span<uint8_t> to = arguments.Bytes(2, "destination");
  const void* const source = Pointer(arguments.Address(3, "source"));
  if (!library_.async_dev2host(DeviceAt(arguments, 0), to.data(), source, to.size(), queue.handle))
    Failed(info.Env(), "openacc_async_dev2host");
  return queues_.Note(info.Env(), queue, info[2]);
}

Napi::Value ForeignPlugin::GetProperty(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  if (!library_.Openacc()) Failed(info.Env(), "openacc_get_property");
  const auto property = static_cast<int>(arguments.Integer(1, "property", 1, kMostProperty));
  const ForeignProperty value = library_.get_property(DeviceAt(arguments, 0), property);
  if ((property & kText) == 0) return Napi::Number::New(info.Env(), static_cast<double>(value.number));
  return Napi::String::New(info.Env(), value.text != nullptr ? value.text : "");
}

}  // namespace gcn::addon
