#include "wave/group_slot.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <mutex>
#include <new>
#include <vector>

namespace softgpu {
namespace {

constexpr size_t kRowBytes = kLanes * sizeof(uint32_t);
// VGPRs, then AccVGPRs. The odd rows keep the first registers of different waves out of the same cache sets.
constexpr size_t kWaveBytes = (2 * Wave::kRows + 5) * kRowBytes;
constexpr size_t kLdsBytes = GroupSlot::kMaxLds + 4096;

struct Pool {
  std::mutex mutex;
  // By capacity: 1, 2, 4, 8, 16 waves. The last one given is the warmest.
  std::array<std::vector<std::unique_ptr<GroupSlot>>, 5> idle;
};

Pool& pool() {
  static Pool& pool = *new Pool;  // never destroyed: workers outlive main
  return pool;
}

unsigned classOf(unsigned waves) {
  return static_cast<unsigned>(std::bit_width(std::bit_ceil(waves)) - 1);
}

// Idle slots kept, per capacity: enough for any sensible number of host threads.
constexpr size_t kIdle = 64;

}  // namespace

GroupSlot::GroupSlot(unsigned waves) : capacity_(std::bit_ceil(waves)) {
  bytes_ = kLdsBytes + capacity_ * kWaveBytes;
  void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  madvise(memory, bytes_, MADV_NOHUGEPAGE);  // most waves use a small part of their rows
  memory_ = static_cast<uint8_t*>(memory);
  group.lds = memory_;
  for (unsigned i = 0; i < capacity_; ++i) {
    waves_[i] = std::make_unique<Wave>();
    Wave& wave = *waves_[i];
    wave.vgpr = reinterpret_cast<uint32_t*>(memory_ + kLdsBytes + i * kWaveBytes);
    wave.accVgpr = wave.vgpr + Wave::kRows * kLanes;
    wave.group = &group;
    group.waves[i] = &wave;
  }
}

GroupSlot::~GroupSlot() {
  if (memory_) munmap(memory_, bytes_);
}

std::unique_ptr<GroupSlot> GroupSlot::take(unsigned waves) {
  {
    Pool& from = pool();
    std::lock_guard lock(from.mutex);
    auto& idle = from.idle[classOf(waves)];
    if (!idle.empty()) {
      auto slot = std::move(idle.back());
      idle.pop_back();
      return slot;
    }
  }
  return std::unique_ptr<GroupSlot>(new GroupSlot(waves));
}

void GroupSlot::give(std::unique_ptr<GroupSlot> slot) {
  if (!slot) return;
  Pool& to = pool();
  std::lock_guard lock(to.mutex);
  auto& idle = to.idle[classOf(slot->capacity_)];
  if (idle.size() < kIdle) idle.push_back(std::move(slot));
}

}  // namespace softgpu
