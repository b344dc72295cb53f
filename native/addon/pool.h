// Memory pools of the AMD extension (hsa_ext_amd.h).
#pragma once

#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>
#include <napi.h>

#include "handle.h"

namespace gcn::addon {

class Pool final : public Handle<Pool> {
 public:
  static constexpr HandleClass kClass = HandleClass::kPool;
  static constexpr const char* kName = "NativePool";
  static constexpr napi_type_tag kTag{0x51d7a90e3f284b6cULL, 0x84f0c61b2d9e5a03ULL};

  Pool(Environment& environment, hsa_amd_memory_pool_t pool) : Handle(environment), pool_(pool) {}

  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Allocate(const Napi::CallbackInfo& info);
  Napi::Value Access(const Napi::CallbackInfo& info);

 protected:
  void Release(Teardown) override {}

 private:
  const hsa_amd_memory_pool_t pool_;
};

void DefinePools(Environment& environment);

}  // namespace gcn::addon
