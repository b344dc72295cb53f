// What libgomp asks of any plugin: identity, devices, images, memory, launches.
#include <array>

#include "call.h"
#include "interface.h"
#include "profiling.h"
#include "runtime.h"
#include "session.h"

namespace gcn::libgomp {

GCN_LIBGOMP_EXPORT unsigned GOMP_OFFLOAD_version() {
  FindRuntime(__builtin_return_address(0));
  return kVersion;
}

GCN_LIBGOMP_EXPORT const char* GOMP_OFFLOAD_get_name() {
  return "gcn";
}
GCN_LIBGOMP_EXPORT unsigned GOMP_OFFLOAD_get_caps() {
  return kCapabilities;
}
GCN_LIBGOMP_EXPORT int GOMP_OFFLOAD_get_type() {
  return kTypeGcn;
}

// With what the program requires only in between: in GCC 17 that is a matter of capabilities.
#if GCN_LIBGOMP >= 13 && GCN_LIBGOMP < 17
GCN_LIBGOMP_EXPORT int GOMP_OFFLOAD_get_num_devices(unsigned requirements) {
#else
GCN_LIBGOMP_EXPORT int GOMP_OFFLOAD_get_num_devices() {
  constexpr unsigned requirements = 0;
#endif
  const Call call(Operation::kNumDevices, requirements);
  // Without the other half there are none, and libgomp goes on without.
  return call.Report() ? static_cast<int>(call.value()) : 0;
}

GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_init_device(int device) {
  return Call(Operation::kInitDevice, device).Report();
}

GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_fini_device(int device) {
  const Call call(Operation::kFiniDevice, device);
  return call.Unserved() || call.Report();
}

namespace {

// The counts in the data that libgomp hands to a plugin: the image, kernels at 8, their descriptions at 16, and then
// variables; since GCC 14 (lib 3 of the version) behind the indirect functions.
size_t EntriesOf(unsigned version, const void* data) {
  const auto* const halves = static_cast<const uint32_t*>(data);
  const uint32_t kernels = halves[2];
  const uint32_t variables = halves[(version >> 16) >= 3 ? 7 : 6];
  return size_t{kernels} + variables + 1;
}

// The address pairs are libgomp's to free.
int LoadImage(int device, unsigned version, const void* data, AddressPair** pairs, const void* indirect) {
  const size_t count = EntriesOf(version, data);
  *pairs = static_cast<AddressPair*>(TheRuntime().malloc(count * sizeof(AddressPair)));
  const Call call(Operation::kLoadImage, device, version, data, *pairs, count, indirect, GCN_LIBGOMP);
  return call.Report() ? static_cast<int>(call.value()) : -1;
}

}  // namespace

#if GCN_LIBGOMP >= 14
GCN_LIBGOMP_EXPORT int GOMP_OFFLOAD_load_image(int device, unsigned version, const void* data, AddressPair** pairs,
                                               uint64_t** reverse, const uint64_t* indirect) {
  // No device of ours calls the host: libgomp has been told so by its number for those requirements.
  if (reverse != nullptr) *reverse = nullptr;
  return LoadImage(device, version, data, pairs, indirect);
}
#elif GCN_LIBGOMP >= 13
GCN_LIBGOMP_EXPORT int GOMP_OFFLOAD_load_image(int device, unsigned version, const void* data, AddressPair** pairs,
                                               uint64_t** reverse) {
  if (reverse != nullptr) *reverse = nullptr;
  return LoadImage(device, version, data, pairs, nullptr);
}
#else
GCN_LIBGOMP_EXPORT int GOMP_OFFLOAD_load_image(int device, unsigned version, const void* data, AddressPair** pairs) {
  return LoadImage(device, version, data, pairs, nullptr);
}
#endif

GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_unload_image(int device, unsigned, const void* data) {
  const Call call(Operation::kUnloadImage, device, data);
  return call.Unserved() || call.Report();
}

GCN_LIBGOMP_EXPORT void* GOMP_OFFLOAD_alloc(int device, size_t bytes) {
  const Call call(Operation::kAlloc, device, bytes);
  if (call.Report()) AnnounceAlloc(call.Pointer(), bytes);
  return call.Pointer();
}
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_free(int device, void* address) {
  if (!Call(Operation::kFree, device, address).Report()) return false;
  AnnounceFree(address);
  return true;
}

GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_host2dev(int device, void* destination, const void* source, size_t bytes) {
  return Call(Operation::kHostToDevice, device, destination, source, bytes).Report();
}
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_dev2host(int device, void* destination, const void* source, size_t bytes) {
  return Call(Operation::kDeviceToHost, device, destination, source, bytes).Report();
}
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_dev2dev(int device, void* destination, const void* source, size_t bytes) {
  return Call(Operation::kDeviceToDevice, device, destination, source, bytes).Report();
}

#if GCN_LIBGOMP >= 16
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_memset(int device, void* address, int value, size_t bytes) {
  return Call(Operation::kMemset, device, address, value & 0xff, bytes).Report();
}

// For whoever asks by name, as long as there is a process.
GCN_LIBGOMP_EXPORT const char* GOMP_OFFLOAD_get_uid(int device) {
  constexpr int kMostDevices = 64;
  static std::array<std::array<char, 64>, kMostDevices> texts;
  if (device < 0 || device >= kMostDevices) return nullptr;
  auto& text = texts[static_cast<size_t>(device)];
  return Call(Operation::kUid, device, text.data(), text.size()).Flag() ? text.data() : nullptr;
}
#endif

#if GCN_LIBGOMP >= 17
// These are not optional, whatever libgomp says when it loads a plugin without: capabilities of one device beside those
// of all, such as that it shares the host's memory, and what a launch has at most of teams, and of threads in a team,
// in a dimension: GCC's kernels divide in the first.
GCN_LIBGOMP_EXPORT unsigned GOMP_OFFLOAD_get_dev_caps(int) {
  return 0;
}
GCN_LIBGOMP_EXPORT int GOMP_OFFLOAD_supported_teams_dim(int device, int dimension) {
  constexpr int kUnknown = 64;
  if (dimension != 0) return 1;
  const Call call(Operation::kProperty, device, kPropertyComputeUnits, 0, 0);
  return 2 * (call.Flag() ? static_cast<int>(call.value()) : kUnknown);
}
GCN_LIBGOMP_EXPORT int GOMP_OFFLOAD_supported_threads_dim(int, int dimension) {
  constexpr int kMostWavefronts = 16;
  return dimension == 0 ? kMostWavefronts : 1;
}
#endif

GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_can_run(void* function) {
  const Call call(Operation::kCanRun, function);
  return call.Report() && call.Flag();
}

#if GCN_LIBGOMP < 17
GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_run(int device, void* function, void* table, void** attributes) {
  Call(Operation::kRun, device, function, table, attributes, CountAttributes(attributes), 0).MustSucceed();
}

GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_async_run(int device, void* function, void* table, void** attributes, void* task) {
  Call(Operation::kAsyncRun, device, function, table, attributes, CountAttributes(attributes), 0,
       TheRuntime().target_task_completion, task)
      .MustSucceed();
}
#endif

}  // namespace gcn::libgomp
