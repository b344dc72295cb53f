// A 32-bit word to sleep on, with a deadline (std::atomic::wait has none).
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <ctime>
#include <optional>

namespace softgpu {

// Sleeps while `word` holds `expected`, until `deadline` (CLOCK_MONOTONIC) or for ever. May wake for no reason.
inline void futexWait(std::atomic<uint32_t>& word, uint32_t expected, const std::optional<timespec>& deadline) {
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, deadline ? &*deadline : nullptr, nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

inline void futexWakeAll(std::atomic<uint32_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace softgpu
