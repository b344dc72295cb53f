// Waits that block the calling thread, by its own wish.
#pragma once

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "../hsa/runtime.h"

namespace gcn::addon {

// ROCr spins for 200 microseconds before it sleeps, and holds on to its core meanwhile. Where cores are few, what it
// waits for may need that very core: so the first stretch of a wait looks by itself, and gives way to others between
// looks.
inline constexpr double kPoliteNanoseconds = 100e3;

// Whether `done` answered true within the stretch.
template <typename Done>
bool PollPolitely(double nanoseconds, Done&& done) {
  using Clock = std::chrono::steady_clock;
  const auto look = [&done](int times) {
    for (int looks = 0; looks < times; looks++) {
      if (done()) return true;
      __builtin_ia32_pause();
    }
    return false;
  };
  // What is short is over before a clock has been read, or the kernel been asked for anything: some microseconds.
  if (look(128)) return true;
  const Clock::time_point start = Clock::now();
  const double stretch = std::min(nanoseconds, kPoliteNanoseconds);
  do {
    sched_yield();
    if (look(16)) return true;
  } while (std::chrono::duration<double, std::nano>(Clock::now() - start).count() < stretch);
  return false;
}

// A queue's failure does not wake who waits for its signals, so waits end now and then to look. Long enough to cost
// nothing.
inline constexpr double kWaitStepNanoseconds = 20e6;

// Calls `attempt(ticks)` until it answers true, or the time is up (then false). `between` runs after each step and may
// throw.
template <typename Attempt, typename Between>
bool WaitInSteps(const hsa::Runtime& runtime, std::optional<double> timeout_nanoseconds, Attempt&& attempt,
                 Between&& between) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  double left = timeout_nanoseconds.value_or(kWaitStepNanoseconds);
  while (true) {
    if (attempt(runtime.TicksOf(std::min(left, kWaitStepNanoseconds)))) return true;
    between();
    if (!timeout_nanoseconds) continue;
    const double passed = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
    left = *timeout_nanoseconds - passed;
    if (left <= 0) return false;
  }
}

}  // namespace gcn::addon
