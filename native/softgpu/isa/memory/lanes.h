// The lanes of one vector-memory access, reduced to host addresses that were already checked.
#pragma once

#include <cstdint>

#include "wave/wave.h"

namespace softgpu {

// How the active lanes' addresses lie; it decides which loop moves the data.
enum class Shape : uint8_t {
  Single,   // one lane
  Uniform,  // every lane at the same address
  Ramp,     // lane l at first + l * bytes: one block of memory
  Scatter,
};

// Lane l accesses [base + offset[l], base + offset[l] + bytes). Of `offset` only active lanes count.
struct Lanes {
  uint64_t base = 0;
  uint64_t exec = 0;
  const uint32_t* offset = nullptr;
  uint32_t low = 0, high = 0;  // least and greatest offset
  uint32_t stride = 4;  // from one dword of a lane's access to its next: 4, or more where private memory is swizzled
  Shape shape = Shape::Scatter;

  unsigned first() const { return static_cast<unsigned>(__builtin_ctzll(exec)); }
  unsigned last() const { return 63u - static_cast<unsigned>(__builtin_clzll(exec)); }
  uint8_t* at(unsigned lane) const { return reinterpret_cast<uint8_t*>(base + offset[lane]); }
};

// Register operands of memory micro-ops: 0-255 VGPR, 256-511 AccVGPR, then a row for data on their way to or from LDS.
constexpr uint16_t kTransferRow = 512, kNoRow = 0xffff;
inline uint32_t* memoryRow(Wave& wave, uint16_t n) {
  if (n < 256) return wave.vgpr + n * kLanes;
  return n < kTransferRow ? wave.accVgpr + (n - 256u) * kLanes : wave.temp[0];
}

template <class F>
inline void forEachLane(uint64_t exec, F&& f) {
  for (; exec; exec &= exec - 1) f(static_cast<unsigned>(__builtin_ctzll(exec)));
}

}  // namespace softgpu
