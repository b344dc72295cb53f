#include "foreign_plugin.h"

#include <chrono>
#include <climits>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

#include "arguments.h"
#include "call.h"
#include "environment.h"
#include "foreign_calls.h"
#include "image_arguments.h"

namespace gcn::addon {
namespace {

// GOMP_VERSION_GCN: which kernel arguments device code reads.
constexpr unsigned kDeviceVersion12 = 2;
constexpr unsigned kDeviceVersion13 = 3;
// _init_array and _fini_array are not reported.
constexpr size_t kConstructors = 2;
constexpr uint32_t kMostKernels = 1 << 20;
// A process that ends does not wait longer for what still runs.
constexpr std::chrono::milliseconds kLeave{1000};

struct FreeDeleter {
  void operator()(void* memory) const { std::free(memory); }
};

// The version that the image's program would have been built for: the library's above the device's.
unsigned ImageVersion(const ForeignLibrary& library) {
  if (library.Since(ForeignFamily::kSessions)) return 4 << 16 | kDeviceVersion13;
  if (library.Since(ForeignFamily::k14)) return 3 << 16 | kDeviceVersion13;
  if (library.Since(ForeignFamily::k13)) return 2 << 16 | kDeviceVersion13;
  return 1 << 16 | kDeviceVersion12;
}

Napi::Value OpenForeignPlugin(Environment& environment, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::unique_ptr<ForeignPlugin> plugin;
  try {
    const std::string path = Arguments(info).Text(0, "path");
    ForeignClaim::MustNotBeLibgomps(path);
    plugin = std::make_unique<ForeignPlugin>(environment, path);
  } catch (const ForeignLibraryError& error) {
    throw MakeError(env, "ERR_OFFLOAD_PLUGIN", error.what());
  }
  const ForeignLibrary& library = plugin->library();
  const bool sessions = library.Since(ForeignFamily::kSessions);
  const Napi::Object object = ForeignPlugin::New(environment, std::move(plugin));
  DefineProperties(env, object,
                   {
                       Constant("family", Napi::Number::New(env, library.family())),
                       Constant("version", Napi::Number::New(env, library.version())),
                       Constant("name", Napi::String::New(env, library.get_name())),
                       Constant("capabilities", Napi::Number::New(env, library.get_caps())),
                       Constant("hasMemset", Napi::Boolean::New(env, library.memset != nullptr)),
                       Constant("sessionSize", sessions ? Napi::Value(Napi::Number::New(
                                                              env, static_cast<double>(library.session_size())))
                                                        : Napi::Value(env.Null())),
                       Constant("allocatesTables", Napi::Boolean::New(env, library.session_allocate != nullptr)),
                       Constant("hasOpenacc", Napi::Boolean::New(env, library.Openacc())),
                   });
  return object;
}

}  // namespace

void ForeignPlugin::Release(Teardown teardown) {
  if (teardown == Teardown::kByJavaScript) {
    runs_.WaitForAll();
  } else {
    runs_.WaitForAll(kLeave);
    queues_.WaitForAll(kLeave);
  }
  claim_.Release();
}

Napi::Value ForeignPlugin::GetNumDevices(const Napi::CallbackInfo& info) {
  const auto requirements = static_cast<unsigned>(Arguments(info).Integer(0, "requires", 0, UINT_MAX));
  return Napi::Number::New(info.Env(), library_.get_num_devices(requirements));
}
Napi::Value ForeignPlugin::InitDevice(const Napi::CallbackInfo& info) {
  return Checked(info.Env(), library_.init_device(DeviceAt(Arguments(info), 0)), "init_device");
}
Napi::Value ForeignPlugin::FiniDevice(const Napi::CallbackInfo& info) {
  return Checked(info.Env(), library_.fini_device(DeviceAt(Arguments(info), 0)), "fini_device");
}

Napi::Value ForeignPlugin::LoadImage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  const int device = DeviceAt(arguments, 0);
  const auto variables = static_cast<uint32_t>(arguments.Integer(3, "variables", 0, kMostKernels));
  auto image = std::make_unique<ForeignImage>(
      arguments.Bytes(1, "codeObject"), KernelsOf(arguments.Array(2, "kernels")), variables,
      AddressesOf(arguments.Array(4, "indirectFunctions"), "indirectFunctions"), library_.Since(ForeignFamily::k14));
  if (image->kernels() < kConstructors) FailType(env, "kernels", "a list with _init_array and _fini_array");
  ForeignRange* filled = nullptr;
  const int count = library_.load_image(device, ImageVersion(library_), &image->description(), &filled, nullptr,
                                        image->indirect_functions());
  const std::unique_ptr<ForeignRange, FreeDeleter> owned(filled);
  const size_t least = image->kernels() - kConstructors + variables;
  if (count < 0 || static_cast<size_t>(count) < least) Failed(env, "load_image");
  const std::span<const ForeignRange> ranges(filled, static_cast<size_t>(count));
  Napi::Array places = Napi::Array::New(env, ranges.size() * 2);
  for (uint32_t i = 0; i < ranges.size(); i++) {
    places.Set(2 * i, FromAddress(env, ranges[i].start));
    // The mark of a linked variable is in the highest bit of its size, and with it of its end.
    places.Set(2 * i + 1, Napi::BigInt::New(env, ranges[i].end - ranges[i].start));
  }
  const uint64_t id = next_image_++;
  images_.emplace(id, std::move(image));
  Napi::Object result = Napi::Object::New(env);
  result.Set("id", static_cast<double>(id));
  result.Set("places", places);
  return result;
}

