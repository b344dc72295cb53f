// The instruction-set targets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace softgpu {

enum class Target : uint8_t { gfx803, gfx900, gfx906, gfx908, gfx90a };

// Masks for tables whose rows hold for several targets.
enum TargetMask : uint8_t {
  GFX803 = 1u << 0,
  GFX900 = 1u << 1,
  GFX906 = 1u << 2,
  GFX908 = 1u << 3,
  GFX90A = 1u << 4,
  GFX9 = GFX900 | GFX906 | GFX908 | GFX90A,
  ALL = GFX803 | GFX9,
};

constexpr uint8_t maskOf(Target t) {
  return static_cast<uint8_t>(1u << static_cast<unsigned>(t));
}

std::optional<Target> parseTarget(std::string_view name);  // "gfx906"
const char* targetName(Target t);

}  // namespace softgpu
