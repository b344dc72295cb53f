// What libgomp asks of a plugin for OpenACC: launches, queues, threads, properties.
#include <pthread.h>

#include <array>
#include <mutex>

#include "call.h"
#include "interface.h"
#include "profiling.h"
#include "runtime.h"
#include "session.h"

namespace gcn::libgomp {

#if GCN_LIBGOMP >= 17
GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_openacc_exec(Session* session, DeviceFunction function, size_t, void**,
                                                  unsigned* dimensions, void*) {
  const LaunchEvent event(function, dimensions);
  Call(Operation::kExec, function, dimensions, session->table, session->number, 0, 0, 0).MustSucceed();
}

GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_openacc_async_exec(Session* session, DeviceFunction function, size_t, void**,
                                                        unsigned* dimensions, void*, AsyncQueue* queue) {
  const LaunchEvent event(function, dimensions);
  Call(Operation::kAsyncExec, function, dimensions, session->table, session->number, 0, 0, 0, queue).MustSucceed();
}
#else
namespace {

// What is behind a launch's addresses: until GCC 12 an array on the caller's stack, of which the plugin makes a table,
// with the host's own address in place of one that is null; since GCC 14 a table on the device. Which of them GCC 13
// has is not known here, so that it is looked at.
bool IsTable([[maybe_unused]] void* const* addresses) {
#if GCN_LIBGOMP == 13
  pthread_attr_t attributes;
  void* stack = nullptr;
  size_t bytes = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return true;
  pthread_attr_getstack(&attributes, &stack, &bytes);
  pthread_attr_destroy(&attributes);
  const auto address = reinterpret_cast<uintptr_t>(addresses);
  const auto begin = reinterpret_cast<uintptr_t>(stack);
  return address < begin || address >= begin + bytes;
#else
  return GCN_LIBGOMP > 13;
#endif
}

struct Addresses {
  void* const* table;
  size_t count;
  void* const* host;
  void* const* device;
};

Addresses AddressesOf(size_t count, void* const* host, void* const* device) {
  if (IsTable(device)) return {.table = device, .count = 0, .host = nullptr, .device = nullptr};
  return {.table = nullptr, .count = count, .host = host, .device = device};
}

}  // namespace

GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_openacc_exec(DeviceFunction function, size_t count, void** host, void** device,
                                                  unsigned* dimensions, void*) {
  const LaunchEvent event(function, dimensions);
  const Addresses of = AddressesOf(count, host, device);
  Call(Operation::kExec, function, dimensions, of.table, 0, of.count, of.host, of.device).MustSucceed();
}

GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_openacc_async_exec(DeviceFunction function, size_t count, void** host,
                                                        void** device, unsigned* dimensions, void*, AsyncQueue* queue) {
  const LaunchEvent event(function, dimensions);
  const Addresses of = AddressesOf(count, host, device);
  Call(Operation::kAsyncExec, function, dimensions, of.table, 0, of.count, of.host, of.device, queue).MustSucceed();
}
#endif

GCN_LIBGOMP_EXPORT void* GOMP_OFFLOAD_openacc_create_thread_data(int) {
  // Nothing is kept for a thread, but null would be a failure.
  static std::byte nothing{};
  return &nothing;
}
GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_openacc_destroy_thread_data(void*) {}

GCN_LIBGOMP_EXPORT AsyncQueue* GOMP_OFFLOAD_openacc_async_construct(int device) {
  const Call call(Operation::kQueueConstruct, device);
  call.Report();
  return static_cast<AsyncQueue*>(call.Pointer());
}
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_openacc_async_destruct(AsyncQueue* queue) {
  const Call call(Operation::kQueueDestruct, queue);
  return call.Unserved() || call.Report();
}
GCN_LIBGOMP_EXPORT int GOMP_OFFLOAD_openacc_async_test(AsyncQueue* queue) {
  const Call call(Operation::kQueueTest, queue);
  return call.Report() ? static_cast<int>(call.value()) : -1;
}
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_openacc_async_synchronize(AsyncQueue* queue) {
  return Call(Operation::kQueueSynchronize, queue).Report();
}
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_openacc_async_serialize(AsyncQueue* earlier, AsyncQueue* later) {
  return Call(Operation::kQueueSerialize, earlier, later).Report();
}
GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_openacc_async_queue_callback(AsyncQueue* queue, void (*function)(void*),
                                                                  void* data) {
  Call(Operation::kQueueCallback, queue, function, data).MustSucceed();
}
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_openacc_async_host2dev(int, void* destination, const void* source, size_t bytes,
                                                            AsyncQueue* queue) {
  return Call(Operation::kQueueHostToDevice, queue, destination, source, bytes).Report();
}
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_openacc_async_dev2host(int, void* destination, const void* source, size_t bytes,
                                                            AsyncQueue* queue) {
  return Call(Operation::kQueueDeviceToHost, queue, destination, source, bytes).Report();
}

#if GCN_LIBGOMP >= 16
GCN_LIBGOMP_EXPORT bool GOMP_OFFLOAD_openacc_async_dev2dev(int, void* destination, const void* source, size_t bytes,
                                                           AsyncQueue* queue) {
  return Call(Operation::kQueueDeviceToDevice, queue, destination, source, bytes).Report();
}
#endif

GCN_LIBGOMP_EXPORT PropertyValue GOMP_OFFLOAD_openacc_get_property(int device, int property) {
  if ((property & kPropertyIsText) == 0) {
    const Call call(Operation::kProperty, device, property, 0, 0);
    return {.number = call.Report() ? static_cast<size_t>(call.value()) : 0};
  }
  // A text stays for whoever has asked for it: as many as there are texts of devices.
  constexpr int kMostDevices = 64;
  constexpr int kTexts = 4;
  static std::array<std::array<char, 128>, kMostDevices * kTexts> texts;
  static std::mutex mutex;
  const int text = property & ~kPropertyIsText;
  if (device < 0 || device >= kMostDevices || text < 0 || text >= kTexts) return {.text = nullptr};
  const std::lock_guard lock(mutex);
  auto& place = texts[static_cast<size_t>(device) * kTexts + static_cast<size_t>(text)];
  return {.text =
              Call(Operation::kProperty, device, property, place.data(), place.size()).Flag() ? place.data() : nullptr};
}

}  // namespace gcn::libgomp
