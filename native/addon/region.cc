#include "region.h"

#include <hsa/hsa_ext_amd.h>

#include "arguments.h"
#include "call.h"
#include "memory.h"
#include "query.h"

namespace gcn::addon {
namespace {

const char* SegmentName(uint32_t segment) {
  constexpr const char* kNames[] = {"global", "readonly", "private", "group", "kernarg"};
  return segment < std::size(kNames) ? kNames[segment] : "global";
}

auto QueryOf(const hsa::Runtime& runtime, hsa_region_t region) {
  return Query(runtime, "hsa_region_get_info", [&runtime, region](int attribute, void* value) {
    return runtime.hsa().hsa_region_get_info(region, static_cast<hsa_region_info_t>(attribute), value);
  });
}

}  // namespace

Napi::Value Region::Info(const Napi::CallbackInfo& info) {
  const auto query = QueryOf(*environment().runtime(), region_);
  Napi::Object result = Napi::Object::New(info.Env());
  const auto size = [&](const char* name, int attribute) {
    result.Set(name, static_cast<double>(query.template Optional<size_t>(attribute)));
  };
  const auto segment = query.template Required<uint32_t>(HSA_REGION_INFO_SEGMENT);
  result.Set("segment", SegmentName(segment));
  // Undefined outside of the global segment (HSA 1.2, 2.7.1.4).
  result.Set("flags", segment == HSA_REGION_SEGMENT_GLOBAL
                          ? static_cast<double>(query.template Required<uint32_t>(HSA_REGION_INFO_GLOBAL_FLAGS))
                          : 0.0);
  size("size", HSA_REGION_INFO_SIZE);
  size("allocMaxSize", HSA_REGION_INFO_ALLOC_MAX_SIZE);
  result.Set("allocAllowed", query.template Optional<bool>(HSA_REGION_INFO_RUNTIME_ALLOC_ALLOWED));
  size("allocGranule", HSA_REGION_INFO_RUNTIME_ALLOC_GRANULE);
  size("allocAlignment", HSA_REGION_INFO_RUNTIME_ALLOC_ALIGNMENT);
  return result;
}

Napi::Value Region::Allocate(const Napi::CallbackInfo& info) {
  const uint64_t bytes = Arguments(info).Size(0, "bytes");
  const auto& runtime = environment().runtime();
  const bool host = QueryOf(*runtime, region_).template Optional<bool>(HSA_AMD_REGION_INFO_HOST_ACCESSIBLE);
  void* address = nullptr;
  runtime->Check(runtime->hsa().hsa_memory_allocate(region_, bytes, &address), "hsa_memory_allocate");
  return Memory::Wrap(
      environment(), std::make_shared<MemoryState>(runtime, MemoryState::Kind::kRegion, address, address, bytes, host));
}

void DefineRegions(Environment& environment) {
  DefineHandleClass(environment, Region::kClass, Region::kName,
                    {Method<Region, &Region::Info>("info"), Method<Region, &Region::Allocate>("allocate")});
}

}  // namespace gcn::addon
