// A libgomp plugin as a library: its functions by the names of libgomp-plugin.h without GOMP_OFFLOAD_, and the GCC
// whose contract it keeps. Symbols tell it, not the version number, which stayed the same from GCC 14 to 16.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace gcn::addon {

// The library cannot be opened, or lacks a function that libgomp would ask for.
struct ForeignLibraryError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What load_image fills (struct addr_pair).
struct ForeignRange {
  uint64_t start, end;
};

// struct goacc_asyncqueue, which is the plugin's own.
struct ForeignAsyncQueue;

// union goacc_property_value
union ForeignProperty {
  const char* text;
  size_t number;
};

// The release of GCC; a number, so that "since" can be asked.
enum class ForeignFamily : int { k12 = 12, k13 = 13, k14 = 14, k15 = 15, k16 = 16, kSessions = 17 };

struct ForeignLibrary {
  // Libraries stay open until the process ends: a plugin's own threads and exit handlers know nothing of an unloading.
  explicit ForeignLibrary(const std::string& path);

  bool Since(ForeignFamily family) const { return family_ >= family; }
  int family() const { return static_cast<int>(family_); }

  // The same for the same library, whatever path led to it.
  const void* identity() const { return handle_; }
  const std::string& path() const { return path_; }

  // One of this package's own, for libgomp: its calls go to JavaScript's thread, which must not wait for them.
  bool CallsJavaScript() const { return calls_javascript_; }

  // Asked for in every family.
  unsigned (*version)() = nullptr;
  const char* (*get_name)() = nullptr;
  unsigned (*get_caps)() = nullptr;
  int (*get_type)() = nullptr;
  // (void) in GCC 12: an argument more does no harm in this ABI.
  int (*get_num_devices)(unsigned requirements) = nullptr;
  bool (*init_device)(int) = nullptr;
  bool (*fini_device)(int) = nullptr;
  // GCC 12 takes the first four, 13 five.
  int (*load_image)(int, unsigned, const void*, ForeignRange**, uint64_t**, uint64_t*) = nullptr;
  bool (*unload_image)(int, unsigned, const void*) = nullptr;
  void* (*alloc)(int, size_t) = nullptr;
  bool (*free)(int, void*) = nullptr;
  bool (*dev2host)(int, void*, const void*, size_t) = nullptr;
  bool (*host2dev)(int, void*, const void*, size_t) = nullptr;
  bool (*dev2dev)(int, void*, const void*, size_t) = nullptr;

  // Since GCC 16.
  bool (*memset)(int, void*, int, size_t) = nullptr;
  // Optional: what cannot be asked can run.
  bool (*can_run)(void*) = nullptr;

  // Without sessions: device, function, table, arguments.
  void (*run)(int, void*, void*, void**) = nullptr;

  // With sessions. The table need not be allocated by the plugin.
  size_t (*session_size)() = nullptr;
  void (*session_start)(void*, int) = nullptr;
  void* (*session_allocate)(void*, size_t) = nullptr;
  void (*session_set)(void*, void*) = nullptr;
  void (*session_run)(void*, void*, void**) = nullptr;

  // With OpenACC, which asks for all of them. Launches: function, number of variables, their addresses on the host and
  // on the device, dimensions, mapping; the table of the device's addresses is the host's until GCC 12, and lies on the
  // device since. With sessions these take the session, and no addresses of the device's.
  bool Openacc() const { return openacc_; }
  void (*openacc_exec)(void*, size_t, void**, void**, unsigned*, void*) = nullptr;
  void (*openacc_async_exec)(void*, size_t, void**, void**, unsigned*, void*, ForeignAsyncQueue*) = nullptr;
  void (*session_openacc_exec)(void*, void*, size_t, void**, unsigned*, void*) = nullptr;
  void (*session_openacc_async_exec)(void*, void*, size_t, void**, unsigned*, void*, ForeignAsyncQueue*) = nullptr;
  ForeignAsyncQueue* (*async_construct)(int) = nullptr;
  bool (*async_destruct)(ForeignAsyncQueue*) = nullptr;
  int (*async_test)(ForeignAsyncQueue*) = nullptr;
  bool (*async_synchronize)(ForeignAsyncQueue*) = nullptr;
  bool (*async_serialize)(ForeignAsyncQueue*, ForeignAsyncQueue*) = nullptr;
  void (*async_queue_callback)(ForeignAsyncQueue*, void (*)(void*), void*) = nullptr;
  bool (*async_host2dev)(int, void*, const void*, size_t, ForeignAsyncQueue*) = nullptr;
  bool (*async_dev2host)(int, void*, const void*, size_t, ForeignAsyncQueue*) = nullptr;
  ForeignProperty (*get_property)(int, int) = nullptr;
  // Makes the calling thread one of libgomp's OpenACC threads, whose data launches read; once for a thread. Null, or
  // why it cannot.
  const char* EnterOpenacc() const;

 private:
  template <typename F>
  bool Find(F& function, const char* name);
  template <typename F>
  void Require(F& function, const char* name);
  void RequireOpenacc();

  std::string path_;
  void* handle_ = nullptr;
  ForeignFamily family_ = ForeignFamily::k12;
  bool openacc_ = false;
  bool calls_javascript_ = false;
  // libgomp's own, which the plugin has brought with it.
  void* (*goacc_thread_)() = nullptr;
  void (*set_device_type_)(int) = nullptr;
};

}  // namespace gcn::addon
