#include "isa/target.h"

namespace softgpu {

namespace {
constexpr const char* kNames[] = {"gfx803", "gfx900", "gfx906", "gfx908", "gfx90a"};
}

std::optional<Target> parseTarget(std::string_view name) {
  for (unsigned i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return static_cast<Target>(i);
  }
  return std::nullopt;
}

const char* targetName(Target t) {
  return kNames[static_cast<unsigned>(t)];
}

}  // namespace softgpu
