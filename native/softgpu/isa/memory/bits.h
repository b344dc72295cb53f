// Floats as bits.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace softgpu {

template <class F>
using BitsOf = std::conditional_t<sizeof(F) == 8, uint64_t, uint32_t>;
template <class F>
constexpr unsigned MantissaBits = sizeof(F) == 8 ? 52 : 23;

template <class F>
BitsOf<F> toBits(F value) {
  BitsOf<F> bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
template <class F>
F fromBits(BitsOf<F> bits) {
  F value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace softgpu
