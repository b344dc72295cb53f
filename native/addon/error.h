// Errors of the addon as JavaScript sees them: an Error, TypeError or RangeError with a `code`, and what else is known.
#pragma once

#include <napi.h>

#include <string>

#include "../hsa/error.h"

namespace gcn::addon {

Napi::Error MakeError(Napi::Env env, const char* code, const std::string& message);
Napi::Error MakeTypeError(Napi::Env env, const char* code, const std::string& message);
Napi::Error MakeRangeError(Napi::Env env, const char* code, const std::string& message);

// `code`, `status`, `call`; the message reads "hsa_init: OUT_OF_RESOURCES (0x1008): explanation".
Napi::Error FromStatus(Napi::Env env, hsa_status_t status, const std::string& call, const std::string& explanation);
Napi::Error FromStatus(Napi::Env env, const hsa::StatusError& error);
// `code`, and `tried` or `missing` where there are such.
Napi::Error FromOpenError(Napi::Env env, const hsa::OpenError& error);

// Where a call into N-API itself fails, for raw callbacks that cannot throw: leaves the JavaScript exception pending.
napi_value ThrowType(napi_env env, const char* code, const char* message);
napi_value ThrowRange(napi_env env, const char* code, const char* message);

// Throws Napi::Error with the engine's own exception or message where the status is none of success.
void CheckNapi(napi_env env, napi_status status);

// Runs the body of a native callback and turns each C++ exception into a pending JavaScript one.
template <typename Body>
napi_value Guarded(napi_env env, Body&& body) noexcept {
  try {
    return body();
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (const hsa::StatusError& error) {
    FromStatus(env, error).ThrowAsJavaScriptException();
  } catch (const hsa::OpenError& error) {
    FromOpenError(env, error).ThrowAsJavaScriptException();
  } catch (const std::exception& error) {
    napi_throw_error(env, "ERR_HSA_NATIVE", error.what());
  }
  return nullptr;
}

}  // namespace gcn::addon
