// The arguments of a native call, checked: ERR_INVALID_ARG_TYPE (TypeError), ERR_OUT_OF_RANGE (RangeError),
// ERR_HSA_DISPOSED.
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "handle.h"
#include "value.h"

namespace gcn::addon {

[[noreturn]] void FailType(Napi::Env env, const std::string& name, const char* expected);
[[noreturn]] void FailRange(Napi::Env env, const std::string& name, const std::string& expected);

inline bool IsNullish(Napi::Value value) {
  return value.IsUndefined() || value.IsNull();
}

// One value, be it an argument, a property of an options object or an element of a list.
uint64_t ToInteger(Napi::Value value, const std::string& name, uint64_t least, uint64_t most);
uint64_t ToAddress(Napi::Value value, const std::string& name);
bool ToBoolean(Napi::Value value, const std::string& name);
std::string ToText(Napi::Value value, const std::string& name);
hsa_signal_value_t ToSignalValue(Napi::Value value, const std::string& name);
hsa_signal_condition_t ToCondition(Napi::Value value, const std::string& name);
// Non-negative; `undefined` is none.
std::optional<double> ToTimeout(Napi::Value value, const std::string& name);

// The bytes of an ArrayBufferView.
std::span<uint8_t> ToBytes(Napi::Value value, const std::string& name);

template <typename T>
T& ToHandle(Napi::Value value, const std::string& name) {
  T* handle = Handle<T>::Find(value.Env(), value);
  if (handle == nullptr) FailType(value.Env(), name, (std::string("a ") + T::kName).c_str());
  handle->RequireLive(value.Env());
  return *handle;
}

template <typename T>
std::vector<T*> ToHandles(Napi::Value value, const std::string& name) {
  if (!value.IsArray()) FailType(value.Env(), name, (std::string("an array of ") + T::kName).c_str());
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<T*> handles;
  for (uint32_t i = 0; i < array.Length(); i++)
    handles.push_back(&ToHandle<T>(array.Get(i), name + "[" + std::to_string(i) + "]"));
  return handles;
}

// One of a few words.
template <typename Enum>
Enum ToWord(Napi::Value value, const std::string& name, std::initializer_list<std::pair<const char*, Enum>> words) {
  std::string expected;
  if (value.IsString()) {
    const std::string text = value.As<Napi::String>();
    for (const auto& [word, meaning] : words) {
      if (text == word) return meaning;
    }
  }
  for (const auto& [word, meaning] : words) expected += (expected.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  if (!value.IsString()) FailType(value.Env(), name, ("one of " + expected).c_str());
  throw MakeTypeError(value.Env(), "ERR_INVALID_ARG_VALUE", "\"" + name + "\" must be one of " + expected);
}

enum class Order : uint8_t { kRelaxed, kAcquire, kRelease, kAcquireRelease };

class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}

  bool IsNullish(size_t i) const { return addon::IsNullish(info_[i]); }
  uint64_t Integer(size_t i, const char* name, uint64_t least, uint64_t most) const {
    return ToInteger(info_[i], name, least, most);
  }
  // 1 to 2^53 - 1.
  uint64_t Size(size_t i, const char* name) const { return ToInteger(info_[i], name, 1, kMaxSafeInteger); }
  uint64_t Address(size_t i, const char* name) const { return ToAddress(info_[i], name); }
  bool Boolean(size_t i, const char* name) const { return ToBoolean(info_[i], name); }
  std::string Text(size_t i, const char* name) const { return ToText(info_[i], name); }
  std::string TextOr(size_t i, const char* name, const char* fallback) const {
    return IsNullish(i) ? fallback : Text(i, name);
  }
  hsa_signal_value_t SignalValue(size_t i, const char* name) const { return ToSignalValue(info_[i], name); }
  hsa_signal_condition_t Condition(size_t i, const char* name) const { return ToCondition(info_[i], name); }
  std::optional<double> Timeout(size_t i) const { return ToTimeout(info_[i], "timeoutNs"); }
  std::span<uint8_t> Bytes(size_t i, const char* name) const { return ToBytes(info_[i], name); }
  Napi::Function Function(size_t i, const char* name) const;
  Napi::Object Object(size_t i, const char* name) const;
  Napi::Array Array(size_t i, const char* name) const;
  template <typename T>
  T& HandleOf(size_t i, const char* name) const {
    return ToHandle<T>(info_[i], name);
  }
  template <typename T>
  std::vector<T*> Handles(size_t i, const char* name) const {
    return ToHandles<T>(info_[i], name);
  }
  // The memory order, where the call knows it; `fallback` where none is given.
  Order MemoryOrder(size_t i, std::initializer_list<std::pair<const char*, Order>> known, Order fallback) const {
    return IsNullish(i) ? fallback : ToWord<Order>(info_[i], "order", known);
  }

 private:
  const Napi::CallbackInfo& info_;
};

}  // namespace gcn::addon
