#include "host_memory.h"

#include "arguments.h"
#include "call.h"
#include "environment.h"

namespace gcn::addon {
namespace {

Napi::Value AddressOf(Environment&, const Napi::CallbackInfo& info) {
  return FromAddress(info.Env(), Arguments(info).Bytes(0, "bytes").data());
}

Napi::Value HostView(Environment&, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const uint64_t address = arguments.Address(0, "address");
  const uint64_t bytes = arguments.Integer(1, "bytes", 1, kMaxSafeInteger);
  return Napi::ArrayBuffer::New(info.Env(), reinterpret_cast<void*>(address), bytes);
}

}  // namespace

void DefineHostMemory(Environment& environment, Napi::Object exports) {
  DefineProperties(environment.env(), exports,
                   {
                       Function<AddressOf>("addressOf", environment),
                       Function<HostView>("hostView", environment),
                   });
}

}  // namespace gcn::addon
