// Memory regions (HSA 1.2, 2.7).
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include "handle.h"

namespace gcn::addon {

class Region final : public Handle<Region> {
 public:
  static constexpr HandleClass kClass = HandleClass::kRegion;
  static constexpr const char* kName = "NativeRegion";
  static constexpr napi_type_tag kTag{0x2c4e8d5f17b04c36ULL, 0x9b62f30a81c5d702ULL};

  Region(Environment& environment, hsa_region_t region) : Handle(environment), region_(region) {}

  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Allocate(const Napi::CallbackInfo& info);

 protected:
  void Release(Teardown) override {}

 private:
  const hsa_region_t region_;
};

void DefineRegions(Environment& environment);

}  // namespace gcn::addon
