#include "image_arguments.h"

#include <string>

#include "arguments.h"

namespace gcn::addon {

std::vector<ForeignKernel> KernelsOf(const Napi::Array& list) {
  std::vector<ForeignKernel> kernels;
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Value value = list.Get(i);
    if (!value.IsObject()) FailType(list.Env(), "kernels[" + std::to_string(i) + "]", "an object");
    const Napi::Object kernel = value.As<Napi::Object>();
    const auto number = [](Napi::Value from) { return from.ToNumber().Int32Value(); };
    const Napi::Object dimensions = kernel.Get("dimensions").ToObject();
    kernels.push_back({ToText(kernel.Get("name"), "name"),
                       {number(dimensions.Get(0u)), number(dimensions.Get(1u)), number(dimensions.Get(2u))},
                       number(kernel.Get("sgprs")),
                       number(kernel.Get("vgprs"))});
  }
  return kernels;
}

std::vector<uint64_t> AddressesOf(const Napi::Array& list, const char* name) {
  std::vector<uint64_t> addresses;
  for (uint32_t i = 0; i < list.Length(); i++) addresses.push_back(ToAddress(list.Get(i), name));
  return addresses;
}

}  // namespace gcn::addon
