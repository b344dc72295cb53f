// How JavaScript enters: each native function is counted, guarded against C++ exceptions, and knows its handle is
// alive.
#pragma once

#include <napi.h>

#include <initializer_list>

#include "environment.h"
#include "error.h"
#include "handle.h"

namespace gcn::addon {

enum class Liveness : uint8_t { kRequired, kIndifferent };

namespace call_detail {

template <typename T, typename Base, Napi::Value (Base::*kMethod)(const Napi::CallbackInfo&), Liveness kLiveness>
struct MethodOf {
  static napi_value Invoke(napi_env env, napi_callback_info raw) {
    return Guarded(env, [&]() -> napi_value {
      const Napi::CallbackInfo info(env, raw);
      T* self = Handle<T>::Find(env, info.This());
      if (self == nullptr)
        throw MakeTypeError(env, "ERR_INVALID_THIS", std::string("Illegal invocation: \"this\" is no ") + T::kName);
      self->environment().stats().native_calls++;
      if constexpr (kLiveness == Liveness::kRequired) self->RequireLive(env);
      return (self->*kMethod)(info);
    });
  }
};

template <auto kFunction>
struct FunctionOf {
  static napi_value Invoke(napi_env env, napi_callback_info raw) {
    return Guarded(env, [&]() -> napi_value {
      const Napi::CallbackInfo info(env, raw);
      Environment& environment = *static_cast<Environment*>(info.Data());
      environment.stats().native_calls++;
      return kFunction(environment, info);
    });
  }
};

}  // namespace call_detail

// A method of T that takes the CallbackInfo.
template <typename T, Napi::Value (T::*kMethod)(const Napi::CallbackInfo&)>
napi_property_descriptor Method(const char* name) {
  return {name,
          nullptr,
          call_detail::MethodOf<T, T, kMethod, Liveness::kRequired>::Invoke,
          nullptr,
          nullptr,
          nullptr,
          napi_default_method,
          nullptr};
}

// A method that takes raw N-API arguments and does the rest itself: for the calls that launches make.
inline napi_property_descriptor RawMethod(const char* name, napi_callback callback) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

template <typename T>
napi_property_descriptor DisposeMethod() {
  using Invoke = call_detail::MethodOf<T, Handle<T>, &Handle<T>::DisposeByJavaScript, Liveness::kIndifferent>;
  return {"dispose", nullptr, Invoke::Invoke, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

template <typename T>
napi_property_descriptor DisposedProperty() {
  using Invoke = call_detail::MethodOf<T, Handle<T>, &Handle<T>::Disposed, Liveness::kIndifferent>;
  return {"disposed", nullptr, nullptr, Invoke::Invoke, nullptr, nullptr, napi_enumerable, nullptr};
}

// A function of the module.
template <auto kFunction>
napi_property_descriptor Function(const char* name, Environment& environment) {
  return {name,        nullptr, call_detail::FunctionOf<kFunction>::Invoke, nullptr, nullptr, nullptr, napi_enumerable,
          &environment};
}

// A constant of one object: JavaScript reads it without a native call.
inline napi_property_descriptor Constant(const char* name, napi_value value) {
  return {name, nullptr, nullptr, nullptr, nullptr, value, napi_enumerable, nullptr};
}

// Puts methods, functions or constants onto an object.
inline void DefineProperties(napi_env env, Napi::Object object,
                             std::initializer_list<napi_property_descriptor> properties) {
  CheckNapi(env, napi_define_properties(env, object, properties.size(), properties.begin()));
}

}  // namespace gcn::addon
