// The pages that ROCr's doorbells point into, and noticing that one was rung.
#pragma once

#include <atomic>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace softgpu {

// A doorbell is rung with a plain store. While the processors sleep the pages are write-protected through userfaultfd,
// so that the store itself wakes the watcher; while they are awake stores go through unhindered. Where userfaultfd is
// refused, or GCN_SOFTGPU_DOORBELL=poll, the watcher sleeps for short times only. Nothing is read from the pages: a
// queue's write index says more than its doorbell.
class Doorbells {
 public:
  // ROCr takes bits 3 to 12 of a doorbell's address for its number on the agent.
  static constexpr uint32_t kPerAgent = 1024;
  static constexpr uint64_t kBytesPerAgent = kPerAgent * 8;

  explicit Doorbells(uint32_t agents);
  ~Doorbells();
  Doorbells(const Doorbells&) = delete;
  Doorbells& operator=(const Doorbells&) = delete;

  // The address of a free doorbell, or 0.
  uint64_t take(uint32_t agent);
  void give(uint64_t address);

  bool watched() const { return userfault_ >= 0; }

  // From now on a ring ends `sleep`. What was rung before is for the caller to look for, after this.
  void arm();
  void disarm();
  // Until a ring, a `kick`, or `timeout`.
  void sleep(std::optional<std::chrono::nanoseconds> timeout);
  // Ends the current or the next `sleep`. From any thread.
  void kick();
  bool kicked() const { return kicked_.load(std::memory_order_relaxed); }

 private:
  void protect(bool on);

  uint32_t agents_;
  uint8_t* pages_ = nullptr;
  int userfault_ = -1;
  int kick_ = -1;
  bool armed_ = false;  // only the watcher arms
  std::atomic<bool> kicked_{false};
  std::mutex mutex_;
  std::vector<std::bitset<kPerAgent>> taken_;
  std::vector<uint32_t> next_;  // doorbells are handed out in turn: one that was given back rests as long as it can
};

}  // namespace softgpu
