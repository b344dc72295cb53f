// The real libgomp as a handle: each call is a function of its own, on a thread that is this handle's.
#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "handle.h"
#include "libgomp_image.h"
#include "libgomp_library.h"
#include "libgomp_port.h"
#include "libgomp_thread.h"

namespace gcn::addon {

class Libgomp final : public Handle<Libgomp>, private LibgompPort::Receiver {
 public:
  static constexpr HandleClass kClass = HandleClass::kLibgomp;
  static constexpr napi_type_tag kTag = {0x6d1f7f0a2c9b4e53, 0xb7a4e8c15d304f96};
  static constexpr const char* kName = "Libgomp";

  Libgomp(Environment& environment, LibgompLibrary library, Napi::Function host_called);

  const LibgompLibrary& library() const { return library_; }

  Napi::Value Call(const Napi::CallbackInfo& info);
  Napi::Value SetLaunches(const Napi::CallbackInfo& info);
  Napi::Value PrepareExit(const Napi::CallbackInfo& info);
  Napi::Value CreateImage(const Napi::CallbackInfo& info);
  Napi::Value Register(const Napi::CallbackInfo& info);
  Napi::Value Unregister(const Napi::CallbackInfo& info);
  Napi::Value Answer(const Napi::CallbackInfo& info);

 private:
  struct Pending {
    Napi::Promise::Deferred promise;
    // The words, which keep the memory alive that they point to.
    Napi::Reference<Napi::Array> words;
  };
  struct Registration {
    std::shared_ptr<const LibgompImage> image;
    // Whether libgomp knows of it: its thread's own.
    std::shared_ptr<bool> registered;
  };

  void Release(Teardown teardown) override;
  void Returned(Napi::Env env, const LibgompResult& result) override;
  void HostCalled(Napi::Env env, const LibgompHostCall& call) override;
  // Answers a promise of what `work` answers.
  Napi::Value Start(Napi::Env env, Napi::Array words, std::function<uint64_t()> work);
  Napi::Value ChangeRegistration(const Napi::CallbackInfo& info, const char* name, bool registered);
  const LibgompLibrary::Function& Require(Napi::Env env, const std::string& name) const;

  const LibgompLibrary library_;
  Napi::FunctionReference host_called_;
  std::shared_ptr<LibgompPort> port_;
  std::unordered_map<uint32_t, Pending> pending_;
  uint32_t next_call_ = 0;
  std::unordered_map<uint32_t, Registration> images_;
  uint32_t next_image_ = 0;
  std::unique_ptr<LibgompThread> thread_;
};

void DefineLibgomps(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
