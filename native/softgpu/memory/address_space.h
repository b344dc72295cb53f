// What the GPUs may touch. The GPU virtual address of a byte is its host address; a range is visible to the agents it is
// mapped to and to no others.
#pragma once

#include <cstdint>
#include <optional>

namespace softgpu {

using AgentMask = uint32_t;  // bit i stands for GPU agent i of the topology

struct MemoryRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  AgentMask agents = 0;

  bool holds(uint64_t address, uint64_t bytes) const { return address >= begin && bytes <= end - address && address < end; }
};

// One per process. Readers (the workers that execute waves, copies and packets) look up without a lock while they are
// inside a ReadSection; writers publish a new table and, for `unmap`, wait until every ReadSection that was open has
// closed, so that the caller may give the pages back to the host.
class AddressSpace {
 public:
  static AddressSpace& instance();

  void map(uint64_t begin, uint64_t bytes, AgentMask agents);  // a second call for the same range replaces its mask
  void unmap(uint64_t begin);

  // The range that holds `address` and that `agent` may touch. Call inside a ReadSection.
  std::optional<MemoryRange> find(uint64_t address, unsigned agent) const;
  // The range nearest to `address`, whoever may touch it: for messages.
  std::optional<MemoryRange> nearest(uint64_t address) const;

  // Open for a bounded time only (one slice of work): unmap waits for it.
  class ReadSection {
   public:
    ReadSection();
    ~ReadSection();
    ReadSection(const ReadSection&) = delete;
    ReadSection& operator=(const ReadSection&) = delete;
  };

 private:
  AddressSpace() = default;
};

}  // namespace softgpu
