// A JavaScript object that stands for something of HSA's: made here only, recognised by its type tag, disposed once.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <string>

#include "error.h"

namespace gcn::addon {

class Environment;

// In the order in which an env's end disposes what is left: queues before the signals and the memory that packets name.
enum class HandleClass : uint8_t {
  kLibgomp,
  kForeignPlugin,
  kQueue,
  kExecutable,
  kCodeObjectReader,
  kSignal,
  kMemory,
  kPool,
  kRegion,
  kAgent
};
inline constexpr size_t kHandleClasses = 10;

// Who ends a handle. N-API must not be called while the env or the process ends.
enum class Teardown : uint8_t { kByJavaScript, kByCollector, kByEnd };

class HandleBase {
 public:
  HandleBase(Environment& environment, HandleClass handle_class);
  virtual ~HandleBase();
  HandleBase(const HandleBase&) = delete;
  HandleBase& operator=(const HandleBase&) = delete;

  Environment& environment() const { return *environment_; }
  HandleClass handle_class() const { return class_; }
  bool disposed() const { return disposed_; }
  void Dispose(Teardown teardown);

 protected:
  // Gives back what the handle stands for. Must not throw into the caller: what fails at the end of a life has nobody
  // to tell.
  virtual void Release(Teardown teardown) = 0;

 private:
  // Shared, because the engine may finalize a handle after the env's own data.
  const std::shared_ptr<Environment> environment_;
  const HandleClass class_;
  bool disposed_ = false;
};

// Whether an object's native part is a live handle of this class in this env; it need not be one of ours at all.
bool IsLive(napi_env env, const void* native, HandleClass handle_class);

Napi::Error DisposedError(Napi::Env env, const char* class_name);

// Makes an instance of the class's constructor that owns `native`.
Napi::Object NewInstance(Environment& environment, HandleClass handle_class, const napi_type_tag& tag,
                         std::unique_ptr<HandleBase> native);

// Defines the class in the env. Its constructor throws when JavaScript calls it.
void DefineHandleClass(Environment& environment, HandleClass handle_class, const char* name,
                       std::initializer_list<napi_property_descriptor> properties);

// T has: static constexpr HandleClass kClass, napi_type_tag kTag, const char* kName.
template <typename T>
class Handle : public HandleBase {
 public:
  explicit Handle(Environment& environment) : HandleBase(environment, T::kClass) {}

  static Napi::Object New(Environment& environment, std::unique_ptr<T> native) {
    return NewInstance(environment, T::kClass, T::kTag, std::move(native));
  }

  // Null where `value` is anything but such a handle of this env. Disposed ones count.
  static T* Find(napi_env env, napi_value value) {
    napi_valuetype type = napi_undefined;
    bool matches = false;
    void* native = nullptr;
    // Asked first: looking for the tag of a primitive would leave an exception pending.
    if (napi_typeof(env, value, &type) != napi_ok || type != napi_object) return nullptr;
    if (napi_unwrap(env, value, &native) != napi_ok) return nullptr;
    // The tag is asked for where the address is not known: it takes longer than all the rest of a launch's call.
    if (IsLive(env, native, T::kClass)) [[likely]]
      return static_cast<T*>(static_cast<HandleBase*>(native));
    if (napi_check_object_type_tag(env, value, &T::kTag, &matches) != napi_ok || !matches) return nullptr;
    return static_cast<T*>(static_cast<HandleBase*>(native));
  }

  void RequireLive(Napi::Env env) const {
    if (disposed()) throw DisposedError(env, T::kName);
  }

  // Properties that every class with a life of its own has.
  Napi::Value Disposed(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), disposed()); }
  Napi::Value DisposeByJavaScript(const Napi::CallbackInfo& info) {
    Dispose(Teardown::kByJavaScript);
    return info.Env().Undefined();
  }
};

}  // namespace gcn::addon
