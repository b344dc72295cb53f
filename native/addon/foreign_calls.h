// What the calls of a C plugin's functions have in common: their arguments, and what is thrown where they fail.
#pragma once

#include <napi.h>

#include <climits>
#include <cstdint>
#include <optional>
#include <string>

#include "arguments.h"
#include "error.h"
#include "foreign_runs.h"
#include "value.h"

namespace gcn::addon {

inline void* Pointer(uint64_t address) {
  return reinterpret_cast<void*>(address);
}
inline void* PointerAt(const Arguments& arguments, size_t i, const char* name) {
  return arguments.IsNullish(i) ? nullptr : Pointer(arguments.Address(i, name));
}
inline int DeviceAt(const Arguments& arguments, size_t i) {
  return static_cast<int>(arguments.Integer(i, "device", 0, INT_MAX));
}

// Milliseconds; 0: none.
inline std::optional<ForeignRuns::Milliseconds> LimitAt(const Arguments& arguments, size_t i) {
  const uint64_t limit = arguments.Integer(i, "timeout", 0, INT_MAX);
  if (limit == 0) return std::nullopt;
  return ForeignRuns::Milliseconds(limit);
}
// Null, "late", or the address of a memory fault.
inline Napi::Value FromOutcome(Napi::Env env, const ForeignRuns::Outcome& outcome) {
  if (outcome.fault) return FromAddress(env, *outcome.fault);
  return outcome.late ? Napi::Value(Napi::String::New(env, "late")) : Napi::Value(env.Null());
}

[[noreturn]] inline void Failed(Napi::Env env, const char* call) {
  throw MakeError(env, "ERR_OFFLOAD_PLUGIN",
                  std::string("GOMP_OFFLOAD_") + call + " failed: what the plugin says of it is on stderr");
}
inline Napi::Value Checked(Napi::Env env, bool worked, const char* call) {
  if (!worked) Failed(env, call);
  return env.Undefined();
}

}  // namespace gcn::addon
