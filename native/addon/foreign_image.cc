#include "foreign_image.h"

#include <cstring>
#include <utility>

namespace gcn::addon {

ForeignImage::ForeignImage(std::span<const uint8_t> code, std::vector<ForeignKernel> kernels, uint32_t variables,
                           std::vector<uint64_t> indirect_functions, bool counts_indirect)
    : kernels_(std::move(kernels)),
      variables_(variables),
      indirect_(std::move(indirect_functions)),
      bytes_((code.size() + 7) / 8) {
  std::memcpy(bytes_.data(), code.data(), code.size());
  code_ = {code.size(), bytes_.data()};
  for (const ForeignKernel& kernel : kernels_) {
    infos_.push_back({kernel.name.c_str(),
                      {kernel.dimensions[0], kernel.dimensions[1], kernel.dimensions[2]},
                      kernel.scalar_registers,
                      kernel.vector_registers});
  }
  const auto indirect = static_cast<uint32_t>(indirect_.size());
  indirect_.push_back(0);
  description_ = {&code_, static_cast<uint32_t>(infos_.size()), infos_.data(), {variables_, 0}};
  if (counts_indirect) {
    description_.counts[0] = indirect;
    description_.counts[1] = variables_;
  }
}

}  // namespace gcn::addon
