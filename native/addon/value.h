// JavaScript values of 64-bit data: numbers where they are safe integers, else bigint.
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include <cstdint>

namespace gcn::addon {

inline constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;

inline Napi::Value FromSignalValue(Napi::Env env, hsa_signal_value_t value) {
  if (value >= -kMaxSafeInteger && value <= kMaxSafeInteger) return Napi::Number::New(env, static_cast<double>(value));
  return Napi::BigInt::New(env, static_cast<int64_t>(value));
}

inline Napi::Number FromAddress(Napi::Env env, uint64_t address) {
  return Napi::Number::New(env, static_cast<double>(address));
}
inline Napi::Number FromAddress(Napi::Env env, const void* address) {
  return FromAddress(env, reinterpret_cast<uint64_t>(address));
}

}  // namespace gcn::addon
