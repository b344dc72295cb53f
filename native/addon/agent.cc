#include "agent.h"

#include <vector>

#include "arguments.h"
#include "call.h"
#include "pool.h"
#include "query.h"
#include "region.h"

namespace gcn::addon {
namespace {

const char* DeviceTypeName(uint32_t type) {
  // hsa_device_type_t; ROCr 6.1 added AIE, the NPU, as 3.
  constexpr const char* kNames[] = {"cpu", "gpu", "dsp", "aie"};
  return type < std::size(kNames) ? kNames[type] : "dsp";
}

Napi::Array Dimensions(Napi::Env env, uint32_t x, uint32_t y, uint32_t z) {
  Napi::Array array = Napi::Array::New(env, 3);
  array.Set(0u, static_cast<double>(x));
  array.Set(1u, static_cast<double>(y));
  array.Set(2u, static_cast<double>(z));
  return array;
}

Napi::Array IsaNames(Napi::Env env, const hsa::Runtime& runtime, hsa_agent_t agent) {
  std::vector<hsa_isa_t> isas;
  const auto collect = [](hsa_isa_t isa, void* data) {
    static_cast<std::vector<hsa_isa_t>*>(data)->push_back(isa);
    return HSA_STATUS_SUCCESS;
  };
  // A CPU agent has none, and says so with an error.
  runtime.hsa().hsa_agent_iterate_isas(agent, collect, &isas);
  Napi::Array names = Napi::Array::New(env, isas.size());
  for (uint32_t i = 0; i < isas.size(); i++) {
    uint32_t length = 0;
    runtime.Check(runtime.hsa().hsa_isa_get_info_alt(isas[i], HSA_ISA_INFO_NAME_LENGTH, &length),
                  "hsa_isa_get_info_alt");
    std::string name(length, '\0');
    runtime.Check(runtime.hsa().hsa_isa_get_info_alt(isas[i], HSA_ISA_INFO_NAME, name.data()), "hsa_isa_get_info_alt");
    names.Set(i, name.c_str());  // the length counts the terminator in some versions
  }
  return names;
}

Napi::Value ListAgents(Environment& environment, const Napi::CallbackInfo& info) {
  const auto& runtime = environment.runtime();
  std::vector<Napi::ObjectReference>& objects = environment.agents();
  if (objects.empty()) {
    for (size_t i = 0; i < runtime->agents().size(); i++) {
      const hsa_agent_t agent = runtime->agents()[i];
      Napi::Object object = Agent::New(environment, std::make_unique<Agent>(environment, agent, static_cast<int>(i)));
      DefineProperties(info.Env(), object,
                       {
                           Constant("index", Napi::Number::New(info.Env(), static_cast<double>(i))),
                           Constant("handle", FromAddress(info.Env(), agent.handle)),
                       });
      objects.push_back(Napi::Persistent(object));
    }
  }
  Napi::Array array = Napi::Array::New(info.Env(), objects.size());
  for (uint32_t i = 0; i < objects.size(); i++) array.Set(i, objects[i].Value());
  return array;
}

}  // namespace

Napi::Value Agent::Info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const hsa::Runtime& runtime = *environment().runtime();
  const Query query(runtime, "hsa_agent_get_info", [&](int attribute, void* value) {
    return runtime.hsa().hsa_agent_get_info(agent_, static_cast<hsa_agent_info_t>(attribute), value);
  });

  Napi::Object result = Napi::Object::New(env);
  const auto number = [&](const char* name, uint32_t value) { result.Set(name, static_cast<double>(value)); };
  const auto optional = [&](const char* name, int attribute) { number(name, query.Optional<uint32_t>(attribute)); };

