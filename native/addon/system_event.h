// Faults of an agent as a whole, from ROCr's thread to the env's listener.
#pragma once

#include <napi.h>

#include "../hsa/runtime.h"

namespace gcn::addon {

class Environment;

struct SystemEvent {
  const char* type;
  int agent;  // index, or -1
  uint64_t address;
  uint32_t reason_mask;

  static SystemEvent From(const hsa_amd_event_t& event, const hsa::Runtime& runtime);
};

void DeliverSystemEvent(Environment& environment, const SystemEvent& event);
void DefineSystemEvents(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
