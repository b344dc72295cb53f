// Copies and fills of memory, done by the workers in pieces.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "command/interrupts.h"
#include "wave/scheduler.h"

namespace softgpu {

// A box of rows. A linear copy is one row.
struct Transfer {
  enum class Kind : uint8_t { Copy, Fill };
  Kind kind = Kind::Copy;
  uint8_t patternBytes = 4;  // Fill: 1, 2 or 4 bytes of `pattern`, repeated from the start of each row
  uint32_t pattern = 0;
  uint64_t destination = 0, source = 0;
  uint64_t rowBytes = 0;
  uint32_t rows = 1, slices = 1;
  uint64_t destinationPitch = 0, sourcePitch = 0;  // from a row to the next
  uint64_t destinationSlice = 0, sourceSlice = 0;  // from a slice to the next

  uint64_t bytes() const { return rowBytes * rows * slices; }
};

struct TransferResult {
  std::optional<MemoryFault> fault;  // the first in the transfer's order; what is beside it may have been written
  bool cancelled = false;
};

class TransferWork : public Work {
 public:
  TransferWork(const Transfer& transfer, unsigned agent, std::function<void(const TransferResult&)> done);

  bool advance() override;
  unsigned parallelism() const override;
  bool finished() const override { return pending_.load(std::memory_order_acquire) == 0; }
  void cancel() { stopped_.store(true, std::memory_order_relaxed); }

 private:
  void runUnit(uint64_t unit);

  const Transfer transfer_;
  const unsigned agent_;
  std::function<void(const TransferResult&)> done_;
  uint64_t piecesPerRow_ = 1;  // rows longer than a piece are cut
  uint64_t rowsPerUnit_ = 1;   // rows shorter than a piece go together
  uint64_t units_ = 0;
  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> pending_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  uint64_t faultUnit_ = 0;  // the unit that result_.fault is of
  TransferResult result_;
};

// The whole transfer at once, on this thread. For little ones, inside a ReadSection.
std::optional<MemoryFault> runTransfer(const Transfer& transfer, unsigned agent);
// Up to here that costs less than a trip through the scheduler.
constexpr uint64_t kInlineTransferBytes = 64 << 10;

}  // namespace softgpu
