// Launches by a C plugin, and its sessions.
#include <climits>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "arguments.h"
#include "environment.h"
#include "foreign_calls.h"
#include "foreign_end.h"
#include "foreign_plugin.h"
#include "image_arguments.h"

namespace gcn::addon {
namespace {

std::vector<uint32_t> SizesOf(const Napi::Array& list, const char* name) {
  std::vector<uint32_t> sizes;
  for (uint32_t i = 0; i < list.Length(); i++)
    sizes.push_back(static_cast<uint32_t>(ToInteger(list.Get(i), name, 0, UINT32_MAX)));
  return sizes;
}

// A launch's words, kernel attributes among them (struct GOMP_kernel_launch_attributes), up to a null.
class LaunchArguments {
 public:
  // `attributes`: what the word behind the last points to, or empty.
  LaunchArguments(const std::vector<uint64_t>& words, std::vector<uint32_t> attributes)
      : attributes_(std::move(attributes)) {
    for (const uint64_t word : words) words_.push_back(Pointer(word));
    if (!attributes_.empty()) words_.push_back(attributes_.data());
    words_.push_back(nullptr);
  }
  LaunchArguments(LaunchArguments&&) = default;
  void** words() { return words_.data(); }

 private:
  std::vector<uint32_t> attributes_;
  std::vector<void*> words_;
};

// run and its asynchronous form: device, function, table or null, words, attributes, session or null, name.
ForeignLaunch LaunchOf(const ForeignLibrary& library, const Arguments& arguments) {
  const int device = DeviceAt(arguments, 0);
  void* const function = Pointer(arguments.Address(1, "function"));
  void* const table = PointerAt(arguments, 2, "table");
  const auto launch = std::make_shared<LaunchArguments>(AddressesOf(arguments.Array(3, "words"), "words"),
                                                        SizesOf(arguments.Array(4, "attributes"), "attributes"));
  const std::string name = arguments.Text(6, "name");
  if (library.Since(ForeignFamily::kSessions)) {
    void* const session = Pointer(arguments.Address(5, "session"));
    return {device, name,
            [run = library.session_run, session, function, launch] { run(session, function, launch->words()); }};
  }
  return {device, name,
          [run = library.run, device, function, table, launch] { run(device, function, table, launch->words()); }};
}

}  // namespace

Napi::Value ForeignPlugin::CanRun(const Napi::CallbackInfo& info) {
  void* const function = Pointer(Arguments(info).Address(0, "function"));
  return Napi::Boolean::New(info.Env(), library_.can_run == nullptr || library_.can_run(function));
}
Napi::Value ForeignPlugin::Run(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return Within(info.Env(), LimitAt(arguments, 7), LaunchOf(library_, arguments));
}
Napi::Value ForeignPlugin::Within(Napi::Env env, std::optional<ForeignRuns::Milliseconds> limit, ForeignLaunch launch) {
  if (!library_.CallsJavaScript()) return FromOutcome(env, runs_.Within(limit, std::move(launch)));
  launch.work();
  return FromOutcome(env, {});
}
Napi::Value ForeignPlugin::RunAsync(const Napi::CallbackInfo& info) {
  return runs_.Start(info.Env(), LaunchOf(library_, Arguments(info)));
}
Napi::Value ForeignPlugin::WaitForRuns(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return FromOutcome(info.Env(), runs_.WaitFor(DeviceAt(arguments, 0), LimitAt(arguments, 1)));
}
Napi::Value ForeignPlugin::WatchFaults(const Napi::CallbackInfo& info) {
  const Napi::Array list = Arguments(info).Array(0, "agents");
  const std::span<const hsa_agent_t> known = environment().runtime()->agents();
  std::vector<hsa_agent_t> agents;
  for (uint32_t i = 0; i < list.Length(); i++)
    agents.push_back(known[ToInteger(list.Get(i), "agents", 0, known.size() - 1)]);
  runs_.WatchFaults(std::move(agents));
  TellOfForeignEnds();
  return info.Env().Undefined();
}
Napi::Value ForeignPlugin::GiveUp(const Napi::CallbackInfo& info) {
  const int device = DeviceAt(Arguments(info), 0);
  runs_.GiveUp(info.Env(), device);
  queues_.GiveUp(info.Env(), device);
  return info.Env().Undefined();
}

Napi::Value ForeignPlugin::SessionStart(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  if (library_.session_start == nullptr) Failed(info.Env(), "session_start");
  library_.session_start(Pointer(arguments.Address(0, "session")), DeviceAt(arguments, 1));
  return info.Env().Undefined();
}
Napi::Value ForeignPlugin::SessionAllocate(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  if (library_.session_allocate == nullptr) return FromAddress(info.Env(), uint64_t{0});
  void* const session = Pointer(arguments.Address(0, "session"));
  return FromAddress(info.Env(), library_.session_allocate(session, arguments.Size(1, "bytes")));
}
Napi::Value ForeignPlugin::SessionSet(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  if (library_.session_set == nullptr) Failed(info.Env(), "session_set_target_var_table");
  library_.session_set(Pointer(arguments.Address(0, "session")), PointerAt(arguments, 1, "table"));
  return info.Env().Undefined();
}

}  // namespace gcn::addon
