#include "foreign_claim.h"

#include <mutex>
#include <unordered_set>
#include <utility>

namespace gcn::addon {
namespace {

std::mutex mutex;
std::unordered_set<const void*>& Owned() {
  static std::unordered_set<const void*> owned;
  return owned;
}

}  // namespace

ForeignClaim::ForeignClaim(const ForeignLibrary& library) : identity_(library.identity()) {
  const std::lock_guard lock(mutex);
  if (!Owned().insert(identity_).second)
    throw ForeignLibraryError("the plugin " + library.path() +
                              " is open in this process already, and its devices are its owner's: dispose of it first");
}

void ForeignClaim::Release() {
  const std::lock_guard lock(mutex);
  if (const void* const identity = std::exchange(identity_, nullptr)) Owned().erase(identity);
}

}  // namespace gcn::addon
