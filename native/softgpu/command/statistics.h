// Counts since the process started, for benches and tests.
#pragma once

#include <atomic>
#include <cstdint>

namespace softgpu {

struct Statistics {
  std::atomic<uint64_t> waveInstructions{0};
  std::atomic<uint64_t> dispatches{0};           // kernels executed by waves
  std::atomic<uint64_t> dispatchNanoseconds{0};  // from a dispatch's start to its end, summed
  std::atomic<uint64_t> nativeBlits{0};          // ROCr's own copy and fill kernels, done without waves
  std::atomic<uint64_t> copiedBytes{0};          // by SDMA and native blits
  std::atomic<uint64_t> packets{0};              // AQL packets retired
  std::atomic<uint64_t> faults{0};
};

Statistics& statistics();

}  // namespace softgpu