Napi::Value ForeignPlugin::UnloadImage(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto found = images_.find(arguments.Integer(1, "image", 1, kMaxSafeInteger));
  if (found == images_.end()) FailType(info.Env(), "image", "the number of a loaded image");
  Checked(info.Env(),
          library_.unload_image(DeviceAt(arguments, 0), ImageVersion(library_), &found->second->description()),
          "unload_image");
  images_.erase(found);
  return info.Env().Undefined();
}

Napi::Value ForeignPlugin::Alloc(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  // Null is none to be had, and 0 in JavaScript.
  return FromAddress(info.Env(), library_.alloc(DeviceAt(arguments, 0), arguments.Size(1, "bytes")));
}
Napi::Value ForeignPlugin::Free(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  return Checked(info.Env(), library_.free(DeviceAt(arguments, 0), Pointer(arguments.Address(1, "address"))), "free");
}
Napi::Value ForeignPlugin::HostToDevice(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::span<uint8_t> source = arguments.Bytes(2, "source");
  void* const to = Pointer(arguments.Address(1, "destination"));
  return Checked(info.Env(), library_.host2dev(DeviceAt(arguments, 0), to, source.data(), source.size()), "host2dev");
}
Napi::Value ForeignPlugin::DeviceToHost(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::span<uint8_t> to = arguments.Bytes(1, "destination");
  const void* const source = Pointer(arguments.Address(2, "source"));
  return Checked(info.Env(), library_.dev2host(DeviceAt(arguments, 0), to.data(), source, to.size()), "dev2host");
}
Napi::Value ForeignPlugin::DeviceToDevice(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  void* const to = Pointer(arguments.Address(1, "destination"));
  const void* const source = Pointer(arguments.Address(2, "source"));
  return Checked(info.Env(), library_.dev2dev(DeviceAt(arguments, 0), to, source, arguments.Size(3, "bytes")),
                 "dev2dev");
}
Napi::Value ForeignPlugin::Fill(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  if (library_.memset == nullptr) Failed(info.Env(), "memset");
  const auto value = static_cast<int>(arguments.Integer(2, "value", 0, UINT8_MAX));
  void* const at = Pointer(arguments.Address(1, "address"));
  return Checked(info.Env(), library_.memset(DeviceAt(arguments, 0), at, value, arguments.Size(3, "bytes")), "memset");
}

void DefineForeignPlugins(Environment& environment, Napi::Object exports) {
  using P = ForeignPlugin;
  DefineHandleClass(environment, P::kClass, P::kName,
                    {
                        Method<P, &P::GetNumDevices>("getNumDevices"),
                        Method<P, &P::InitDevice>("initDevice"),
                        Method<P, &P::FiniDevice>("finiDevice"),
                        Method<P, &P::LoadImage>("loadImage"),
                        Method<P, &P::UnloadImage>("unloadImage"),
                        Method<P, &P::Alloc>("alloc"),
                        Method<P, &P::Free>("free"),
                        Method<P, &P::HostToDevice>("host2dev"),
                        Method<P, &P::DeviceToHost>("dev2host"),
                        Method<P, &P::DeviceToDevice>("dev2dev"),
                        Method<P, &P::Fill>("memset"),
                        Method<P, &P::CanRun>("canRun"),
                        Method<P, &P::Run>("run"),
                        Method<P, &P::RunAsync>("runAsync"),
                        Method<P, &P::WaitForRuns>("waitForRuns"),
                        Method<P, &P::WatchFaults>("watchFaults"),
                        Method<P, &P::GiveUp>("giveUp"),
                        Method<P, &P::OpenaccExec>("openaccExec"),
                        Method<P, &P::OpenaccAsyncExec>("openaccAsyncExec"),
                        Method<P, &P::QueueConstruct>("queueConstruct"),
                        Method<P, &P::QueueWait>("queueWait"),
                        Method<P, &P::QueueDestruct>("queueDestruct"),
                        Method<P, &P::QueueSerialize>("queueSerialize"),
                        Method<P, &P::QueueHostToDevice>("queueHost2dev"),
                        Method<P, &P::QueueDeviceToHost>("queueDev2host"),
                        Method<P, &P::GetProperty>("getProperty"),
                        Method<P, &P::SessionStart>("sessionStart"),
                        Method<P, &P::SessionAllocate>("sessionAllocate"),
                        Method<P, &P::SessionSet>("sessionSet"),
                        DisposedProperty<P>(),
                        DisposeMethod<P>(),
                    });
  DefineProperties(environment.env(), exports, {Function<OpenForeignPlugin>("openForeignPlugin", environment)});
}

}  // namespace gcn::addon
