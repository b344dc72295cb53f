#include "system_event.h"

#include "arguments.h"
#include "call.h"
#include "mailbox.h"

namespace gcn::addon {
namespace {

// hsa_amd_event_type_t. ROCr 5.7 added the second, whose information begins with the agent and a reset type, cause and
// mask.
constexpr int kMemoryFault = HSA_AMD_GPU_MEMORY_FAULT_EVENT;
constexpr int kHardwareException = 1;

Napi::Value OnSystemEvent(Environment& environment, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  environment.runtime();
  if (arguments.IsNullish(0)) {
    environment.system_event_listener().Reset();
  } else {
    environment.system_event_listener() = Napi::Persistent(arguments.Function(0, "listener"));
  }
  return info.Env().Undefined();
}

}  // namespace

SystemEvent SystemEvent::From(const hsa_amd_event_t& event, const hsa::Runtime& runtime) {
  switch (static_cast<int>(event.event_type)) {
    case kMemoryFault: {
      const hsa_amd_gpu_memory_fault_info_t& fault = event.memory_fault;
      return {"memory-fault", runtime.IndexOf(fault.agent), fault.virtual_address, fault.fault_reason_mask};
    }
    case kHardwareException:
      return {"hw-exception", runtime.IndexOf(event.memory_fault.agent), 0, 0};
    default:
      return {"unknown", -1, 0, 0};
  }
}

void DeliverSystemEvent(Environment& environment, const SystemEvent& event) {
  if (environment.system_event_listener().IsEmpty()) return;
  const Napi::Env env = environment.env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("type", event.type);
  object.Set("agent", event.agent);
  object.Set("address", static_cast<double>(event.address));
  object.Set("reasonMask", static_cast<double>(event.reason_mask));
  CallBack(env, environment.system_event_listener().Value(), {object});
}

void DefineSystemEvents(Environment& environment, Napi::Object exports) {
  DefineProperties(environment.env(), exports, {Function<OnSystemEvent>("onSystemEvent", environment)});
}

}  // namespace gcn::addon
