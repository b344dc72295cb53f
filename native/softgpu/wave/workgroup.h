// The waves of one workgroup, what they share, and their turns on a host thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "wave/wave.h"

namespace softgpu {

class CodeSet;

using Clock = std::chrono::steady_clock;

enum class GroupState : uint8_t {
  Running,   // out of time
  Sleeping,  // every wave that could run has gone to sleep: whatever they wait for is outside of the workgroup
  Ended,
  Faulted,  // see `faulted`
  Dropped,  // `drop` was set
};

struct Workgroup {
  static constexpr unsigned kMaxWaves = 16;  // 1024 work-items

  CodeSet* code = nullptr;
  uint8_t* lds = nullptr;
  uint32_t ldsBytes = 0;
  uint32_t id[3] = {};
  unsigned waveCount = 0;
  std::array<Wave*, kMaxWaves> waves = {};
  const Wave* faulted = nullptr;

  // After the waves were initialised: all may run.
  void begin(unsigned count);
  // Gives the waves turns until `deadline`. Opens a ReadSection for as long.
  GroupState advance(Clock::time_point deadline, const std::atomic<bool>& drop);
  uint64_t executed() const;

 private:
  enum class WaveState : uint8_t { Ready, AtBarrier, Ended };

  void releaseBarrier();

  std::array<WaveState, kMaxWaves> state_ = {};
  unsigned live_ = 0, waiting_ = 0, turn_ = 0;
};

}  // namespace softgpu
