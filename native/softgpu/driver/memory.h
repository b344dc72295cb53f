// Memory that ROCr allocates or registers for the GPUs, and how much of it there may be.
#pragma once

#include <hsakmttypes.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "driver/topology.h"
#include "memory/address_space.h"

namespace softgpu {

class Memory {
 public:
  // `linger`: how long host memory stays visible after its last unmapping where another thread has learned that it was
  // mapped. hsa_memory_copy asks for its sides, and registers what it finds unknown for as long as the copy takes. A
  // GPU with addresses of its own gives each registration another one; here they are one, so that a second thread that
  // copies the same memory finds the first one's registration and goes on without its own.
  explicit Memory(const Topology& topology, std::chrono::milliseconds linger = std::chrono::seconds(5));
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  static constexpr uint64_t kPageBytes = 4096;

  // `address` in: where to allocate, with FixedAddress. `alignment` 0: what the size calls for.
  HSAKMT_STATUS allocate(uint32_t node, uint64_t bytes, uint64_t alignment, HsaMemFlags flags, void** address);
  HSAKMT_STATUS free(void* address, uint64_t bytes);

  // Host memory that a GPU is to touch ("userptr"). Registrations may overlap; one begins and ends as often as asked.
  HSAKMT_STATUS registerHost(void* address, uint64_t bytes, HsaMemFlags flags, std::span<const uint32_t> nodes);
  HSAKMT_STATUS deregisterHost(void* address);

  // Makes [address, address + bytes) visible to exactly these GPU nodes; to those it was registered for, or else to
  // every GPU that may have it, where `nodes` is empty. A part of a scratch pool may be mapped by itself.
  HSAKMT_STATUS map(void* address, uint64_t bytes, std::span<const uint32_t> nodes);
  HSAKMT_STATUS unmap(void* address);

  // The answer's arrays stay valid until the memory is mapped anew, unmapped or freed.
  HSAKMT_STATUS query(const void* address, HsaPointerInfo& info);
  HSAKMT_STATUS setUserData(const void* address, void* data);
  HSAKMT_STATUS available(uint32_t node, uint64_t& bytes);

 private:
  struct Block {
    uint64_t begin = 0, end = 0;
    uint32_t node = 0;
    HsaMemFlags flags{};
    uint64_t charged = 0;        // bytes held against the limits
    uint32_t registrations = 0;  // of host memory
    std::vector<uint32_t> registeredNodes, mappedNodes;
    std::thread::id registrar;   // of host memory: who registered it
    bool knownToOthers = false;  // another thread was told that it is mapped
    AgentMask mask = 0;
    std::map<uint64_t, uint64_t> scratch;  // mapped parts of a scratch pool: begin, end
    void* userData = nullptr;

    bool holds(uint64_t address) const { return address >= begin && address < end; }
  };

  Block* allocationOf(uint64_t address);
  Block* registrationAt(uint64_t begin, uint64_t bytes);
  Block* blockOf(uint64_t address);
  bool masks(std::span<const uint32_t> nodes, AgentMask& mask) const;
  void publish(uint64_t begin, uint64_t end);
  struct Lingering {
    uint64_t begin = 0, end = 0;
    AgentMask mask = 0;
    std::chrono::steady_clock::time_point until;
  };

  void endLingering();
  HSAKMT_STATUS mapScratch(Block& pool, uint64_t begin, uint64_t bytes);

  const Topology& topology_;
  std::mutex mutex_;  // never taken inside an AddressSpace::ReadSection: unmapping waits for those to close
  std::map<uint64_t, Block> allocations_;
  std::multimap<uint64_t, Block> registrations_;
  std::vector<Lingering> lingering_;  // the first to end first
  const std::chrono::milliseconds linger_;
  std::vector<uint64_t> used_;  // per node
  uint64_t usedTotal_ = 0;
  uint64_t limitTotal_ = 0;
};

}  // namespace softgpu
