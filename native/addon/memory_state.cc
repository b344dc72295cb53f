#include "memory_state.h"

#include <utility>

namespace gcn::addon {

MemoryState::MemoryState(std::shared_ptr<hsa::Runtime> runtime, Kind kind, void* address, void* host_address,
                         size_t bytes, bool host_accessible)
    : runtime_(std::move(runtime)),
      kind_(kind),
      address_(address),
      host_address_(host_address),
      bytes_(bytes),
      host_by_default_(host_accessible),
      host_accessible_(host_accessible) {}

MemoryState::~MemoryState() {
  Free();
}

void MemoryState::Free() {
  const std::shared_ptr<hsa::Runtime> runtime = std::exchange(runtime_, nullptr);
  if (!runtime) return;
  switch (kind_) {
    case Kind::kRegion:
      runtime->hsa().hsa_memory_free(address_);
      return;
    case Kind::kPool:
      runtime->hsa().hsa_amd_memory_pool_free(address_);
      return;
    case Kind::kLocked:
      runtime->hsa().hsa_amd_memory_unlock(host_address_);
      return;
  }
}

}  // namespace gcn::addon
