// Executables and their symbols (HSA 1.2, 2.10).
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include <memory>
#include <vector>

#include "../hsa/runtime.h"
#include "code_object_reader.h"
#include "handle.h"

namespace gcn::addon {

class Executable final : public Handle<Executable> {
 public:
  static constexpr HandleClass kClass = HandleClass::kExecutable;
  static constexpr const char* kName = "NativeExecutable";
  static constexpr napi_type_tag kTag{0xe61f0c8b47d24a93ULL, 0xbd3a5f701824c908ULL};

  Executable(Environment& environment, std::shared_ptr<hsa::Runtime> runtime, hsa_executable_t executable)
      : Handle(environment), runtime_(std::move(runtime)), executable_(executable) {}

  Napi::Value LoadAgentCodeObject(const Napi::CallbackInfo& info);
  Napi::Value DefineVariable(const Napi::CallbackInfo& info);
  Napi::Value Freeze(const Napi::CallbackInfo& info);
  Napi::Value Validate(const Napi::CallbackInfo& info);
  Napi::Value Frozen(const Napi::CallbackInfo& info);
  Napi::Value Symbol(const Napi::CallbackInfo& info);
  Napi::Value Symbols(const Napi::CallbackInfo& info);

 protected:
  void Release(Teardown teardown) override;

 private:
  std::shared_ptr<hsa::Runtime> runtime_;
  const hsa_executable_t executable_;
  std::vector<std::shared_ptr<CodeObjectReaderState>> readers_;
};

void DefineExecutables(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
