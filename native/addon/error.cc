#include "error.h"

#include <cstdio>

#include "../hsa/status.h"

namespace gcn::addon {
namespace {

template <typename Error>
Error WithCode(Error error, const char* code) {
  error.Set("code", Napi::String::New(error.Env(), code));
  return error;
}

}  // namespace

Napi::Error MakeError(Napi::Env env, const char* code, const std::string& message) {
  return WithCode(Napi::Error::New(env, message), code);
}

Napi::Error MakeTypeError(Napi::Env env, const char* code, const std::string& message) {
  return WithCode(Napi::TypeError::New(env, message), code);
}

Napi::Error MakeRangeError(Napi::Env env, const char* code, const std::string& message) {
  return WithCode(Napi::RangeError::New(env, message), code);
}

Napi::Error FromStatus(Napi::Env env, hsa_status_t status, const std::string& call, const std::string& explanation) {
  char number[24];
  std::snprintf(number, sizeof number, " (0x%x)", static_cast<unsigned>(status));
  std::string message = call + ": " + hsa::StatusName(status) + number;
  if (!explanation.empty()) message += ": " + explanation;
  Napi::Error error = MakeError(env, hsa::StatusCode(status).c_str(), message);
  error.Set("status", Napi::Number::New(env, static_cast<double>(status)));
  error.Set("call", Napi::String::New(env, call));
  return error;
}

Napi::Error FromStatus(Napi::Env env, const hsa::StatusError& error) {
  return FromStatus(env, error.status, error.call, error.what());
}

Napi::Error FromOpenError(Napi::Env env, const hsa::OpenError& error) {
  Napi::Error result = MakeError(env, error.code, error.what());
  if (!error.tried.empty()) {
    Napi::Array tried = Napi::Array::New(env, error.tried.size());
    for (uint32_t i = 0; i < error.tried.size(); i++) {
      Napi::Object attempt = Napi::Object::New(env);
      attempt.Set("library", error.tried[i].library);
      attempt.Set("reason", error.tried[i].reason);
      tried.Set(i, attempt);
    }
    result.Set("tried", tried);
  }
  if (!error.missing.empty()) {
    Napi::Array missing = Napi::Array::New(env, error.missing.size());
    for (uint32_t i = 0; i < error.missing.size(); i++) missing.Set(i, error.missing[i]);
    result.Set("missing", missing);
  }
  return result;
}

napi_value ThrowType(napi_env env, const char* code, const char* message) {
  napi_throw_type_error(env, code, message);
  return nullptr;
}

napi_value ThrowRange(napi_env env, const char* code, const char* message) {
  napi_throw_range_error(env, code, message);
  return nullptr;
}

void CheckNapi(napi_env env, napi_status status) {
  if (status != napi_ok) throw Napi::Error::New(env);
}

}  // namespace gcn::addon
