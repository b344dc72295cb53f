// Agents (HSA 1.2, 2.3).
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include "handle.h"

namespace gcn::addon {

class Agent final : public Handle<Agent> {
 public:
  static constexpr HandleClass kClass = HandleClass::kAgent;
  static constexpr const char* kName = "NativeAgent";
  static constexpr napi_type_tag kTag{0x6f1c92b2a5d64d0bULL, 0x8a1d5d0b7e3c4401ULL};

  Agent(Environment& environment, hsa_agent_t agent, int index) : Handle(environment), agent_(agent), index_(index) {}

  hsa_agent_t agent() const { return agent_; }
  int index() const { return index_; }

  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Regions(const Napi::CallbackInfo& info);
  Napi::Value Pools(const Napi::CallbackInfo& info);

 protected:
  void Release(Teardown) override {}

 private:
  const hsa_agent_t agent_;
  const int index_;
};

void DefineAgents(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
