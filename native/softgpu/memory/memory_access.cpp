#include "isa/memory_access.h"

#include "memory/address_space.h"

namespace softgpu {

uint8_t* findHostPointer(Wave& wave, uint64_t address, uint64_t bytes) {
  if (bytes == 0 || address + bytes < address) return nullptr;
  const AddressSpace& space = AddressSpace::instance();
  auto range = space.find(address, wave.agent);
  if (!range) return nullptr;
  wave.rangeBegin[wave.rangeNext] = range->begin;
  wave.rangeEnd[wave.rangeNext] = range->end;
  wave.rangeNext = static_cast<uint8_t>((wave.rangeNext + 1) % Wave::kRanges);
  // An unaligned access may straddle two allocations that lie side by side.
  while (!range->holds(address, bytes)) {
    uint64_t begin = range->end;
    range = space.find(begin, wave.agent);
    if (!range) return nullptr;
    if (range->end - address >= bytes) break;
  }
  return reinterpret_cast<uint8_t*>(address);
}

void refreshRanges(Wave& wave) {
  const uint64_t generation = AddressSpace::instance().generation();
  if (wave.rangeGeneration == generation && wave.rangeAgent == wave.agent) return;
  wave.rangeGeneration = generation;
  wave.rangeAgent = wave.agent;
  for (unsigned i = 0; i < Wave::kRanges; ++i) wave.rangeBegin[i] = wave.rangeEnd[i] = 0;
}

uint64_t firstOffendingByte(const Wave& wave, uint64_t address, uint64_t bytes) {
  const AddressSpace& space = AddressSpace::instance();
  uint64_t at = address;
  while (at - address < bytes) {
    auto range = space.find(at, wave.agent);
    if (!range) return at;
    at = range->end;
  }
  return address;
}

}  // namespace softgpu
