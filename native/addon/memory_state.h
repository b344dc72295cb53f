// An allocation, or locked host memory: shared by its handle and the ArrayBuffers over it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "../hsa/runtime.h"

namespace gcn::addon {

class MemoryState {
 public:
  enum class Kind : uint8_t { kRegion, kPool, kLocked };

  MemoryState(std::shared_ptr<hsa::Runtime> runtime, Kind kind, void* address, void* host_address, size_t bytes,
              bool host_accessible);
  ~MemoryState();
  MemoryState(const MemoryState&) = delete;
  MemoryState& operator=(const MemoryState&) = delete;

  // Idempotent.
  void Free();

  Kind kind() const { return kind_; }
  void* address() const { return address_; }
  void* host_address() const { return host_address_; }
  size_t bytes() const { return bytes_; }
  bool host_accessible() const { return host_accessible_; }
  // After the agents that may reach the memory have been named. What is the host's by default stays so.
  void SetHostAccess(bool allowed) { host_accessible_ = host_by_default_ || allowed; }

 private:
  std::shared_ptr<hsa::Runtime> runtime_;
  const Kind kind_;
  void* const address_;
  void* const host_address_;
  const size_t bytes_;
  const bool host_by_default_;
  bool host_accessible_;
};

}  // namespace gcn::addon
