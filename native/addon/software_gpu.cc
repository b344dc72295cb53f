#include "software_gpu.h"

#include "call.h"

namespace gcn::addon {
namespace {

Napi::Value LastFault(Environment& environment, const Napi::CallbackInfo& info) {
  const auto fault = environment.runtime()->loaded().software.LastFault();
  return fault ? Napi::Value(Napi::String::New(info.Env(), *fault)) : info.Env().Null();
}

Napi::Value Statistics(Environment& environment, const Napi::CallbackInfo& info) {
  const auto counts = environment.runtime()->loaded().software.Statistics();
  if (!counts) return info.Env().Null();
  Napi::Object result = Napi::Object::New(info.Env());
  for (const auto& [name, value] : *counts) result.Set(name, static_cast<double>(value));
  return result;
}

}  // namespace

void DefineSoftwareGpu(Environment& environment, Napi::Object exports) {
  const napi_property_descriptor properties[] = {
      Function<LastFault>("softwareLastFault", environment),
      Function<Statistics>("softwareStatistics", environment),
  };
  CheckNapi(environment.env(), napi_define_properties(environment.env(), exports, std::size(properties), properties));
}

}  // namespace gcn::addon