  result.Set("name", query.Text(HSA_AGENT_INFO_NAME));
  result.Set("productName", query.Text(HSA_AMD_AGENT_INFO_PRODUCT_NAME));
  result.Set("vendorName", query.Text(HSA_AGENT_INFO_VENDOR_NAME));
  result.Set("deviceType", DeviceTypeName(query.Required<uint32_t>(HSA_AGENT_INFO_DEVICE)));
  number("features", query.Required<uint32_t>(HSA_AGENT_INFO_FEATURE));
  result.Set("profile", query.Required<hsa_profile_t>(HSA_AGENT_INFO_PROFILE) == HSA_PROFILE_FULL ? "full" : "base");
  result.Set(
      "machineModel",
      query.Required<hsa_machine_model_t>(HSA_AGENT_INFO_MACHINE_MODEL) == HSA_MACHINE_MODEL_LARGE ? "large" : "small");
  optional("defaultFloatRounding", HSA_AGENT_INFO_DEFAULT_FLOAT_ROUNDING_MODE);
  result.Set("fastF16", query.Optional<bool>(HSA_AGENT_INFO_FAST_F16_OPERATION));
  optional("wavefrontSize", HSA_AGENT_INFO_WAVEFRONT_SIZE);
  const auto workgroup = query.Optional<std::array<uint16_t, 3>>(HSA_AGENT_INFO_WORKGROUP_MAX_DIM);
  result.Set("workgroupMaxDim", Dimensions(env, workgroup[0], workgroup[1], workgroup[2]));
  optional("workgroupMaxSize", HSA_AGENT_INFO_WORKGROUP_MAX_SIZE);
  const auto grid = query.Optional<hsa_dim3_t>(HSA_AGENT_INFO_GRID_MAX_DIM);
  result.Set("gridMaxDim", Dimensions(env, grid.x, grid.y, grid.z));
  optional("gridMaxSize", HSA_AGENT_INFO_GRID_MAX_SIZE);
  optional("queuesMax", HSA_AGENT_INFO_QUEUES_MAX);
  optional("queueMinSize", HSA_AGENT_INFO_QUEUE_MIN_SIZE);
  optional("queueMaxSize", HSA_AGENT_INFO_QUEUE_MAX_SIZE);
  result.Set("queueType", query.Optional<hsa_queue_type32_t>(HSA_AGENT_INFO_QUEUE_TYPE) == HSA_QUEUE_TYPE_SINGLE
                              ? "single"
                              : "multi");
  optional("node", HSA_AGENT_INFO_NODE);
  result.Set("isas", IsaNames(env, runtime, agent_));
  const auto caches = query.Optional<std::array<uint32_t, 4>>(HSA_AGENT_INFO_CACHE_SIZE);
  Napi::Array cache_sizes = Napi::Array::New(env, caches.size());
  for (uint32_t i = 0; i < caches.size(); i++) cache_sizes.Set(i, static_cast<double>(caches[i]));
  result.Set("cacheSizes", cache_sizes);
  number("versionMajor", query.Optional<uint16_t>(HSA_AGENT_INFO_VERSION_MAJOR));
  number("versionMinor", query.Optional<uint16_t>(HSA_AGENT_INFO_VERSION_MINOR));

  optional("chipId", HSA_AMD_AGENT_INFO_CHIP_ID);
  optional("computeUnits", HSA_AMD_AGENT_INFO_COMPUTE_UNIT_COUNT);
  optional("maxClockMhz", HSA_AMD_AGENT_INFO_MAX_CLOCK_FREQUENCY);
  optional("driverNode", HSA_AMD_AGENT_INFO_DRIVER_NODE_ID);
  optional("maxWavesPerCu", HSA_AMD_AGENT_INFO_MAX_WAVES_PER_CU);
  optional("simdsPerCu", HSA_AMD_AGENT_INFO_NUM_SIMDS_PER_CU);
  optional("cachelineSize", HSA_AMD_AGENT_INFO_CACHELINE_SIZE);
  optional("memoryWidth", HSA_AMD_AGENT_INFO_MEMORY_WIDTH);
  optional("memoryMaxClockMhz", HSA_AMD_AGENT_INFO_MEMORY_MAX_FREQUENCY);
  result.Set("uuid", query.Text(HSA_AMD_AGENT_INFO_UUID));
  optional("bdfid", HSA_AMD_AGENT_INFO_BDFID);
  return result;
}

Napi::Value Agent::Regions(const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment().runtime();
  std::vector<hsa_region_t> regions;
  const auto collect = [](hsa_region_t region, void* data) {
    static_cast<std::vector<hsa_region_t>*>(data)->push_back(region);
    return HSA_STATUS_SUCCESS;
  };
  runtime.Check(runtime.hsa().hsa_agent_iterate_regions(agent_, collect, &regions), "hsa_agent_iterate_regions");
  Napi::Array array = Napi::Array::New(info.Env(), regions.size());
  for (uint32_t i = 0; i < regions.size(); i++) {
    array.Set(i, Region::New(environment(), std::make_unique<Region>(environment(), regions[i])));
  }
  return array;
}

Napi::Value Agent::Pools(const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment().runtime();
  std::vector<hsa_amd_memory_pool_t> pools;
  const auto collect = [](hsa_amd_memory_pool_t pool, void* data) {
    static_cast<std::vector<hsa_amd_memory_pool_t>*>(data)->push_back(pool);
    return HSA_STATUS_SUCCESS;
  };
  runtime.Check(runtime.hsa().hsa_amd_agent_iterate_memory_pools(agent_, collect, &pools),
                "hsa_amd_agent_iterate_memory_pools");
  Napi::Array array = Napi::Array::New(info.Env(), pools.size());
  for (uint32_t i = 0; i < pools.size(); i++) {
    array.Set(i, Pool::New(environment(), std::make_unique<Pool>(environment(), pools[i])));
  }
  return array;
}

void DefineAgents(Environment& environment, Napi::Object exports) {
  DefineHandleClass(environment, Agent::kClass, Agent::kName,
                    {Method<Agent, &Agent::Info>("info"), Method<Agent, &Agent::Regions>("regions"),
                     Method<Agent, &Agent::Pools>("pools")});
  DefineProperties(environment.env(), exports, {Function<ListAgents>("agents", environment)});
}

}  // namespace gcn::addon
