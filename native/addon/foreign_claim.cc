#include "foreign_claim.h"

#include <dlfcn.h>

#include <mutex>
#include <unordered_set>
#include <utility>

#include "../libgomp_plugin/bridge.h"
#include "error.h"

namespace gcn::addon {
namespace {

std::mutex mutex;
std::unordered_set<const void*>& Owned() {
  static std::unordered_set<const void*> owned;
  return owned;
}
// Libraries that have been opened here: they stay.
std::unordered_set<const void*>& Known() {
  static std::unordered_set<const void*> known;
  return known;
}

}  // namespace

ForeignClaim::ForeignClaim(const ForeignLibrary& library) : identity_(library.identity()) {
  const std::lock_guard lock(mutex);
  Known().insert(identity_);
  if (!Owned().insert(identity_).second)
    throw ForeignLibraryError("the plugin " + library.path() +
                              " is open in this process already, and its devices are its owner's: dispose of it first");
}

void ForeignClaim::MustNotBeLibgomps(const std::string& path) {
  void* const handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) return;
  // What else is loaded is none of libgomp's plugins, and this package's own has no devices but ours.
  const bool plugin = dlsym(handle, "GOMP_OFFLOAD_version") != nullptr;
  const bool ours = dlsym(handle, libgomp::kConnect) != nullptr;
  dlclose(handle);
  if (!plugin || ours) return;
  const std::lock_guard lock(mutex);
  if (!Known().contains(handle))
    throw ForeignLibraryError("libgomp has opened the plugin " + path +
                              " in this process, and has its devices: use one of the two, or libgomp in a process of "
                              "its own (isolate: true)");
}

bool ForeignClaim::Any() {
  const std::lock_guard lock(mutex);
  return !Owned().empty();
}

void MustHaveDevicesToItself(Napi::Env env) {
  if (!ForeignClaim::Any()) return;
  throw MakeError(env, "ERR_OFFLOAD_PLUGIN",
                  "a ForeignPlugin is open in this process, and has the devices that libgomp's plugin would have: "
                  "dispose of it first, or open libgomp in a process of its own (isolate: true)");
}

void ForeignClaim::Release() {
  const std::lock_guard lock(mutex);
  if (const void* const identity = std::exchange(identity_, nullptr)) Owned().erase(identity);
}

}  // namespace gcn::addon
