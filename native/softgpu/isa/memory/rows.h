// One lane's value in a register row; a 64-bit one has its upper half in the row behind.
#pragma once

#include <cstdint>

#include "wave/wave.h"

namespace softgpu {

template <class T>
T readRow(const uint32_t* row, unsigned lane) {
  if constexpr (sizeof(T) == 8) return row[lane] | uint64_t{row[kLanes + lane]} << 32;
  return static_cast<T>(row[lane]);
}

template <class T>
void writeRow(uint32_t* row, unsigned lane, T value) {
  row[lane] = static_cast<uint32_t>(value);
  if constexpr (sizeof(T) == 8) row[kLanes + lane] = static_cast<uint32_t>(value >> 32);
}

}  // namespace softgpu
