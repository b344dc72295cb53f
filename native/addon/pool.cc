#include "pool.h"

#include "agent.h"
#include "arguments.h"
#include "call.h"
#include "memory.h"
#include "query.h"

namespace gcn::addon {
namespace {

const char* SegmentName(uint32_t segment) {
  // hsa_amd_segment_t
  constexpr const char* kNames[] = {"global", "readonly", "private", "group"};
  return segment < std::size(kNames) ? kNames[segment] : "global";
}

hsa_amd_memory_pool_access_t AccessOf(const hsa::Runtime& runtime, hsa_agent_t agent, hsa_amd_memory_pool_t pool) {
  const Query query(runtime, "hsa_amd_agent_memory_pool_get_info", [&](int attribute, void* value) {
    return runtime.hsa().hsa_amd_agent_memory_pool_get_info(
        agent, pool, static_cast<hsa_amd_agent_memory_pool_info_t>(attribute), value);
  });
  return query.Required<hsa_amd_memory_pool_access_t>(HSA_AMD_AGENT_MEMORY_POOL_INFO_ACCESS);
}

}  // namespace

Napi::Value Pool::Info(const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment().runtime();
  const Query query(runtime, "hsa_amd_memory_pool_get_info", [&](int attribute, void* value) {
    return runtime.hsa().hsa_amd_memory_pool_get_info(pool_, static_cast<hsa_amd_memory_pool_info_t>(attribute), value);
  });
  Napi::Object result = Napi::Object::New(info.Env());
  const auto size = [&](const char* name, int attribute) {
    result.Set(name, static_cast<double>(query.Optional<size_t>(attribute)));
  };
  const auto segment = query.Required<uint32_t>(HSA_AMD_MEMORY_POOL_INFO_SEGMENT);
  result.Set("segment", SegmentName(segment));
  result.Set("flags", segment == HSA_AMD_SEGMENT_GLOBAL
                          ? static_cast<double>(query.Required<uint32_t>(HSA_AMD_MEMORY_POOL_INFO_GLOBAL_FLAGS))
                          : 0.0);
  size("size", HSA_AMD_MEMORY_POOL_INFO_SIZE);
  result.Set("allocAllowed", query.Optional<bool>(HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_ALLOWED));
  size("allocGranule", HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_GRANULE);
  size("allocAlignment", HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_ALIGNMENT);
  result.Set("accessibleByAll", query.Optional<bool>(HSA_AMD_MEMORY_POOL_INFO_ACCESSIBLE_BY_ALL));
  size("allocMaxSize", HSA_AMD_MEMORY_POOL_INFO_ALLOC_MAX_SIZE);
  return result;
}

Napi::Value Pool::Allocate(const Napi::CallbackInfo& info) {
  const uint64_t bytes = Arguments(info).Size(0, "bytes");
  const auto& runtime = environment().runtime();
  // What a CPU agent may reach without being asked for is the host's from the start; allowAccess may add the rest.
  bool host = false;
  for (const hsa_agent_t agent : runtime->agents()) {
    host |= runtime->IsCpu(agent) && AccessOf(*runtime, agent, pool_) == HSA_AMD_MEMORY_POOL_ACCESS_ALLOWED_BY_DEFAULT;
  }
  void* address = nullptr;
  runtime->Check(runtime->hsa().hsa_amd_memory_pool_allocate(pool_, bytes, 0, &address),
                 "hsa_amd_memory_pool_allocate");
  return Memory::Wrap(environment(),
                      std::make_shared<MemoryState>(runtime, MemoryState::Kind::kPool, address, address, bytes, host));
}

Napi::Value Pool::Access(const Napi::CallbackInfo& info) {
  const Agent& agent = Arguments(info).HandleOf<Agent>(0, "agent");
  switch (AccessOf(*environment().runtime(), agent.agent(), pool_)) {
    case HSA_AMD_MEMORY_POOL_ACCESS_ALLOWED_BY_DEFAULT:
      return Napi::String::New(info.Env(), "allowed-by-default");
    case HSA_AMD_MEMORY_POOL_ACCESS_DISALLOWED_BY_DEFAULT:
      return Napi::String::New(info.Env(), "disallowed-by-default");
    default:
      return Napi::String::New(info.Env(), "never");
  }
}

void DefinePools(Environment& environment) {
  DefineHandleClass(environment, Pool::kClass, Pool::kName,
                    {Method<Pool, &Pool::Info>("info"), Method<Pool, &Pool::Allocate>("allocate"),
                     Method<Pool, &Pool::Access>("access")});
}

}  // namespace gcn::addon
