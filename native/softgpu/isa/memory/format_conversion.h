// The typed-buffer formats: fields of an element, and numbers in them (Vega ISA, table 26 and 8.1.4).
#pragma once

#include <array>
#include <cstdint>

namespace softgpu {

enum class NumberFormat : uint8_t { Unorm, Snorm, Uscaled, Sscaled, Uint, Sint, Reserved, Float };

struct ElementFormat {
  unsigned components = 0;         // 0: no format
  std::array<uint8_t, 4> width{};  // bits, in memory order
  std::array<uint8_t, 4> position{};
  unsigned bytes = 0;

  static ElementFormat of(unsigned dataFormat);
};

// An element: up to 16 bytes, little-endian.
using Element = std::array<uint8_t, 16>;

uint32_t readField(const Element& element, unsigned position, unsigned width);
void writeField(Element& element, unsigned position, unsigned width, uint32_t value);

// Between a field and the 32 bits of a register. Fields of 32 bits are not converted.
uint32_t fieldToRegister(uint32_t field, unsigned width, NumberFormat format);
uint32_t registerToField(uint32_t value, unsigned width, NumberFormat format);

// Whether registers hold floats of fields in this format.
constexpr bool isFloating(NumberFormat f) {
  return f != NumberFormat::Uint && f != NumberFormat::Sint;
}

}  // namespace softgpu
