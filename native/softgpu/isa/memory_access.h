// From a device address to the host's bytes: what every instruction that touches global memory goes through.
#pragma once

#include <cstdint>

#include "wave/wave.h"

namespace softgpu {

// Slow half of hostPointer: asks the AddressSpace and remembers the range.
uint8_t* findHostPointer(Wave& wave, uint64_t address, uint64_t bytes);

// The host's bytes for [address, address + bytes), or null where this wave's agent may not touch all of them. Valid
// until the wave's slice ends (the run loop holds a ReadSection for that long).
inline uint8_t* hostPointer(Wave& wave, uint64_t address, uint64_t bytes) {
  for (unsigned i = 0; i < Wave::kRanges; ++i) {
    uint64_t offset = address - wave.rangeBegin[i], length = wave.rangeEnd[i] - wave.rangeBegin[i];
    if (offset < length && bytes <= length - offset) return reinterpret_cast<uint8_t*>(address);
  }
  return findHostPointer(wave, address, bytes);
}

// At the start of every slice, inside its ReadSection: what was found before may have been unmapped since.
void refreshRanges(Wave& wave);

// For a message and the memory event: the lowest byte of [address, address + bytes) that the agent may not touch.
uint64_t firstOffendingByte(const Wave& wave, uint64_t address, uint64_t bytes);

}  // namespace softgpu
