#include "command/blit_kernels.h"

namespace softgpu {
std::optional<Transfer> recogniseBlit(const Launch&) {
  return std::nullopt;
}
}  // namespace softgpu
