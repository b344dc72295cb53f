#include "foreign_library.h"

#include <dlfcn.h>

#include <bit>

#include "../libgomp_plugin/bridge.h"

namespace gcn::addon {
namespace {

// GOMP_OFFLOAD_CAP_OPENMP_400: what target regions of OpenMP need.
constexpr unsigned kOpenmp = 4;
// GOMP_OFFLOAD_CAP_OPENACC_200
constexpr unsigned kOpenacc = 8;
// acc_device_host: libgomp's own device, which is always there.
constexpr int kHostDevice = 2;

// GOMP_VERSION of libgomp-plugin.h.
unsigned VersionOf(ForeignFamily family) {
  switch (family) {
    case ForeignFamily::k12:
      return 1;
    case ForeignFamily::k13:
      return 2;
    case ForeignFamily::kSessions:
      return 4;
    default:
      return 3;
  }
}

}  // namespace

template <typename F>
bool ForeignLibrary::Find(F& function, const char* name) {
  function = std::bit_cast<F>(dlsym(handle_, (std::string("GOMP_OFFLOAD_") + name).c_str()));
  return function != nullptr;
}

template <typename F>
void ForeignLibrary::Require(F& function, const char* name) {
  if (Find(function, name)) return;
  throw ForeignLibraryError(path_ + " has no function GOMP_OFFLOAD_" + name + ", which a plugin of GCC " +
                            std::to_string(family()) + " must have");
}

ForeignLibrary::ForeignLibrary(const std::string& path) : path_(path) {
  handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_NODELETE);
  if (handle_ == nullptr) {
    const char* const why = dlerror();
    throw ForeignLibraryError("the plugin " + path + " cannot be opened: " + (why != nullptr ? why : "no reason told"));
  }
  Require(version, "version");
  const auto has = [this](const char* name) {
    void (*function)() = nullptr;
    return Find(function, name);
  };
  // Any of the four tells that it is to have sessions.
  if (has("session_size") || has("session_start") || has("session_set_target_var_table") ||
      has("session_allocate_target_var_table"))
    family_ = ForeignFamily::kSessions;
  else if (has("memset"))
    family_ = ForeignFamily::k16;
  else if (has("get_uid"))
    family_ = ForeignFamily::k15;
  else if (has("memcpy2d"))
    family_ = ForeignFamily::k14;
  else
    // What these must have is the same.
    family_ = version() == 2 ? ForeignFamily::k13 : version() == 3 ? ForeignFamily::k14 : ForeignFamily::k12;
  // libgomp wants the very version that it has itself.
  if (const unsigned own = VersionOf(family_); version() != own)
    throw ForeignLibraryError("the plugin " + path_ + " says that it is of version " + std::to_string(version()) +
                              ", and has the functions of GCC " + std::to_string(family()) + ", which are of version " +
                              std::to_string(own));

  calls_javascript_ = dlsym(handle_, libgomp::kConnect) != nullptr;
  Require(get_name, "get_name");
  Require(get_caps, "get_caps");
  Require(get_type, "get_type");
  Require(get_num_devices, "get_num_devices");
  Require(init_device, "init_device");
  Require(fini_device, "fini_device");
  Require(load_image, "load_image");
  Require(unload_image, "unload_image");
  Require(alloc, "alloc");
  Require(free, "free");
  Require(dev2host, "dev2host");
  Require(host2dev, "host2dev");
  if ((get_caps() & kOpenmp) == 0)
    throw ForeignLibraryError("the plugin " + path_ + " runs no target regions: its capabilities are without OpenMP");
  Require(dev2dev, "dev2dev");
  Find(can_run, "can_run");
  if (Since(ForeignFamily::k16)) Require(memset, "memset");
  if (Since(ForeignFamily::kSessions)) {
    Require(session_size, "session_size");
    Require(session_start, "session_start");
    Require(session_set, "session_set_target_var_table");
    Find(session_allocate, "session_allocate_target_var_table");
    Require(session_run, "run");
  } else {
    Require(run, "run");
  }
  if ((get_caps() & kOpenacc) != 0) RequireOpenacc();
}

void ForeignLibrary::RequireOpenacc() {
  void* (*create_thread_data)(int) = nullptr;
  void (*destroy_thread_data)(void*) = nullptr;
  if (Since(ForeignFamily::kSessions)) {
    Require(session_openacc_exec, "openacc_exec");
    Require(session_openacc_async_exec, "openacc_async_exec");
  } else {
    Require(openacc_exec, "openacc_exec");
    Require(openacc_async_exec, "openacc_async_exec");
  }
  Require(create_thread_data, "openacc_create_thread_data");
  Require(destroy_thread_data, "openacc_destroy_thread_data");
  Require(async_construct, "openacc_async_construct");
  Require(async_destruct, "openacc_async_destruct");
  Require(async_test, "openacc_async_test");
  Require(async_synchronize, "openacc_async_synchronize");
  Require(async_serialize, "openacc_async_serialize");
  Require(async_queue_callback, "openacc_async_queue_callback");
  Require(async_host2dev, "openacc_async_host2dev");
  Require(async_dev2host, "openacc_async_dev2host");
  Require(get_property, "openacc_get_property");
  // In what the plugin needs itself.
  goacc_thread_ = std::bit_cast<void* (*)()>(dlsym(handle_, "GOMP_PLUGIN_goacc_thread"));
  set_device_type_ = std::bit_cast<void (*)(int)>(dlsym(handle_, "acc_set_device_type"));
  openacc_ = true;
}

const char* ForeignLibrary::EnterOpenacc() const {
  // A plugin that needs no libgomp reads no thread's data.
  if (goacc_thread_ == nullptr || goacc_thread_() != nullptr) return nullptr;
  if (set_device_type_ == nullptr)
    return "the libgomp that the plugin needs has no acc_set_device_type to make this thread one of OpenACC's";
  set_device_type_(kHostDevice);
  return goacc_thread_() != nullptr ? nullptr : "libgomp did not make this thread one of OpenACC's";
}

}  // namespace gcn::addon
