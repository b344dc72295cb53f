#include "wave/workgroup.h"

#include "memory/address_space.h"

namespace softgpu {
namespace {

// Some 10 us of most programs.
constexpr uint64_t kUnclocked = 1024;

}  // namespace

void Workgroup::begin(unsigned count) {
  waveCount = live_ = count;
  waiting_ = turn_ = 0;
  faulted = nullptr;
  state_.fill(WaveState::Ready);
}

// Waves that have ended no longer count (Vega ISA, S_BARRIER).
void Workgroup::releaseBarrier() {
  if (waiting_ == 0 || waiting_ < live_) return;
  waiting_ = 0;
  for (unsigned i = 0; i < waveCount; ++i) {
    if (state_[i] == WaveState::AtBarrier) state_[i] = WaveState::Ready;
  }
}

GroupState Workgroup::advance(Clock::time_point deadline, const std::atomic<bool>& drop) {
  AddressSpace::ReadSection section;
  unsigned asleep = 0;     // turns in a row that ended in s_sleep
  uint64_t unclocked = 0;  // instructions since the clock was read
  for (;;) {
    const unsigned current = turn_;
    turn_ = turn_ + 1 == waveCount ? 0 : turn_ + 1;
    bool spent = false;  // the turn took its whole slice
    if (state_[current] == WaveState::Ready) {
      Wave& wave = *waves[current];
      const uint64_t before = wave.executed;
      run(wave);
      unclocked += wave.executed - before;
      switch (wave.stop) {
        case Stop::Ended:
          state_[current] = WaveState::Ended;
          if (--live_ == 0) return GroupState::Ended;
          releaseBarrier();
          asleep = 0;
          break;
        case Stop::Barrier:
          state_[current] = WaveState::AtBarrier;
          ++waiting_;
          releaseBarrier();
          asleep = 0;
          break;
        case Stop::Sleep:
          ++asleep;
          break;
        case Stop::None:
        case Stop::Yield:
          spent = true;
          asleep = 0;
          break;
        case Stop::Fault:
          faulted = &wave;
          return GroupState::Faulted;
      }
      if (drop.load(std::memory_order_relaxed)) return GroupState::Dropped;
    }
    // Every live wave either waits at the barrier or has slept since anything else happened.
    if (asleep && asleep >= live_ - waiting_) return GroupState::Sleeping;
    // Between barriers lie often a few instructions only, which take less time than reading the clock.
    if (spent || (turn_ == 0 && (unclocked >= kUnclocked || asleep))) {
      if (Clock::now() >= deadline) return GroupState::Running;
      unclocked = 0;
    }
  }
}

uint64_t Workgroup::executed() const {
  uint64_t sum = 0;
  for (unsigned i = 0; i < waveCount; ++i) sum += waves[i]->executed;
  return sum;
}

}  // namespace softgpu
