#include "memory/address_space.h"

#include <algorithm>
#include <thread>

namespace softgpu {
namespace {

// What a thread announces while it reads: the epoch in which its outermost section opened, 0 outside of one. Slots are
// linked once and reused by later threads; they are never freed, since writers walk the list without a lock.
struct alignas(64) ReaderSlot {
  std::atomic<uint64_t> epoch{0};
  std::atomic<bool> taken{true};
  ReaderSlot* next = nullptr;
};

std::atomic<ReaderSlot*> readers{nullptr};
std::atomic<uint64_t> epochNow{1};

ReaderSlot* takeSlot() {
  for (ReaderSlot* slot = readers.load(std::memory_order_acquire); slot; slot = slot->next) {
    bool expected = false;
    if (!slot->taken.load(std::memory_order_relaxed) && slot->taken.compare_exchange_strong(expected, true))
      return slot;
  }
  auto slot = std::make_unique<ReaderSlot>();
  slot->next = readers.load(std::memory_order_relaxed);
  while (!readers.compare_exchange_weak(slot->next, slot.get(), std::memory_order_release)) {
  }
  return slot.release();
}

struct ThreadReader {
  ReaderSlot* slot = takeSlot();
  unsigned depth = 0;
  ~ThreadReader() {
    slot->epoch.store(0, std::memory_order_release);
    slot->taken.store(false, std::memory_order_release);
  }
};

ThreadReader& threadReader() {
  thread_local ThreadReader reader;
  return reader;
}

// The oldest epoch in which a section that is still open was opened; UINT64_MAX where none is.
uint64_t oldestReader(const ReaderSlot* except) {
  uint64_t oldest = UINT64_MAX;
  for (const ReaderSlot* slot = readers.load(std::memory_order_acquire); slot; slot = slot->next) {
    uint64_t epoch = slot->epoch.load(std::memory_order_seq_cst);
    if (slot != except && epoch) oldest = std::min(oldest, epoch);
  }
  return oldest;
}

}  // namespace

AddressSpace::ReadSection::ReadSection() {
  ThreadReader& reader = threadReader();
  // The announcement must be visible before the table pointer is read, hence sequentially consistent.
  if (reader.depth++ == 0)
    reader.slot->epoch.store(epochNow.load(std::memory_order_seq_cst), std::memory_order_seq_cst);
}

AddressSpace::ReadSection::~ReadSection() {
  ThreadReader& reader = threadReader();
  if (--reader.depth == 0) reader.slot->epoch.store(0, std::memory_order_release);
}

AddressSpace::AddressSpace() : current_(std::make_unique<const Table>()) {
  published_.store(current_.get());
}

AddressSpace& AddressSpace::instance() {
  // Never destroyed: workers may look up addresses while the process exits.
  static AddressSpace& space = *new AddressSpace;
  return space;
}

uint64_t AddressSpace::publish(std::unique_ptr<const Table> next) {
  published_.store(next.get(), std::memory_order_seq_cst);
  generation_.fetch_add(1, std::memory_order_seq_cst);
  uint64_t epoch = epochNow.fetch_add(1, std::memory_order_seq_cst) + 1;
  retired_.push_back({std::move(current_), epoch});
  current_ = std::move(next);
  return epoch;
}

void AddressSpace::collect() {
  uint64_t oldest = oldestReader(nullptr);
  std::erase_if(retired_, [oldest](const Retired& old) { return old.epoch <= oldest; });
}

void AddressSpace::map(uint64_t begin, uint64_t bytes, AgentMask agents) {
  if (bytes == 0) return;
  std::lock_guard lock(writing_);
  const MemoryRange added{begin, begin + bytes, agents};
  auto next = std::make_unique<Table>();
  next->reserve(current_->size() + 2);
  bool placed = false;
  auto place = [&] {
    if (!placed) next->push_back(added);
    placed = true;
  };
  for (const MemoryRange& old : *current_) {
    if (old.end <= added.begin) {
      next->push_back(old);
      continue;
    }
    if (old.begin < added.begin) next->push_back({old.begin, added.begin, old.agents});
    if (old.end > added.end) {
      place();
      next->push_back({std::max(old.begin, added.end), old.end, old.agents});
    }
  }
  place();
  publish(std::move(next));
  collect();
}

void AddressSpace::unmap(uint64_t begin) {
  uint64_t epoch = 0;
  {
    std::lock_guard lock(writing_);
    auto next = std::make_unique<Table>(*current_);
    if (std::erase_if(*next, [begin](const MemoryRange& range) { return range.begin == begin; }) == 0) return;
    epoch = publish(std::move(next));
    collect();
  }
  const ReaderSlot* own = threadReader().slot;
  for (unsigned round = 0; oldestReader(own) < epoch; ++round) {
    if (round < 16) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
}

std::optional<MemoryRange> AddressSpace::find(uint64_t address, unsigned agent) const {
  const Table& table = *published_.load(std::memory_order_seq_cst);
  auto after = std::upper_bound(table.begin(), table.end(), address,
                                [](uint64_t value, const MemoryRange& range) { return value < range.begin; });
  if (after == table.begin()) return std::nullopt;
  const MemoryRange& range = *std::prev(after);
  if (!range.holds(address, 1) || !(range.agents >> agent & 1)) return std::nullopt;
  return range;
}

std::optional<MemoryRange> AddressSpace::nearest(uint64_t address) const {
  const Table& table = *published_.load(std::memory_order_seq_cst);
  auto distance = [address](const MemoryRange& range) {
    if (address < range.begin) return range.begin - address;
    return address >= range.end ? address - range.end + 1 : 0;
  };
  auto best = std::min_element(table.begin(), table.end(),
                               [&](const MemoryRange& a, const MemoryRange& b) { return distance(a) < distance(b); });
  if (best == table.end()) return std::nullopt;
  return *best;
}

}  // namespace softgpu
