#include "libgomp_image.h"

#include <utility>

namespace gcn::addon {
namespace {

constexpr unsigned kLibrary12 = 1;
// GOMP_DEVICE_GCN
constexpr uint64_t kDevice = 8;

}  // namespace

LibgompImage::LibgompImage(unsigned version, std::unique_ptr<const ForeignImage> image, uint32_t functions,
                           LibgompFunctions::Call call, std::vector<LibgompVariable> variables, uint64_t requirements)
    : version_(version),
      image_(std::move(image)),
      functions_(functions, std::move(call)),
      variables_(std::move(variables)),
      data_{requirements, image_->description()} {
  const auto addresses = functions_.addresses();
  const uint64_t* const indirect = image_->indirect_functions();
  host_ = {addresses.data(),  addresses.data() + addresses.size(),
           variables_.data(), variables_.data() + variables_.size(),
           indirect,          indirect + image_->indirect_count()};
}

std::array<uint64_t, 4> LibgompImage::words() const {
  const void* const data = version_ >> 16 == kLibrary12 ? static_cast<const void*>(&data_.image) : &data_;
  return {version_, reinterpret_cast<uint64_t>(host_.data()), kDevice, reinterpret_cast<uint64_t>(data)};
}

}  // namespace gcn::addon
