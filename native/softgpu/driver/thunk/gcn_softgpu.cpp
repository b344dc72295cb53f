#pragma GCC visibility push(default)
#include "driver/thunk/gcn_softgpu.h"
#pragma GCC visibility pop

#include <algorithm>
#include <cstring>

#include "command/faults.h"
#include "command/statistics.h"
#include "driver/driver.h"

using softgpu::Driver;

int gcn_softgpu_configure(const char* config) {
  return Driver::configure(config) ? 0 : -1;
}

const char* gcn_softgpu_last_error() {
  return Driver::lastError().c_str();
}

size_t gcn_softgpu_last_fault(char* text, size_t size) {
  const std::string fault = softgpu::lastFault();
  if (text && size != 0) {
    const size_t count = std::min(size - 1, fault.size());
    std::memcpy(text, fault.data(), count);
    text[count] = 0;
  }
  return fault.size();
}

int gcn_softgpu_statistics(gcn_softgpu_counts* counts) {
  if (!counts || counts->size < 2 * sizeof(uint64_t)) return -1;
  const softgpu::Statistics& now = softgpu::statistics();
  gcn_softgpu_counts filled{};
  filled.size = std::min<uint64_t>(counts->size, sizeof filled);
  filled.wave_instructions = now.waveInstructions.load(std::memory_order_relaxed);
  filled.dispatches = now.dispatches.load(std::memory_order_relaxed);
  filled.dispatch_nanoseconds = now.dispatchNanoseconds.load(std::memory_order_relaxed);
  filled.native_blits = now.nativeBlits.load(std::memory_order_relaxed);
  filled.copied_bytes = now.copiedBytes.load(std::memory_order_relaxed);
  filled.packets = now.packets.load(std::memory_order_relaxed);
  filled.faults = now.faults.load(std::memory_order_relaxed);
  // An older caller's structure is shorter: it gets what it knows.
  std::memcpy(counts, &filled, filled.size);
  return 0;
}

void gcn_softgpu_kick() {
  if (Driver* driver = Driver::current()) driver->processor.wake();
}
