// What the GPUs may touch. The GPU virtual address of a byte is its host address; a range is visible to the agents it
// is mapped to and to no others.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace softgpu {

using AgentMask = uint32_t;  // bit i stands for GPU agent i of the topology

struct MemoryRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  AgentMask agents = 0;

  bool holds(uint64_t address, uint64_t bytes) const {
    return address >= begin && address < end && bytes <= end - address;
  }
};

// One per process. Readers (the workers that execute waves, copies and packets) look up without a lock while they are
// inside a ReadSection; writers publish a new table and, for `unmap`, wait until every ReadSection that was open has
// closed, so that the caller may give the pages back to the host.
class AddressSpace {
 public:
  static AddressSpace& instance();

  // A second call for the same range replaces its mask; where a range overlaps older ones, the newer wins.
  void map(uint64_t begin, uint64_t bytes, AgentMask agents);
  // Forgets the range that begins at `begin`. Not from inside a ReadSection of the calling thread.
  void unmap(uint64_t begin);

  // The range that holds `address` and that `agent` may touch. Call inside a ReadSection.
  std::optional<MemoryRange> find(uint64_t address, unsigned agent) const;
  // The range nearest to `address`, whoever may touch it: for messages. Call inside a ReadSection.
  std::optional<MemoryRange> nearest(uint64_t address) const;

  // Changes whenever the table does. What was found inside one ReadSection holds inside another that sees the same
  // value.
  uint64_t generation() const { return generation_.load(std::memory_order_seq_cst); }

  // Open for a bounded time only (one slice of work): unmap waits for it. Sections of one thread nest.
  class ReadSection {
   public:
    ReadSection();
    ~ReadSection();
    ReadSection(const ReadSection&) = delete;
    ReadSection& operator=(const ReadSection&) = delete;
  };

 private:
  using Table = std::vector<MemoryRange>;  // sorted, disjoint
  struct Retired {
    std::unique_ptr<const Table> table;
    uint64_t epoch;  // sections opened before this epoch may still read it
  };

  AddressSpace();
  uint64_t publish(std::unique_ptr<const Table> next);  // under writing_; answers the epoch that ends the old table
  void collect();                                       // under writing_

  std::mutex writing_;
  std::unique_ptr<const Table> current_;
  std::atomic<const Table*> published_{nullptr};
  std::atomic<uint64_t> generation_{1};
  std::vector<Retired> retired_;
};

}  // namespace softgpu
