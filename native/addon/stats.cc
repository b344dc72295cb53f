#include "stats.h"

#include "arguments.h"
#include "call.h"
#include "environment.h"

namespace gcn::addon {
namespace {

Napi::Value ReadStats(Environment& environment, const Napi::CallbackInfo& info) {
  Stats& stats = environment.stats();
  stats.native_calls--;  // asking does not count, so that two readings differ by what happened between them
  Napi::Object result = Napi::Object::New(info.Env());
  const auto set = [&result](const char* name, uint64_t value) { result.Set(name, static_cast<double>(value)); };
  set("nativeCalls", stats.native_calls);
  set("allocations", stats.allocations);
  set("frees", stats.frees);
  set("copies", stats.copies);
  set("signalsCreated", stats.signals_created);
  set("signalsLive", environment.LiveCount(HandleClass::kSignal));
  set("queuesLive", environment.LiveCount(HandleClass::kQueue));
  set("memoryLive", environment.LiveCount(HandleClass::kMemory));
  set("executablesLive", environment.LiveCount(HandleClass::kExecutable));
  set("dispatches", stats.dispatches);
  set("waitNanoseconds", stats.wait_nanoseconds);
  return result;
}

Napi::Value MeasureWaits(Environment& environment, const Napi::CallbackInfo& info) {
  environment.stats().measures_waits = Arguments(info).Boolean(0, "enabled");
  return info.Env().Undefined();
}

}  // namespace

void DefineStats(Environment& environment, Napi::Object exports) {
  DefineProperties(environment.env(), exports,
                   {
                       Function<ReadStats>("stats", environment),
                       Function<MeasureWaits>("measureWaits", environment),
                   });
}

}  // namespace gcn::addon
