#include "runtime.h"

#include <string>

#include "../hsa/loader.h"
#include "../hsa/status.h"
#include "arguments.h"
#include "call.h"
#include "query.h"

namespace gcn::addon {
namespace {

hsa::OpenRequest RequestOf(const Napi::CallbackInfo& info) {
  const Napi::Object options = Arguments(info).Object(0, "options");
  hsa::OpenRequest request;
  const Napi::Value libraries = options.Get("libraries");
  if (!libraries.IsArray()) FailType(info.Env(), "options.libraries", "an array of strings");
  const Napi::Array names = libraries.As<Napi::Array>();
  for (uint32_t i = 0; i < names.Length(); i++) {
    request.libraries.push_back(ToText(names.Get(i), "options.libraries[" + std::to_string(i) + "]"));
  }
  const Napi::Value thunk = options.Get("thunk");
  if (!IsNullish(thunk)) {
    if (!thunk.IsObject()) FailType(info.Env(), "options.thunk", "an object");
    const Napi::Object object = thunk.As<Napi::Object>();
    request.thunk = {ToText(object.Get("library"), "options.thunk.library"),
                     ToText(object.Get("config"), "options.thunk.config")};
  }
  return request;
}

auto QueryOf(const hsa::Runtime& runtime) {
  return Query(runtime, "hsa_system_get_info", [&runtime](int attribute, void* value) {
    return runtime.hsa().hsa_system_get_info(static_cast<hsa_system_info_t>(attribute), value);
  });
}

Napi::Value Open(Environment& environment, const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment.Open(RequestOf(info));
  const hsa::LoadedRuntime& loaded = runtime.loaded();
  const auto query = QueryOf(runtime);
  Napi::Object facts = Napi::Object::New(info.Env());
  facts.Set("path", loaded.file);
  facts.Set("versionMajor", static_cast<double>(query.template Required<uint16_t>(HSA_SYSTEM_INFO_VERSION_MAJOR)));
  facts.Set("versionMinor", static_cast<double>(query.template Required<uint16_t>(HSA_SYSTEM_INFO_VERSION_MINOR)));
  facts.Set("software", static_cast<bool>(loaded.software));
  if (loaded.software) {
    facts.Set("softwareConfig", loaded.software.config());
  } else {
    facts.Set("softwareConfig", info.Env().Null());
  }
  return facts;
}

Napi::Value ShutDown(Environment& environment, const Napi::CallbackInfo& info) {
  environment.Close(Teardown::kByJavaScript);
  return info.Env().Undefined();
}

Napi::Value StatusString(Environment& environment, const Napi::CallbackInfo& info) {
  const auto status = static_cast<hsa_status_t>(Arguments(info).Integer(0, "status", 0, UINT32_MAX));
  const std::string text = environment.open() ? environment.runtime()->StatusText(status) : std::string();
  return Napi::String::New(info.Env(), text.empty() ? hsa::StatusName(status) : text);
}

Napi::Value SystemInfo(Environment& environment, const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment.runtime();
  const auto query = QueryOf(runtime);
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("versionMajor", static_cast<double>(query.template Required<uint16_t>(HSA_SYSTEM_INFO_VERSION_MAJOR)));
  result.Set("versionMinor", static_cast<double>(query.template Required<uint16_t>(HSA_SYSTEM_INFO_VERSION_MINOR)));
  result.Set("timestampFrequency", static_cast<double>(runtime.frequency()));
  result.Set("timestamp", static_cast<double>(query.template Required<uint64_t>(HSA_SYSTEM_INFO_TIMESTAMP)));
  result.Set("signalMaxWait",
             Napi::BigInt::New(info.Env(), query.template Required<uint64_t>(HSA_SYSTEM_INFO_SIGNAL_MAX_WAIT)));
  result.Set("endianness", query.template Required<hsa_endianness_t>(HSA_SYSTEM_INFO_ENDIANNESS) == HSA_ENDIANNESS_BIG
                               ? "big"
                               : "little");
  result.Set("machineModel",
             query.template Required<hsa_machine_model_t>(HSA_SYSTEM_INFO_MACHINE_MODEL) == HSA_MACHINE_MODEL_LARGE
                 ? "large"
                 : "small");
  return result;
}

}  // namespace

void DefineRuntime(Environment& environment, Napi::Object exports) {
  DefineProperties(environment.env(), exports,
                   {
                       Function<Open>("open", environment),
                       Function<ShutDown>("shutDown", environment),
                       Function<StatusString>("statusString", environment),
                       Function<SystemInfo>("systemInfo", environment),
                   });
}

}  // namespace gcn::addon
