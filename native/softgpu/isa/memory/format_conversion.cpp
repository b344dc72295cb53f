#include "isa/memory/format_conversion.h"

#include <algorithm>
#include <cmath>

#include "isa/memory/half.h"

namespace softgpu {

ElementFormat ElementFormat::of(unsigned dataFormat) {
  // Formats are named from the most significant field on; fields are listed here from the least significant.
  static constexpr std::array<std::array<uint8_t, 4>, 16> kWidths = {{
      {},               // invalid
      {8},              // 8
      {16},             // 16
      {8, 8},           // 8_8
      {32},             // 32
      {16, 16},         // 16_16
      {11, 11, 10},     // 10_11_11
      {10, 11, 11},     // 11_11_10
      {2, 10, 10, 10},  // 10_10_10_2
      {10, 10, 10, 2},  // 2_10_10_10
      {8, 8, 8, 8},     // 8_8_8_8
      {32, 32},         // 32_32
      {16, 16, 16, 16},
      {32, 32, 32},
      {32, 32, 32, 32},
      {},  // reserved
  }};
  ElementFormat format;
  format.width = kWidths[dataFormat & 15];
  unsigned bits = 0;
  for (unsigned i = 0; i < 4 && format.width[i]; ++i) {
    format.position[i] = static_cast<uint8_t>(bits);
    bits += format.width[i];
    format.components = i + 1;
  }
  format.bytes = bits / 8;
  return format;
}

uint32_t readField(const Element& element, unsigned position, unsigned width) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 8 && position / 8 + i < element.size(); ++i) {
    bits |= uint64_t{element[position / 8 + i]} << (8 * i);
  }
  return static_cast<uint32_t>(bits >> position % 8 & ((uint64_t{1} << width) - 1));
}

void writeField(Element& element, unsigned position, unsigned width, uint32_t value) {
  for (unsigned i = 0; i < width; ++i) {
    uint8_t& byte = element[(position + i) / 8];
    const unsigned bit = (position + i) % 8;
    byte = static_cast<uint8_t>((byte & ~(1u << bit)) | (value >> i & 1) << bit);
  }
}

namespace {

int32_t signExtended(uint32_t field, unsigned width) {
  return static_cast<int32_t>(field << (32 - width)) >> (32 - width);
}

// Nearest, ties to even, without the host's rounding mode.
int64_t nearest(double value) {
  const double whole = std::floor(value), rest = value - whole;
  const auto below = static_cast<int64_t>(whole);
  return below + (rest > 0.5 || (rest == 0.5 && (below & 1)));
}

int64_t normalized(float value, double low, int64_t scale) {
  if (std::isnan(value)) return 0;
  return nearest(std::clamp(static_cast<double>(value), low, 1.0) * static_cast<double>(scale));
}

int64_t truncated(float value, int64_t low, int64_t high) {
  if (std::isnan(value)) return 0;
  return static_cast<int64_t>(
      std::clamp(static_cast<double>(value), static_cast<double>(low), static_cast<double>(high)));
}

}  // namespace

uint32_t fieldToRegister(uint32_t field, unsigned width, NumberFormat format) {
  if (width == 32) return field;
  const int32_t sign = signExtended(field, width);
  const auto highest = static_cast<double>((1 << width) - 1),
             highestSigned = static_cast<double>((1 << (width - 1)) - 1);
  switch (format) {
    case NumberFormat::Unorm:
      return toBits(static_cast<float>(field / highest));
    case NumberFormat::Snorm:
      return toBits(static_cast<float>(std::max(sign / highestSigned, -1.0)));
    case NumberFormat::Uscaled:
      return toBits(static_cast<float>(field));
    case NumberFormat::Sscaled:
      return toBits(static_cast<float>(sign));
    case NumberFormat::Float:
      if (width == 16) return toBits(halfToFloat(static_cast<uint16_t>(field)));
      if (width == 11 || width == 10)
        return smallToFloatBits(field >> (width - 5), field & ((1u << (width - 5)) - 1), width - 5);
      return field;
    case NumberFormat::Sint:
      return static_cast<uint32_t>(sign);
    default:
      return field;
  }
}

uint32_t registerToField(uint32_t value, unsigned width, NumberFormat format) {
  if (width == 32) return value;
  const float number = fromBits<float>(value);
  const int64_t highest = (int64_t{1} << width) - 1, highestSigned = (int64_t{1} << (width - 1)) - 1;
  int64_t field = value;
  switch (format) {
    case NumberFormat::Unorm:
      field = normalized(number, 0, highest);
      break;
    case NumberFormat::Snorm:
      field = normalized(number, -1, highestSigned);
      break;
    case NumberFormat::Uscaled:
      field = truncated(number, 0, highest);
      break;
    case NumberFormat::Sscaled:
      field = truncated(number, -highestSigned - 1, highestSigned);
      break;
    case NumberFormat::Float:
      if (width == 16) field = floatToHalf(number);
      // Without a sign: what is below zero becomes zero.
      if (width == 11 || width == 10) field = std::signbit(number) ? 0 : floatBitsToSmall(value, width - 5);
      break;
    default:
      break;
  }
  return static_cast<uint32_t>(field) & static_cast<uint32_t>(highest);
}

}  // namespace softgpu
