// What JavaScript hands over of an image that is registered or loaded: kernels as {name, dimensions, sgprs, vgprs}, and
// lists of addresses.
#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

#include "foreign_image.h"

namespace gcn::addon {

std::vector<ForeignKernel> KernelsOf(const Napi::Array& list);
std::vector<uint64_t> AddressesOf(const Napi::Array& list, const char* name);

}  // namespace gcn::addon
