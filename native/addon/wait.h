// Waits that block the calling thread, by its own wish.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "../hsa/runtime.h"

namespace gcn::addon {

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
