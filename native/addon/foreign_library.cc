#include "foreign_library.h"

#include <dlfcn.h>

#include <bit>

namespace gcn::addon {
namespace {

// GOMP_OFFLOAD_CAP_OPENMP_400: what target regions of OpenMP need.
constexpr unsigned kOpenmp = 4;
constexpr unsigned kVersion12 = 1;

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
    // These two export the same functions.
    family_ = version() <= kVersion12 ? ForeignFamily::k12 : ForeignFamily::k13;

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
}

}  // namespace gcn::addon
