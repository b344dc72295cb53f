#include "arguments.h"

#include <cmath>

namespace gcn::addon {

void FailType(Napi::Env env, const std::string& name, const char* expected) {
  throw MakeTypeError(env, "ERR_INVALID_ARG_TYPE", "\"" + name + "\" must be " + expected);
}

void FailRange(Napi::Env env, const std::string& name, const std::string& expected) {
  throw MakeRangeError(env, "ERR_OUT_OF_RANGE", "\"" + name + "\" must be " + expected);
}

uint64_t ToInteger(Napi::Value value, const std::string& name, uint64_t least, uint64_t most) {
  if (!value.IsNumber()) FailType(value.Env(), name, "a number");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)) || number != std::floor(number)) {
    FailRange(value.Env(), name, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<uint64_t>(number);
}

uint64_t ToAddress(Napi::Value value, const std::string& name) {
  return ToInteger(value, name, 1, kMaxSafeInteger);
}

bool ToBoolean(Napi::Value value, const std::string& name) {
  if (!value.IsBoolean()) FailType(value.Env(), name, "a boolean");
  return value.As<Napi::Boolean>();
}

std::string ToText(Napi::Value value, const std::string& name) {
  if (!value.IsString()) FailType(value.Env(), name, "a string");
  std::string text = value.As<Napi::String>();
  if (text.find('\0') != std::string::npos)
    throw MakeTypeError(value.Env(), "ERR_INVALID_ARG_VALUE", "\"" + name + "\" contains a NUL");
  return text;
}

hsa_signal_value_t ToSignalValue(Napi::Value value, const std::string& name) {
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (!(std::abs(number) <= static_cast<double>(kMaxSafeInteger)) || number != std::trunc(number)) {
      FailRange(value.Env(), name, "a safe integer, or a bigint");
    }
    return static_cast<hsa_signal_value_t>(number);
  }
  if (!value.IsBigInt()) FailType(value.Env(), name, "a number or a bigint");
  bool lossless = false;
  const int64_t number = value.As<Napi::BigInt>().Int64Value(&lossless);
  if (!lossless) FailRange(value.Env(), name, "within 64 bits, signed");
  return number;
}

hsa_signal_condition_t ToCondition(Napi::Value value, const std::string& name) {
  return ToWord<hsa_signal_condition_t>(value, name,
                                        {{"eq", HSA_SIGNAL_CONDITION_EQ},
                                         {"ne", HSA_SIGNAL_CONDITION_NE},
                                         {"lt", HSA_SIGNAL_CONDITION_LT},
                                         {"gte", HSA_SIGNAL_CONDITION_GTE}});
}

std::optional<double> ToTimeout(Napi::Value value, const std::string& name) {
  if (value.IsUndefined()) return std::nullopt;
  if (!value.IsNumber()) FailType(value.Env(), name, "a number of nanoseconds");
  const double nanoseconds = value.As<Napi::Number>().DoubleValue();
  if (!(nanoseconds >= 0)) FailRange(value.Env(), name, "0 or more");
  return nanoseconds;
}

std::span<uint8_t> ToBytes(Napi::Value value, const std::string& name) {
  const Napi::Env env = value.Env();
  void* data = nullptr;
  size_t length = 0;
  if (value.IsTypedArray()) {
    napi_typedarray_type type{};
    CheckNapi(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
    length = value.As<Napi::TypedArray>().ByteLength();
  } else if (value.IsDataView()) {
    CheckNapi(env, napi_get_dataview_info(env, value, &length, &data, nullptr, nullptr));
  } else {
    FailType(env, name, "a typed array or a DataView");
  }
  return {static_cast<uint8_t*>(data), length};
}

Napi::Function Arguments::Function(size_t i, const char* name) const {
  if (!info_[i].IsFunction()) FailType(info_.Env(), name, "a function");
  return info_[i].As<Napi::Function>();
}

Napi::Object Arguments::Object(size_t i, const char* name) const {
  if (!info_[i].IsObject()) FailType(info_.Env(), name, "an object");
  return info_[i].As<Napi::Object>();
}

Napi::Array Arguments::Array(size_t i, const char* name) const {
  if (!info_[i].IsArray()) FailType(info_.Env(), name, "an array");
  return info_[i].As<Napi::Array>();
}

}  // namespace gcn::addon
